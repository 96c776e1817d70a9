"""Tokens: rows of words or letters, under each a cell with its weight."""

from typing import NamedTuple

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb

from helpers import checks
from helpers.palette import FIGURE
from helpers.plots import arguments, found, letters
from helpers.plots.figure import WIDTH, Figure, corners, height_of, outline, say_scale
from helpers.plots.found import Verdict
from helpers.plots.letters import FONT_SIZE, MONOSPACE

TOKEN_COLUMNS = 60.2  # letters of a fixed width in a line of tokens; 40 single letters fill one
TOKEN_GAP = 0.5  # between two tokens, in letters
TOKEN_LINE = 0.36  # inches
MARGIN = 0.01  # left and right of a line, of the picture's width
LETTER = (1 - 2 * MARGIN) * WIDTH / TOKEN_COLUMNS  # inches


def keyword_verdict(weights, answers, padding):
    """Say how often the largest weight of a sample is on its keyword, and what padding gets.

    Args:
        weights: an array (samples, steps) of numbers ≥ 0.
        answers: the keyword's step in each sample, (samples,).
        padding: True where a step is padding, (samples, steps).

    Returns:
        A Verdict: found where the keyword has the largest weight, clearly, in 99 % of the samples or
            more. Percents are rounded down: 100 means all.

    Raises:
        TypeError, ValueError: arrays that are not numbers, or of shapes that do not fit.

    >>> keyword_verdict([[0.1, 0.9, 0.0]], [1], [[False, False, True]])
    'Mean weight on padding: exactly 0. Largest weight on the keyword in 100 % of held-out samples: found.'
    """
    weights = arguments.weights("weights", weights, (2,))
    answers = arguments.indices("answers", answers, weights.shape[1])
    padding = checks.finite_array("padding", padding, (2,)).astype(bool)
    if len(answers) != len(weights) or padding.shape != weights.shape:
        raise ValueError(
            f"weights, answers and padding must fit, got {weights.shape}, {answers.shape}, {padding.shape}"
        )
    return found.keywords(weights, answers, padding)


def token_weights(tokens, weights, answers=None, *, top=1, alt=None):
    """Draw rows of tokens, under each a cell, the stronger the colour the larger its weight.

    Args:
        tokens: a list of rows; a row is a list of strings, "" for padding. Long rows are wrapped, and a
            token longer than a line is cut.
        weights: for each row as many numbers ≥ 0.
        answers: for each row the index of the token that is the answer; None where none is known.
        top: the weight with the full colour; the largest one where that is larger.
        alt: what the figure shows, where more is known than the rows tell: a text, or a Verdict.

    Returns:
        A Figure. Without `alt` its text says in how many rows the largest weight is on the answer,
            and it is found where it is in all; or without answers, which token has it.

    Raises:
        TypeError, ValueError: tokens that are no strings, weights that are not numbers, rows that
            do not fit, or an answer outside its row.
    """
    rows = _token_rows(tokens, weights, answers)
    top = arguments.scale(top, [values for _, values, _ in rows])
    cells = [_placed(texts) for texts, _, _ in rows]
    starts = np.cumsum([0] + [row[-1].line + 1 for row in cells])
    height = height_of("tokens", int(starts[-1]), each=TOKEN_LINE, rest=0.45)
    figure = Figure(alt or _largest_tokens(rows), height, layout=None)
    axes = figure.add_axes((MARGIN, 0, 1 - 2 * MARGIN, 1 - 0.35 / height))
    axes.spines[:].set_visible(False)
    axes.set(xticks=[], yticks=[], xlim=(0, TOKEN_COLUMNS), ylim=(starts[-1] + 0.1 / TOKEN_LINE, 0))
    for start, row, (_, values, answer) in zip(starts, cells, rows, strict=False):
        _draw_tokens(axes, start, row, values / top, answer)
    say_scale(axes, top, "answer outlined" if answers is not None else "")
    return figure


def _token_rows(tokens, weights, answers):
    """Return the checked rows as (texts, weights, answer or None)."""
    if not isinstance(tokens, (list, tuple)):
        raise TypeError(f"tokens must be a list of rows, got {type(tokens).__name__}")
    if not tokens:
        raise ValueError("tokens must hold at least one row, got none")
    answers = [None] * len(tokens) if answers is None else answers
    for name, value in {"weights": weights, "answers": answers}.items():
        if not isinstance(value, (list, tuple)) and not getattr(value, "ndim", 0):
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
        values = arguments.weights("weights", values, (1,))
        if len(texts) != len(values):
            raise ValueError(f"weights must be one a token, got {len(values)} for {len(texts)} tokens")
        if answer is not None:
            answer = checks.integer("answers", answer, 0, len(texts) - 1)
        rows.append((texts, values, answer))
    return rows


def _largest_tokens(rows):
    verdict = found.tokens([values for _, values, _ in rows], [answer for *_, answer in rows])
    if verdict:
        return Verdict(f"{len(rows)} rows of tokens. {verdict}", verdict.found, verdict.margin)
    said = [texts[int(values.argmax())] or "padding" for texts, values, _ in rows]
    return " ".join(f"Row {number}: largest weight on “{text}”." for number, text in enumerate(said, 1))


class _Cell(NamedTuple):
    text: str
    line: int
    left: float
    width: float


def _placed(texts):
    """Return a cell for each text, in lines of TOKEN_COLUMNS letters."""
    cells, line, left = [], 0, 0.0
    for text in texts:
        text = letters.readable(letters.visible(text))
        if len(text) > TOKEN_COLUMNS - TOKEN_GAP or not text.isascii():
            text = letters.shortened(text, (TOKEN_COLUMNS - TOKEN_GAP) * LETTER, MONOSPACE)
        wide = len(text) if text.isascii() else letters.width(text, MONOSPACE) / LETTER
        width = max(wide, 1) + TOKEN_GAP
        if left and left + width > TOKEN_COLUMNS:
            line, left = line + 1, 0.0
        cells.append(_Cell(text, line, left, width))
        left += width
    return cells


def _draw_tokens(axes, start, cells, shades, answer):
    strips = [corners(cell.left + 0.1, start + cell.line + 0.56, cell.width - 0.2, 0.24) for cell in cells]
    colours = [(*to_rgb(FIGURE["weight"]), shade) for shade in shades]
    axes.add_collection(PolyCollection(strips, facecolors=colours, linewidths=0))
    padding = [
        corners(cell.left, start + cell.line + 0.1, cell.width, 0.4) for cell in cells if not cell.text
    ]
    hatch = {"hatch": "////", "facecolors": "none", "edgecolors": FIGURE["muted"], "linewidths": 0}
    axes.add_collection(PolyCollection(padding, alpha=0.6, **hatch))
    centred = {"ha": "center", "va": "center", "fontsize": FONT_SIZE, "color": FIGURE["muted"]}
    for cell in cells:
        if cell.text:
            middle = cell.left + cell.width / 2
            family = letters.fonts(cell.text, MONOSPACE)
            axes.text(middle, start + cell.line + 0.3, cell.text, family=family, **centred)
    if answer is not None:
        cell = cells[answer]
        axes.add_patch(outline(cell.left, start + cell.line + 0.04, cell.width, 0.82))
