"""Checks of the exercises on dense attention."""

import keras
import numpy as np

from helpers import activations, data
from helpers.exercises.answers import NotYet, call, need, need_noise, numbers, samples, softmax

SCORES = np.array([0.5, 3.0, -0.5, 1.0])


def softmax_of_any_size(answer):
    """Exercise 1: a function from four scores to their weights that does not overflow."""
    weights = numbers("softmax(scores)", call(answer, SCORES), SCORES.shape)
    need(abs(weights.sum() - 1) < 1e-6, f"The weights add up to {weights.sum():.2f}, not to 1.")
    need((weights > 0).all(), "A weight is not above 0; the exponential of any score is.")
    need(
        np.allclose(weights, softmax(SCORES, 0), atol=1e-6),
        f"For the scores {SCORES} the weights should be those of the first section.",
    )
    # Scores far apart as well: taking away anything but the right number leaves one that overflows.
    for scores in (SCORES + 1_000, SCORES - 1_000, np.array([1_000.0, 0.0, -1_000.0, 999.0])):
        weights = np.asarray(call(answer, scores))
        finite = np.isfinite(weights.astype("float64")).all()
        question = "Which number became too large?" if scores.max() > 0 else "Did all of them become 0?"
        need(finite, f"For the scores {scores} the weights are {weights}. {question}")
        need(
            np.allclose(weights, softmax(scores, 0), atol=1e-6),
            f"For the scores {scores} the weights are {weights.round(2)}. "
            "What you do to large scores must leave their differences as they are.",
        )
    return "Scores of any size, and the weights depend on their differences alone."


def weights_of_a_batch(answer):
    """Exercise 2: a function from scores (batch, columns) to weights, each sample on its own."""
    generator = np.random.default_rng(0)
    # The square one as well: there a sum of the wrong shape divides without an error.
    for shape in ((3, 5), (4, 4)):
        scores = generator.normal(size=shape)
        weights = numbers("weights", call(answer, scores), shape)
        rows = weights.sum(axis=1)
        need(
            abs(weights.sum() - 1) > 1e-6,
            f"All {weights.size} weights together add up to 1. How much does each of the {shape[0]} samples get?",
        )
        need(
            not np.allclose(weights.sum(axis=0), 1),
            "Each column adds up to 1 over the samples. Which should add up to 1, samples or columns?",
        )
        need(
            np.allclose(rows, 1),
            f"For scores of shape {shape} the samples add up to {rows.round(2)}, each should to 1. "
            "Is each score divided by the total of its own sample?",
        )
        need(
            np.allclose(weights, softmax(scores, 1)),
            "Each sample adds up to 1, but its weights are not the softmax of its scores.",
        )
    return "Each sample adds up to 1, and the others in the batch make no difference to it."


def masked_weights(answer):
    """Exercise 3: a function from scores and a mask to weights, where True means "attend here"."""
    scores, mask = np.array([0.5, 3.0, -0.5, 1.0, -2.0]), np.array([True, False, True, True, False])
    weights = numbers("weights", call(answer, scores, mask), scores.shape)
    expected = np.zeros(5)
    expected[mask] = softmax(scores[mask], 0)
    hidden = weights[~mask].sum()
    need(
        weights[mask].sum() > 1e-6,
        f"With the mask {mask} all weight is on the columns where it is False. What does True mean?",
    )
    need(
        hidden < 1e-6,
        f"With the mask {mask} the hidden columns still have a weight of {hidden:.2g} together. "
        "Which score has the weight 0?",
    )
    need(
        abs(weights.sum() - 1) < 1e-6,
        f"Nothing hidden shows, but the weights add up to {weights.sum():.2f}. "
        "The columns that are left must share all of the weight.",
    )
    need(
        np.allclose(weights, expected, atol=1e-6),
        "The weights of the columns that are left are not the softmax of their scores.",
    )
    return "What is hidden has no weight, and the rest share all of it."


def exactly_one(answer):
    """Exercise 4: data whose target is 1 where exactly one of the columns 1 and 5 holds a 1."""
    x, y = samples(answer, (32,))
    first, second, target = x[:, 1], x[:, 5], y[:, 0]
    for column in (1, 5):
        need(np.isin(x[:, column], [0, 1]).all(), f"Column {column} must hold 0 or 1 in every sample.")
    need(
        abs(np.corrcoef(first, second)[0, 1]) < 0.1,
        "Columns 1 and 5 depend on each other: from one you can guess the other.",
    )
    for name, bit in {"1": first, "5": second}.items():
        need(
            (bit == target).mean() < 0.95,
            f"Column {name} alone still tells the target. It should take both columns.",
        )
    wrong = (first != second) != target
    if wrong.any():
        case = f"{first[wrong][0]:.0f} and {second[wrong][0]:.0f}"
        raise NotYet(f"Where columns 1 and 5 hold {case}, y is {target[wrong][0]:.0f} in some samples.")
    for column in (1, 5):
        share = x[:, column].mean()
        need(
            abs(share - 0.5) < 0.1,
            f"Column {column} holds a 1 in {share:.0%} of the samples. With half, no column alone says anything.",
        )
    need_noise("The other 30 columns", np.delete(x, [1, 5], axis=1), y)
    return "Neither column says anything alone; together they say it all."


def accurate_and_blind(answer):
    """Exercise 5: a model that is right on the chapter's task while its attention knows nothing."""
    need(isinstance(answer, keras.Model), f"The answer must be a Keras model, not {type(answer).__name__}.")
    x, y = data.get_data(2_000, 32, seed=1_234)
    try:
        outputs = activations.get_activations(answer, x)
        weights = numbers("the weights", outputs["attention"], (2_000, 32))
        *_, last = (output for name, output in outputs.items() if "/" not in name)
        prediction = numbers("the model's output", last, (2_000, 1))
    except KeyError as error:
        raise NotYet(f"The model must have a layer named {error}, which puts out the weights.") from error
    except (TypeError, ValueError) as error:
        raise NotYet(f"The model must take the chapter's data: {error}.") from error
    need(
        ((prediction > 0.5) == y).mean() >= 0.99,
        "On new data the model is wrong in more than 1 % of the samples. Is it trained?",
    )
    sums = weights.sum(axis=1)
    need(np.allclose(sums, 1, atol=1e-3), "The weights of a sample must add up to 1.")
    for target in (1, 0):
        share = 32 * weights[y[:, 0] == target, 1].mean()
        need(
            0.5 < share < 1.5,
            "The model is accurate, but its attention knows something: where y = "
            f"{target}, column 1 has well {'more' if share > 1 else 'less'} than an equal share of the weight.",
        )
    return "The model is accurate, and its attention does not know where the answer is."


CHECKERS = (
    softmax_of_any_size,
    weights_of_a_batch,
    masked_weights,
    exactly_one,
    accurate_and_blind,
)
