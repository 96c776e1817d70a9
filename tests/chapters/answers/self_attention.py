"""Answers to the exercises on self attention: wrong ones, and right ones other than the notebook's."""

import numpy as np
from keras import layers

from helpers.exercises.answers import softmax


def attention(query, key, value, scale=1):
    return softmax(query @ np.swapaxes(key, 1, 2) / scale, 2) @ value


def weights_with(divisor=None, axis=2, hide=None):
    """Chapter 5's weights of query, key and mask; each argument changes a part of them."""

    def weights_of(query, key, mask):
        scores = query @ np.swapaxes(key, 1, 2) / (divisor or key.shape[2] ** 0.5)
        if hide is not None:
            return hide(softmax(scores, axis), mask)
        return softmax(np.where(mask[:, None], scores, -1e9), axis)

    return weights_of


# For each checker what is wrong, the answer, and a part of what the checker should say.
WRONG = {
    "sizes": [
        ("kernels for each head", lambda t, i, o, h: (3 * h * i * o, h * t * t), "kernels of its own?"),
        ("one kernel", lambda t, i, o, h: (i * o, h * t * t), "but not by one kernel"),
        ("a bias", lambda t, i, o, h: (3 * (i * o + o), h * t * t), "Has this layer a bias?"),
        ("square kernels", lambda t, i, o, h: (3 * o * o, h * t * t), "what is the shape of each?"),
        (
            "linear in time",
            lambda t, i, o, h: (3 * i * o, h * t),
            "For 16 steps, 32 inputs, 32 outputs and 1 head(s) you say 16 attention weights. Each step asks",
        ),
        ("one head", lambda t, i, o, h: (3 * i * o, t * t), "and that how often?"),
        ("one number", lambda t, i, o, h: 3 * i * o + h * t * t, "must have shape (2,), got ()"),
    ],
    "order_of_inputs": [
        ("as copied", lambda q, k, v: layers.Attention()([q, k, v]), "what comes out is a sum of keys"),
        ("no values", lambda q, k, v: layers.Attention()([q, k]), "What is handed over when found?"),
        ("no keys", lambda q, k, v: layers.Attention()([q, v]), "the query is compared with the values"),
        (
            "as copied where it runs",
            lambda q, k, v: attention(q, *((v, k) if k.shape == (2, 4, 4) else (k, v))),
            "what comes out is a sum of keys",
        ),
        (
            "scaled",
            lambda q, k, v: attention(q, k, v, q.shape[2] ** 0.5),
            "divided by the root of the width",
        ),
        (
            "over the queries",
            lambda q, k, v: softmax(q @ np.swapaxes(k, 1, 2), 1) @ v,
            "weighted by",
        ),
        ("key first", lambda q, k, v: layers.Attention()([k, v, q]), "<lambda> raised"),
    ],
    "repaired_weights": [
        (
            "as copied",
            weights_with(8, 1, lambda w, m: w * m[:, :, None]),
            "the weights of a query or of a key?",
        ),
        ("over the queries", weights_with(axis=1), "the weights of a query or of a key?"),
        (
            "mask on queries",
            weights_with(hide=lambda w, m: w * m[:, :, None]),
            "Which axis of the weights is the mask about?",
        ),
        ("no mask", weights_with(hide=lambda w, m: w), "Which axis of the weights is the mask about?"),
        ("mask after the softmax", weights_with(hide=lambda w, m: w * m[:, None]), "a query add up to 0."),
        ("hard-coded root", weights_with(8), "With a width of 2 the scores are divided by 8."),
        (
            "root of one width",
            weights_with(2**0.5),
            "not the softmax of the scaled scores, with a width of 9",
        ),
        ("not scaled", weights_with(1), "With a width of 2 the scores are divided by 1."),
        (
            "the width",
            lambda q, k, m: weights_with(k.shape[2])(q, k, m),
            "With a width of 2 the scores are divided by the width.",
        ),
        (
            "number of keys",
            lambda q, k, m: weights_with(k.shape[1] ** 0.5)(q, k, m),
            "are not the softmax of the scaled scores, with a width of 2",
        ),
    ],
    "rows_within_reach": [
        ("all", lambda a: a >= 0, "output step 0 needs input step 15, and you say that it can be right"),
        (
            "not itself",
            lambda a: a < np.arange(len(a)),
            "it can not be right. Which steps may step 3 look at?",
        ),
        (
            "upside down",
            lambda a: a >= np.arange(len(a)),
            "needs input step 15, and you say that it can be",
        ),
        ("the second half", lambda a: np.arange(len(a)) >= len(a) / 2, "Reverse with 7 steps"),
        ("the middle too", lambda a: np.arange(len(a)) >= len(a) // 2, "Shift with 16 steps"),
        (
            "which steps",
            lambda a: np.flatnonzero(a <= np.arange(len(a))),
            "must have shape (16,), got (8,)",
        ),
        ("how far", lambda a: np.arange(len(a)) - a, "must hold True or False"),
    ],
}


RIGHT_AS_WELL = {
    "order_of_inputs": [
        ("by hand", attention),
    ],
    "repaired_weights": [
        ("two axes at once", weights_with()),
    ],
    "rows_within_reach": [
        ("a list", lambda a: [int(a[t] <= t) for t in range(len(a))]),
    ],
}
