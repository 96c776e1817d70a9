"""What is drawn in a figure: its artists, its pixels, and where its labels stand."""

import io

import matplotlib.colors
import matplotlib.image
import numpy as np
from matplotlib.text import Text

from helpers import palette

WEIGHTS = np.array([0.1, 0.6, 0.05, 0.25])


SEEDS = np.array([[0.1, 0.5, 0.4], [0.3, 0.3, 0.4], [0.2, 0.7, 0.1]])


def has_colour(artist_colour, name):
    return matplotlib.colors.to_hex(artist_colour) == palette.FIGURE[name]


def bars(axes):
    """Positions and heights of the bars."""
    corners = [path.vertices[:4] for path in axes.collections[0].get_paths()]
    return [c[:, 0].mean() for c in corners], [c[np.abs(c[:, 1]).argmax(), 1] for c in corners]


def heights(axes):
    return bars(axes)[1]


def outlines(axes):
    return [patch for patch in axes.patches if not patch.get_fill()]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def boxes(collection):
    return [path.get_extents().bounds for path in collection.get_paths()]


def pixels(figure):
    """Return red, green, blue and opacity of the picture, (height, width, 4), the first row at the bottom."""
    return matplotlib.image.imread(io.BytesIO(figure.png()))[::-1]


def middle(artist):
    """Return where the middle of an artist is drawn, (x, y) in pixels from the lower left."""
    box = artist.get_window_extent()
    return np.array([(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2])


def ticks_in_view(axes, axis):
    """Return the ticks that are drawn on an axis, "x" or "y"."""
    axis = axes.xaxis if axis == "x" else axes.yaxis
    low, high = sorted(axis.get_view_interval())
    return [tick for tick in axis.get_major_ticks() if axes.axison and low <= tick.get_loc() <= high]


def labels(axes, axis):
    """Return where the labels of an axis, "x" or "y", stand, as a dict from a label to pixels."""
    places = {tick.label1.get_text(): tick.get_loc() for tick in ticks_in_view(axes, axis)}
    return {
        label: axes.transData.transform((place, place))["xy".index(axis)] for label, place in places.items()
    }


def shades(figure, axes):
    """Return the opacity at each crossing of a row's and a column's label, (rows, columns) in reading order."""
    picture = pixels(figure)
    rows = sorted(labels(axes, "y").values(), reverse=True)
    columns = sorted(labels(axes, "x").values())
    return np.array([[picture[round(y), round(x), 3] for x in columns] for y in rows])


def under(artist, axes):
    """Return the label of the position in which an artist stands, on the x axis of `axes`."""
    x, _ = middle(artist)
    return min(labels(axes, "x").items(), key=lambda item: abs(item[1] - x))[0]


def words(figure):
    """Return the texts that a reader sees once the figure is drawn."""
    seen = {text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()}
    for axes in figure.axes:
        for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
            drawn = ticks_in_view(axes, name)
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if tick not in drawn:
                    seen -= {tick.label1, tick.label2}
    return [text for text in seen if not text.axes or text.axes.axison or text in text.axes.texts]


def overlaps(figure):
    """Return the pairs of texts that lie over each other, more than a pixel deep."""
    boxes = [(text.get_text(), text.get_window_extent()) for text in words(figure)]
    return [
        (one, other)
        for i, (one, a) in enumerate(boxes)
        for other, b in boxes[:i]
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1
    ]
