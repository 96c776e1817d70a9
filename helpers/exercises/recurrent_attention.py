"""Checks of the exercises on recurrent attention."""

import numbers as number_types

import numpy as np

from helpers.exercises.answers import call, model_of, need, need_noise, numbers, samples


def parameters_of_the_block(answer):
    """Exercise 1: a function from time steps and dimensions to the attention block's parameters."""
    said = {}
    for steps, dimensions in ((20, 1), (20, 32), (7, 3)):
        count = call(answer, steps, dimensions)
        need(isinstance(count, number_types.Number), f"The function must return a number, got {count!r}.")
        said[steps, dimensions] = count
    need(
        said[20, 1] == said[20, 32],
        f"You say {said[20, 1]:,} for 1 dimension and {said[20, 32]:,} for 32. "
        "Which axis does Dense see, and is there more than one kernel?",
    )
    for (steps, _), count in said.items():
        need(
            count != steps**2,
            f"For {steps} steps you say {count:,}. What does Dense have besides its kernel?",
        )
        need(
            count == steps**2 + steps,
            f"For {steps} steps the block does not have {count:,} parameters. "
            "How many numbers go into each score, and how many scores are there?",
        )
    return "The steps alone count; dimensions are free, and so the block is tied to its length."


def unbounded_scores(answer):
    """Exercise 2: a function from an input (steps, dimensions) to weights over time, with no cap on the peak."""
    model = model_of(answer, (20, 2))
    need(
        model.output.shape[1:] == (20, 2),
        f"The weights must have the shape of the inputs, (None, 20, 2), got {model.output.shape}.",
    )
    x = np.random.default_rng(0).normal(size=(256, 20, 2)).astype("float32")
    weights = numbers("the weights", model(x), x.shape)
    need(
        not np.allclose(weights.sum(axis=2), 1, atol=1e-3),
        "The weights of one step add up to 1 over the dimensions. They should over the steps.",
    )
    need(np.allclose(weights.sum(axis=1), 1, atol=1e-3), "The weights must add up to 1 over the 20 steps.")
    need(weights.std(axis=0).max() > 1e-3, "The weights are the same for all inputs.")
    other = x.copy()
    other[:, 3] += 1
    # What all scores of a sample have in common cancels in a ratio of two weights.
    ratios = [np.log(w[:, 7] / w[:, 8]) for w in (weights, numbers("the weights", model(other), x.shape))]
    need(
        not np.allclose(*ratios, atol=1e-3),
        "Each step's score is made from that step alone. The block should weigh steps against steps.",
    )
    largest = numbers("the weights", model(1_000 * x), x.shape).max()
    need(
        largest > 0.9,
        "A trained block could not point at one step: even inputs a thousand times larger do not bring "
        "the largest weight near 1. What holds the scores back?",
    )
    return "With large enough scores, one step can have nearly all of the weight."


def wandering_answer(answer):
    """Exercise 3: data whose answer is at another step in each sample, marked by a flag in dimension 1."""
    x, y = samples(answer, (20, 2))
    flags = x[:, :, 1]
    need(np.isin(flags, [0, 1]).all(), "Dimension 1 must hold 1 at the answer's step and 0 elsewhere.")
    count = flags.sum(axis=1)
    need(count.min() > 0, "Some samples have no flag. Each must have one.")
    need(count.max() == 1, "Some samples have more than one flag. Each must have one.")
    steps = flags.argmax(axis=1)
    used = np.bincount(steps, minlength=20)
    need(np.count_nonzero(used) > 1, f"The flag is at step {steps[0]} in every sample. It should wander.")
    need(
        used.min() > 50, f"The flag is hardly ever at step {used.argmin()}. All 20 should be equally likely."
    )
    at_the_flag = x[np.arange(len(x)), steps, 0]
    need(
        np.array_equal(at_the_flag, y[:, 0]),
        f"Where the flag is, dimension 0 holds the target in only {(at_the_flag == y[:, 0]).mean():.0%} "
        "of the samples.",
    )
    elsewhere = x[:, :, 0][flags == 0]
    need(
        np.isin(elsewhere, [0, 1]).mean() < 0.01,
        "Dimension 0 holds 0 or 1 at other steps as well; there it should hold noise.",
    )
    need_noise("Away from the flag, dimension 0", np.where(flags == 1, 0, x[:, :, 0]), y)
    return "The answer wanders, and only the flag says where it is."


CHECKERS = (
    parameters_of_the_block,
    unbounded_scores,
    wandering_answer,
)
