"""Checks of the exercises on attention as explanation."""

import numpy as np

from helpers.exercises.answers import call, need, need_noise, numbers, samples, softmax

VALUES = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
WEIGHTS = np.array([0.4, 0.4, 0.1, 0.1])


def _weights(name, value, count):
    """Return `value` as `count` weights, positive and 1 in sum, or raise NotYet."""
    weights = numbers(name, value, (count,))
    need((weights >= 0).all(), f"A weight is {weights.min():.2f}; none may be below 0.")
    need(abs(weights.sum() - 1) < 1e-6, f"The weights add up to {weights.sum():.2f}, not to 1.")
    return weights


def right_and_uncorrelated(answer):
    """Exercise 1: weights (20,) that point at step 10 and order the other steps against their effects."""
    effects = np.linspace(0.001, 0.02, 20)
    effects[10] = 0.5
    weights = _weights("The weights", answer, 20)
    need(weights.argmax() == 10, f"The largest weight is on step {weights.argmax()}, not on step 10.")
    need(weights[10] > 0.5, f"The largest weight is {weights[10]:.2f}; it should be above one half.")
    others = np.delete(weights, 10)
    need(len(set(others)) == len(others), "Two steps have the same weight, so they have no order.")
    correlation = np.corrcoef(weights.argsort().argsort(), effects.argsort().argsort())[0, 1]
    need(correlation < -0.5, f"The rank correlation is {correlation:.2f}. Which steps make it so?")
    return f"The weights are right about step 10, and their rank correlation is {correlation:.2f}."


def integrated_from_anywhere(answer):
    """Exercise 2: integrated gradients of a function whose slope changes, from a baseline that is not zero."""
    generator = np.random.default_rng(0)
    factors = generator.uniform(0.5, 2, (3, 4))

    def output(x):
        return (factors * x**3).sum(axis=1)

    def gradient(x):
        return 3 * factors * np.asarray(x) ** 2

    x = generator.uniform(1, 2, (3, 4))
    for baseline in (np.zeros((3, 4)), generator.uniform(-1, 0.5, (3, 4))):
        found = numbers("attribution(…)", call(answer, gradient, x, baseline), x.shape)
        wanted = factors * (x**3 - baseline**3)
        kind = "zeros" if not baseline.any() else "another baseline than zeros"
        need(
            np.allclose(found.sum(axis=1), output(x) - output(baseline), rtol=0.02),
            f"From {kind} the output changes by {output(x)[0] - output(baseline)[0]:.2f}, "
            f"and the attributions add up to {found[0].sum():.2f}.",
        )
        need(
            # A rule that takes in the ends of the way sums well, and is a few percent off at single inputs.
            np.allclose(found, wanted, rtol=0.1),
            "The sum is right, but it is not shared out among the inputs as the slopes say.",
        )
    return "It adds up from zeros and from other baselines."


def erased_weight(answer):
    """Exercise 3: a function that takes one step's weight away and scales the rest up, on a copy."""
    weights = softmax(np.random.default_rng(0).normal(size=(4, 6)), 1)
    step = 2
    given = weights.copy()
    left = numbers("erase(weights, step)", call(answer, given, step), weights.shape)
    need((left[:, step] == 0).all(), f"With step {step} erased, its weight is not 0.")
    total = left.sum(axis=1)
    need(
        np.allclose(total, 1),
        f"With step {step} erased, the weights of the first sample add up to {total[0]:.2f}.",
    )
    others = np.arange(6) != step
    ratios = left[:, others] / weights[:, others]
    need(
        np.allclose(ratios, ratios[:, :1]),
        "The other weights have not kept their proportions: in the first sample they grew by factors "
        f"from {ratios[0].min():.2f} to {ratios[0].max():.2f}.",
    )
    need(
        np.array_equal(given, weights),
        "The result is right, but the array handed in has changed as well.",
    )
    return "The rest share what was taken away, and the argument is as it was."


def target_in_two_columns(answer):
    """Exercise 4: data with the target in columns 5 and 15 and noise elsewhere."""
    x, y = samples(answer, (20,))
    for column in (5, 15):
        same = (x[:, column] == y[:, 0]).mean()
        need(same == 1, f"Column {column} holds the target in {same:.0%} of the samples.")
    others = np.delete(np.arange(20), [5, 15])
    for column in others:
        need(not np.isin(x[:, column], [0, 1]).any(), f"Column {column} holds 0 or 1; it should hold noise.")
    need_noise("The other 18 columns", x[:, others], y)
    return "Two columns tell the target, and nothing else does."


def same_context(answer):
    """Exercise 5: weights other than WEIGHTS with which VALUES have the same weighted sum."""
    weights = _weights("The weights", answer, 4)
    context, wanted = weights @ VALUES, WEIGHTS @ VALUES
    need(
        np.allclose(context, wanted, atol=1e-3),
        f"The context is {context.round(2)}; with the old weights it is {wanted.round(2)}.",
    )
    distance = np.abs(weights - WEIGHTS).sum() / 2
    need(
        distance > 0.3 - 1e-6, f"The distance from the old weights is {distance:.2f}; at least 0.3 is asked."
    )
    return f"The context is {context.round(2)} as before, the distance of the weights {distance:.2f}."


CHECKERS = (
    right_and_uncorrelated,
    integrated_from_anywhere,
    erased_weight,
    target_in_two_columns,
    same_context,
)
