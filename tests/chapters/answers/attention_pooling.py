"""Answers to the exercises on attention pooling: wrong ones, and right ones other than the notebook's."""

import keras
import numpy as np

from helpers import data
from helpers.exercises.answers import softmax


def pooling_with(softmax_of, weigh=None):
    """Chapter 4's pooling with another softmax; `weigh` sums the steps in another way."""

    def pooled(vectors, W, mask):
        weights = softmax_of((vectors @ W)[:, :, 0], mask)
        sums = np.einsum("bt,btd->bd", weights, vectors) if weigh is None else weigh(weights, vectors)
        return sums, weights[:, :, None]

    return pooled


def softmax_along_steps(scores, mask=None):
    return softmax(scores if mask is None else np.where(mask, scores, -1e9), 1)


def copied_pooling(tanh, axis):
    def pooled(vectors, W, mask):
        scores = vectors @ W
        weights = softmax(np.tanh(scores) if tanh else scores, axis)
        return (weights * vectors).sum(axis=1), weights

    return pooled


def two_keywords(places=None, other=None, label=None):
    """Chapter 4's data with a second keyword; each argument changes a part of it."""

    def make(num_samples, seed):
        tokens, y, first = data.get_data_keyword(num_samples, 40, seed=seed)
        generator = np.random.default_rng(seed + 9)
        lengths = (tokens > 0).sum(axis=1)
        second = (first + generator.integers(1, lengths)) % lengths if places is None else places(first)
        letter = (y + generator.integers(1, 4, num_samples)) % 4 if other is None else other(y, generator)
        tokens[np.arange(num_samples), second] = letter + 1
        if label is None:
            return tokens, np.where(first < second, y, letter)
        return tokens, label(y, letter, first, second)

    return make


# For each checker what is wrong, the answer, and a part of what the checker should say.
WRONG = {
    "five_numbers": [
        ("a sum taken for the mean", [0, 30, 1, 0, 0], "All outputs are half of their targets."),
        ("drowned at 20 steps", [0, 3, 2, 0, 0], "With 20 steps there are samples where"),
        ("drowned at 2,000 steps", [0, 12, 2, 0, 0], "With 2,000 steps there are samples where"),
        ("value and mark mixed up", [30, 0, 0, 2, 0], "no more than 0.00 of the weight"),
        ("value scored as well", [1, 30, 2, 0, 0], "What should the score not depend on?"),
        ("marks added", [0, 30, 2, 2, 0], "The weights are right, but the squared error is 4"),
        ("a bias", [0, 30, 2, 0, 0.1], "the squared error is 0.01"),
        ("two lists", [[0, 30], [2, 0]], "must have shape (5,), got (2, 2)"),
        ("huge", [1e308, 1e308, 2, 0, 0], "of the weight together"),
    ],
    "repaired_pooling": [
        ("as copied", copied_pooling(True, -1), "How many scores does each softmax get to see?"),
        ("over the batch", copied_pooling(False, 0), "add up to 1 over the sequences of the batch"),
        ("the axis alone", copied_pooling(True, 1), "Where is the mask used?"),
        ("no mask", copied_pooling(False, 1), "Where is the mask used?"),
        (
            "mask after the softmax",
            pooling_with(lambda s, m: softmax_along_steps(s) * m),
            "the real steps share only",
        ),
        (
            "upside down",
            pooling_with(lambda s, m: softmax_along_steps(s, ~m)),
            "of a sequence's weight, in the mean",
        ),
        (
            "tanh left",
            pooling_with(lambda s, m: softmax_along_steps(np.tanh(s), m)),
            "What holds the scores back?",
        ),
        (
            "scaled scores",
            pooling_with(lambda s, m: softmax_along_steps(s / 2, m)),
            "are not the softmax of the scores",
        ),
        (
            "mean of the steps",
            pooling_with(softmax_along_steps, lambda w, v: np.einsum("bt,btd->bd", w, v) / v.shape[1]),
            "the context is not the weighted sum",
        ),
        ("context alone", lambda v, W, m: v.sum(axis=1), "must return context and weights"),
        (
            "weights of two axes too many",
            lambda v, W, m: (v.sum(axis=1), np.ones((len(v), v.shape[1], v.shape[1]))),
            "weights must have shape (3, 5, 1), got (3, 5, 5)",
        ),
    ],
    "accuracy_of_real_steps": [
        ("padding counted", lambda p, t: (p == t).mean(), "Padding counts as right or wrong in it."),
        (
            "divided by all steps",
            lambda p, t: ((p == t) & (t > 0)).mean(),
            "by what number are they divided?",
        ),
        ("mask of the prediction", lambda p, t: (p == t)[p > 0].mean(), "as 0 is wrong, not padding"),
        ("both masks", lambda p, t: (p == t)[(p > 0) & (t > 0)].mean(), "Padding is what the target says"),
        (
            "mean of means",
            lambda p, t: np.mean([(a == b)[b > 0].mean() for a, b in zip(p, t, strict=True)]),
            "Each real step should count the same",
        ),
        ("errors", lambda p, t: (p != t)[t > 0].mean(), "That is the share of wrong steps."),
        ("number of right steps", lambda p, t: (p == t)[t > 0].sum(), "of them are right; you say"),
        ("one for each sequence", lambda p, t: (p == t).mean(axis=1), "must have shape (), got (3,)"),
    ],
    "which_came_first": [
        ("one keyword", two_keywords(lambda first: first), "2,000 have another number"),
        (
            "into the padding",
            two_keywords(lambda first: (first + 20) % 40),
            "Is the second keyword inside its sequence?",
        ),
        ("over the first", two_keywords(lambda first: np.where(first > 2, 0, first)), "another number"),
        (
            "the same letter",
            two_keywords(other=lambda y, generator: generator.integers(0, 4, len(y))),
            "both keywords are the same",
        ),
        ("always the next letter", two_keywords(other=lambda y, _: (y + 1) % 4), "A before C is rare"),
        ("the old class", two_keywords(label=lambda y, *_: y), "the class is not right"),
        (
            "the last",
            two_keywords(label=lambda y, other, first, second: np.where(first > second, y, other)),
            "In 2,000 samples of 2,000 the class is not right",
        ),
        (
            "y as a column",
            lambda n, seed: (two_keywords()(n, seed)[0], two_keywords()(n, seed)[1][:, None]),
            "y must have shape (2000,), got (2000, 1)",
        ),
        ("one more token", two_keywords(other=lambda y, _: 30 + y), "whole numbers from 0 to 30"),
        ("no seed", lambda n, seed: two_keywords()(n, 0), "the seed is not used"),
    ],
}


RIGHT_AS_WELL = {
    "five_numbers": [
        ("other numbers", [0, 25, 2, 1, -1]),
    ],
    "repaired_pooling": [
        ("two axes", pooling_with(softmax_along_steps)),
    ],
    "accuracy_of_real_steps": [
        ("weighted", lambda p, t: np.average(p == t, weights=t > 0)),
        ("Keras", lambda p, t: keras.ops.sum((p == t) & (t > 0)) / (t > 0).sum()),
    ],
    "which_came_first": [
        ("other way", two_keywords()),
    ],
}
