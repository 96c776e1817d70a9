"""Checks of the exercises on self-attention."""

import numpy as np

from helpers import data
from helpers.exercises.answers import NotYet, call, need, numbers, softmax


def sizes(answer):
    """Exercise 1: a function from four sizes to how many weights are trained and how many are computed."""
    for steps, width, out, heads in ((16, 32, 32, 1), (7, 5, 9, 3)):
        trained, computed = numbers("The answer", call(answer, steps, width, out, heads), (2,))
        sizes = f"For {steps:,} steps, {width} inputs, {out} outputs and {heads} head(s)"
        if trained != 3 * width * out:
            hint = "How many kernels are there, and what is the shape of each?"
            if trained == heads * 3 * width * out:
                hint = "Does a head get kernels of its own?"
            elif trained == width * out:
                hint = "Query, key and value are made from one input, but not by one kernel."
            elif trained == 3 * width * out + 3 * out:
                hint = "Has this layer a bias?"
            raise NotYet(f"{sizes} you say {trained:,} trained weights. {hint}")
        if computed != heads * steps**2:
            hint = "One for each query and key, and that how often?"
            if computed in (steps, heads * steps):
                hint = "Each step asks, and each step is asked."
            raise NotYet(f"{sizes} you say {computed:,} attention weights. {hint}")
    return "The trained weights do not know how long a sequence is; the computed ones grow with its square."


def _vectors(generator, batch, queries, keys, width, value_width):
    shapes = (batch, queries, width), (batch, keys, width), (batch, keys, value_width)
    return [generator.normal(size=shape).astype("float32") for shape in shapes]


def order_of_inputs(answer):
    """Exercise 2: a function from query, key and value to the context of Keras' `Attention`."""
    generator = np.random.default_rng(0)
    for sizes in ((2, 3, 5, 4, 4), (2, 4, 4, 4, 4)):
        query, key, value = _vectors(generator, *sizes)
        context = numbers("context", call(answer, query, key, value), (*query.shape[:2], value.shape[2]))

        def attended(query=query, key=key, value=value):
            return softmax(query @ np.swapaxes(key, 1, 2), 2) @ value

        need(
            not np.allclose(context, attended(key=value, value=key), atol=1e-4),
            "The query is compared with the values, and what comes out is a sum of keys.",
        )
        need(
            not np.allclose(context, attended(value=key), atol=1e-4),
            "The weights are right, but they are put on the keys. What is handed over when found?",
        )
        need(
            not np.allclose(context, attended(key=value), atol=1e-4),
            "A sum of values, but the query is compared with the values.",
        )
        scaled = attended(query=query / query.shape[2] ** 0.5)
        need(
            not np.allclose(context, scaled, atol=1e-4),
            "The scores are divided by the root of the width; `Attention` does not do that by itself.",
        )
        need(
            np.allclose(context, attended(), atol=1e-4),
            "The context is not the sum of the values, weighted by the softmax of query times key.",
        )
    return "The query is compared with the keys, and what comes out is a sum of values."


def repaired_weights(answer):
    """Exercise 3: a function from query, key and mask to attention weights, without three mistakes."""
    generator = np.random.default_rng(0)
    # Equally many queries and keys as well: there a mask fits both axes.
    for batch, queries, keys, width in ((3, 5, 5, 2), (2, 3, 4, 9)):
        query, key, _ = _vectors(generator, batch, queries, keys, width, 1)
        mask = np.arange(keys) < np.linspace(2, keys, batch).astype(int)[:, None]
        weights = numbers("weights", call(answer, query, key, mask), (batch, queries, keys))
        need(
            not np.allclose(weights[-1].sum(axis=0), 1, atol=1e-3),  # the last one has no padding
            "What the queries give to one key adds up to 1. What should: the weights of a query or of a key?",
        )
        attend = np.broadcast_to(mask[:, None], weights.shape)
        hidden = np.where(attend, 0, weights).sum(axis=2)
        need(
            hidden.max() < 1e-6,
            f"A query gives {hidden.max():.2g} of its weight to keys that are padding. "
            "Which axis of the weights is the mask about?",
        )
        total = weights.sum(axis=2)
        need(
            np.allclose(total, 1, atol=1e-3),
            f"Padding gets nothing, but the weights of a query add up to {total.min():.2f}.",
        )
        scores = query @ np.swapaxes(key, 1, 2)
        spread = {"1": 1, "8": 8, "the width": width}
        for name, divisor in spread.items():
            right = np.isclose(divisor, width**0.5)
            same = np.allclose(weights, softmax(np.where(attend, scores / divisor, -1e9), 2), atol=1e-4)
            need(
                right or not same,
                f"With a width of {width} the scores are divided by {name}. By what should they be?",
            )
        scaled = np.where(attend, scores / width**0.5, -1e9)
        need(
            np.allclose(weights, softmax(scaled, 2), atol=1e-4),
            "Each query adds up to 1 and padding is hidden, but the weights are not the softmax of the "
            f"scaled scores, with a width of {width}.",
        )
    return "Each query shares 1 among the real keys, equally soft at any width."


def rows_within_reach(answer):
    """Exercise 4: a function from an alignment to which output steps a causal layer can get right."""
    for task, steps, shift in (("reverse", 16, 1), ("reverse", 7, 1), ("shift", 16, 3)):
        _, _, alignment = data.get_data_sequence(1, steps, task, shift=shift, seed=0)
        within = numbers("The answer", call(answer, alignment), (steps,))
        need(np.isin(within, [0, 1]).all(), "The answer must hold True or False for each output step.")
        wrong = np.flatnonzero((within == 1) != (alignment <= np.arange(steps)))
        if len(wrong):
            step = wrong[0]
            raise NotYet(
                f"{task.capitalize()} with {steps} steps: output step {step} needs input step "
                f"{alignment[step]}, and you say that it can {'' if within[step] else 'not '}be right. "
                f"Which steps may step {step} look at?",
            )
    return "A causal layer can hand over what is behind a step, and the step itself."


CHECKERS = (
    sizes,
    order_of_inputs,
    repaired_weights,
    rows_within_reach,
)
