"""Checks of the exercises on attention between two sequences."""

import keras
import numpy as np

from helpers import text
from helpers.exercises.answers import call, need, numbers, softmax


def costs_of_scores(answer):
    """Exercise 1: a function from the sizes of query, state and common space to the three scores' parameters."""
    for query, dim, units in ((32, 32, 32), (8, 6, 5)):
        dot, general, additive = numbers("The answer", call(answer, query, dim, units), (3,))
        sizes = f"For queries of {query}, states of {dim} and {units} units you say"
        need(dot == 0, f"{sizes} {dot:,g} for dot. What would it train?")
        need(
            general == query * dim,
            f"{sizes} {general:,g} for general. Which shape has a matrix that turns a query into something "
            "to be multiplied with a state?",
        )
        need(
            additive != (query + dim) * units,
            f"{sizes} {additive:,g} for additive. The tanh has {units} numbers; what makes one score of them?",
        )
        need(
            additive == (query + dim + 1) * units,
            f"{sizes} {additive:,g} for additive. Which parts has it, and what is the shape of each?",
        )
    return "Only additive knows the common space, and it costs twice a matrix."


def training_pair(answer):
    """Exercise 2: a function from encoded targets, start in front, to what the decoder sees and what it writes."""
    generator = np.random.default_rng(0)
    batch, steps = 3, 6
    y = generator.integers(3, 13, (batch, steps))
    y[:, 0], y[:, -1] = text.START, text.END
    y[1, -2:] = text.END, text.PADDING
    pair = call(answer, y)
    need(isinstance(pair, (tuple, list)) and len(pair) == 2, "The function must return two arrays.")
    seen, written = (
        numbers(name, part) for name, part in zip(("The decoder's input", "The target"), pair, strict=True)
    )
    need(
        seen.shape == written.shape,
        f"The decoder's input has shape {seen.shape}, the target {written.shape}. At each step it sees "
        "one symbol and writes one.",
    )
    need(
        not np.array_equal(seen, written),
        "At each step the decoder sees the very symbol that it should write. What would it learn?",
    )
    need(
        len(seen) == batch and seen.ndim == 2,
        f"Both must have shape ({batch}, …): a row for each sample; got {seen.shape}.",
    )
    need(
        (written != text.START).all(),
        "Somewhere in the target is the start symbol. Should the decoder ever write it?",
    )
    need(
        (seen[:, 0] == text.START).all(),
        f"At the first step the decoder sees {seen[0, 0]:g}. What has been written before the first symbol?",
    )
    need(
        np.array_equal(seen[:, 1:], written[:, :-1]),
        "At some step the decoder does not see the symbol that stands before the one to write.",
    )
    need(np.array_equal(written, y[:, 1:]), "The target must be all of the symbols after the start.")
    return "At each step the decoder sees what comes before, and never what it should write."


def cross_attention(answer):
    """Exercise 3: a function from query, states and two masks to context and weights, over the right axis."""
    generator = np.random.default_rng(0)
    # As many outputs as inputs: there the masks can change places without an error.
    batch, outputs, inputs, dim = 2, 5, 5, 3
    query = generator.normal(size=(batch, outputs, dim)).astype("float32")
    states = generator.normal(size=(batch, inputs, dim)).astype("float32")
    source = np.arange(inputs) < np.linspace(2, inputs, batch).astype(int)[:, None]
    target = np.arange(outputs) < np.linspace(outputs, 2, batch).astype(int)[:, None]
    pair = call(answer, query, states, source, target)
    need(
        isinstance(pair, (tuple, list)) and len(pair) == 2,
        "The function must return context and weights.",
    )
    weights = numbers("weights", pair[1])
    need(
        weights.shape == (batch, outputs, inputs),
        f"weights must have shape {(batch, outputs, inputs)}, (batch, outputs, inputs); got {weights.shape}.",
    )
    every = weights[-1].sum(axis=0)  # the last source has no padding
    need(
        not np.allclose(every, 1, atol=1e-3) and not np.allclose(weights.sum(axis=1), 1, atol=1e-3),
        "The outputs share each input out among them: what all give to one input adds up to 1. "
        "Who should compete with whom?",
    )
    attend = np.broadcast_to(source[:, None], weights.shape)
    real = np.broadcast_to(target[:, :, None], weights.shape)
    hidden = np.where(attend | ~real, 0, weights).sum(axis=2).max()
    need(
        hidden < 1e-6,
        f"An output gives {hidden:.2f} of its weight to padding of the source. Whose mask hides the inputs?",
    )
    sums = weights.sum(axis=2)[target]
    need(np.allclose(sums, 1, atol=1e-3), f"The weights of a real output add up to {sums.min():.2f}.")
    right = softmax(np.where(attend, query @ np.swapaxes(states, 1, 2), -1e9), 2)
    need(
        np.allclose(weights[target], right[target], atol=1e-4),
        "No padding has a weight, but the weights are not the softmax of the scores.",
    )
    context = numbers("context", pair[0], query.shape)
    need(
        np.allclose(context[target], (right @ states)[target], atol=1e-4),
        "The weights are right, but the context is not the weighted sum of the states.",
    )
    return "Each output shares 1 among the real inputs."


def bahdanau(answer):
    """Exercise 4: a function from three sizes to a model from query and states to Bahdanau's context."""
    generator = np.random.default_rng(0)
    # Every weight has a shape of its own, so that it can be told what it is for.
    for query_dim, dim, units in ((4, 6, 6), (7, 3, 5)):
        model = call(answer, query_dim, dim, units)
        is_model = isinstance(model, keras.Model)
        need(is_model, f"The function must return a Keras model, not {type(model).__name__}.")
        query = generator.normal(size=(2, 5, query_dim)).astype("float32")
        states = generator.normal(size=(2, 8, dim)).astype("float32")
        context = numbers("The context", call(model, [query, states]), (2, 5, dim))
        need(
            np.allclose(context, call(model, [query, states]), atol=1e-5),
            "The same query and states give another context each time. What is made anew at every call?",
        )
        wanted = [(query_dim, units), (dim, units), (units,)]
        shapes = [tuple(weight.shape) for weight in model.trainable_weights]
        need(
            sorted(shapes) == sorted(wanted),
            f"For queries of {query_dim}, states of {dim} and {units} units the model trains "
            f"{len(shapes)} weight(s), of shape {' and '.join(map(str, shapes)) or 'none'}. "
            "Which weights has the score in the chapter's equation?",
        )
        values = [generator.normal(size=shape).astype("float32") for shape in wanted]
        for weight in model.trainable_weights:
            weight.assign(values[wanted.index(tuple(weight.shape))])
        in_query, in_states, v = values
        keys = states @ in_states
        summed = (query @ in_query)[:, :, None] + keys[:, None]
        weights = softmax(np.tanh(summed) @ v, 2)
        context = numbers("The context", call(model, [query, states]), (2, 5, dim))
        need(
            dim != units or not np.allclose(context, weights @ keys, atol=1e-3),
            "The weights are right, but what is summed is the projected states.",
        )
        need(
            np.allclose(context, weights @ states, atol=1e-3),
            "The weights are of the right shapes, but the context is not that of the chapter's equation.",
        )
    return "Query and states have a kernel each, and v makes one score of their sum."


def share_on_symbol(answer):
    """Exercise 5: a function from weights, input and output to how often the largest weight is on the symbol."""
    generator = np.random.default_rng(0)
    batch, outputs, inputs = 3, 4, 6
    x = generator.integers(3, 7, (batch, inputs))  # few symbols, so that some stand there twice
    y = generator.integers(3, 7, (batch, outputs))
    weights = softmax(2 * generator.normal(size=(batch, outputs, inputs)), 2)
    said = numbers("The share", call(answer, weights, x, y), ())
    holds = x[:, None] == y[:, :, None]  # (sample, output, input)
    hit = np.take_along_axis(holds, weights.argmax(axis=2)[:, :, None], axis=2)
    mistakes = {
        "That is the weight on the symbol. How often does it have the *largest* weight?": (
            (weights * holds).sum(axis=2).mean()
        ),
        "A symbol may stand in the input twice. Either place holds it.": (
            (weights.argmax(axis=2) == holds.argmax(axis=2)).mean()
        ),
        "That is a number of rows, not a share.": hit.sum(),
    }
    for mistake, wrong in mistakes.items():
        need(np.isclose(said, hit.mean()) or not np.isclose(said, wrong), f"You say {said:.2f}. {mistake}")
    need(
        np.isclose(said, hit.mean()),
        f"In {hit.sum()} of {hit.size} rows the step with the largest weight holds the symbol that is "
        f"written; you say {said:.2f}. Which symbol stands at the step that a row looks at?",
    )
    return "It asks what stands where the model looks, not where that is."


CHECKERS = (
    costs_of_scores,
    training_pair,
    cross_attention,
    bahdanau,
    share_on_symbol,
)
