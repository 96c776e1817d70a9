"""How checkers read an answer, and how they say what is wrong with it."""

import warnings

import keras
import numpy as np

from helpers import checks


class NotYet(Exception):
    """An answer is not right. The message tells the reader why, without the solution."""


def need(condition, message):
    """Raise NotYet with `message` unless `condition` holds."""
    if not condition:
        raise NotYet(message)


def attempt(function, *arguments):
    """Return what the reader's `function` returns; whatever it raises becomes a NotYet.

    Overflow and warnings are silent here: the numbers that come of it are judged, and say more.
    """
    need(callable(function), f"The answer must be a function; this is {_short(function)}.")
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*arguments)
    except Exception as error:
        raised = f"{_name(function)} raised {type(error).__name__}: {_short(error, str)}"
        raise NotYet(raised) from error


def call(function, *arguments):
    """Return what the reader's `function` returns, like `attempt`; None becomes a NotYet too."""
    result = attempt(function, *arguments)
    need(result is not None, f"{_name(function)} gives back None. Does it end with a return?")
    return result


def numbers(name, value, shape=None):
    """Return `value` as an array of finite numbers, of `shape` if one is given, or raise NotYet."""
    try:
        array = checks.finite_array(name, value)
    except (TypeError, ValueError) as error:
        raise NotYet(f"{error}.") from error
    need(shape in (None, array.shape), f"{name} must have shape {shape}, got {array.shape}.")
    return array


def samples_of(function, x_shape, y_shape):
    """Return `(x, y)`, 2,000 samples of a data function that the reader wrote, new ones for each seed.

    Args:
        function: called as `function(2000, seed)`, returns x and y.
        x_shape: the shape of one sample of `x`.
        y_shape: that of one of `y`.
    """
    pairs = []
    for seed in (0, 1):
        pair = call(function, 2_000, seed)
        is_pair = isinstance(pair, (tuple, list)) and len(pair) == 2
        need(is_pair, f"The function must return x and y; it returns {_short(pair)}.")
        x, y = numbers("x", pair[0], (2_000, *x_shape)), numbers("y", pair[1], (2_000, *y_shape))
        pairs.append((x, y))
    (x, y), (other, _) = pairs
    need(not np.array_equal(x, other), "Two seeds give the same x: the seed is not used.")
    return x, y


def samples(function, x_shape):
    """Return `(x, y)` like `samples_of`, with one 0 or 1 a sample in `y`, both frequent."""
    x, y = samples_of(function, x_shape, (1,))
    need(np.isin(y, [0, 1]).all(), "y must hold 0 and 1 and nothing else.")
    need(abs(y.mean() - 0.5) < 0.1, f"y is 1 in {y.mean():.0%} of the samples; it should be about half.")
    return x, y


def need_noise(name, values, y):
    """Raise NotYet unless columns vary, and tell nothing of the target or of each other.

    Args:
        name: what the columns are, as in "The other 30 columns".
        values: an array (samples, columns).
        y: the target, (samples, 1).
    """
    need((values.std(axis=0) > 0.5).all(), f"{name} should hold noise; some hardly vary.")
    # A target can shift a column, or spread it.
    told = [_correlations(np.hstack([each, y]))[:-1, -1].max() for each in (values, abs(values))]
    need(max(told) < 0.2, f"{name} should hold noise; from some of it you can guess y.")
    need(_correlations(values).max() < 0.2, f"{name} should hold noise; some of it depends on the rest.")


def _correlations(columns):
    """Return the absolute correlation of each column with each other one; 0 with itself, or where one is constant."""
    with np.errstate(invalid="ignore", divide="ignore"):
        correlations = np.nan_to_num(abs(np.corrcoef(columns.T)))
    np.fill_diagonal(correlations, 0)
    return correlations


def model_of(function, shape):
    """Return a Keras model of the layers that the reader's `function` puts on an Input of `shape`."""
    inputs = keras.Input(shape)
    outputs = call(function, inputs)
    is_tensor = isinstance(outputs, keras.KerasTensor)
    need(is_tensor, f"The function must return what its last layer puts out; it returns {_short(outputs)}.")
    return keras.Model(inputs, outputs)


def softmax(scores, axis):
    """Return the softmax of an array along `axis`."""
    exponentials = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


def _name(function):
    return getattr(function, "__name__", "The function")


def _short(value, form=repr):
    line = form(value).partition("\n")[0]
    return line if len(line) <= 100 else f"{line[:100]}…"
