"""Answers to the exercises on recurrent attention: wrong ones, and right ones other than the notebook's."""

import numpy as np
from keras import layers

from tests.chapters.answers.makers import half_instead_of_noise, telling, with_noise


def wander(num_samples, seed, flags=1, tell=True, low=0, fixed=None):
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((num_samples, 20, 2))
    y = generator.integers(0, 2, (num_samples, 1)).astype("float32")
    steps = generator.integers(low, 20, num_samples) if fixed is None else np.full(num_samples, fixed)
    rows = np.arange(num_samples)
    x[:, :, 1] = 0
    x[rows, steps, 1] = flags
    if tell:
        x[rows, steps, 0] = y[:, 0]
    return x, y


def noiseless(num_samples, seed):
    x, y = wander(num_samples, seed)
    return np.where(x[:, :, 1:] == 1, x, [0, 0]), y


def two_flags(num_samples, seed):
    x, y = wander(num_samples, seed)
    x[:, :, 1] = np.maximum(x[:, :, 1], np.roll(x[:, :, 1], 1, axis=1))
    return x, y


def time_block(activation=None, axis=-1, twice=False, permute=True):
    def block(inputs):
        turned = layers.Permute((2, 1))(inputs) if permute else inputs
        weights = layers.Softmax(axis=axis)(layers.Dense(turned.shape[-1], activation)(turned))
        if twice:
            weights = layers.Softmax(axis=axis)(weights)
        return layers.Permute((2, 1))(weights) if permute else weights

    return block


# For each checker what is wrong, the answer, and a part of what the checker should say.
WRONG = {
    "parameters_of_the_block": [
        ("a kernel a dimension", lambda t, d: d * (t * t + t), "is there more than one kernel?"),
        ("no Permute", lambda t, d: d * t + t, "Which axis does Dense see"),
        ("no bias", lambda t, d: t * t, "What does Dense have besides its kernel?"),
        ("linear in time", lambda t, d: 2 * t, "How many numbers go into each score"),
        ("a text", lambda t, d: "420", "must return a number, got '420'"),
        ("prints", lambda t, d: None, "Does it end with a return?"),
        ("right for 20 alone", lambda t, d: 420, "For 7 steps the block does not have 420"),
    ],
    "unbounded_scores": [
        ("tanh", time_block("tanh"), "What holds the scores back?"),
        ("sigmoid", time_block("sigmoid"), "What holds the scores back?"),
        ("softmax twice", time_block(twice=True), "What holds the scores back?"),
        ("over dimensions", time_block(axis=1), "They should over the steps."),
        ("no Permute", time_block(permute=False), "They should over the steps."),
        ("not turned back", lambda i: layers.Permute((2, 1))(i), "got (None, 2, 20)"),
        ("no softmax", lambda i: layers.Dense(2)(i), "must add up to 1 over the 20 steps"),
        ("always the same", lambda i: layers.Softmax(axis=1)(i * 0), "the same for all inputs"),
        ("nothing trained", lambda i: layers.Softmax(axis=1)(i), "from that step alone"),
        ("each step alone", lambda i: layers.Softmax(axis=1)(layers.Dense(2)(i)), "from that step alone"),
        ("no tensor", lambda i: "weights", "must return what its last layer puts out"),
    ],
    "wandering_answer": [
        ("at one step", lambda n, seed: wander(n, seed, fixed=10), "at step 10 in every sample"),
        ("not at the beginning", lambda n, seed: wander(n, seed, low=3), "hardly ever at step 0"),
        ("flag without target", lambda n, seed: wander(n, seed, tell=False), "holds the target in only"),
        ("flag of 2", lambda n, seed: wander(n, seed, flags=2), "Dimension 1 must hold 1"),
        ("no flag", lambda n, seed: wander(n, seed, flags=0), "Some samples have no flag"),
        ("two flags", two_flags, "more than one flag"),
        ("no noise", noiseless, "it should hold noise"),
        (
            "always 0.5",
            half_instead_of_noise(wander, lambda x: (x[:, :, 1:] == 1) | np.array([False, True])),
            "Away from the flag",
        ),
        ("noise that tells y", with_noise(wander, [4, 0], telling), "you can guess y"),
        ("no seed", lambda n, seed: wander(n, 0), "the seed is not used"),
        (
            "y flat",
            lambda n, seed: (wander(n, seed)[0], wander(n, seed)[1][:, 0]),
            "(2000, 1), got (2000,)",
        ),
        ("x alone", lambda n, seed: wander(n, seed)[0], "must return x and y"),
    ],
}


RIGHT_AS_WELL = {
    "unbounded_scores": [
        ("einsum", lambda i: layers.Softmax(axis=1)(layers.EinsumDense("bsd,st->btd", (20, 2))(i))),
    ],
    "wandering_answer": [
        ("other way", wander),
    ],
}
