"""Answers to the exercises on seq2seq attention: wrong ones, and right ones other than the notebook's."""

import keras
import numpy as np
from keras import layers

from helpers.exercises.answers import softmax
from tools import chapters

NAMES = chapters.definitions("seq2seq_attention")


def attend_across(scores_of=None, mask="source", axis=2, sums=None):
    """Chapter 6's cross-attention; each argument changes a part of it."""

    def attend(query, states, source, target):
        masks = {"source": source[:, None], "target": target[:, :, None], "none": True}
        scores = query @ np.swapaxes(states, 1, 2)
        scores = scores if scores_of is None else scores_of(scores)
        weights = softmax(np.where(masks[mask], scores, -1e9), axis)
        return (weights @ states if sums is None else sums(weights, query, states)), weights

    return attend


def additive(build):
    """A model of chapter 6's additive score: `build(query, states, units)` puts out the context."""

    def bahdanau(query_dim, dim, units):
        query, states = keras.Input((None, query_dim)), keras.Input((None, dim))
        return keras.Model([query, states], build(query, states, units))

    return bahdanau


def kernel(units, **options):
    return layers.Dense(units, use_bias=False, **options)


def additive_layer(query, states, units):
    return NAMES["AdditiveAttention"](units)(query, states)[0]


# For each checker what is wrong, the answer, and a part of what the checker should say.
WRONG = {
    "costs_of_scores": [
        (
            "no v",
            lambda q, d, u: (0, q * d, (q + d) * u),
            "For queries of 32, states of 32 and 32 units you say 2,048 for additive. The tanh has 32 numbers;",
        ),
        ("dot trains", lambda q, d, u: (d, q * d, (q + d + 1) * u), "What would it train?"),
        ("square", lambda q, d, u: (0, d * d, (q + d + 1) * u), "for general. Which shape has a matrix"),
        ("biases", lambda q, d, u: (0, q * d, (q + d + 3) * u), "what is the shape of each?"),
        ("one kernel", lambda q, d, u: (0, q * d, (q + 1) * u), "what is the shape of each?"),
        ("one number", lambda q, d, u: q * d, "must have shape (3,), got ()"),
    ],
    "training_pair": [
        ("as copied", lambda y: (y, y), "sees the very symbol that it should write"),
        ("both shifted", lambda y: (y[:, :-1], y[:, :-1]), "sees the very symbol that it should write"),
        ("changed places", lambda y: (y[:, 1:], y[:, :-1]), "the target is the start symbol"),
        ("rolled back", lambda y: (y, np.roll(y, -1, axis=1)), "the target is the start symbol"),
        (
            "order lost",
            lambda y: (np.c_[y[:, :1], np.sort(y[:, 1:-1], axis=1)], y[:, 1:]),
            "the symbol that stands before the one to write",
        ),
        (
            "end in front",
            lambda y: (np.roll(y[:, 1:], 1, axis=1), y[:, 1:]),
            "written before the first symbol?",
        ),
        ("one longer", lambda y: (y, y[:, 1:]), "has shape (3, 6), the target (3, 5)"),
        ("no end", lambda y: (y[:, :-2], y[:, 1:-1]), "all of the symbols after the start"),
        ("samples", lambda y: (y[:-1], y[1:]), "a row for each sample"),
        ("one array", lambda y: y[:, :-1], "must return two arrays"),
    ],
    "cross_attention": [
        ("as copied", attend_across(mask="target", axis=1), "Who should compete with whom?"),
        ("the axis alone", attend_across(mask="target"), "Whose mask hides the inputs?"),
        ("the mask alone", attend_across(axis=1), "Who should compete with whom?"),
        ("no mask", attend_across(mask="none"), "Whose mask hides the inputs?"),
        ("scaled", attend_across(lambda s: s / 2), "are not the softmax of the scores"),
        (
            "turned",
            lambda q, s, m, t: (
                attend_across()(q, s, m, t)[0],
                np.swapaxes(attend_across()(q, s, m, t)[1], 1, 2),
            ),
            "Who should compete with whom?",
        ),
        (
            "weights of one axis",
            lambda q, s, m, t: (q, attend_across()(q, s, m, t)[1].sum(axis=2)),
            "weights must have shape (2, 5, 5)",
        ),
        (
            "mask after the softmax",
            lambda q, s, m, t: (q, attend_across(mask="none")(q, s, m, t)[1] * m[:, None]),
            "The weights of a real output add up to 0.",
        ),
        (
            "queries summed",
            attend_across(sums=lambda w, q, s: w @ w @ s),
            "weighted sum",
        ),
        ("context alone", lambda q, s, m, t: q, "must return context and weights"),
    ],
    "bahdanau": [
        (
            "as copied",
            additive(
                lambda q, s, u: layers.AdditiveAttention()(
                    [layers.Lambda(lambda x: layers.Dense(u)(x))(q), s]
                )
            ),
            "What is made anew at every call?",
        ),
        (
            "states as they are",
            additive(lambda q, s, u: layers.AdditiveAttention()([kernel(u)(q), s])),
            "the model trains 2 weight(s), of shape (4, 6) and (6,)",
        ),
        (
            "no v",
            additive(
                lambda q, s, u: layers.AdditiveAttention(use_scale=False)([kernel(u)(q), s, kernel(u)(s)])
            ),
            "the model trains 2 weight(s)",
        ),
        (
            "a general score",
            additive(lambda q, s, u: layers.Attention()([kernel(s.shape[-1])(q), s])),
            "the model trains 1 weight(s)",
        ),
        (
            "biases",
            additive(lambda q, s, u: layers.AdditiveAttention()([layers.Dense(u)(q), s, layers.Dense(u)(s)])),
            "the model trains 5 weight(s)",
        ),
        (
            "the states' width for the common space",
            additive(
                lambda q, s, u: layers.AdditiveAttention()(
                    [kernel(s.shape[-1])(q), s, kernel(s.shape[-1])(s)]
                )
            ),
            "For queries of 7, states of 3 and 5 units the model trains 3 weight(s), of shape (7, 3)",
        ),
        (
            "projected states summed",
            additive(lambda q, s, u: layers.AdditiveAttention()([kernel(u)(q), kernel(u)(s)])),
            "what is summed is the projected states",
        ),
        (
            "tanh twice",
            additive(
                lambda q, s, u: layers.AdditiveAttention()(
                    [kernel(u, activation="tanh")(q), s, kernel(u, activation="tanh")(s)]
                )
            ),
            "not that of the chapter's equation",
        ),
        ("a layer", lambda q, d, u: layers.AdditiveAttention(), "must return a Keras model, not Additive"),
        (
            "weights",
            additive(lambda q, s, u: keras.ops.softmax(kernel(s.shape[-1])(q) @ keras.ops.swapaxes(s, 1, 2))),
            "The context must have shape (2, 5, 6)",
        ),
    ],
    "share_on_symbol": [
        (
            "a fixed diagonal",
            lambda w, x, y: (w.argmax(2) == np.arange(x.shape[1])[::-1][: y.shape[1]]).mean(),
            "Which symbol stands at the step that a row looks at?",
        ),
        (
            "the weight on it",
            lambda w, x, y: (w * (x[:, None] == y[:, :, None])).sum(axis=2).mean(),
            "How often does it have the *largest* weight?",
        ),
        (
            "the first place alone",
            lambda w, x, y: (w.argmax(2) == (x[:, None] == y[:, :, None]).argmax(2)).mean(),
            "may stand in the input twice",
        ),
        (
            "a count",
            lambda w, x, y: (np.take_along_axis(x, w.argmax(2), 1) == y).sum(),
            "a number of rows, not a share",
        ),
        (
            "each row",
            lambda w, x, y: (np.take_along_axis(x, w.argmax(2), 1) == y).mean(axis=1),
            "must have shape (), got (3,)",
        ),
        (
            "whole samples",
            lambda w, x, y: (np.take_along_axis(x, w.argmax(2), 1) == y).all(axis=1).mean(),
            "In 5 of 12 rows the step with the largest weight holds the symbol",
        ),
    ],
}


RIGHT_AS_WELL = {
    "training_pair": [
        ("from a list", lambda y: [y[:, :-1], y[:, 1:]]),
    ],
    "cross_attention": [
        (
            "the notebook's layer",
            lambda q, s, m, t: NAMES["DotAttention"]()(q, s, mask=m),
        ),
    ],
    "bahdanau": [
        ("the notebook's layer", additive(additive_layer)),
    ],
}
