"""Answers to the exercises on dense attention: wrong ones, and right ones other than the notebook's."""

import keras
import numpy as np
from keras import layers

from helpers import data
from tests.chapters.answers.makers import half_instead_of_noise, naive, telling, with_noise


def over_the_batch(scores):
    return np.exp(scores) / np.exp(scores).sum(axis=0)


def hidden_after(scores, mask):
    return naive(scores) * mask


def from_bits(rule, columns=(1, 5), copies=False, share=0.5):
    def make(num_samples, seed):
        x, first = data.get_data(num_samples, 32, seed=seed)
        _, second = data.get_data(num_samples, 32, seed=seed + 100)
        # Half of the first bits are ones; some of these become zeros.
        first = first * (np.random.default_rng(seed).random(first.shape) < 2 * share)
        x[:, columns] = np.c_[first, first if copies else second]
        return x, rule(first, second).astype("float32")

    return make


def half_for_first_bit(num_samples, seed):
    x, y = from_bits(lambda a, b: a != b)(num_samples, seed)
    x[:, 1] = x[:, 1] / 2
    return x, y


def same_noise_twice(num_samples, seed):
    x, y = from_bits(lambda a, b: a != b)(num_samples, seed)
    x[:, 4] = x[:, 3]
    return x, y


def spread(noise, y):
    return (1 + 3 * y) * noise


# For each checker what is wrong, the answer, and a part of what the checker should say.
WRONG = {
    "softmax_of_any_size": [
        (
            "overflow",
            naive,
            "For the scores [1000.5 1003. 999.5 1001. ] the weights are [nan nan nan nan]. Which",
        ),
        ("largest size taken away", lambda s: naive(s - abs(s).max()), "Did all of them become 0?"),
        ("no total", lambda s: np.exp(s - s.max()), "The weights add up to 1.25, not to 1."),
        ("mean taken away", lambda s: naive(s - s.mean()), "Which number became too large?"),
        ("scaled", lambda s: naive(s / abs(s).max()), "should be those of the first section"),
        ("clipped", lambda s: naive(np.clip(s, -500, 500)), "leave their differences as they are"),
        ("no exponential", lambda s: s / s.sum(), "A weight is not above 0"),
    ],
    "weights_of_a_batch": [
        ("one total", naive, "All 15 weights together add up to 1."),
        ("over the batch", over_the_batch, "Each column adds up to 1 over the samples."),
        ("no keepdims", lambda s: np.exp(s) / np.exp(s).sum(axis=1), "raised ValueError: operands could"),
        (
            "no keepdims, turned",
            lambda s: np.exp(s).T / np.exp(s).sum(1),
            "must have shape (3, 5), got (5,",
        ),
        (
            "wrong total for square batches",
            lambda s: (
                np.exp(s) / (np.exp(s).sum(1) if len(s) == s.shape[1] else np.exp(s).sum(1, keepdims=True))
            ),
            "Is each score divided by the total of its own sample?",
        ),
        (
            "no exponential",
            lambda s: abs(s) / abs(s).sum(1, keepdims=True),
            "not the softmax of its scores",
        ),
    ],
    "masked_weights": [
        ("upside down", lambda s, m: naive(np.where(m, -1e9, s)), "What does True mean?"),
        ("score 0", lambda s, m: naive(s * m), "Which score has the weight 0?"),
        (
            "not low enough",
            lambda s, m: naive(np.where(m, s, -5)),
            "hidden columns still have a weight of",
        ),
        ("after the softmax", hidden_after, "must share all of the weight"),
        ("hidden left out", lambda s, m: naive(s[m]), "weights must have shape (5,), got (3,)"),
        ("equal shares", lambda s, m: m / m.sum(), "are not the softmax of their scores"),
    ],
    "exactly_one": [
        ("a copy", from_bits(lambda a, b: a, copies=True), "Columns 1 and 5 depend on each other"),
        ("the first alone", from_bits(lambda a, b: a), "Column 1 alone still tells the target"),
        ("the second alone", from_bits(lambda a, b: b), "Column 5 alone still tells the target"),
        ("both, kept fair", from_bits(lambda a, b: a == b), "5 hold 0 and 0, y is 1 in some"),
        ("either", from_bits(lambda a, b: a + b > 0), "y is 1 in 7"),
        (
            "no noise",
            half_instead_of_noise(from_bits(lambda a, b: a != b), lambda x: np.isin(np.arange(32), [1, 5])),
            "other 30 columns should hold noise",
        ),
        (
            "noise that tells y",
            with_noise(from_bits(lambda a, b: a != b), [3], telling),
            "you can guess y",
        ),
        (
            "noise that y spreads",
            with_noise(from_bits(lambda a, b: a != b), [3], spread),
            "you can guess y",
        ),
        (
            "the same noise twice",
            same_noise_twice,
            "some of it depends on the rest",
        ),
        ("unfair bits", from_bits(lambda a, b: a != b, share=0.1), "Column 1 holds a 1 in 11% of"),
        (
            "unfair second bits",
            from_bits(lambda a, b: a != b, (5, 1), share=0.1),
            "Column 5 holds a 1 in 11%",
        ),
        ("halves for bits", half_for_first_bit, "Column 1 must hold 0 or 1"),
        ("another second column", from_bits(lambda a, b: a != b, (1, 6)), "Column 5 must hold 0 or 1"),
    ],
    "accurate_and_blind": [
        (
            "another input",
            keras.Sequential([keras.Input((4,)), layers.Dense(1)]),
            "take the chapter's data",
        ),
        (
            "no attention",
            keras.Sequential([keras.Input((32,)), layers.Dense(1)]),
            "a layer named 'attention'",
        ),
        (
            "no output",
            keras.Sequential([keras.Input((32,)), layers.Dense(32, name="attention")]),
            "must have shape (2000, 1), got (2000, 32)",
        ),
        ("a layer", layers.Dense(1), "must be a Keras model, not Dense"),
    ],
}


RIGHT_AS_WELL = {
    "softmax_of_any_size": [
        ("Keras", lambda s: keras.ops.softmax(s)),
    ],
    "weights_of_a_batch": [
        ("Keras", lambda s: keras.ops.softmax(s, axis=-1)),
    ],
    "masked_weights": [
        ("minus infinity", lambda s, m: naive(np.where(m, s, -np.inf))),
        ("after, made to add up", lambda s, m: naive(s) * m / (naive(s) * m).sum()),
    ],
    "exactly_one": [
        ("other rule", from_bits(lambda a, b: (a + b) % 2)),
    ],
}
