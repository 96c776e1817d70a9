"""Tasks whose right attention is known before any training."""

import numpy as np

from helpers import checks


def get_data(num_samples, input_dim, attention_column=1, *, signed=False, seed):
    """Make samples of noise in which one column holds the target.

    The task of the two oldest Keras attention listings: a model that attends to
    `attention_column` has all it needs, and no other column says anything.

    Args:
        num_samples: how many samples, at least 1.
        input_dim: how many columns, at least 1.
        attention_column: the column that holds the target, 0 … input_dim − 1.
        signed: write the target into `x` as −1 or +1 instead of 0 or 1. `y` stays 0 or 1.
        seed: an integer ≥ 0; the same seed gives the same data.

    Returns:
        `x`: float32 (num_samples, input_dim), standard normal but for the column.
        `y`: float32 (num_samples, 1), 0 or 1 with equal chance.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: a size below 1 or too large, or `attention_column` outside `input_dim`.

    >>> x, y = get_data(2, 3, attention_column=1, seed=0)
    >>> x.shape, bool((x[:, 1] == y[:, 0]).all())
    ((2, 3), True)
    """
    num_samples = checks.integer("num_samples", num_samples)
    input_dim = checks.integer("input_dim", input_dim)
    attention_column = checks.integer("attention_column", attention_column, 0, input_dim - 1)
    signed = checks.boolean("signed", signed)
    checks.sizes(num_samples=num_samples, input_dim=input_dim)
    generator = np.random.default_rng(checks.integer("seed", seed, 0))

    x = generator.standard_normal((num_samples, input_dim), dtype="float32")
    y = generator.integers(0, 2, (num_samples, 1)).astype("float32")
    x[:, attention_column] = 2 * y[:, 0] - 1 if signed else y[:, 0]
    return x, y


def get_data_recurrent(num_samples, time_steps, input_dim, attention_step=10, *, seed):
    """Make sequences of noise in which one time step holds the target, in every dimension.

    Args:
        num_samples: how many samples, at least 1.
        time_steps: how many steps a sequence has, at least 1.
        input_dim: how many values a step has, at least 1.
        attention_step: the step that holds the target, 0 … time_steps − 1.
        seed: an integer ≥ 0; the same seed gives the same data.

    Returns:
        `x`: float32 (num_samples, time_steps, input_dim), standard normal but for the step.
        `y`: float32 (num_samples, 1), 0 or 1 with equal chance.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: a size below 1 or too large, or `attention_step` outside `time_steps`.

    >>> x, y = get_data_recurrent(2, 20, 3, attention_step=10, seed=0)
    >>> x.shape, bool((x[:, 10] == y).all())
    ((2, 20, 3), True)
    """
    num_samples = checks.integer("num_samples", num_samples)
    time_steps = checks.integer("time_steps", time_steps)
    input_dim = checks.integer("input_dim", input_dim)
    attention_step = checks.integer("attention_step", attention_step, 0, time_steps - 1)
    checks.sizes(num_samples=num_samples, time_steps=time_steps, input_dim=input_dim)
    generator = np.random.default_rng(checks.integer("seed", seed, 0))

    x = generator.standard_normal((num_samples, time_steps, input_dim), dtype="float32")
    y = generator.integers(0, 2, (num_samples, 1)).astype("float32")
    x[:, attention_step, :] = y
    return x, y


def get_data_per_dimension(num_samples, time_steps, attention_steps, *, seed):
    """Make sequences of noise in which each dimension holds one bit, at a step of its own.

    The target is 1 only if all bits are: it needs every dimension. Where it is 0, all the other
    combinations of bits are equally likely, so with two dimensions one bit alone is right in 5 of
    6 samples.

    Args:
        num_samples: how many samples, at least 1.
        time_steps: how many steps a sequence has, at least 1.
        attention_steps: the step of each dimension's bit, 0 … time_steps − 1; as many as dimensions.
        seed: an integer ≥ 0; the same seed gives the same data.

    Returns:
        `x`: float32 (num_samples, time_steps, dimensions), standard normal but for the bits.
        `y`: float32 (num_samples, 1), 0 or 1 with equal chance.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: a size below 1 or too large, no step at all, or one outside `time_steps`.

    >>> x, y = get_data_per_dimension(4, 20, [5, 15], seed=0)
    >>> x.shape, bool((x[:, 5, :1] * x[:, 15, 1:] == y).all())
    ((4, 20, 2), True)
    """
    num_samples = checks.integer("num_samples", num_samples)
    time_steps = checks.integer("time_steps", time_steps)
    if not isinstance(attention_steps, (list, tuple)):
        raise TypeError(f"attention_steps must be a list of integers, got {attention_steps!r}")
    if not 1 <= len(attention_steps) <= 32:
        raise ValueError(f"attention_steps must hold from 1 to 32 steps, got {len(attention_steps)}")
    steps = [checks.integer("attention_steps", step, 0, time_steps - 1) for step in attention_steps]
    checks.sizes(num_samples=num_samples, time_steps=time_steps, attention_steps=len(steps))
    generator = np.random.default_rng(checks.integer("seed", seed, 0))

    dimensions = np.arange(len(steps))
    x = generator.standard_normal((num_samples, time_steps, len(steps)), dtype="float32")
    y = generator.integers(0, 2, (num_samples, 1)).astype("float32")
    # All numbers but the largest, whose bits are all 1.
    not_all = generator.integers(0, 2 ** len(steps) - 1, (num_samples, 1)) >> dimensions & 1
    x[:, steps, dimensions] = np.where(y == 1, 1, not_all)
    return x, y


# The input step that output step t comes from.
_ALIGNMENTS = {
    "copy": lambda t, time_steps, shift: t,
    "reverse": lambda t, time_steps, shift: time_steps - 1 - t,
    "shift": lambda t, time_steps, shift: (t + shift) % time_steps,
    "every_second": lambda t, time_steps, shift: 2 * t,
}


def get_data_sequence(num_samples, time_steps, task="reverse", *, num_symbols=10, shift=1, seed):
    """Make sequences of symbols, and what a task turns them into, with the step that each output comes from.

    Args:
        num_samples: how many samples, at least 1.
        time_steps: how many steps an input has, at least 1.
        task: "copy"; "reverse"; "shift", output step t is input step t + `shift`, counted on from the start
            after the end; "every_second", output step t is input step 2t, so there are half as many, rounded up.
        num_symbols: how many different symbols there are, at least 1.
        shift: by how many steps the task "shift" looks ahead, at least 0. Other tasks do without it.
        seed: an integer ≥ 0; the same seed gives the same data.

    Returns:
        `x`: int32 (num_samples, time_steps), symbols 0 … num_symbols − 1, all equally likely.
        `y`: int32 (num_samples, output_steps), equal to `x[:, alignment]`.
        `alignment`: int32 (output_steps,), for each output step the input step it comes from.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: a size below 1 or too large, a shift below 0, or a task that is none of these.

    >>> x, y, alignment = get_data_sequence(1, 4, "reverse", seed=0)
    >>> alignment.tolist(), bool((y == x[:, ::-1]).all())
    ([3, 2, 1, 0], True)
    """
    num_samples = checks.integer("num_samples", num_samples)
    time_steps = checks.integer("time_steps", time_steps)
    task = checks.choice("task", task, _ALIGNMENTS)
    num_symbols = checks.integer("num_symbols", num_symbols, 1, 2**31 - 1)
    shift = checks.integer("shift", shift, 0) % time_steps
    checks.sizes(num_samples=num_samples, time_steps=time_steps)
    generator = np.random.default_rng(checks.integer("seed", seed, 0))

    output_steps = (time_steps + 1) // 2 if task == "every_second" else time_steps
    alignment = _ALIGNMENTS[task](np.arange(output_steps, dtype="int32"), time_steps, shift)
    x = generator.integers(0, num_symbols, (num_samples, time_steps), dtype="int32")
    return x, np.take(x, alignment, axis=1), alignment


KEYWORDS = 4  # tokens 1 … 4; 0 is padding
LEAST_LENGTH = 5


def get_data_keyword(num_samples, time_steps, max_length=None, *, num_distractors=26, padding="after", seed):
    """Make token sequences of different lengths, padded; one token, the keyword, is the class.

    Tokens: 0 is padding, 1 … 4 are keywords, 5 … 4 + num_distractors are distractors. Each sequence
    holds one keyword, at a random place, among distractors.

    Args:
        num_samples: how many samples, at least 1.
        time_steps: how many steps a padded sequence has, at least 5.
        max_length: the length of the longest sequences, 5 … time_steps; None for `time_steps`.
            All lengths from 5 on are equally likely.
        num_distractors: how many different distractors there are, at least 1.
        padding: "after" the sequence or "before" it. The sequences themselves are the same.
        seed: an integer ≥ 0; the same seed gives the same data.

    Returns:
        `tokens`: int32 (num_samples, time_steps).
        `y`: int32 (num_samples,), the class, keyword − 1.
        `positions`: int32 (num_samples,), the step that holds the keyword.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: a size too small or too large, `max_length` above `time_steps`, or another `padding`.

    >>> tokens, y, positions = get_data_keyword(2, 8, seed=0)
    >>> tokens.shape, bool((tokens[[0, 1], positions] == y + 1).all())
    ((2, 8), True)
    """
    num_samples = checks.integer("num_samples", num_samples)
    time_steps = checks.integer("time_steps", time_steps, LEAST_LENGTH)
    longest = time_steps if max_length is None else max_length
    longest = checks.integer("max_length", longest, LEAST_LENGTH, time_steps)
    num_distractors = checks.integer("num_distractors", num_distractors, 1, 2**31 - 1 - KEYWORDS)
    padding = checks.choice("padding", padding, ("after", "before"))
    checks.sizes(num_samples=num_samples, time_steps=time_steps)
    generator = np.random.default_rng(checks.integer("seed", seed, 0))

    lengths = generator.integers(LEAST_LENGTH, longest + 1, num_samples)
    y = generator.integers(0, KEYWORDS, num_samples, dtype="int32")
    positions = generator.integers(0, lengths, dtype="int32")
    first, last = KEYWORDS + 1, KEYWORDS + num_distractors
    tokens = generator.integers(first, last, (num_samples, time_steps), dtype="int32", endpoint=True)
    tokens[np.arange(num_samples), positions] = y + 1
    steps = np.arange(time_steps, dtype="int32")
    tokens[steps >= lengths[:, np.newaxis]] = 0
    if padding == "before":
        shifts = (time_steps - lengths).astype("int32")
        tokens = np.take_along_axis(tokens, (steps - shifts[:, np.newaxis]) % time_steps, axis=1)
        positions += shifts
    return tokens, y, positions


def get_data_addition(num_samples, time_steps, *, seed):
    """Make sequences of numbers of which two are marked; the target is the sum of these two.

    The adding problem of Hochreiter and Schmidhuber (1997), with values from 0 to 1. The two marked
    steps are any two different ones, and the target is their sum itself.

    Args:
        num_samples: how many samples, at least 1.
        time_steps: how many steps a sequence has, at least 2.
        seed: an integer ≥ 0; the same seed gives the same data.

    Returns:
        `x`: float32 (num_samples, time_steps, 2): values, uniform in [0, 1), and marks, 0 or 1.
        `y`: float32 (num_samples, 1), the sum of the two marked values.
        `positions`: int32 (num_samples, 2), the marked steps, the earlier one first.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: a size too small or too large.

    >>> x, y, positions = get_data_addition(2, 20, seed=0)
    >>> x.shape, bool(np.isclose((x[..., 0] * x[..., 1]).sum(axis=1), y[:, 0]).all())
    ((2, 20, 2), True)
    """
    num_samples = checks.integer("num_samples", num_samples)
    time_steps = checks.integer("time_steps", time_steps, 2)
    checks.sizes(num_samples=num_samples, time_steps=time_steps)
    generator = np.random.default_rng(checks.integer("seed", seed, 0))

    values = generator.random((num_samples, time_steps), dtype="float32")
    shuffled = generator.random((num_samples, time_steps)).argsort(axis=1)
    positions = np.sort(shuffled[:, :2]).astype("int32")
    marks = np.zeros_like(values)
    np.put_along_axis(marks, positions, 1, axis=1)
    y = np.take_along_axis(values, positions, axis=1).sum(axis=1, keepdims=True)
    return np.stack([values, marks], axis=-1), y, positions
