"""The book's colours, written once: figures read them here, the site makes its style sheet of them.

Blue and vermilion after Okabe and Ito (2008), told apart with every common colour blindness. A
figure lies on light and dark pages alike, so its tones keep a contrast of 4 : 1 or nearly so to
both; the site's own parts know which page they are on and take a stronger tone.
"""

FIGURE = {"weight": "#2f7fc1", "answer": "#cf560b", "muted": "#777777"}
LIGHT = {
    "weight": "#0072b2",
    "answer": "#b84a00",
    "muted": "#5f6670",
    "text": "#1d2126",
    "surface": "#f5f7f9",
    "rule": "#d3d9df",
    "ground": "#ffffff",
}
DARK = {
    "weight": "#56a8dd",
    "answer": "#ff8b4a",
    "muted": "#9ba5b0",
    "text": "#e8ebee",
    "surface": "#191e24",
    "rule": "#39424c",
    "ground": "#0f1216",
}


def style_sheet():
    """Return the palette as CSS variables, `--attention-weight` and so on, for light pages and for dark ones.

    A page that names no theme, as where no script runs, is as light or dark as what is around it.
    """

    def rules(colours):
        return "".join(f"--attention-{name}:{value};" for name, value in colours.items())

    dark = rules(DARK)
    return (
        f":root{{{rules(LIGHT)}}}\nhtml[data-theme=dark]{{{dark}}}\n"
        f"@media (prefers-color-scheme:dark){{html:not([data-theme]){{{dark}}}}}\n"
    )
