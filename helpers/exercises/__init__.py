"""Checks for the exercises: `exercises.check("1.2", answer)` says what is right, or what is wrong.

A module for each chapter, named as its notebook is, lists the checkers of its exercises in their order;
exercises without a check come last. A checker takes the answer and returns a sentence on what it achieves,
or raises `NotYet` with a sentence on what is wrong.
"""

import textwrap

from helpers import checks
from helpers.exercises import (
    attention_as_explanation,
    attention_pooling,
    beyond_one_machine,
    dense_attention,
    recurrent_attention,
    self_attention,
    seq2seq_attention,
    shared_and_per_dimension,
)
from helpers.exercises.answers import NotYet

# In the order of the book: the place of a chapter here, and of a checker in its chapter, is its number.
CHAPTERS = (
    dense_attention,
    recurrent_attention,
    shared_and_per_dimension,
    attention_pooling,
    self_attention,
    seq2seq_attention,
    attention_as_explanation,
    beyond_one_machine,
)
CHECKERS = {
    f"{chapter}.{exercise}": checker
    for chapter, module in enumerate(CHAPTERS, start=1)
    for exercise, checker in enumerate(module.CHECKERS, start=1)
}


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
