"""Trainings: their losses by epoch, and the attention they ended with."""

from itertools import cycle

import numpy as np
from matplotlib.ticker import MaxNLocator

from helpers import checks
from helpers.palette import FIGURE
from helpers.plots import arguments, found, letters
from helpers.plots.bars import attention_limits, draw_bars, mark_answer
from helpers.plots.figure import WIDTH, Figure, height_of, name_chart, name_row, style
from helpers.plots.letters import FONT_SIZE


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
    name_chart(axes, "loss")
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
            the answer; it is found where all trainings found it.

    Raises:
        TypeError, ValueError: no training, weights that are not numbers, an answer outside them, or
            other names than those of the losses.
    """
    checks.text("axis", axis)
    checks.dictionary("history", history)
    checks.dictionary("weights", weights)
    if weights.keys() != history.keys():
        raise ValueError(f"weights must have the keys {', '.join(history)}; got {', '.join(weights)}")
    history = {name: arguments.losses(f"history[{name!r}]", losses) for name, losses in history.items()}
    diverged = [name for name, losses in history.items() if not np.isfinite(losses).all()]
    weights = arguments.panels(
        {name: np.zeros_like(w) if name in diverged else w for name, w in weights.items()}, (1,), least=0
    )
    answer = checks.integer("answer", answer, 0, next(iter(weights.values())).shape[1] - 1)
    alt = found.trainings(history, {name: values[0] for name, values in weights.items()}, answer)
    figure = Figure(alt, height_of("weights", len(weights), each=1.15, rest=3.0))
    axes_of_losses, *rows = figure.subplots(1 + len(weights), height_ratios=[2] + [1] * len(weights))
    _draw_curves(axes_of_losses, history)
    starts = [losses[0] for losses in history.values() if np.isfinite(losses[0])]
    axes_of_losses.set_ylim(0, 1.2 * (min(starts, default=1) or 1))  # one that diverges leaves the chart
    name_chart(axes_of_losses, "loss")
    for axes, (name, values) in zip(rows, weights.items(), strict=True):
        draw_bars(axes, values, attention_limits(weights))
        name_row(axes, name)
        mark_answer(axes, answer, label=axes is rows[0])
    name_chart(rows[0], "weight", pad=18)
    rows[-1].set_xlabel(axis)
    return figure


def _draw_curves(axes, curves):
    """Draw values against epochs, each curve with a line and a colour of its own."""
    style(axes)
    for (name, values), line, colour in zip(
        curves.items(), cycle(("-", "--", ":", "-.")), cycle(("weight", "answer", "muted")), strict=False
    ):
        epochs = np.arange(1, len(values) + 1)
        axes.plot(
            epochs,
            values,
            line,
            marker="o",
            markersize=3,
            color=FIGURE[colour],
            label=letters.shortened(letters.readable(name), WIDTH / 3),
        )
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, labelcolor=FIGURE["muted"], fontsize=FONT_SIZE)
