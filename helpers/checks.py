"""Errors that name the argument, what came, and what is allowed."""

import contextlib
import functools
import math
import numbers

import keras
import numpy as np
from keras.src.utils import backend_utils


def tensorflow(module):
    """Raise ImportError unless Keras computes with TensorFlow, which `module` needs."""
    if keras.backend.backend() != "tensorflow":
        raise ImportError(
            f"{module} needs Keras on TensorFlow, not on {keras.backend.backend()}: set the environment variable "
            "KERAS_BACKEND to tensorflow before keras is first imported"
        )


def integer(name, value, low=1, high=None):
    """Return `value` as an int, or raise if it is none or lies outside `low`…`high` (inclusive).

    Raises:
        TypeError: `value` is not an integer (a bool is not one here).
        ValueError: `value` is out of range.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if value < low or (high is not None and value > high):
        allowed = f"at least {low}" if high is None else f"from {low} to {high}"
        raise ValueError(f"{name} must be {allowed}, got {value}")
    return int(value)


LARGEST = 2**28  # numbers in one array: 1 GB of float32


def sizes(**named):
    """Raise ValueError where an array of these sizes, each checked by itself, is too large for a lesson."""
    if math.prod(named.values()) > LARGEST:
        raise ValueError(
            f"{' × '.join(named)} must be at most {LARGEST}, got {' × '.join(map(str, named.values()))}"
        )


def boolean(name, value):
    """Return `value` as a bool, or raise TypeError."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def name_of(function):
    """Return what a function is called, or what it is where it has no name: a partial's function, an object's class."""
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__name__", type(function).__name__).strip("<>")


def text(name, value):
    """Return `value` if it is a string, or raise TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, got {value!r}")
    return value


def choice(name, value, allowed):
    """Return `value` if it is one of the strings `allowed`, or raise.

    Raises:
        TypeError: `value` is not a string.
        ValueError: it is none of them.
    """
    if text(name, value) not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {value!r}")
    return value


def dictionary(name, value):
    """Return `value` if it is a dict with strings as keys, and not empty, or raise TypeError."""
    if not isinstance(value, dict) or not value or not all(isinstance(key, str) for key in value):
        raise TypeError(f"{name} must be a dict with strings as keys, not empty, got {value!r}")
    return value


def finite_array(name, value, dimensions=None):
    """Return `value` as a float array, or raise if it holds NaN or infinity or has the wrong rank.

    Args:
        name: how the caller calls the argument.
        value: anything NumPy can make an array of.
        dimensions: the numbers of dimensions allowed, such as (1, 2); None allows any.

    Raises:
        TypeError: `value` is not numeric.
        ValueError: a NaN or an infinity, no element, or another number of dimensions.
    """
    try:
        array = np.asarray(value)
        # NumPy calls the small floats of machine learning, such as bfloat16, void.
        if value is None or array.dtype.kind not in "biufOV":
            raise TypeError(f"dtype {array.dtype}")
        if array.dtype.kind in "OV":
            array = array.astype("float64")
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(f"{name} must be an array of numbers, got {type(value).__name__}") from error
    if dimensions is not None and array.ndim not in dimensions:
        allowed = " or ".join(str(number) for number in dimensions)
        raise ValueError(f"{name} must have {allowed} dimension(s), got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    if not np.isfinite(array).all():
        wrong = np.argwhere(~np.isfinite(array))
        where = f", the first in row {wrong[0, 0]}" if array.ndim else ""
        raise ValueError(f"{name} must be finite, got {len(wrong)} NaN or infinite value(s){where}")
    return array


def is_graph(model):
    """Say whether `model` is a Functional or Sequential one, whose layers can be looked at."""
    return isinstance(model, keras.Sequential) or hasattr(model, "_run_through_graph")


def functional(model):
    """Return `model`, or of a Sequential one the Functional model inside it.

    Raises:
        TypeError: `model` is no Functional or Sequential model.
        ValueError: a Sequential model that does not know its input yet.
    """
    if not is_graph(model):
        raise TypeError(f"model must be a Functional or Sequential keras.Model, got {type(model).__name__}")
    if not model.built:
        raise ValueError(f"model {model.name!r} is not built yet: give it an Input or call it once")
    return model._functional if isinstance(model, keras.Sequential) else model


def built(model):
    """Return `model` if it is a Keras model whose weights are there.

    Raises:
        TypeError: `model` is no Keras model.
        ValueError: a model that has not met an input yet.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(f"model must be a keras.Model, got {type(model).__name__}")
    if not model.built:
        raise ValueError(f"model {model.name!r} is not built yet: give it an Input or call it once")
    return model


def arrays(name, value, model):
    """Return the inputs of any model, of any structure, as `predict` hands them on.

    Args:
        name: how the caller calls the argument.
        value: an array (num_samples, …), also of texts; or lists, tuples and dicts of arrays, at any
            depth, with None for an input that is left out.
        model: the model they are for.

    Returns:
        The same structure of arrays, with tuples for lists and floats as Keras's own.

    Raises:
        TypeError: an array is neither numbers nor texts.
        ValueError: none or too many arrays, unequal numbers of samples, or NaN.
    """
    structure = _arrays(name, value)
    leaves = [array for array in keras.tree.flatten(structure) if array is not None]
    if not leaves:
        raise ValueError(f"{name} must hold an array, got none")
    # Of too many arrays Keras would take the first ones.
    if not isinstance(structure, dict) and 0 < len(_shapes(model)) < len(leaves):
        raise ValueError(misfit(name, structure, model))
    same_length(name, leaves)
    return structure


def misfit(name, structure, model):
    """Say how the shapes of arrays differ from those a model was made for; None where they do not."""
    wanted = _shapes(model)
    got = [array.shape for array in keras.tree.flatten(structure) if array is not None]
    if not wanted or (len(got) == len(wanted) and all(map(_fits, wanted, got))):
        return None
    return f"{name} must have shape {', '.join(map(str, wanted))}, got {', '.join(map(str, got))}"


def _shapes(model):
    # The number of samples it met first is no demand.
    return [(None, *tensor.shape[1:]) for tensor in getattr(model, "inputs", None) or ()]


def _fits(wanted, got):
    return len(wanted) == len(got) and all(
        size in (None, there) for size, there in zip(wanted, got, strict=True)
    )


def _arrays(name, value):
    if isinstance(value, dict):
        return {key: _arrays(f"{name}[{key!r}]", part) for key, part in value.items()}
    if _holds_arrays(value):
        return tuple(_arrays(f"{name}[{number}]", part) for number, part in enumerate(value))
    if value is None:
        return None
    if _are_texts(value):
        return np.asarray(value, dtype=object)
    array = finite_array(name, value)
    return array.astype(keras.config.floatx()) if keras.backend.is_float_dtype(array.dtype.name) else array


def _holds_arrays(value):
    """Tell a list or tuple of inputs from one input, written as lists of numbers."""
    return isinstance(value, (list, tuple)) and any(
        part is None or isinstance(part, dict) or getattr(part, "ndim", 0) or _holds_arrays(part)
        for part in value
    )


def _are_texts(value):
    texts = np.asarray(value, dtype=object)
    return texts.ndim > 0 and texts.size > 0 and all(isinstance(text, (str, bytes)) for text in texts.flat)


def as_in_graph():
    """Return a scope in which Keras's layers for images compute as in `predict`, in the dtype they do there."""
    return backend_utils.TFGraphScope()


@contextlib.contextmanager
def kept_masks(structure):
    """Give tensors back the masks they came with: a layer may take them off."""
    masks = [(tensor, getattr(tensor, "_keras_mask", None)) for tensor in keras.tree.flatten(structure)]
    yield
    for tensor, mask in masks:
        if mask is not None:
            tensor._keras_mask = mask


def _holds_one(value, tensor):
    """Tell whether a list holds one array for `tensor`, and is not that array itself, written as a list."""
    return len(value) == 1 and getattr(value[0], "ndim", 0) == len(tensor.shape)


def model_inputs(name, model, value):
    """Return the inputs of a Keras model as a list of arrays, in the order of `model.inputs`.

    Args:
        name: how the caller calls the argument.
        model: a Functional model.
        value: an array, also in a list or tuple; for several inputs a list, tuple or dict of arrays.

    Raises:
        TypeError: an input is not numeric.
        ValueError: another number of inputs, another shape, unequal numbers of samples, NaN.
    """
    tensors = model.inputs
    if isinstance(value, dict):
        # As Keras reads a dict: by the model's own keys, or else by the names of its inputs.
        keys = sorted(model.input) if isinstance(model.input, dict) else [tensor.name for tensor in tensors]
        if set(value) != set(keys):
            raise ValueError(f"{name} must have the keys {', '.join(keys)}; got {', '.join(map(str, value))}")
        arrays = [value[key] for key in keys]
    else:
        several = isinstance(value, (list, tuple)) and (len(tensors) > 1 or _holds_one(value, tensors[0]))
        arrays = list(value) if several else [value]
    if len(arrays) != len(tensors):
        raise ValueError(f"{name} must be {len(tensors)} array(s), got {len(arrays)}")
    arrays = [finite_array(name, array) for array in arrays]
    for tensor, array in zip(tensors, arrays, strict=True):
        fits = array.ndim == len(tensor.shape) and all(
            wanted in (None, got) for wanted, got in zip(tensor.shape, array.shape, strict=True)
        )
        if not fits:
            raise ValueError(f"{name} must have shape {tensor.shape}, got {array.shape}")
    same_length(name, arrays)
    return [array.astype(tensor.dtype) for tensor, array in zip(tensors, arrays, strict=True)]


def same_length(name, arrays):
    """Raise ValueError unless all arrays hold samples, and equally many."""
    if not all(array.ndim for array in arrays):
        raise ValueError(f"{name} must hold samples, got a single number")
    lengths = sorted({len(array) for array in arrays})
    if len(lengths) > 1:
        raise ValueError(f"{name} must have equal numbers of samples, got {lengths}")
