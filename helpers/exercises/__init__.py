"""Checks for the exercises: `exercises.check("1.2", answer)` says what is right, or what is wrong.

A module for each chapter maps the numbers of its exercises to checkers. A checker takes the answer
and returns a sentence on what it achieves, or raises `NotYet` with a sentence on what is wrong.
"""

import textwrap

from helpers import checks
from helpers.exercises import (
    chapter_1,
    chapter_2,
    chapter_3,
    chapter_4,
    chapter_5,
    chapter_6,
    chapter_7,
    chapter_8,
)
from helpers.exercises.answers import NotYet

CHAPTERS = (chapter_1, chapter_2, chapter_3, chapter_4, chapter_5, chapter_6, chapter_7, chapter_8)
CHECKERS = {number: checker for chapter in CHAPTERS for number, checker in chapter.CHECKERS.items()}


def check(number, answer):
    """Print whether `answer` solves exercise `number`, and if not, what is wrong with it.

    Args:
        number: the exercise's number, such as "1.2".
        answer: what the exercise asks for: a function, an array or a model. An answer of another
            type, or a function that raises, gets a message like any other wrong answer.

    Raises:
        TypeError: `number` is not a string.
        ValueError: no exercise with a check has this number.

    >>> check("2.1", 420)
    Exercise 2.1: not yet. The answer must be a function; this is 420.
    """
    number = checks.choice("number", number, CHECKERS)
    try:
        said = f"right. {CHECKERS[number](answer)}"
    except NotYet as wrong:
        said = f"not yet. {wrong}"
    print(textwrap.fill(f"Exercise {number}: {said}", width=72))  # what fits beside a solution on the site
