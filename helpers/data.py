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
        ValueError: a size below 1, or `attention_column` outside `input_dim`.

    >>> x, y = get_data(2, 3, attention_column=1, seed=0)
    >>> x.shape, bool((x[:, 1] == y[:, 0]).all())
    ((2, 3), True)
    """
    num_samples = checks.integer("num_samples", num_samples)
    input_dim = checks.integer("input_dim", input_dim)
    attention_column = checks.integer("attention_column", attention_column, 0, input_dim - 1)
    signed = checks.boolean("signed", signed)
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
        ValueError: a size below 1, or `attention_step` outside `time_steps`.

    >>> x, y = get_data_recurrent(2, 20, 3, attention_step=10, seed=0)
    >>> x.shape, bool((x[:, 10] == y).all())
    ((2, 20, 3), True)
    """
    num_samples = checks.integer("num_samples", num_samples)
    time_steps = checks.integer("time_steps", time_steps)
    input_dim = checks.integer("input_dim", input_dim)
    attention_step = checks.integer("attention_step", attention_step, 0, time_steps - 1)
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
        ValueError: a size below 1, no step at all, or one outside `time_steps`.

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
        ValueError: a size below 1, a shift below 0, or a task that is none of these.

    >>> x, y, alignment = get_data_sequence(1, 4, "reverse", seed=0)
    >>> alignment.tolist(), bool((y == x[:, ::-1]).all())
    ([3, 2, 1, 0], True)
    """
    num_samples = checks.integer("num_samples", num_samples)
    time_steps = checks.integer("time_steps", time_steps)
    task = checks.choice("task", task, _ALIGNMENTS)
    num_symbols = checks.integer("num_symbols", num_symbols, 1, 2**31 - 1)
    shift = checks.integer("shift", shift, 0) % time_steps
    generator = np.random.default_rng(checks.integer("seed", seed, 0))

    output_steps = (time_steps + 1) // 2 if task == "every_second" else time_steps
    alignment = _ALIGNMENTS[task](np.arange(output_steps, dtype="int32"), time_steps, shift)
    x = generator.integers(0, num_symbols, (num_samples, time_steps), dtype="int32")
    return x, np.take(x, alignment, axis=1), alignment
