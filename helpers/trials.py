"""The same training with several seeds, and its figures as ranges in a table."""

import numpy as np

from helpers import checks


def over_seeds(trial, seeds=range(5)):
    """Call `trial(seed)` for each seed and return each of its figures for all seeds together.

    Args:
        trial: a function of a seed that returns a dict of numbers or arrays, of the same names and
            shapes for every seed.
        seeds: the seeds, at least one.

    Returns:
        A dict with the same names. Each value is an array (seeds, …), one row a seed.

    Raises:
        TypeError: `trial` returns no dict.
        ValueError: no seeds, or a trial whose names or shapes differ from the first one's.

    >>> over_seeds(lambda seed: {"accuracy": seed / 4}, range(3))
    {'accuracy': array([0.  , 0.25, 0.5 ])}
    """
    results = [trial(seed) for seed in seeds]
    if not results:
        raise ValueError("seeds must hold at least one seed, got none")
    for result in results:
        if not isinstance(result, dict):
            raise TypeError(f"trial must return a dict of figures, got a {type(result).__name__}")
    shapes = [{name: np.shape(value) for name, value in result.items()} for result in results]
    if any(each != shapes[0] for each in shapes):
        raise ValueError(
            f"trial must return figures of the same names and shapes for every seed, got {shapes}"
        )
    return {name: np.array([result[name] for result in results]) for name in results[0]}


def span(values, digits=2):
    """Return the lowest and the highest of some values as text.

    Args:
        values: numbers, an array (values,), at least one, none of them NaN.
        digits: how many decimals, 0 … 9.

    Raises:
        TypeError, ValueError: `values` or `digits` is none of these.

    >>> span([0.457, 0.431, 0.44])
    '0.43 to 0.46'
    """
    values = checks.finite_array("values", values, dimensions=(1,))
    digits = checks.integer("digits", digits, 0, 9)
    return f"{values.min():.{digits}f} to {values.max():.{digits}f}"


def table(rows, digits=2):
    """Return a table as text, to be printed.

    Args:
        rows: a dict {title: {column: cell}}; all rows have the same columns. A cell is a text, a number,
            or an array (values,), of which the lowest and the highest are shown.
        digits: how many decimals of numbers that are not whole, 0 … 9.

    Returns:
        Lines of text: the columns' titles, then a line a row, each column set to the right.

    Raises:
        TypeError, ValueError: no rows, rows of different columns, or cells that are none of these.

    >>> print(table({"with": {"accuracy": [0.98, 1.0], "found": "3 of 5"}}))
              accuracy   found
    with  0.98 to 1.00  3 of 5
    """
    rows = checks.dictionary("rows", rows)
    columns = list(next(iter(rows.values())))
    if any(list(row) != columns for row in rows.values()):
        raise ValueError(
            f"rows must all have the columns {columns}, got {[list(row) for row in rows.values()]}"
        )
    lines = [["", *columns]]
    lines += [[title, *(_shown(row[column], digits) for column in columns)] for title, row in rows.items()]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([first.ljust(widths[0]), *map(str.rjust, rest, widths[1:])]) for first, *rest in lines
    )


def _shown(cell, digits):
    if isinstance(cell, str):
        return cell
    if np.ndim(cell):
        return span(cell, digits)
    return str(cell) if isinstance(cell, int | np.integer) else f"{cell:.{digits}f}"
