"""The tasks hold what they promise: the answer where it was put, and noise elsewhere."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data import get_data


@st.composite
def arguments(draw):
    input_dim = draw(st.integers(1, 40))
    return {
        "num_samples": draw(st.integers(1, 60)),
        "input_dim": input_dim,
        "attention_column": draw(st.integers(0, input_dim - 1)),
        "signed": draw(st.booleans()),
        "seed": draw(st.integers(0, 2**64)),
    }


@given(arguments())
def test_shapes_and_types(wanted):
    x, y = get_data(**wanted)
    assert x.shape == (wanted["num_samples"], wanted["input_dim"])
    assert y.shape == (wanted["num_samples"], 1)
    assert x.dtype == y.dtype == "float32"


@given(arguments())
def test_column_holds_the_answer(wanted):
    x, y = get_data(**wanted)
    target = 2 * y - 1 if wanted["signed"] else y
    np.testing.assert_array_equal(x[:, wanted["attention_column"]], target[:, 0])
    assert set(np.unique(y)) <= {0, 1}


def test_attention_column_is_1_unless_told():
    x, y = get_data(50, 3, seed=0)
    np.testing.assert_array_equal(x[:, 1], y[:, 0])


@pytest.mark.parametrize("signed", [False, True])
def test_other_columns_are_standard_normal(signed):
    # With 40,000 samples all these bounds lie five standard errors or more from the truth.
    x, _ = get_data(40_000, 4, attention_column=2, signed=signed, seed=3)
    noise = np.delete(x, 2, axis=1)
    np.testing.assert_allclose(noise.mean(axis=0), 0, atol=0.025)
    np.testing.assert_allclose(noise.std(axis=0), 1, atol=0.018)
    for limit, share in ((1, 0.6827), (2, 0.9545)):
        np.testing.assert_allclose((abs(noise) < limit).mean(axis=0), share, atol=0.012)


def test_columns_say_nothing_about_each_other_or_the_answer():
    x, _ = get_data(40_000, 4, seed=5)
    correlations = np.corrcoef(x, rowvar=False) - np.eye(4)
    assert abs(correlations).max() < 0.025


def test_answers_are_balanced():
    _, y = get_data(40_000, 2, seed=7)
    assert y.mean() == pytest.approx(0.5, abs=0.0125)


def test_signed_changes_the_column_alone():
    (plain, plain_y), (signed, signed_y) = (get_data(30, 5, 3, signed=s, seed=1) for s in (False, True))
    np.testing.assert_array_equal(plain_y, signed_y)
    np.testing.assert_array_equal(np.delete(plain, 3, axis=1), np.delete(signed, 3, axis=1))
    assert set(signed[:, 3]) == {-1, 1}


@given(arguments())
def test_same_seed_same_data(wanted):
    for first, second in zip(get_data(**wanted), get_data(**wanted), strict=True):
        np.testing.assert_array_equal(first, second)


@given(st.lists(st.integers(0, 2**64), min_size=2, max_size=2, unique=True))
def test_other_seed_other_data(seeds):
    (x, y), (other_x, other_y) = (get_data(64, 3, seed=seed) for seed in seeds)
    assert not np.isclose(x[:, 0], other_x[:, 0]).any()
    assert (y != other_y).any()


def test_global_random_states_are_left_alone():
    before = random.getstate(), np.random.get_state()[1].tolist()
    get_data(10, 3, seed=0)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


GOOD = {"num_samples": 5, "input_dim": 4, "attention_column": 1, "seed": 0}


def test_seed_must_be_given():
    with pytest.raises(TypeError, match="seed"):
        get_data(5, 4)


@given(
    st.sampled_from(sorted(GOOD)),
    st.one_of(st.floats(), st.text(), st.none(), st.booleans(), st.lists(st.integers())),
)
def test_other_types_are_refused_by_name(name, value):
    with pytest.raises(TypeError, match=f"^{name} must be an integer, got"):
        get_data(**{**GOOD, name: value})


@given(st.sampled_from(sorted(GOOD)), st.integers(max_value=-1))
def test_negative_numbers_are_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be (at least|from) .* got {value}$"):
        get_data(**{**GOOD, name: value})


@pytest.mark.parametrize("name", ["num_samples", "input_dim"])
def test_empty_sizes_are_refused_by_name(name):
    with pytest.raises(ValueError, match=f"^{name} must be at least 1, got 0$"):
        get_data(**{**GOOD, name: 0})


@given(st.integers(1, 40), st.integers(0, 1000))
def test_column_beyond_the_last_is_refused(input_dim, beyond):
    column = input_dim + beyond
    with pytest.raises(
        ValueError, match=f"^attention_column must be from 0 to {input_dim - 1}, got {column}$"
    ):
        get_data(5, input_dim, column, seed=0)


@given(st.one_of(st.integers(), st.none(), st.text()))
def test_signed_takes_booleans_alone(value):
    with pytest.raises(TypeError, match=r"^signed must be True or False, got"):
        get_data(**GOOD, signed=value)
