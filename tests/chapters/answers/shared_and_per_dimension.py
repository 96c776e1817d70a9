"""Answers to the exercises on shared and per dimension: wrong ones, and right ones other than the notebook's."""

import keras
import numpy as np

from helpers import data
from tests.chapters.answers.makers import half_instead_of_noise, telling, with_noise


def bit_at_two_steps(num_samples, seed):
    x, y = data.get_data_per_dimension(num_samples, 20, [10, 10], seed=seed)
    x[:, 5] = x[:, 10]
    return x, y


def per_dimension_data(steps):
    return lambda num_samples, seed: data.get_data_per_dimension(num_samples, 20, steps, seed=seed)


def first_bit(num_samples, seed):
    x, _ = data.get_data_per_dimension(num_samples, 20, [10, 10], seed=seed)
    x[:, 10] = np.random.default_rng(seed).integers(0, 2, (num_samples, 2))
    return x, x[:, 10, :1]


def either_bit(num_samples, seed):
    x, _ = data.get_data_per_dimension(num_samples, 20, [10, 10], seed=seed)
    return x, (x[:, 10].sum(axis=1, keepdims=True) == 1).astype("float32")


# For each checker what is wrong, the answer, and a part of what the checker should say.
WRONG = {
    "a_compromise": [
        ("the chapter's", [[3, 0], [0, 0], [0, 2]], "both point at step 0"),
        ("turned", np.ones((2, 3)), "must have shape (3, 2), got (2, 3)"),
        ("all equal", np.zeros((3, 2)), "no step has clearly the largest weight"),
        ("nearly a tie, pooled", [[2, 0], [0, 2], [1.005, 1.005]], "no step has clearly the largest"),
        (
            "nearly a tie, averaged",
            [[2, 0], [0, 2], [1.43, 1.43]],
            "averaged vector has no clearly largest",
        ),
        ("saturated", [[99, 0], [0, 98], [0, 0]], "both point at step 0"),
    ],
    "one_vector_for_all": [
        ("sum", lambda w: w.sum(axis=-1, keepdims=True), "2 dimensions the shared weights add up to 2"),
        ("mean over time", lambda w: w.mean(axis=1, keepdims=True), "shape (4, 5, 1), got (4, 1, 2)"),
        (
            "mean over time, repeated",
            lambda w: np.repeat(w.mean(axis=(1, 2), keepdims=True), 5, axis=1),
            "Over which axis is your mean?",
        ),
        ("first dimension", lambda w: w[:, :, :1], "not the average of the dimensions"),
        ("largest", lambda w: w.max(axis=-1, keepdims=True), "a sample add up to"),
        ("half for any number", lambda w: w.sum(axis=-1, keepdims=True) / 2, "add up to 1.50, not to 1"),
        ("no keepdims", lambda w: w.mean(axis=-1), "must have shape (4, 5, 1), got (4, 5)"),
    ],
    "both_bits_at_one_step": [
        ("the chapter's", per_dimension_data([5, 15]), "At step 10 dimension 0 holds noise"),
        ("one of two", per_dimension_data([10, 15]), "At step 10 dimension 1 holds noise"),
        (
            "the original's",
            lambda n, seed: data.get_data_recurrent(n, 20, 2, 10, seed=seed),
            "that is the original's task",
        ),
        ("exactly one", either_bit, "y is 1 in "),
        ("the first alone", first_bit, "Where the bits are 1 and 0, y is 1 in some samples."),
        ("bits twice", bit_at_two_steps, "Step 5 holds a bit as well"),
        (
            "no noise",
            half_instead_of_noise(per_dimension_data([10, 10]), lambda x: np.arange(20)[:, None] == 10),
            "The other 19 steps should hold noise",
        ),
        (
            "noise that tells y",
            with_noise(per_dimension_data([10, 10]), [7, 1], telling),
            "you can guess y",
        ),
        ("three dimensions", per_dimension_data([10, 10, 10]), "must have shape (2000, 20, 2)"),
    ],
    "where_both_ways_agree": [
        ("equal", [[3, 3], [0, 0], [1, 1]], "equal in both dimensions"),
        ("shifted", [[3, 8], [0, 5], [1, 6]], "differ by a constant"),
        ("saturated", [[60, 70], [0, 3], [5, 1]], "a weight of nearly 0"),
        ("not the same", [[1, 0], [0, 2]], "not the same"),
        ("nearly mirrored", [[1, -1.1], [-1, 1]], "not the same"),
        ("nearly equal", [[1.0, 1.05], [0, 0], [0, 0]], "hardly differ"),
        ("a single step", [[1, 2]], "two or more steps and 2 dimensions"),
    ],
}


RIGHT_AS_WELL = {
    "a_compromise": [
        ("other scores", [[0, 5], [3, 3], [5, 0]]),
    ],
    "one_vector_for_all": [
        ("Keras", lambda w: keras.ops.mean(w, axis=2, keepdims=True)),
    ],
    "where_both_ways_agree": [
        ("a list", [[0.5, -0.5], [-0.5, 0.5]]),
    ],
}
