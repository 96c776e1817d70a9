"""Measurements: how a quantity grows with a size, and how repetitions of one scatter."""

from itertools import cycle

import numpy as np
from matplotlib.ticker import MaxNLocator

from helpers import checks
from helpers.palette import FIGURE
from helpers.plots import arguments, letters
from helpers.plots.figure import WIDTH, Figure, height_of, name_chart, style
from helpers.plots.letters import FONT_SIZE


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
    rows = arguments.equal_keys("panels must have equal rows", panels)
    figure = Figure(alt, height_of("panels", len(rows), each=0.32, rest=1.0))
    grid = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (title, panel) in zip(grid, panels.items(), strict=True):
        name_chart(style(axes), title)
        for height, row in enumerate(rows):
            values = checks.finite_array(f"panels[{title!r}][{row!r}]", panel[row], (1,))
            if np.abs(values).max() > 1:
                raise ValueError(f"panels must hold numbers from -1 to 1, got {values.round(2)} in {title!r}")
            axes.axhline(height, color=FIGURE["muted"], linewidth=0.5, alpha=0.5)
            axes.plot(values, np.full(len(values), height), "o", color=FIGURE["weight"], alpha=0.7)
        axes.axvline(0, color=FIGURE["muted"], linewidth=0.8)
        axes.set_xlim(-1.05, 1.05)
        axes.set_xticks([-1, 0, 1])
    names = [letters.shortened(letters.readable(row), WIDTH / 3) for row in rows]
    grid[0].set_yticks(range(len(rows)), names, family=letters.fonts("".join(names)))
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
        size: arguments.points(f"panels[{size!r}]", values)
        for size, values in checks.dictionary("panels", panels).items()
    }
    alt = f"{quantity}: " + " ".join(
        f"{values[0, 1]:.2f} at {values[0, 0]:g} {size}, {values[-1, 1]:.2f} at {values[-1, 0]:g}."
        for size, values in measured.items()
    )
    figure = Figure(alt, height=2.4)
    grid = figure.subplots(1, len(measured), sharey=True, squeeze=False)[0]
    for axes, (size, values) in zip(grid, measured.items(), strict=True):
        style(axes).plot(*values.T, "-o", markersize=4, color=FIGURE["weight"])
        axes.set_xlabel(size)
        axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    grid[0].set_ylim(bottom=0)  # shared, so only when all charts are drawn
    name_chart(grid[0], quantity)
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
        name_chart(style(axes), quantity)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_major_formatter(lambda value, _: _power(value))
        axes.minorticks_off()
        axes.set_xlabel(size)
        for (name, values), line, colour in zip(
            curves.items(), cycle(("-o", "--s", ":^")), cycle(("weight", "answer", "muted")), strict=False
        ):
            points = arguments.points(f"panels[{quantity!r}][{name!r}]", values)
            if points.min() <= 0:
                raise ValueError(f"panels must hold numbers above 0, got {points.min():g} in {quantity!r}")
            axes.plot(
                *points.T,
                line,
                markersize=4,
                color=FIGURE[colour],
                label=letters.shortened(letters.readable(name), WIDTH / 4),
            )
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


def _power(value):
    """Return a power of ten as it is written without mathematics, such as 0.01, 100 or 10⁶."""
    exponent = round(np.log10(value))
    if abs(exponent) <= 3:
        return f"{value:g}"
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _brief(value):
    return np.format_float_positional(value, precision=2, fractional=False, trim="-")
