"""Draw the theme's dozen icons into the pages, instead of loading all of Font Awesome for them.

The theme brings 1.5 MB of script with every icon there is, which is more than the rest of a page,
and fonts with the same icons again.
"""

import re

ELEMENT = re.compile(r'<(i|span)\b([^>]*\bclass="([^"]*\bfa-[^"]*)"[^>]*)>\s*</\1>')
SCRIPT = re.compile(r'<script[^>]*src="[^"]*scripts/fontawesome\.js[^"]*"[^>]*></script>')
STYLES = {"fa-solid", "fa-regular", "fa-brands", "fa-lg"}


def draw_icons(page, font_awesome):
    """Return an HTML page with its icon elements as SVG and without Font Awesome's script.

    Args:
        page: the page's HTML.
        font_awesome: the text of the theme's `fontawesome.js`, which holds the icons' outlines.

    Raises:
        ValueError: the page asks for an icon that Font Awesome does not have.
    """

    def draw(match):
        _, attributes, classes = match.groups()
        name = next(c.removeprefix("fa-") for c in classes.split() if c.startswith("fa-") and c not in STYLES)
        # A name may stand once for each style; the solid one, which the theme uses, comes last.
        outlines = re.findall(
            rf'(?<![\w-])"?{name}"?:\[(\d+),(\d+),\[[^\]]*\],"\w+","([^"]+)"',
            font_awesome,
        )
        if not outlines:
            raise ValueError(f"no icon {name!r} in the theme's Font Awesome")
        width, height, path = outlines[-1]
        attributes = attributes.replace(classes, f"svg-inline--fa {classes}")
        return f'<svg{attributes} aria-hidden="true" viewBox="0 0 {width} {height}"><path d="{path}"/></svg>'

    return SCRIPT.sub("", ELEMENT.sub(draw, page))
