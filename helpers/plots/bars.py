"""Bars: weights, samples and effects, a bar for each position, the answer outlined."""

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.ticker import MaxNLocator

from helpers import checks
from helpers.palette import FIGURE
from helpers.plots import arguments, found, letters
from helpers.plots.figure import WIDTH, Figure, corners, height_of, name_chart, name_row, outline, style
from helpers.plots.letters import FONT_SIZE

_MEASURES = ("weight", "effect")


def attention_bars(panels, answer, *, axis="column"):
    """Draw attention weights as bars, the answer outlined and labelled.

    Args:
        panels: weights (n,), or (seeds, n) for the mean with a line from least to most;
            or a dict from a panel's title to such weights, drawn one below the other.
        answer: the index where the largest weight should be.
        axis: what an index counts, "column" or "step".

    Returns:
        A Figure whose `alt` gives the verdict of each panel; it is found where all panels are.

    Raises:
        TypeError, ValueError: weights that are no numbers ≥ 0, or an answer outside them.
    """
    checks.text("axis", axis)
    panels = arguments.panels(arguments.titled(panels), (1, 2), least=0)
    answer = checks.integer("answer", answer, 0, next(iter(panels.values())).shape[1] - 1)
    alt = found.bars({title: weights.mean(axis=0) for title, weights in panels.items()}, answer, axis)
    several_seeds = any(len(weights) > 1 for weights in panels.values())
    quantity = "mean weight" if several_seeds else "weight"
    return _bars(panels, answer, axis, quantity, alt, attention_limits(panels))


def attention_grid(rows, answer, *, axis="column"):
    """Draw attention weights as small bar charts in rows and columns, the answer marked in each.

    Args:
        rows: a dict from a row's title to a dict from a column's title to weights (n,) or
            (seeds, n). Every row has the same columns.
        answer: the index where the largest weight should be.
        axis: what an index counts, "column" or "step".

    Returns:
        A Figure whose `alt` says for each chart where the largest weight is; it is found where all
            charts are.

    Raises:
        TypeError, ValueError: weights that are no numbers ≥ 0, an answer outside them, or rows with
            different columns.
    """
    checks.text("axis", axis)
    rows = {title: checks.dictionary("rows", row) for title, row in checks.dictionary("rows", rows).items()}
    columns = arguments.equal_keys("rows must have equal columns", rows)
    flat = {(title, column): row[column] for title, row in rows.items() for column in columns}
    flat = arguments.panels(flat, (1, 2), least=0)
    answer = checks.integer("answer", answer, 0, next(iter(flat.values())).shape[1] - 1)
    means = {title: {column: flat[title, column].mean(axis=0) for column in columns} for title in rows}
    alt = found.grid(means, answer, axis)
    figure = Figure(alt, height_of("rows", len(rows), each=1.15, rest=0.7))
    grid = figure.subplots(len(rows), len(columns), sharex=True, sharey=True, squeeze=False)
    for axes, weights in zip(grid.flat, flat.values(), strict=True):
        draw_bars(axes, weights, attention_limits(flat))
    for index, axes in enumerate(grid.flat):
        mark_answer(axes, answer, label=index < len(columns))
    for axes, title in zip(grid[:, 0], rows, strict=True):
        name_row(axes, title)
    for axes, title in zip(grid[0], columns, strict=True):
        name_chart(axes, letters.shortened(letters.readable(f"weight, {title}"), 3.2 / len(columns)), pad=18)
    for axes in grid[-1]:
        axes.set_xlabel(axis)
    return figure


def sample_bars(panels, answer, *, axis="column"):
    """Draw samples as bars, the value at the answer outlined and labelled.

    Args:
        panels: a dict from a panel's title to the sample's values (n,), drawn one below the other.
        answer: the index that holds the target.
        axis: what an index counts, "column" or "step".

    Returns:
        A Figure whose `alt` gives the value at the answer for each panel.

    Raises:
        TypeError, ValueError: values that are not numbers, or an answer outside them.
    """
    checks.text("axis", axis)
    panels = arguments.panels(checks.dictionary("panels", panels), (1,))
    answer = checks.integer("answer", answer, 0, next(iter(panels.values())).shape[1] - 1)
    alt = " ".join(
        f"{title}: {axis} {answer} holds {values[0, answer]:.2f}." for title, values in panels.items()
    )
    return _bars(panels, answer, axis, "value", alt, _limits(panels.values()))


def weight_and_effect(rows, *, axis="step", ablated=None):
    """Draw the weight of each step beside what ablating it does, a row for each model, answers marked.

    Args:
        rows: a dict from a row's title to a triple: weights (n,) or (seeds, n), effects of the same
            shape, between 0 and 1, and the index of the answer.
        axis: what an index counts, "column" or "step".
        ablated: the index of a step that the reader has taken out, framed by a dashed line; None
            for none.

    Returns:
        A Figure whose `alt` says for each row where the largest weight and the largest effect are:
            found where both are on the answer, clearly. With `ablated` it also gives the effects
            of that step and of the answer, to one decimal.

    Raises:
        TypeError, ValueError: no row, numbers that are none, rows of different shapes, or an answer
            or a step outside them.
    """
    checks.text("axis", axis)
    for row in checks.dictionary("rows", rows).values():
        if not isinstance(row, (list, tuple)) or len(row) != 3:
            raise TypeError(f"rows must be triples (weights, effects, answer), got {row!r}")
    flat = {(title, name): row[i] for title, row in rows.items() for i, name in enumerate(_MEASURES)}
    flat = arguments.panels(flat, (1, 2), least=0)
    last = next(iter(flat.values())).shape[1] - 1
    answers = {title: checks.integer("answer", row[2], 0, last) for title, row in rows.items()}
    if ablated is not None:
        ablated = checks.integer("ablated", ablated, 0, last)
    means = {
        title: (*(flat[title, name].mean(axis=0) for name in _MEASURES), answer)
        for title, answer in answers.items()
    }
    height = height_of("rows", len(rows), each=1.15, rest=0.7)
    figure = Figure(found.effects(means, axis, ablated), height)
    grid = figure.subplots(len(rows), 2, sharex=True, sharey=True, squeeze=False)
    for axes_of_row, (title, answer) in zip(grid, answers.items(), strict=True):
        for axes, name in zip(axes_of_row, _MEASURES, strict=True):
            draw_bars(axes, flat[title, name], attention_limits(flat))
            mark_answer(axes, answer)
            if ablated is not None:
                axes.add_patch(outline(ablated - 0.5, 0, 1, 1, "muted", "--"))
        name_row(axes_of_row[0], title)
    for axes, name in zip(grid[0], _MEASURES, strict=True):
        name_chart(axes, name, pad=18)
    for axes in grid[-1]:
        axes.set_xlabel(axis)
    return figure


def _bars(panels, answer, axis, quantity, alt, limits):
    figure = Figure(alt, height_of("panels", len(panels), each=1.25, rest=0.9), layout=None)
    axes = figure.subplots(len(panels), sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes_of_panel, (title, values) in zip(axes, panels.items(), strict=True):
        draw_bars(axes_of_panel, values, limits)
        name_row(axes_of_panel, title)
        mark_answer(axes_of_panel, answer)
    # With y given, Matplotlib does not measure all ticks to find a free place.
    name_chart(axes[0], quantity, y=1, pad=18)
    axes[-1].set_xlabel(axis)
    _set_margins(figure, max(letters.width(letters.in_lines(title)) for title in panels))
    return figure


def _set_margins(figure, titles):
    """Leave inches for titles on the left; a layout engine would take half of a slider move's time."""
    height = figure.get_figheight()
    figure.subplots_adjust(
        left=(0.65 + titles) / WIDTH,
        right=0.99,
        bottom=0.52 / height,
        top=1 - 0.5 / height,
        hspace=0.3,
    )


def draw_bars(axes, values, limits=(0, 1)):
    """Draw the mean over seeds of values (seeds, n) as bars, several seeds with a line from least to most."""
    style(axes)
    positions = np.arange(values.shape[1])
    means = values.mean(axis=0)
    # One collection: `axes.bar` makes an artist for each bar, and takes a third of a slider move's picture.
    bars = [corners(x - 0.4, 0, 0.8, mean) for x, mean in zip(positions, means, strict=True)]
    axes.add_collection(PolyCollection(bars, color=FIGURE["weight"], linewidth=0), autolim=False)
    if len(values) > 1:
        axes.vlines(positions, values.min(axis=0), values.max(axis=0), color=FIGURE["muted"], linewidth=1.5)
    axes.set_xlim(-0.8, len(positions) - 0.2)
    axes.set_ylim(limits)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(3))


def attention_limits(panels):
    """Return 0 and 1, so that two figures can be compared by eye, or what is more than a whole."""
    return 0, max(1, *(values.max() for values in panels.values()))


def _limits(arrays):
    """Return the range of all numbers and 0, with a margin at the ends that are not 0."""
    low, high = min(0, *(a.min() for a in arrays)), max(0, *(a.max() for a in arrays))
    margin = 0.05 * (high - low or 1)
    return low - margin * (low < 0), high + margin * (high > 0 or low == 0)


def mark_answer(axes, answer, *, label=True):
    """Outline the place of the answer from bottom to top, with its label above."""
    low, high = axes.get_ylim()
    axes.add_patch(outline(answer - 0.5, low, 1, high - low))
    if not label:
        return
    left, right = axes.get_xlim()
    share = (answer - left) / (right - left)
    near_left, near_right = share < 0.1, share > 0.9
    axes.annotate(
        "answer",
        (answer + (-0.5 if near_left else 0.5 if near_right else 0), high),
        xytext=(0, 3),
        textcoords="offset points",
        ha="left" if near_left else "right" if near_right else "center",
        va="bottom",
        color=FIGURE["answer"],
        fontsize=FONT_SIZE,
        fontweight="bold",
    )
