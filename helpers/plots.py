"""Figures that say in words what they show.

Every function returns a `Figure`. Its `alt` is the result as a sentence: the text for readers who
cannot see the picture, the verdict under a live lab, and what a test compares with a fresh run.
"""

import io
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import matplotlib.figure
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.font_manager import fontManager
from matplotlib.ticker import MaxNLocator

from helpers import checks
from helpers.palette import FIGURE

WIDTH = 5.6  # inches; at this width and size the text stays legible on a phone
FONT_SIZE = 11
DOTS_PER_INCH = 144
_MEASURES = ("weight", "effect")
TOKEN_COLUMNS = 60.2  # letters of a fixed width in a line of tokens; 40 single letters fill one
TOKEN_GAP = 0.5  # between two tokens, in letters
TOKEN_LINE = 0.36  # inches
FONTS = ["DejaVu Sans", "Dates CJK"]  # the second one draws what the first one lacks

fontManager.addfont(Path(__file__).parent / "fonts" / "dates-cjk.ttf")


class Figure(matplotlib.figure.Figure):
    """A matplotlib figure with a text for those who do not see it.

    It is drawn apart from `pyplot`, so figures do not pile up while a slider moves.

    Args:
        alt: the result in words.
        height: in inches; the width is the book's.
        layout: matplotlib's layout engine, or None for margins set by hand.
    """

    def __init__(self, alt, height, layout="constrained"):
        self.alt = checks.text("alt", alt)
        if not 0 < checks.finite_array("height", height, (0,)) <= 100:
            raise ValueError(f"height must be above 0 and at most 100 inches, got {height!r}")
        super().__init__(figsize=(WIDTH, height), dpi=DOTS_PER_INCH, layout=layout)
        FigureCanvasAgg(self)

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
        size = {"alt": self.alt, "width": round(WIDTH * DOTS_PER_INCH / 1.5)}
        return {"image/png": self.png(), "text/plain": self.alt}, {"image/png": size}


def verdict(weights, answer, axis="column"):
    """Say where the largest of the `weights` (n,) is and whether that is the `answer`.

    >>> verdict([0.2, 0.5, 0.3], answer=1)
    'The largest weight, 0.50, is on column 1: found.'
    """
    weights = checks.finite_array("weights", weights, (1,))
    answer = checks.integer("answer", answer, 0, len(weights) - 1)
    checks.text("axis", axis)
    largest = int(np.argmax(weights))
    said = f"The largest weight, {weights[largest]:.2f}, is on {axis} {largest}"
    return f"{said}: found." if largest == answer else f"{said}, the answer on {axis} {answer}: not found."


def attention_bars(panels, answer, *, axis="column"):
    """Draw attention weights as bars, the answer outlined and labelled.

    Args:
        panels: weights (n,), or (seeds, n) for the mean with a line from least to most;
            or a dict from a panel's title to such weights, drawn one below the other.
        answer: the index where the largest weight should be.
        axis: what an index counts, "column" or "step".

    Returns:
        A Figure whose `alt` gives the verdict of each panel.

    Raises:
        TypeError, ValueError: weights that are not numbers, or an answer outside them.
    """
    panels = _panels(_titled(panels), (1, 2))
    answer = checks.integer("answer", answer, 0, next(iter(panels.values())).shape[1] - 1)
    verdicts = {title: verdict(weights.mean(axis=0), answer, axis) for title, weights in panels.items()}
    alt = " ".join(f"{title}: {said}" if title else said for title, said in verdicts.items())
    several_seeds = any(len(weights) > 1 for weights in panels.values())
    quantity = "mean weight" if several_seeds else "weight"
    # All attention is drawn on one scale, so that two figures can be compared by eye.
    return _bars(panels, answer, axis, quantity, alt, (0, 1))


def attention_grid(rows, answer, *, axis="column"):
    """Draw attention weights as small bar charts in rows and columns, the answer marked in each.

    Args:
        rows: a dict from a row's title to a dict from a column's title to weights (n,) or
            (seeds, n). Every row has the same columns.
        answer: the index where the largest weight should be.
        axis: what an index counts, "column" or "step".

    Returns:
        A Figure whose `alt` says for each chart where the largest weight is. It gives no weight:
            that is for the picture, as second decimals differ from one kind of machine to another.

    Raises:
        TypeError, ValueError: weights that are not numbers, an answer outside them, or rows with
            different columns.
    """
    checks.text("axis", axis)
    rows = {title: checks.dictionary("rows", row) for title, row in checks.dictionary("rows", rows).items()}
    columns = _equal_keys("rows must have equal columns", rows)
    flat = {(title, column): row[column] for title, row in rows.items() for column in columns}
    flat = _panels(flat, (1, 2))
    answer = checks.integer("answer", answer, 0, next(iter(flat.values())).shape[1] - 1)
    largest = {titles: int(weights.mean(axis=0).argmax()) for titles, weights in flat.items()}
    alt = " ".join(
        f"{title}, {column}: largest on {axis} {index}, {'found' if index == answer else 'not found'}."
        for (title, column), index in largest.items()
    )
    figure = Figure(alt, height=0.7 + 1.15 * len(rows))
    grid = figure.subplots(len(rows), len(columns), sharex=True, sharey=True, squeeze=False)
    for axes, weights in zip(grid.flat, flat.values(), strict=True):
        _draw_bars(axes, weights)
    for index, axes in enumerate(grid.flat):
        _mark_answer(axes, answer, label=index < len(columns))
    for axes, title in zip(grid[:, 0], rows, strict=True):
        axes.set_ylabel(title, rotation=0, ha="right", va="center")
    for axes, title in zip(grid[0], columns, strict=True):
        _name(axes, f"weight, {title}", pad=18)
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
    panels = _panels(checks.dictionary("panels", panels), (1,))
    answer = checks.integer("answer", answer, 0, next(iter(panels.values())).shape[1] - 1)
    alt = " ".join(
        f"{title}: {axis} {answer} holds {values[0, answer]:.2f}." for title, values in panels.items()
    )
    return _bars(panels, answer, axis, "value", alt, _limits(panels.values()))


def heatmap(weights, *, answers=(), row="row", column="column"):
    """Draw weights (rows, columns) as cells, the stronger the colour the larger, answers outlined.

    Args:
        weights: an array (rows, columns) of numbers ≥ 0.
        answers: pairs (row, column) where the large weights should be. A row with two of them
            should have its two largest weights there, and so on.
        row: what the rows count.
        column: what the columns count.

    Returns:
        A Figure whose `alt` says how many answers were found among the largest weights of their row.

    Raises:
        TypeError, ValueError: weights that are not numbers, or an answer outside them.
    """
    checks.text("row", row)
    checks.text("column", column)
    weights = _weights("weights", weights, (2,))
    rows, columns = weights.shape
    try:
        pairs = [(r, c) for r, c in answers]
    except (TypeError, ValueError) as error:
        raise TypeError(f"answers must be pairs (row, column), got {answers!r}") from error
    answers = {
        (checks.integer("answers", r, 0, rows - 1), checks.integer("answers", c, 0, columns - 1))
        for r, c in pairs
    }
    wanted = [[c for r, c in answers if r == index] for index in range(rows)]
    found = sum(len({*_largest(w, len(cells))} & {*cells}) for w, cells in zip(weights, wanted, strict=True))
    alt = f"Heatmap of {rows} by {columns} weights, {row} by {column}."
    if answers:
        alt += f" Answers found, as the largest weights of their {row}: {found} of {len(answers)}."

    figure = Figure(alt, height=min(5.6, 1.2 + WIDTH * rows / columns))
    axes = figure.subplots()
    _draw_cells(axes, weights, weights.max(), sorted(answers))
    _say_scale(axes, weights.max(), "answers outlined" if answers else "")
    axes.set_xlabel(column)
    axes.set_ylabel(row)
    return figure


def alignment(weights, source, target, *, sources=None):
    """Draw what each character of one text looks at in another, the characters on both axes.

    Args:
        weights: an array (characters of the target, characters of the source) of numbers ≥ 0.
        source: the text that is looked at, along the x axis.
        target: the text that looks, down the y axis.
        sources: True where a character of the source says what a character of the target is, bool
            of the shape of the weights, as `dates.get_dates` returns it; it is outlined.

    Returns:
        A Figure whose `alt` says whether most of the target's characters that have a source have
        their largest weight on it.

    Raises:
        TypeError, ValueError: weights that are not numbers, or of another shape than the texts.
    """
    weights = _weights("weights", weights, (2,))
    shape = (len(checks.text("target", target)), len(checks.text("source", source)))
    sources = np.zeros(shape, bool) if sources is None else checks.finite_array("sources", sources) != 0
    for name, array in {"weights": weights, "sources": sources}.items():
        if array.shape != shape:
            raise ValueError(f"{name} must have the shape of the texts, {shape}, got {array.shape}")
    known = sources.any(axis=1)
    found = int(sources[np.arange(len(target)), weights.argmax(axis=1)].sum())
    alt = f"Alignment of “{target}” with “{source}”."
    if known.any():
        verdict = "found" if 2 * found > known.sum() else "not found"
        alt += f" Of the {known.sum()} characters with a known source most look at it: {verdict}."

    figure = Figure(alt, height=1.0 + 0.2 * len(target))
    axes = figure.subplots()
    _draw_cells(axes, weights, weights.max(), ())
    for row, column, width in _runs(sources):
        axes.add_patch(_outline(column - 0.5, row - 0.5, width, 1))
    _say_scale(axes, weights.max(), "answers outlined" if known.any() else "")
    axes.set_xticks(range(len(source)), _visible(source), family=FONTS)
    axes.set_yticks(range(len(target)), _visible(target), family=FONTS)
    return figure


def keyword_verdict(weights, answers, padding):
    """Say how often the largest weight of a sample is on its keyword, and what padding gets.

    Args:
        weights: an array (samples, steps) of numbers ≥ 0.
        answers: the keyword's step in each sample, (samples,).
        padding: True where a step is padding, (samples, steps).

    Returns:
        A sentence that ends with "found." where the keyword has the largest weight in 99 % of the
        samples or more, else with "not found.". Percents are rounded down: 100 means all.

    Raises:
        TypeError, ValueError: arrays that are not numbers, or of shapes that do not fit.

    >>> keyword_verdict([[0.1, 0.9, 0.0]], [1], [[False, False, True]])
    'Mean weight on padding: exactly 0. Largest weight on the keyword in 100 % of held-out samples: found.'
    """
    weights = _weights("weights", weights, (2,))
    answers = _indices("answers", answers, weights.shape[1])
    padding = checks.finite_array("padding", padding, (2,)).astype(bool)
    if len(answers) != len(weights) or padding.shape != weights.shape:
        raise ValueError(
            f"weights, answers and padding must fit, got {weights.shape}, {answers.shape}, {padding.shape}"
        )
    hits = int((weights.argmax(axis=1) == answers).sum())
    percent = 100 * hits // len(weights)
    lost = np.where(padding, weights, 0).sum(axis=1).mean()
    lost = "exactly 0" if lost == 0 else "below 0.01" if lost < 0.01 else f"{lost:.2f}"
    return (
        f"Mean weight on padding: {lost}. Largest weight on the keyword in "
        f"{percent} % of held-out samples: {'found' if percent >= 99 else 'not found'}."
    )


def token_weights(tokens, weights, answers=None, *, top=None, alt=None):
    """Draw rows of tokens, under each a cell, the stronger the colour the larger its weight.

    Args:
        tokens: a list of rows; a row is a list of strings, "" for padding. Long rows are wrapped.
        weights: for each row as many numbers ≥ 0.
        answers: for each row the index of the token that is the answer; None where none is known.
        top: the weight with the full colour; None for the largest one.
        alt: what the figure shows, where more is known than the rows tell.

    Returns:
        A Figure. Without `alt` its text says in how many rows the largest weight is on the answer,
            or without answers which token has it.

    Raises:
        TypeError, ValueError: tokens that are no strings, weights that are not numbers, rows that
            do not fit, or an answer outside its row.
    """
    rows = _token_rows(tokens, weights, answers)
    if top is None:
        top = max(values.max() for _, values, _ in rows) or 1
    top = float(checks.finite_array("top", top, (0,)))
    if top <= 0:
        raise ValueError(f"top must be above 0, got {top}")
    cells = [_placed(texts) for texts, _, _ in rows]
    starts = np.cumsum([0] + [row[-1].line + 1 for row in cells])
    figure = Figure(alt or _largest_tokens(rows), height=0.45 + TOKEN_LINE * starts[-1], layout=None)
    axes = figure.add_axes((0.01, 0, 0.98, 1 - 0.35 / figure.get_figheight()))
    axes.spines[:].set_visible(False)
    axes.set(xticks=[], yticks=[], xlim=(0, TOKEN_COLUMNS), ylim=(starts[-1] + 0.1 / TOKEN_LINE, 0))
    for start, row, (texts, values, answer) in zip(starts, cells, rows, strict=False):
        _draw_tokens(axes, start, row, texts, values / top, answer)
    _say_scale(axes, top, "answer outlined" if answers is not None else "")
    return figure


def alignment_heatmap(panels, alignment, *, query="query step", key="key step"):
    """Draw which key each query attends to, a panel of cells for each head, the answers outlined.

    Args:
        panels: weights (queries, keys) ≥ 0, or a dict from a panel's title to such weights, drawn
            side by side on one scale.
        alignment: (queries,), for each query the key where its largest weight should be; or a dict
            from a panel's title to such an alignment, for heads that have answers of their own.
        query: what the rows count.
        key: what the columns count.

    Returns:
        A Figure whose `alt` says in how many rows the largest weight is the answer: of each panel, and,
        where they share one alignment, of the mean of all. It gives no weight: second decimals differ
        from one kind of machine to another.

    Raises:
        TypeError, ValueError: weights that are not numbers, panels of different shapes, or an
            alignment that is not one key for each query.
    """
    checks.text("query", query)
    checks.text("key", key)
    panels = {title: _weights("panels", weights, (2,)) for title, weights in _titled(panels).items()}
    shapes = sorted({weights.shape for weights in panels.values()})
    if len(shapes) != 1:
        raise ValueError(f"panels must hold weights of equal shapes, got {shapes}")
    queries, keys = shapes[0]
    own = isinstance(alignment, dict)
    if own and alignment.keys() != panels.keys():
        raise ValueError(
            f"alignment must have the keys {', '.join(panels)}; got {', '.join(map(str, alignment))}"
        )
    answers = {title: _indices("alignment", alignment[title] if own else alignment, keys) for title in panels}
    for steps in answers.values():
        if len(steps) != queries:
            raise ValueError(f"alignment must hold one key for each of {queries} queries, got {len(steps)}")
    if own:
        said = [f"{title}: {_rows_found(panels[title], steps)}" for title, steps in answers.items()]
    else:
        steps = next(iter(answers.values()))
        each = [f"{title}: {_count_found(weights, steps)}" for title, weights in panels.items()]
        aside = f" ({', '.join(each)})" if len(panels) > 1 else ""
        said = [_rows_found(np.mean(list(panels.values()), axis=0), steps, aside)]

    side = 3.3 if len(panels) == 1 else (WIDTH - 0.9) / len(panels)
    head = 0.4 if len(panels) == 1 else 0.65
    height = side * min(1.2, max(0.4, queries / keys)) + head + 0.55
    figure = Figure(" ".join(said), height, layout=None)
    grid = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    top = max(weights.max() for weights in panels.values())
    for axes, (title, weights) in zip(grid, panels.items(), strict=True):
        _draw_cells(axes, weights, top, enumerate(answers[title]))
        _name(axes, title)
        axes.set_xlabel(key)
    grid[0].set_ylabel(query)
    right = 0.65 + side if len(panels) == 1 else WIDTH - 0.1
    edges = {"left": 0.65 / WIDTH, "right": right / WIDTH, "bottom": 0.55 / height}
    figure.subplots_adjust(**edges, top=1 - head / height, wspace=0.12)
    words = {"y": 1 - 0.28 / height, "fontsize": FONT_SIZE}
    figure.text(edges["left"], s=f"weight, 0 to {top:.2f}", color=FIGURE["muted"], **words)
    outlined = {"ha": "right", "fontweight": "bold", "color": FIGURE["answer"]}
    figure.text(edges["right"], s="answers outlined", **outlined, **words)
    return figure


def learning_curve(history):
    """Draw losses against the epoch.

    Args:
        history: a dict from name to one loss an epoch, as `Retrainer.train` returns it, or the
            `history` of what `model.fit` returns.

    Returns:
        A Figure whose `alt` gives the first and last value of each curve.

    Raises:
        TypeError, ValueError: no curve, or values that are not finite numbers.
    """
    curves = {
        name: checks.finite_array(f"history[{name!r}]", values, (1,))
        for name, values in checks.dictionary("history", history).items()
    }
    alt = "Loss by epoch. " + " ".join(
        f"{name}: from {values[0]:.2f} to {values[-1]:.2f} in {len(values)} epochs."
        for name, values in curves.items()
    )
    figure = Figure(alt, height=2.4)
    axes = figure.subplots()
    _draw_curves(axes, curves)
    if min(values.min() for values in curves.values()) >= 0:
        axes.set_ylim(bottom=0)
    _name(axes, "loss")
    return figure


def losses_and_attention(history, weights, answer, *, axis="column"):
    """Draw the losses of several trainings in one chart, and below it the attention each ended with.

    Args:
        history: a dict from a training's name to its losses, one an epoch. They may end in infinity
            or NaN: that training diverged.
        weights: a dict from the same names to attention weights (n,); those of a training that
            diverged are not looked at.
        answer: the index where the largest weight should be.
        axis: what an index counts, "column" or "step".

    Returns:
        A Figure whose `alt` gives each training's last loss and whether its largest weight is on
        the answer.

    Raises:
        TypeError, ValueError: no training, weights that are not numbers, an answer outside them, or
            other names than those of the losses.
    """
    checks.text("axis", axis)
    checks.dictionary("history", history)
    checks.dictionary("weights", weights)
    if weights.keys() != history.keys():
        raise ValueError(f"weights must have the keys {', '.join(history)}; got {', '.join(weights)}")
    history = {name: _losses(f"history[{name!r}]", losses) for name, losses in history.items()}
    diverged = [name for name, losses in history.items() if not np.isfinite(losses).all()]
    weights = _panels(
        {name: np.zeros_like(w) if name in diverged else w for name, w in weights.items()}, (1,)
    )
    answer = checks.integer("answer", answer, 0, next(iter(weights.values())).shape[1] - 1)
    said = [
        f"{name}: diverged, not found."
        if name in diverged
        else f"{name}: loss {losses[-1]:.2f} after {len(losses)} epochs, "
        f"{'found' if weights[name].argmax() == answer else 'not found'}."
        for name, losses in history.items()
    ]
    figure = Figure(" ".join(said), height=3.0 + 1.15 * len(weights))
    axes_of_losses, *rows = figure.subplots(1 + len(weights), height_ratios=[2] + [1] * len(weights))
    _draw_curves(axes_of_losses, history)
    starts = [losses[0] for losses in history.values() if np.isfinite(losses[0])]
    axes_of_losses.set_ylim(0, 1.2 * min(starts, default=1))  # one that diverges leaves the chart
    _name(axes_of_losses, "loss")
    for axes, (name, values) in zip(rows, weights.items(), strict=True):
        _draw_bars(axes, values)
        axes.set_ylabel(name.replace(", ", "\n"), rotation=0, ha="right", va="center")
        _mark_answer(axes, answer, label=axes is rows[0])
    _name(rows[0], "weight", pad=18)
    rows[-1].set_xlabel(axis)
    return figure


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
            "found" where both are on the answer. With `ablated` it also gives the effects of that
            step and of the answer, to one decimal.

    Raises:
        TypeError, ValueError: no row, numbers that are none, rows of different shapes, or an answer
            or a step outside them.
    """
    checks.text("axis", axis)
    for row in checks.dictionary("rows", rows).values():
        if not isinstance(row, (list, tuple)) or len(row) != 3:
            raise TypeError(f"rows must be triples (weights, effects, answer), got {row!r}")
    flat = {(title, name): row[i] for title, row in rows.items() for i, name in enumerate(_MEASURES)}
    flat = _panels(flat, (1, 2))
    last = next(iter(flat.values())).shape[1] - 1
    answers = {title: checks.integer("answer", row[2], 0, last) for title, row in rows.items()}
    if ablated is not None:
        ablated = checks.integer("ablated", ablated, 0, last)
    means = {key: values.mean(axis=0) for key, values in flat.items()}
    said = []
    for title, answer in answers.items():
        weight, effect = (int(means[title, name].argmax()) for name in _MEASURES)
        found = "found" if weight == effect == answer else "not found"
        said.append(
            f"{title}: largest weight on {axis} {weight}, largest effect on {axis} {effect}, {found}."
        )
        if ablated is not None:
            sizes = means[title, "effect"]
            of_answer = f"the answer, {axis} {answer},"
            said.append(
                f"Ablating {of_answer} changes the prediction by {sizes[answer]:.1f}."
                if ablated == answer
                else f"Ablating {axis} {ablated} changes the prediction by {sizes[ablated]:.1f}, "
                f"ablating {of_answer} by {sizes[answer]:.1f}."
            )

    figure = Figure(" ".join(said), height=0.7 + 1.15 * len(rows))
    grid = figure.subplots(len(rows), 2, sharex=True, sharey=True, squeeze=False)
    for axes_of_row, (title, answer) in zip(grid, answers.items(), strict=True):
        for axes, name in zip(axes_of_row, _MEASURES, strict=True):
            _draw_bars(axes, flat[title, name])
            _mark_answer(axes, answer)
            if ablated is not None:
                axes.add_patch(_outline(ablated - 0.5, 0, 1, 1, "muted", "--"))
        axes_of_row[0].set_ylabel(title.replace(", ", "\n"), rotation=0, ha="right", va="center")
    for axes, name in zip(grid[0], _MEASURES, strict=True):
        _name(axes, name, pad=18)
    for axes in grid[-1]:
        axes.set_xlabel(axis)
    return figure


def dots(panels, *, quantity, alt):
    """Draw repeated measurements as dots, one a repetition: a chart for each panel, a line for each row.

    Args:
        panels: a dict from a chart's title to a dict from a row's title to values (repetitions,)
            between -1 and 1. All charts have the same rows; they are drawn side by side.
        quantity: what is measured.
        alt: what the figure shows, in words that hold on any machine.

    Raises:
        TypeError, ValueError: no chart, values that are not numbers from -1 to 1, or charts with
            different rows.
    """
    checks.text("quantity", quantity)
    for panel in checks.dictionary("panels", panels).values():
        checks.dictionary("panels", panel)
    rows = _equal_keys("panels must have equal rows", panels)
    figure = Figure(alt, height=1.0 + 0.32 * len(rows))
    grid = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (title, panel) in zip(grid, panels.items(), strict=True):
        _name(_style(axes), title)
        for height, row in enumerate(rows):
            values = checks.finite_array(f"panels[{title!r}][{row!r}]", panel[row], (1,))
            if np.abs(values).max() > 1:
                raise ValueError(f"panels must hold numbers from -1 to 1, got {values.round(2)} in {title!r}")
            axes.axhline(height, color=FIGURE["muted"], linewidth=0.5, alpha=0.5)
            axes.plot(values, np.full(len(values), height), "o", color=FIGURE["weight"], alpha=0.7)
        axes.axvline(0, color=FIGURE["muted"], linewidth=0.8)
        axes.set_xlim(-1.05, 1.05)
        axes.set_xticks([-1, 0, 1])
    grid[0].set_yticks(range(len(rows)), rows)
    grid[0].invert_yaxis()  # shared: the first row on top
    grid[len(grid) // 2].set_xlabel(quantity)
    return figure


def scaling(panels, *, quantity):
    """Draw how a quantity grows with one size or another, a chart for each size.

    Args:
        panels: a dict from a size's name to a dict from its values to those of the quantity.
        quantity: what is measured, such as "seconds an epoch".

    Returns:
        A Figure whose `alt` gives the quantity at the smallest and the largest size.

    Raises:
        TypeError, ValueError: no chart, or values that are not finite numbers.
    """
    checks.text("quantity", quantity)
    measured = {
        size: _points(f"panels[{size!r}]", values)
        for size, values in checks.dictionary("panels", panels).items()
    }
    alt = f"{quantity}: " + " ".join(
        f"{values[0, 1]:.2f} at {values[0, 0]:g} {size}, {values[-1, 1]:.2f} at {values[-1, 0]:g}."
        for size, values in measured.items()
    )
    figure = Figure(alt, height=2.4)
    grid = figure.subplots(1, len(measured), sharey=True, squeeze=False)[0]
    for axes, (size, values) in zip(grid, measured.items(), strict=True):
        _style(axes).plot(*values.T, "-o", markersize=4, color=FIGURE["weight"])
        axes.set_xlabel(size)
        axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    grid[0].set_ylim(bottom=0)  # shared, so only when all charts are drawn
    _name(grid[0], quantity)
    return figure


def power_laws(panels, *, size):
    """Draw how quantities grow with a size, on axes where a power of the size is a straight line.

    Args:
        panels: a dict from a quantity to a dict from a curve's name to a dict from sizes to values,
            all above 0. The quantities are drawn side by side.
        size: what grows, such as "time steps".

    Returns:
        A Figure whose `alt` gives each curve's value at the smallest and the largest size.

    Raises:
        TypeError, ValueError: no chart, or sizes or values that are not finite numbers above 0.
    """
    checks.text("size", size)
    for quantity, curves in checks.dictionary("panels", panels).items():
        checks.dictionary(f"panels[{quantity!r}]", curves)
    said, sizes = [], set()
    figure = Figure("", height=2.9)
    grid = figure.subplots(1, len(panels), sharex=True, squeeze=False)[0]
    for axes, (quantity, curves) in zip(grid, panels.items(), strict=True):
        _name(_style(axes), quantity)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.minorticks_off()
        axes.set_xlabel(size)
        for (name, values), line, colour in zip(
            curves.items(), cycle(("-o", "--s", ":^")), cycle(("weight", "answer", "muted")), strict=False
        ):
            points = _points(f"panels[{quantity!r}][{name!r}]", values)
            if points.min() <= 0:
                raise ValueError(f"panels must hold numbers above 0, got {points.min():g} in {quantity!r}")
            axes.plot(*points.T, line, markersize=4, color=FIGURE[colour], label=name)
            sizes.update(points[:, 0])
            (low, first), (high, last) = points[0], points[-1]
            said.append(f"{quantity}, {name}: {_brief(first)} at {low:g}, {_brief(last)} at {high:g}.")
    grid[0].set_xticks(sorted(sizes))  # shared
    figure.alt = f"By {size}. {' '.join(said)}"
    figure.legend(
        *grid[0].get_legend_handles_labels(),
        loc="outside upper left",
        ncols=3,
        frameon=False,
        labelcolor=FIGURE["muted"],
        fontsize=FONT_SIZE,
    )
    return figure


def _name(axes, quantity, **options):
    """Write at the left above a chart what it shows."""
    axes.set_title(quantity, loc="left", fontsize=FONT_SIZE, color=FIGURE["muted"], **options)


def _say_scale(axes, top, outlined):
    options = {"fontsize": FONT_SIZE, "fontweight": "bold", "color": FIGURE["answer"]}
    axes.set_title(outlined, loc="right", **options)
    _name(axes, f"weight, 0 to {top:.2f}")


def _token_rows(tokens, weights, answers):
    """Return the checked rows as (texts, weights, answer or None)."""
    if not isinstance(tokens, (list, tuple)):
        raise TypeError(f"tokens must be a list of rows, got {type(tokens).__name__}")
    if not tokens:
        raise ValueError("tokens must hold at least one row, got none")
    answers = [None] * len(tokens) if answers is None else answers
    for name, value in {"weights": weights, "answers": answers}.items():
        if not isinstance(value, (list, tuple)) and not (isinstance(value, np.ndarray) and value.ndim):
            raise TypeError(f"{name} must hold one entry a row, got {type(value).__name__}")
    if not len(tokens) == len(weights) == len(answers):
        raise ValueError(
            f"tokens, weights and answers must have equal numbers of rows, got {len(tokens)}, "
            f"{len(weights)} and {len(answers)}"
        )
    rows = []
    for row, (texts, values, answer) in enumerate(zip(tokens, weights, answers, strict=True)):
        if not isinstance(texts, (list, tuple)):
            raise TypeError(f"tokens must be rows of strings, got {type(texts).__name__} as row {row}")
        for text in texts:
            if not isinstance(text, str):
                raise TypeError(f"tokens must be rows of strings, got {text!r} in row {row}")
        values = _weights("weights", values, (1,))
        if len(texts) != len(values):
            raise ValueError(f"weights must be one a token, got {len(values)} for {len(texts)} tokens")
        if answer is not None:
            answer = checks.integer("answers", answer, 0, len(texts) - 1)
        rows.append((texts, values, answer))
    return rows


def _largest_tokens(rows):
    answered = [(values, answer) for _, values, answer in rows if answer is not None]
    if answered:
        found = sum(int(values.argmax()) == answer for values, answer in answered)
        return f"{len(rows)} rows of tokens. Largest weight on the answer: {found} of {len(answered)}."
    said = [texts[int(values.argmax())] or "padding" for texts, values, _ in rows]
    return " ".join(f"Row {number}: largest weight on “{text}”." for number, text in enumerate(said, 1))


class _Cell(NamedTuple):
    line: int
    left: float
    width: float


def _placed(texts):
    """Return a cell for each text, in lines of TOKEN_COLUMNS letters."""
    cells, line, left = [], 0, 0.0
    for text in texts:
        width = max(len(text), 1) + TOKEN_GAP
        if left and left + width > TOKEN_COLUMNS:
            line, left = line + 1, 0.0
        cells.append(_Cell(line, left, width))
        left += width
    return cells


def _draw_tokens(axes, start, cells, texts, shades, answer):
    strips = [_corners(cell.left + 0.1, start + cell.line + 0.56, cell.width - 0.2, 0.24) for cell in cells]
    colours = [(*to_rgb(FIGURE["weight"]), min(shade, 1)) for shade in shades]
    axes.add_collection(PolyCollection(strips, facecolors=colours, linewidths=0))
    padding = [
        _corners(cell.left, start + cell.line + 0.1, cell.width, 0.4)
        for cell, text in zip(cells, texts, strict=True)
        if not text
    ]
    hatch = {"hatch": "////", "facecolors": "none", "edgecolors": FIGURE["muted"], "linewidths": 0}
    axes.add_collection(PolyCollection(padding, alpha=0.6, **hatch))
    centred = {"ha": "center", "va": "center", "family": "monospace", "fontsize": FONT_SIZE}
    for cell, text in zip(cells, texts, strict=True):
        if text:
            middle = cell.left + cell.width / 2
            axes.text(middle, start + cell.line + 0.3, text, color=FIGURE["muted"], **centred)
    if answer is not None:
        cell = cells[answer]
        axes.add_patch(_outline(cell.left, start + cell.line + 0.04, cell.width, 0.82))


def _corners(x, y, width, height):
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def _weights(name, value, dimensions):
    weights = checks.finite_array(name, value, dimensions)
    if weights.min() < 0:
        raise ValueError(f"{name} must not be below 0, got {weights.min():g}")
    return weights


def _losses(name, value):
    """Return a training's losses, which may end in infinity or NaN."""
    try:
        losses = np.asarray(value, dtype="float64")
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(f"{name} must be one number an epoch, got {value!r}") from error
    if losses.ndim != 1 or not losses.size:
        raise ValueError(f"{name} must be one number an epoch, got shape {losses.shape}")
    return losses


def _points(name, value):
    """Return the pairs of a dict from numbers to numbers, sorted, as an array (n, 2)."""
    if not isinstance(value, dict):
        raise TypeError(f"{name} must be a dict from numbers to numbers, got {value!r}")
    points = checks.finite_array(name, list(value.items()))
    return points[np.argsort(points[:, 0], kind="stable")]


def _indices(name, value, count):
    indices = checks.finite_array(name, value, (1,))
    if indices.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers, got {indices.dtype}")
    if indices.min() < 0 or indices.max() >= count:
        raise ValueError(f"{name} must be from 0 to {count - 1}, got {indices.min()} to {indices.max()}")
    return indices


def _brief(value):
    return np.format_float_positional(value, precision=2, fractional=False, trim="-")


def _count_found(weights, answers):
    return int((weights.argmax(axis=1) == answers).sum())


def _rows_found(weights, answers, aside=""):
    found = _count_found(weights, answers)
    said = f"The answer has the largest mean weight in {found} of {len(answers)} rows{aside}"
    return f"{said}: found." if found == len(answers) else f"{said}: not found."


def _draw_cells(axes, weights, top, answers):
    _style(axes)
    # From transparent to opaque instead of from white, so that it reads on a dark page too.
    shades = LinearSegmentedColormap.from_list("weight", [(*to_rgb(FIGURE["weight"]), a) for a in (0, 1)])
    axes.imshow(weights, cmap=shades, vmin=0, vmax=max(top, 1e-9), aspect="auto")
    for row, column in answers:
        axes.add_patch(_outline(column - 0.5, row - 0.5, 1, 1))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _runs(sources):
    """Yield (row, first column, width) of each run of True."""
    for row, cells in enumerate(sources):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], cells, [0]])))
        yield from ((row, first, last - first) for first, last in edges.reshape(-1, 2).tolist())


def _visible(text):
    return ["␣" if character.isspace() else character for character in text]


def _largest(weights, count):
    """Return where the `count` largest of `weights` (n,) are; of equal ones the first."""
    return np.argsort(-weights, kind="stable")[:count].tolist()


def _equal_keys(demand, dicts):
    """Return the keys of the first of several dicts, in their order, or raise unless all have them."""
    keys = list(next(iter(dicts.values())))
    if any(one.keys() != set(keys) for one in dicts.values()):
        raise ValueError(f"{demand}, got {[list(one) for one in dicts.values()]}")
    return keys


def _titled(panels):
    return checks.dictionary("panels", panels if isinstance(panels, dict) else {"": panels})


def _panels(panels, dimensions):
    panels = {
        title: np.atleast_2d(checks.finite_array("panels", p, dimensions)) for title, p in panels.items()
    }
    lengths = sorted({values.shape[1] for values in panels.values()})
    if len(lengths) != 1:
        raise ValueError(f"panels must hold equal numbers of values, got {lengths}")
    return panels


def _bars(panels, answer, axis, quantity, alt, limits):
    figure = Figure(alt, height=0.9 + 1.25 * len(panels), layout=None)
    axes = figure.subplots(len(panels), sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes_of_panel, (title, values) in zip(axes, panels.items(), strict=True):
        _draw_bars(axes_of_panel, values, limits)
        axes_of_panel.set_ylabel(title.replace(", ", "\n"), rotation=0, ha="right", va="center")
        _mark_answer(axes_of_panel, answer)
    # With y given, Matplotlib does not measure all ticks to find a free place.
    _name(axes[0], quantity, y=1, pad=18)
    axes[-1].set_xlabel(axis)
    _set_margins(figure, max(len(line) for title in panels for line in title.split(", ")))
    return figure


def _set_margins(figure, letters):
    """Leave room for `letters` on the left; a layout engine would take half of a slider move's time."""
    height = figure.get_figheight()
    figure.subplots_adjust(
        left=(0.65 + 0.09 * letters) / WIDTH,
        right=0.99,
        bottom=0.52 / height,
        top=1 - 0.5 / height,
        hspace=0.3,
    )


def _draw_bars(axes, values, limits=(0, 1)):
    _style(axes)
    positions = np.arange(values.shape[1])
    means = values.mean(axis=0)
    # One collection: `axes.bar` makes an artist for each bar, and takes a third of a slider move's picture.
    corners = [_corners(x - 0.4, 0, 0.8, mean) for x, mean in zip(positions, means, strict=True)]
    axes.add_collection(PolyCollection(corners, color=FIGURE["weight"], linewidth=0), autolim=False)
    if len(values) > 1:
        axes.vlines(positions, values.min(axis=0), values.max(axis=0), color=FIGURE["muted"], linewidth=1.5)
    axes.set_xlim(-0.8, len(positions) - 0.2)
    axes.set_ylim(limits)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(3))


def _limits(arrays):
    """Return the range of all numbers and 0, with a margin at the ends that are not 0."""
    low, high = min(0, *(a.min() for a in arrays)), max(0, *(a.max() for a in arrays))
    margin = 0.05 * (high - low or 1)
    return low - margin * (low < 0), high + margin * (high > 0 or low == 0)


def _draw_curves(axes, curves):
    """Draw values against epochs, each curve with a line and a colour of its own."""
    _style(axes)
    for (name, values), line, colour in zip(
        curves.items(), cycle(("-", "--", ":", "-.")), cycle(("weight", "answer", "muted")), strict=False
    ):
        epochs = np.arange(1, len(values) + 1)
        axes.plot(epochs, values, line, marker="o", markersize=3, color=FIGURE[colour], label=name)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, labelcolor=FIGURE["muted"], fontsize=FONT_SIZE)


def _mark_answer(axes, answer, *, label=True):
    low, high = axes.get_ylim()
    axes.add_patch(_outline(answer - 0.5, low, 1, high - low))
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


def _outline(x, y, width, height, colour="answer", linestyle="-"):
    style = {"edgecolor": FIGURE[colour], "linestyle": linestyle, "linewidth": 1.8}
    return matplotlib.patches.Rectangle((x, y), width, height, fill=False, zorder=3, clip_on=False, **style)


def _style(axes):
    axes.tick_params(colors=FIGURE["muted"], labelsize=FONT_SIZE, length=3)
    axes.xaxis.label.set(color=FIGURE["muted"], size=FONT_SIZE)
    axes.yaxis.label.set(color=FIGURE["muted"], size=FONT_SIZE)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FIGURE["muted"])
    return axes
