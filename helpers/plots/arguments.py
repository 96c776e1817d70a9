"""What the pictures are given, checked: errors name the argument, what came, and what is allowed."""

import numpy as np

from helpers import checks


def weights(name, value, dimensions):
    """Return `value` as an array of numbers ≥ 0."""
    weights = checks.finite_array(name, value, dimensions).astype("float64")
    if weights.min() < 0:
        raise ValueError(f"{name} must not be below 0, got {weights.min():g}")
    return weights


def scale(top, weights):
    """Return the weight with the full colour: `top`, or the largest of several arrays where that is larger."""
    top = float(checks.finite_array("top", top, (0,)))
    if top <= 0:
        raise ValueError(f"top must be above 0, got {top:g}")
    return max(top, *(float(array.max()) for array in weights))


def titled(panels):
    """Return a dict from titles to panels; a single panel has no title."""
    return checks.dictionary("panels", panels if isinstance(panels, dict) else {"": panels})


def panels(panels, dimensions, least=-np.inf):
    """Return the panels as arrays (seeds, n) with one n for all, and no number below `least`."""
    panels = {
        title: np.atleast_2d(checks.finite_array("panels", values, dimensions)).astype("float64")
        for title, values in panels.items()
    }
    lengths = sorted({values.shape[1] for values in panels.values()})
    if len(lengths) != 1:
        raise ValueError(f"panels must hold equal numbers of values, got {lengths}")
    lowest = min(values.min() for values in panels.values())
    if lowest < least:
        raise ValueError(f"panels must not be below {least}, got {lowest:g}")
    return panels


def equal_keys(demand, dicts):
    """Return the keys of the first of several dicts, in their order, or raise unless all have them."""
    keys = list(next(iter(dicts.values())))
    if any(one.keys() != set(keys) for one in dicts.values()):
        raise ValueError(f"{demand}, got {[list(one) for one in dicts.values()]}")
    return keys


def indices(name, value, count):
    """Return `value` as an array (n,) of integers from 0 to `count` - 1."""
    indices = checks.finite_array(name, value, (1,))
    if indices.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers, got {indices.dtype}")
    if indices.min() < 0 or indices.max() >= count:
        raise ValueError(f"{name} must be from 0 to {count - 1}, got {indices.min()} to {indices.max()}")
    return indices


def points(name, value):
    """Return the pairs of a dict from numbers to numbers, sorted, as an array (n, 2)."""
    if not isinstance(value, dict):
        raise TypeError(f"{name} must be a dict from numbers to numbers, got {value!r}")
    points = checks.finite_array(name, list(value.items()))
    return points[np.argsort(points[:, 0], kind="stable")]


def losses(name, value):
    """Return a training's losses, which may end in infinity or NaN."""
    try:
        losses = np.asarray(value, dtype="float64")
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(f"{name} must be one number an epoch, got {value!r}") from error
    if losses.ndim != 1 or not losses.size:
        raise ValueError(f"{name} must be one number an epoch, got shape {losses.shape}")
    return losses
