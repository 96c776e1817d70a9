"""The book's figure: its size, its letters and colours, and the sentence that says what it shows."""

import io

import matplotlib.figure
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from helpers import checks
from helpers.palette import FIGURE
from helpers.plots import letters
from helpers.plots.letters import DOTS_PER_INCH, FONT_SIZE

WIDTH = 5.6  # inches; at this width and size the text stays legible on a phone
HIGHEST = 40  # inches, some twenty screens


class Figure(matplotlib.figure.Figure):
    """A matplotlib figure with a text for those who do not see it.

    It is drawn apart from `pyplot`, so figures do not pile up while a slider moves. No text in it is
    read as mathematics, and a character that no font here has is drawn as its number.

    Args:
        alt: the result in words.
        height: in inches; the width is the book's.
        layout: matplotlib's layout engine, or None for margins set by hand.
        found: whether the known answer was found, None where there is none. As `margin` it is taken
            from `alt` where that is a `Verdict`.
        margin: how clearly, from an equal share, 0, to all the weight, 1.
    """

    def __init__(self, alt, height, layout="constrained", *, found=None, margin=None):
        self.alt = str(checks.text("alt", alt))
        self.found = getattr(alt, "found", None) if found is None else checks.boolean("found", found)
        margin = getattr(alt, "margin", None) if margin is None else margin
        self.margin = None if margin is None else float(checks.finite_array("margin", margin, (0,)))
        if not 0 < checks.finite_array("height", height, (0,)) <= HIGHEST:
            raise ValueError(f"height must be above 0 and at most {HIGHEST} inches, got {height!r}")
        super().__init__(figsize=(WIDTH, height), dpi=DOTS_PER_INCH, layout=layout)
        FigureCanvasAgg(self)

    def draw(self, renderer):
        """Draw as Matplotlib does, with every text as it is written."""
        for text in self.findobj(Text):
            letters.write(text)
        super().draw(renderer)

    def png(self):
        """Return the picture as PNG bytes, on a transparent ground."""
        buffer = io.BytesIO()
        self.savefig(
            buffer,
            format="png",
            transparent=True,
            metadata={"Software": None},
            pil_kwargs={"compress_level": 3},
        )
        return buffer.getvalue()

    def __str__(self):
        return self.alt

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None):
        about = {"alt": self.alt, "width": round(WIDTH * DOTS_PER_INCH / 1.5)}
        if self.found is not None:
            about["found"] = self.found
        return {"image/png": self.png(), "text/plain": self.alt}, {"image/png": about}


def height_of(name, count, each, rest):
    """Return the height of `count` rows of `each` inches and the `rest` around them, or raise ValueError.

    Args:
        name: how the caller calls the argument that holds the rows.
        count: how many there are.
        each: inches a row.
        rest: inches.
    """
    most = int((HIGHEST - rest) / each)
    if count > most:
        raise ValueError(f"{name} must fill at most {most} rows of a picture, got {count}: draw some of them")
    return rest + each * count


def name_chart(axes, quantity, **options):
    """Write at the left above a chart what it shows."""
    axes.set_title(quantity, loc="left", fontsize=FONT_SIZE, color=FIGURE["muted"], **options)


def name_row(axes, title):
    """Write at the left of a chart what it shows."""
    axes.set_ylabel(letters.in_lines(title), rotation=0, ha="right", va="center")


def say_scale(axes, top, outlined):
    """Write above a chart what its colours mean and what is outlined."""
    options = {"fontsize": FONT_SIZE, "fontweight": "bold", "color": FIGURE["answer"]}
    axes.set_title(outlined, loc="right", **options)
    name_chart(axes, f"weight, 0 to {top:.2f}")


def outline(x, y, width, height, colour="answer", linestyle="-"):
    """Return the frame that marks an answer."""
    look = {"edgecolor": FIGURE[colour], "linestyle": linestyle, "linewidth": 1.8}
    return matplotlib.patches.Rectangle((x, y), width, height, fill=False, zorder=3, clip_on=False, **look)


def corners(x, y, width, height):
    """Return the corners of a rectangle, for a collection of them."""
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def style(axes):
    """Give the axes the book's letters, colours and no frame, and return them."""
    axes.tick_params(colors=FIGURE["muted"], labelsize=FONT_SIZE, length=3)
    axes.xaxis.label.set(color=FIGURE["muted"], size=FONT_SIZE)
    axes.yaxis.label.set(color=FIGURE["muted"], size=FONT_SIZE)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FIGURE["muted"])
    return axes
