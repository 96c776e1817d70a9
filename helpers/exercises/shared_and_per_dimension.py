"""Checks of the exercises on shared and per-dimension attention."""

import numpy as np

from helpers.exercises.answers import NotYet, call, need, need_noise, numbers, samples, softmax

MARGIN = 0.01  # what an eye could tell apart in a printed weight


def _both_ways(scores):
    return softmax(scores, 0).mean(axis=1), softmax(scores.mean(axis=1), 0)


def a_compromise(answer):
    """Exercise 1: scores (3, 2) for which merging before the softmax points at another step than averaging."""
    scores = numbers("The scores", answer, (3, 2))
    averaged, merged = _both_ways(scores)
    step = merged.argmax()
    second = np.sort(merged)[-2]
    need(
        merged[step] - second > MARGIN,
        f"Merged before the softmax, the vector is {merged.round(2)}: no step has clearly the largest weight.",
    )
    need(
        averaged.argmax() != step,
        f"Averaged {averaged.round(2)}, merged before {merged.round(2)}: both point at step {step}.",
    )
    need(
        averaged.max() - averaged[step] > MARGIN,
        f"Averaged {averaged.round(2)}, merged before {merged.round(2)}: "
        "the averaged vector has no clearly largest weight.",
    )
    return f"Averaged {averaged.round(2)}, merged before {merged.round(2)}: they point at different steps."


def one_vector_for_all(answer):
    """Exercise 2: a function from weights (batch, steps, dimensions) to one shared vector a sample."""
    generator = np.random.default_rng(0)
    for dimensions in (2, 3):
        weights = softmax(generator.normal(size=(4, 5, dimensions)), 1)
        shared = numbers("The shared weights", call(answer, weights), (4, 5, 1))
        total = shared.sum(axis=1)
        need(
            not np.allclose(total, dimensions),
            f"With {dimensions} dimensions the shared weights add up to {dimensions}. To what should they?",
        )
        need(
            np.allclose(total, 1),
            f"The shared weights of a sample add up to {total[0, 0]:.2f}, not to 1.",
        )
        need(
            not np.allclose(shared, shared[:, :1]),
            "All steps have the same weight. Over which axis is your mean?",
        )
        need(
            np.allclose(shared, weights.mean(axis=2, keepdims=True)),
            "The shared weights add up to 1, but they are not the average of the dimensions: "
            f"with {dimensions} of them, the first step has {shared[0, 0, 0]:.2f} "
            f"from {weights[0, 0].round(2)}.",
        )
    return "It adds up to 1, for any number of dimensions."


def both_bits_at_one_step(answer):
    """Exercise 3: the chapter's data, with the bits of both dimensions at step 10."""
    x, y = samples(answer, (20, 2))
    bits, target = x[:, 10], y[:, 0]
    for dimension in (0, 1):
        need(
            np.isin(bits[:, dimension], [0, 1]).all(),
            f"At step 10 dimension {dimension} holds noise; it should hold a bit, 0 or 1.",
        )
    need(
        not np.array_equal(bits[:, 0], bits[:, 1]),
        "Both dimensions hold the same bit, so one is enough: that is the original's task.",
    )
    wrong = bits.min(axis=1) != target
    if wrong.any():
        case = f"{bits[wrong][0, 0]:.0f} and {bits[wrong][0, 1]:.0f}"
        raise NotYet(f"Where the bits are {case}, y is {target[wrong][0]:.0f} in some samples.")
    others = np.delete(x, 10, axis=1)
    held = np.isin(others, [0, 1]).mean(axis=0).max(axis=1)
    need((held < 0.5).all(), f"Step {np.delete(np.arange(20), 10)[held.argmax()]} holds a bit as well.")
    need_noise("The other 19 steps", others.reshape(len(x), -1), y)
    return "Both bits are at step 10, and it takes both."


def where_both_ways_agree(answer):
    """Exercise 4: scores (steps, 2) that differ between dimensions, and yet averaged equals merged before."""
    scores = numbers("The scores", answer)
    need(
        scores.ndim == 2 and len(scores) > 1 and scores.shape[1] == 2,
        f"The scores must have two or more steps and 2 dimensions, got shape {scores.shape}.",
    )
    need(not np.allclose(scores[:, 0], scores[:, 1]), "The scores are equal in both dimensions.")
    columns = softmax(scores, 0)
    difference = abs(columns[:, 0] - columns[:, 1]).max()
    averaged, merged = _both_ways(scores)
    # Saturated scores would agree whatever their other steps say.
    need(columns.min() > MARGIN, "Some step has a weight of nearly 0. Choose scores closer to each other.")
    need(
        difference > MARGIN,
        "Both dimensions have the same weights: their scores differ by a constant, which cancels.",
    )
    need(
        difference > 0.1,
        "The weights of the two dimensions hardly differ, so both ways nearly agree whatever they are. "
        "Let them differ by more than 0.1 at some step.",
    )
    need(
        np.allclose(averaged, merged, atol=1e-4),
        f"Averaged {averaged.round(3)}, merged before {merged.round(3)}: not the same.",
    )
    return f"The dimensions differ, and both ways give {averaged.round(2)}."


CHECKERS = (
    a_compromise,
    one_vector_for_all,
    both_bits_at_one_step,
    where_both_ways_agree,
)
