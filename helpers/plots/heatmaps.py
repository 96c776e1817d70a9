"""Heatmaps: weights as cells in rows and columns, the answers outlined.

`heatmap` draws any weights, with as many answers as you like. In `query_key_heatmap` the rows are queries and
the columns keys, with one answer a query and a panel a head. `text_alignment` has characters on both axes.
"""

import math

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.ticker import MaxNLocator

from helpers import checks
from helpers.palette import FIGURE
from helpers.plots import arguments, found, letters
from helpers.plots.figure import WIDTH, Figure, height_of, name_chart, outline, say_scale, style
from helpers.plots.found import Verdict
from helpers.plots.letters import FONT_SIZE

HEADS_IN_A_ROW = 4
SMALLEST_LETTERS = 6  # points


def heatmap(weights, *, answers=(), row="row", column="column", top=1):
    """Draw weights (rows, columns) as cells, the stronger the colour the larger, answers outlined.

    Args:
        weights: an array (rows, columns) of numbers ≥ 0.
        answers: pairs (row, column) where the large weights should be. A row with two of them
            should have its two largest weights there, and so on.
        row: what the rows count.
        column: what the columns count.
        top: the weight with the full colour; the largest one where that is larger.

    Returns:
        A Figure whose `alt` says how many answers were found among the largest weights of their row;
            it is found where all were.

    Raises:
        TypeError, ValueError: weights that are not numbers, or an answer outside them.
    """
    checks.text("row", row)
    checks.text("column", column)
    weights = arguments.weights("weights", weights, (2,))
    rows, columns = weights.shape
    try:
        pairs = [(r, c) for r, c in answers]
    except (TypeError, ValueError) as error:
        raise TypeError(f"answers must be pairs (row, column), got {answers!r}") from error
    answers = {
        (checks.integer("answers", r, 0, rows - 1), checks.integer("answers", c, 0, columns - 1))
        for r, c in pairs
    }
    top = arguments.scale(top, [weights])
    verdict = found.cells(weights, answers, row)
    alt = f"Heatmap of {rows} by {columns} weights, {row} by {column}. {verdict}".rstrip()

    figure = Figure(
        Verdict(alt, verdict.found, verdict.margin), height=min(5.6, 1.2 + WIDTH * rows / columns)
    )
    axes = figure.subplots()
    _draw_cells(axes, weights, top, sorted(answers))
    say_scale(axes, top, "answers outlined" if answers else "")
    axes.set_xlabel(column)
    axes.set_ylabel(row)
    return figure


def text_alignment(weights, source, target, *, sources=None):
    """Draw what each character of one text looks at in another, the characters on both axes.

    Args:
        weights: an array (characters of the target, characters of the source) of numbers ≥ 0.
        source: the text that is looked at, along the x axis.
        target: the text that looks, down the y axis.
        sources: True where a character of the source says what a character of the target is, bool
            of the shape of the weights, as `dates.get_dates` returns it; it is outlined.

    Returns:
        A Figure whose `alt` says how many of the target's characters that have a source have their
            largest weight on it; it is found where all have.

    Raises:
        TypeError, ValueError: weights that are not numbers, or of another shape than the texts.
    """
    weights = arguments.weights("weights", weights, (2,))
    shape = (len(checks.text("target", target)), len(checks.text("source", source)))
    sources = np.zeros(shape, bool) if sources is None else checks.finite_array("sources", sources) != 0
    for name, array in {"weights": weights, "sources": sources}.items():
        if array.shape != shape:
            raise ValueError(f"{name} must have the shape of the texts, {shape}, got {array.shape}")
    verdict = found.characters(weights, sources)
    alt = f"Alignment of “{target}” with “{source}”. {verdict}".rstrip()

    top = arguments.scale(1, [weights])
    height = height_of("target", len(target), each=0.2, rest=1.0)
    figure = Figure(Verdict(alt, verdict.found, verdict.margin), height)
    axes = figure.subplots()
    _draw_cells(axes, weights, top, ())
    for row, column, width in _runs(sources):
        axes.add_patch(outline(column - 0.5, row - 0.5, width, 1))
    say_scale(axes, top, "answers outlined" if sources.any() else "")
    below, beside = ([letters.readable(letters.visible(c)) for c in text] for text in (source, target))
    room = (WIDTH - 0.4 - max(map(letters.width, beside))) / len(source)
    size = min(FONT_SIZE, FONT_SIZE * room / max(map(letters.width, below)))
    if size < SMALLEST_LETTERS:
        raise ValueError(f"source must be shorter to be read in one picture, got {len(source)} characters")
    axes.set_xticks(range(len(source)), below, family=letters.fonts("".join(below)), size=size)
    axes.set_yticks(range(len(target)), beside, family=letters.fonts("".join(beside)))
    return figure


def query_key_heatmap(panels, alignment, *, query="query step", key="key step", top=1):
    """Draw which key each query attends to, a panel of cells for each head, the answers outlined.

    Args:
        panels: weights (queries, keys) ≥ 0, or a dict from a panel's title to such weights, drawn
            side by side on one scale.
        alignment: (queries,), for each query the key where its largest weight should be; or a dict
            from a panel's title to such an alignment, for heads that have answers of their own.
        query: what the rows count.
        key: what the columns count.
        top: the weight with the full colour; the largest one where that is larger.

    Returns:
        A Figure whose `alt` says in how many rows the largest weight is the answer: of each panel, and,
            where they share one alignment, of the mean of all. It is found where all these rows are.

    Raises:
        TypeError, ValueError: weights that are not numbers, panels of different shapes, or an
            alignment that is not one key for each query.
    """
    checks.text("query", query)
    checks.text("key", key)
    panels = {
        title: arguments.weights("panels", weights, (2,))
        for title, weights in arguments.titled(panels).items()
    }
    shapes = sorted({weights.shape for weights in panels.values()})
    if len(shapes) != 1:
        raise ValueError(f"panels must hold weights of equal shapes, got {shapes}")
    queries, keys = shapes[0]
    own = isinstance(alignment, dict)
    if own and alignment.keys() != panels.keys():
        raise ValueError(
            f"alignment must have the keys {', '.join(panels)}; got {', '.join(map(str, alignment))}"
        )
    answers = {
        title: arguments.indices("alignment", alignment[title] if own else alignment, keys)
        for title in panels
    }
    for steps in answers.values():
        if len(steps) != queries:
            raise ValueError(f"alignment must hold one key for each of {queries} queries, got {len(steps)}")
    alt = found.queries(panels, answers if own else next(iter(answers.values())))

    top = arguments.scale(top, panels.values())
    columns = min(len(panels), HEADS_IN_A_ROW)
    rows = math.ceil(len(panels) / columns)
    side = 3.3 if len(panels) == 1 else (WIDTH - 0.9) / columns
    head = 0.4 if len(panels) == 1 else 0.65
    across, between = side * min(1.2, max(0.4, queries / keys)), 0.3
    height = height_of("panels", rows, each=across + between, rest=head + 0.55 - between)
    figure = Figure(alt, height, layout=None)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes, (title, weights) in zip(grid.flat, panels.items(), strict=False):
        _draw_cells(axes, weights, top, enumerate(answers[title]))
        name_chart(axes, letters.shortened(letters.readable(title), side))
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    for axes in grid[-1]:
        axes.set_xlabel(key)
    for axes in grid[:, 0]:
        axes.set_ylabel(query)
    right = 0.65 + side if len(panels) == 1 else WIDTH - 0.1
    edges = {"left": 0.65 / WIDTH, "right": right / WIDTH, "bottom": 0.55 / height}
    figure.subplots_adjust(**edges, top=1 - head / height, wspace=0.12, hspace=between / across)
    words = {"y": 1 - 0.28 / height, "fontsize": FONT_SIZE}
    figure.text(edges["left"], s=f"weight, 0 to {top:.2f}", color=FIGURE["muted"], **words)
    outlined = {"ha": "right", "fontweight": "bold", "color": FIGURE["answer"]}
    figure.text(edges["right"], s="answers outlined", **outlined, **words)
    return figure


def _draw_cells(axes, weights, top, answers):
    style(axes)
    # From transparent to opaque instead of from white, so that it reads on a dark page too.
    shades = LinearSegmentedColormap.from_list("weight", [(*to_rgb(FIGURE["weight"]), a) for a in (0, 1)])
    axes.imshow(weights, cmap=shades, vmin=0, vmax=top, aspect="auto")
    for row, column in answers:
        axes.add_patch(outline(column - 0.5, row - 0.5, 1, 1))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _runs(sources):
    """Yield (row, first column, width) of each run of True."""
    for row, cells in enumerate(sources):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], cells, [0]])))
        yield from ((row, first, last - first) for first, last in edges.reshape(-1, 2).tolist())
