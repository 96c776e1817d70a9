"""The mechanism on real numbers: inputs, scores, weights, values, context, for one query and few positions."""

from typing import NamedTuple

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb

from helpers import checks
from helpers.palette import FIGURE
from helpers.plots import letters
from helpers.plots.figure import WIDTH, Figure, corners
from helpers.plots.letters import FONT_SIZE

MOST_POSITIONS, MOST_DIMENSIONS = 7, 4  # what can be read on a phone
TITLES = 1.15  # inches at the left, for what a row holds
LINE, PADDING, GAP = 0.21, 0.06, 0.28  # inches: of a number, around the numbers of a cell, between rows
HEAD, STRIP = 0.3, 0.1  # inches: of the positions' names, of a weight's shade


class _Row(NamedTuple):
    name: str
    numbers: np.ndarray  # (positions, lines); one position where they are summed
    link: str  # what is drawn above it: "" nothing, "each" arrows, "all" an arrow from all, or a sign
    title: str = ""


def mechanism(scores, values, *, query=None, keys=None, mask=None, names=None, added=True):
    """Draw how one query's scores become weights and the weights a context, every number printed.

    The weights are softmax(scores) over the positions that the mask leaves; the context is the sum over
    positions of weight × value.

    Args:
        scores: one number a position (positions,), up to 7.
        values: what is weighted, (positions,) or (positions, dimensions), up to 4 dimensions. Without
            `keys` they are the inputs, from which the scores come too.
        query: (dimensions,), where the scores come from a query and keys.
        keys: (positions, dimensions) or (positions,), what the query is compared with.
        mask: True where a position may be attended to (positions,); None for everywhere.
        names: what the positions are, a list of texts; None for their numbers.
        added: False where the weighted values are not summed, but each stays in its place.

    Returns:
        A Figure whose `alt` gives all these numbers.

    Raises:
        TypeError, ValueError: numbers that are none, too many positions or dimensions, shapes that do
            not fit, or a mask that leaves no position.
    """
    scores = checks.finite_array("scores", scores, (1,)).astype("float64")
    count = len(scores)
    if count > MOST_POSITIONS:
        raise ValueError(f"scores must be of at most {MOST_POSITIONS} positions to be read, got {count}")
    values = _columns("values", values, count)
    if keys is not None:
        keys = _columns("keys", keys, count)
    mask = np.ones(count, bool) if mask is None else checks.finite_array("mask", mask, (1,)).astype(bool)
    if mask.shape != scores.shape or not mask.any():
        raise ValueError(f"mask must be one True or False a position, one of them True, got {mask.tolist()}")
    names = list(map(str, range(count))) if names is None else list(names)
    if len(names) != count or not all(isinstance(name, str) for name in names):
        raise ValueError(f"names must be {count} texts, one a position, got {names!r}")
    weights = _softmax(np.where(mask, scores, -np.inf))
    weighted = weights[:, np.newaxis] * values
    if query is not None:
        query = checks.finite_array("query", query, (1,)).astype("float64")

    known = "input" if keys is None else "value"
    start = _Row("input", values, "") if keys is None else _Row("key", keys, "")
    rows = [start, _Row("score", np.where(mask, scores, -np.inf)[:, np.newaxis], "each")]
    rows += [_Row("weight", weights[:, np.newaxis], "all", "softmax:\nweight")]
    rows += [] if keys is None else [_Row("value", values, "×")]
    rows += [_Row(f"weight × {known}", weighted, "each" if keys is None else "=", f"weight\n× {known}")]
    rows += [_Row("context", weighted.sum(axis=0)[np.newaxis], "all", "sum:\ncontext")] if added else []
    return _draw(rows, names, query, _said(rows, names, query))


def _columns(name, value, count):
    array = checks.finite_array(name, value, (1, 2)).astype("float64")
    if len(array) != count:
        raise ValueError(f"{name} must have one row a score, {count}, got {len(array)}")
    array = array.reshape(count, -1)
    if array.shape[1] > MOST_DIMENSIONS:
        raise ValueError(
            f"{name} must have at most {MOST_DIMENSIONS} dimensions to be read, got {array.shape[1]}"
        )
    return array


def _softmax(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def _rounded(number):
    return f"{round(number, 2) + 0.0:.2f}"  # 0.00 has no sign


def _written(numbers):
    inside = ", ".join("masked" if np.isinf(number) else _rounded(number) for number in numbers)
    return inside if len(numbers) == 1 else f"({inside})"


def _said(rows, names, query):
    """Return all numbers in words."""
    said = [f"One query over {len(names)} positions: {', '.join(names)}."]
    if query is not None:
        said.append(f"Query: {_written(query)}.")
    said += [f"{row.name.capitalize()}: {', '.join(map(_written, row.numbers))}." for row in rows]
    return " ".join(said)


def _draw(rows, names, query, alt):
    heights = [LINE * row.numbers.shape[1] + 2 * PADDING + STRIP * (row.name == "weight") for row in rows]
    head = HEAD + LINE * (query is not None)
    height = head + sum(heights) + GAP * (len(rows) - 1) + PADDING
    figure = Figure(alt, height, layout=None)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))  # inches, from the top
    axes.set_axis_off()
    wide = (WIDTH - TITLES - PADDING) / len(names)
    middles = TITLES + wide * (np.arange(len(names)) + 0.5)
    if query is not None:
        _write(axes, WIDTH - PADDING, 0.15, f"query {_written(query)}", ha="right")
    for middle, name in zip(middles, names, strict=True):
        _write(axes, middle, head - 0.13, letters.shortened(letters.readable(name), wide - 0.1))
    top = head
    for row, tall in zip(rows, heights, strict=True):
        places = middles if len(row.numbers) == len(names) else [middles.mean()]
        _link(axes, row.link, middles, places, top)
        _write(axes, TITLES - 0.12, top + tall / 2, row.title or row.name, ha="right")
        _cells(axes, row, places, top, min(wide, 1.2) - 0.1, tall)
        top += tall + GAP
    return figure


def _write(axes, x, y, text, **options):
    look = {"ha": "center", "va": "center", "color": FIGURE["muted"], "fontsize": FONT_SIZE, **options}
    axes.text(x, y, text, **look)


def _cells(axes, row, places, top, wide, tall):
    """Draw the cells of a row, each with its numbers; a weight also as a shade."""
    edges = [corners(x - wide / 2, top, wide, tall) for x in places]
    look = {"edgecolors": FIGURE["weight" if row.name == "context" else "muted"], "linewidths": 1}
    axes.add_collection(PolyCollection(edges, facecolors="none", **look))
    if row.name == "weight":
        strips = [corners(x - wide / 2, top + tall - STRIP, wide, STRIP) for x in places]
        shades = [(*to_rgb(FIGURE["weight"]), weight) for weight in row.numbers[:, 0]]
        axes.add_collection(PolyCollection(strips, facecolors=shades, linewidths=0))
    for x, numbers in zip(places, row.numbers, strict=True):
        for line, number in enumerate(numbers):
            text = "−∞" if np.isinf(number) else _rounded(number).replace("-", "−")
            _write(axes, x, top + PADDING + LINE * (line + 0.5), text)


def _link(axes, link, above, below, top):
    """Draw in the gap above a row what leads to it."""
    if link in ("×", "="):
        for x in below:
            _write(axes, x, top - GAP / 2, link)
        return
    if not link:
        return
    start = top - GAP / 2 if link == "all" else top - GAP
    lines = [[(x, start), (x, top)] for x in below]
    if link == "all":
        lines += [[(x, top - GAP), (x, start)] for x in above]
        lines += [[(above[0], start), (above[-1], start)]]
    tips = [[(x - 0.04, top - 0.09), (x + 0.04, top - 0.09), (x, top)] for x in below]
    axes.add_collection(LineCollection(lines, colors=FIGURE["muted"], linewidths=1))
    axes.add_collection(PolyCollection(tips, facecolors=FIGURE["muted"], linewidths=0))
