"""Checks of the exercises on attention pooling."""

import numpy as np

from helpers import data
from helpers.exercises.answers import NotYet, call, need, numbers, samples_of, softmax


def five_numbers(answer):
    """Exercise 1: the five numbers with which pooling and one output add two marked values, at any length."""
    five = numbers("The answer", answer, (5,)).astype("float64")
    for steps in (20, 2_000):
        x, y, marked = data.get_data_addition(256, steps, seed=0)
        with np.errstate(all="ignore"):
            weights = softmax(x @ five[:2], 1)
            context = np.einsum("bt,btd->bd", weights, x)
            output = context @ five[2:4] + five[4]
        pairs = np.take_along_axis(weights, marked, 1)
        share = pairs.sum(axis=1).min()
        need(
            share > 0.999,
            f"With {steps:,} steps there are samples where the two marked ones have no more than "
            f"{share:.2f} of the weight together.",
        )
        larger = pairs.max()
        need(
            larger < 0.501,
            f"With {steps:,} steps one of the two marked ones can get a weight of {larger:.2f}. "
            "What should the score not depend on?",
        )
        need(
            not np.allclose(output, y[:, 0] / 2, atol=1e-3),
            "All outputs are half of their targets. What is the context: a sum, or what?",
        )
        error = ((output - y[:, 0]) ** 2).mean()
        need(
            error < 1e-6,
            f"The weights are right, but the squared error is {error:.2g} with {steps:,} steps. "
            f"The first context is {context[0].round(2)}, its target {y[0, 0]:.2f}.",
        )
    return "Two scores decide, and no number of steps can drown the two that are marked."


def _pooled(answer, vectors, kernel, mask):
    pair = call(answer, vectors, kernel, mask)
    need(isinstance(pair, (tuple, list)) and len(pair) == 2, "The function must return context and weights.")
    context = numbers("context", pair[0], (len(vectors), vectors.shape[2]))
    weights = numbers("weights", pair[1])
    allowed = (vectors.shape[:2], (*vectors.shape[:2], 1))
    need(weights.shape in allowed, f"weights must have shape {allowed[1]}, got {weights.shape}.")
    return context, weights.reshape(allowed[0])


def repaired_pooling(answer):
    """Exercise 2: a function from vectors, kernel and mask to context and weights, without three mistakes."""
    generator = np.random.default_rng(0)
    batch, steps, dim = 3, 5, 4
    vectors = generator.normal(size=(batch, steps, dim)).astype("float32")
    kernel = generator.normal(size=(dim, 1)).astype("float32")
    mask = np.arange(steps) < np.linspace(steps // 2, steps, batch).astype(int)[:, None]
    context, weights = _pooled(answer, vectors, kernel, mask)
    need(not (weights == 1).all(), "All weights are 1. How many scores does each softmax get to see?")
    need(
        not np.allclose(weights.sum(axis=0), 1, atol=1e-3),
        "The weights of a step add up to 1 over the sequences of the batch.",
    )
    hidden = weights[~mask].sum() / batch
    need(
        hidden < 1e-6,
        f"Padding gets {hidden:.2g} of a sequence's weight, in the mean. Where is the mask used?",
    )
    total = weights.sum(axis=1)
    need(
        np.allclose(total, 1, atol=1e-3),
        f"Padding has no weight, but the real steps share only {total[0]:.2f} in the first sequence.",
    )
    _, sharp = _pooled(answer, vectors, 1_000 * kernel, mask)
    need(
        sharp.max(axis=1).min() > 0.9,
        f"A kernel a thousand times larger should let one step win. With {steps} steps, {mask[0].sum()} "
        f"of them real, the largest weight stays at {sharp[0].max():.2f}. What holds the scores back?",
    )
    scores = np.where(mask, (vectors @ kernel)[:, :, 0], -1e9)
    need(
        np.allclose(weights, softmax(scores, 1), atol=1e-4),
        "Padding is hidden and the sums are right, but the weights are not the softmax of the scores.",
    )
    need(
        np.allclose(context, np.einsum("bt,btd->bd", weights, vectors), atol=1e-4),
        "The weights are right, but the context is not the weighted sum of the steps.",
    )
    return "Each sequence shares 1 among its real steps, and one of them can have nearly all of it."


def accuracy_of_real_steps(answer):
    """Exercise 3: a function from predicted and true tokens, padded with 0, to the share that is right."""
    generator = np.random.default_rng(6)  # here no two mistakes give the same number
    batch, steps = 3, 8
    real = np.arange(steps) < generator.permutation(np.arange(2, 2 + batch))[:, None]
    target = np.where(real, generator.integers(1, 9, (batch, steps)), 0)
    predicted = np.where(generator.random((batch, steps)) < 0.6, target, 9)
    predicted[0, 0] = 0  # a wrong answer that looks like padding
    said = numbers("The accuracy", call(answer, predicted, target), ())
    right = predicted == target
    expected = right[real].mean()
    mistakes = {
        "Padding counts as right or wrong in it.": right.mean(),
        "The steps are well chosen, but by what number are they divided?": (right & real).mean(),
        "Padding is what the target says; a real step predicted as 0 is wrong.": (
            right[real & (predicted > 0)].mean()
        ),
        "A real step predicted as 0 is wrong, not padding.": right[predicted > 0].mean(),
        "Each real step should count the same, in short sequences too.": np.mean(
            [row[some].mean() for row, some in zip(right, real, strict=True)]
        ),
        "That is the share of wrong steps.": 1 - expected,
    }
    for mistake, wrong in mistakes.items():
        need(np.isclose(said, expected) or not np.isclose(said, wrong), f"You say {said:.3f}. {mistake}")
    need(
        np.isclose(said, expected),
        f"{real.sum()} steps are real and {right[real].sum()} of them are right; you say {said:.3f}.",
    )
    return "Real steps count, each once, and padding does not."


def which_came_first(answer):
    """Exercise 4: the keyword data with a second keyword; the class is the first of the two."""
    tokens, y = samples_of(answer, (40,), ())
    keyword = (tokens >= 1) & (tokens <= 4)
    need(np.isin(tokens, np.arange(31)).all(), "Tokens must be whole numbers from 0 to 30.")
    real = tokens > 0
    need(
        (real[:, 1:] <= real[:, :-1]).all(),
        "There are steps after the padding. Is the second keyword inside its sequence?",
    )
    count = keyword.sum(axis=1)
    other = count[count != 2]
    need(
        len(other) == 0,
        f"A sequence should have 2 keywords; {len(other):,} of 2,000 have another number, "
        f"the first of them {other[0] if len(other) else 2}.",
    )
    at = keyword.argmax(axis=1), 39 - keyword[:, ::-1].argmax(axis=1)
    first, second = (tokens[np.arange(2_000), step] - 1 for step in at)
    need((first != second).all(), "In some sequences both keywords are the same.")
    pairs = np.zeros((4, 4), int)
    np.add.at(pairs, (first, second), 1)
    np.fill_diagonal(pairs, 2_000)
    a, b = np.unravel_index(pairs.argmin(), pairs.shape)
    need(pairs.min() > 80, f"{'ABCD'[a]} before {'ABCD'[b]} is rare. All twelve pairs should be as frequent.")
    wrong = first != y
    if wrong.any():
        pair = f"{'ABCD'[first[wrong][0]]} stands before {'ABCD'[second[wrong][0]]}"
        raise NotYet(
            f"In {wrong.sum():,} samples of 2,000 the class is not right: {pair}, y is {y[wrong][0]:g}."
        )
    return "Two keywords, and only their order tells the class."


CHECKERS = (
    five_numbers,
    repaired_pooling,
    accuracy_of_real_steps,
    which_came_first,
)
