"""Answers to the exercises on attention as explanation: wrong ones, and right ones other than the notebook's."""

import numpy as np

from helpers import data
from tests.chapters.answers.makers import naive, telling, with_noise


def integrated(way=lambda b, x, r: b + r * (x - b), times=lambda x, b: x - b, mean=np.mean):
    """Integrated gradients with another way, another factor or another mean of the slopes."""

    def attribution(gradient, x, baseline):
        slopes = [gradient(way(baseline, x, r)) for r in (np.arange(50) + 0.5) / 50]
        return times(x, baseline) * mean(slopes, axis=0)

    return attribution


def erased(scale, copy=True):
    def erase(weights, step):
        left = weights.copy() if copy else weights
        lost = left[:, step].copy()
        left[:, step] = 0
        return scale(left, lost, step)

    return erase


def shared_equally(left, lost, step):
    return np.where(np.arange(left.shape[1]) == step, 0, left + lost[:, None] / (left.shape[1] - 1))


def columns_with(columns, hold=lambda y: y):
    def make(num_samples, seed):
        x, y = data.get_data(num_samples, 20, 5, seed=seed)
        x[:, columns] = hold(y)
        return x, y

    return make


RISING = np.linspace(0.001, 0.02, 20)


POINTING = np.where(np.arange(20) == 10, 1.0, RISING)


FALLING = np.where(np.arange(20) == 10, 0.1, RISING[::-1])


# For each checker what is wrong, the answer, and a part of what the checker should say.
WRONG = {
    "right_and_uncorrelated": [
        ("as the effects", POINTING / POINTING.sum(), "The rank correlation is 1.00."),
        ("below one half", FALLING / FALLING.sum(), "it should be above one half"),
        ("reversed altogether", RISING[::-1] / RISING.sum(), "The largest weight is on step 0"),
        ("only the top", np.eye(20)[10], "Two steps have the same weight"),
        ("no weights", 3 * POINTING, "not to 1"),
    ],
    "integrated_from_anywhere": [
        ("times the input", integrated(times=lambda x, b: x), "From another baseline than zeros"),
        ("only the end", integrated(way=lambda b, x, r: x), "From zeros the output changes by"),
        ("way from zero", integrated(way=lambda b, x, r: r * x), "From another baseline than zeros"),
        ("sum of slopes", integrated(mean=np.sum), "From zeros the output changes by"),
        (
            "shared equally",
            lambda g, x, b: np.full(x.shape, integrated()(g, x, b).mean(axis=1, keepdims=True)),
            "not shared out among the inputs",
        ),
    ],
    "erased_weight": [
        ("hole", erased(lambda left, lost, step: left), "the weights of the first sample add up to 0."),
        ("shared equally", erased(shared_equally), "have not kept their proportions"),
        ("softmax again", erased(lambda left, lost, step: naive(left)), "its weight is not 0"),
        (
            "in place",
            erased(lambda left, lost, step: left / left.sum(axis=1, keepdims=True), copy=False),
            "the array handed in has changed as well",
        ),
        (
            "one total",
            erased(lambda left, lost, step: left / left.sum()),
            "the weights of the first sample add up to 0.",
        ),
    ],
    "target_in_two_columns": [
        (
            "the other column",
            lambda n, seed: data.get_data(n, 20, 15, seed=seed),
            "Column 5 holds the target in 0%",
        ),
        ("one column", columns_with([5]), "Column 15 holds the target in 0% of the samples."),
        ("the opposite", columns_with([15], lambda y: 1 - y), "Column 15 holds the target in 0%"),
        ("a third copy", columns_with([15, 7]), "Column 7 holds 0 or 1; it should hold noise."),
        ("noise that tells y", with_noise(columns_with([15]), [3], telling), "you can guess y"),
        ("another place", columns_with([14]), "Column 15 holds the target in 0%"),
    ],
    "same_context": [
        ("turned round", [0.1, 0.1, 0.4, 0.4][::-1], "The distance from the old weights is 0.00"),
        ("another context", [0.7, 0.1, 0.1, 0.1], "The context is [0.8 0.2]; with the old"),
        ("below 0", [-0.1, -0.1, 0.6, 0.6], "none may be below 0"),
        ("too near", [0.3, 0.3, 0.2, 0.2], "The distance from the old weights is 0.20"),
        ("not 1", [0.5, 0.5, 0.0, 0.5], "The weights add up to 1.50, not to 1."),
    ],
}


RIGHT_AS_WELL = {
    "integrated_from_anywhere": [
        ("with the ends of the way", integrated(way=lambda b, x, r: b + (r * 50 - 0.5) / 49 * (x - b))),
    ],
}
