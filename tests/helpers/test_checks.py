"""The errors all helpers share, and the examples in their docstrings."""

import doctest
import importlib

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import checks


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-50, 50))
def test_integer_takes_its_range_and_nothing_else(value, low, high):
    if low <= value <= high:
        assert checks.integer("size", value, low, high) == value
    else:
        with pytest.raises(ValueError, match=f"size must be from {low} to {high}, got {value}"):
            checks.integer("size", value, low, high)


def test_integer_takes_numpy_integers_and_returns_plain_ones():
    assert type(checks.integer("size", np.int64(3))) is int


@pytest.mark.parametrize("value", [True, np.True_, 2.0, "2", None, [2]])
def test_integer_takes_no_other_type(value):
    with pytest.raises(TypeError, match="size must be an integer, got"):
        checks.integer("size", value)


def test_boolean_takes_numpy_booleans_and_returns_plain_ones():
    assert checks.boolean("flag", np.True_) is True


@pytest.mark.parametrize("value", [0, 1, "yes", None])
def test_boolean_takes_no_other_type(value):
    with pytest.raises(TypeError, match="flag must be True or False, got"):
        checks.boolean("flag", value)


def test_choice_takes_the_allowed_strings_and_names_them():
    assert checks.choice("place", "before", ("before", "after")) == "before"
    with pytest.raises(ValueError, match=r"^place must be one of before, after; got 'between'$"):
        checks.choice("place", "between", ("before", "after"))
    with pytest.raises(TypeError, match=r"^place must be a string, got \['before'\]$"):
        checks.choice("place", ["before"], ("before", "after"))


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("weights", TypeError, "array of numbers, got str"),
        ([[1, 2], [3]], TypeError, "array of numbers, got list"),
        ({"a": 1}, TypeError, "array of numbers, got dict"),
        ([1.0, np.nan, np.inf], ValueError, "must be finite, got 2 NaN or infinite"),
        ([], ValueError, "must not be empty, got shape"),
        ([[1.0]], ValueError, r"must have 1 dimension\(s\), got shape \(1, 1\)"),
    ],
)
def test_finite_array_says_what_is_wrong(value, error, message):
    with pytest.raises(error, match=f"values .*{message}" if message[0] == "a" else f"values {message}"):
        checks.finite_array("values", value, (1,))


def test_finite_array_keeps_integers():
    assert checks.finite_array("values", [1, 2]).dtype.kind == "i"


def test_same_length_lists_the_lengths():
    checks.same_length("x and y", [np.zeros((3, 2)), np.zeros(3)])
    with pytest.raises(ValueError, match=r"x and y must have equal numbers of samples, got \[2, 3\]"):
        checks.same_length("x and y", [np.zeros(3), np.zeros(2)])


@pytest.fixture(scope="module")
def two_inputs():
    # The names are in another order than the inputs, as a sorted dict would have them wrong.
    inputs = [keras.Input((2,), name="beta"), keras.Input((2,), name="alpha", dtype="int32")]
    return keras.Model(inputs, keras.layers.Concatenate()(inputs))


def test_model_inputs_come_in_the_models_order_and_types(two_inputs):
    beta, alpha = np.zeros((3, 2)), np.ones((3, 2))
    for value in ([beta, alpha], (beta, alpha), {"alpha": alpha, "beta": beta}):
        arrays = checks.model_inputs("x", two_inputs, value)
        assert [float(array.sum()) for array in arrays] == [0, 6]
        assert [array.dtype.name for array in arrays] == ["float32", "int32"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros((3, 2)), r"x must be 2 array\(s\), got 1"),
        ([np.zeros((3, 2))] * 3, r"x must be 2 array\(s\), got 3"),
        (
            {"alpha": np.zeros((3, 2)), "gamma": np.zeros((3, 2))},
            "x must have the keys beta, alpha; got alpha, gamma",
        ),
        ([np.zeros((3, 2)), np.zeros((4, 2))], r"x must have equal numbers of samples, got \[3, 4\]"),
        ([np.zeros((3, 2)), np.zeros((3, 5))], r"x must have shape \(None, 2\), got \(3, 5\)"),
        ([np.zeros((3, 2)), np.zeros(3)], r"x must have shape \(None, 2\), got \(3,\)"),
    ],
)
def test_model_inputs_that_do_not_fit(two_inputs, value, message):
    with pytest.raises(ValueError, match=message):
        checks.model_inputs("x", two_inputs, value)


@pytest.mark.parametrize("module", ["data", "plots.tokens", "training", "workers"])
def test_docstring_examples_hold(module):
    outcome = doctest.testmod(importlib.import_module(f"helpers.{module}"))
    assert outcome.attempted
    assert not outcome.failed
