"""The tasks hold what they promise: the answer where it was put, and noise elsewhere."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data import (
    get_data,
    get_data_addition,
    get_data_keyword,
    get_data_per_dimension,
    get_data_recurrent,
    get_data_sequence,
)


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


@st.composite
def recurrent_arguments(draw):
    time_steps = draw(st.integers(1, 30))
    return {
        "num_samples": draw(st.integers(1, 60)),
        "time_steps": time_steps,
        "input_dim": draw(st.integers(1, 4)),
        "attention_step": draw(st.integers(0, time_steps - 1)),
        "seed": draw(st.integers(0, 2**64)),
    }


@st.composite
def per_dimension_arguments(draw):
    time_steps = draw(st.integers(1, 30))
    return {
        "num_samples": draw(st.integers(1, 60)),
        "time_steps": time_steps,
        "attention_steps": draw(st.lists(st.integers(0, time_steps - 1), min_size=1, max_size=5)),
        "seed": draw(st.integers(0, 2**64)),
    }


@given(recurrent_arguments())
def test_step_holds_the_answer_in_every_dimension(wanted):
    x, y = get_data_recurrent(**wanted)
    assert x.shape == (wanted["num_samples"], wanted["time_steps"], wanted["input_dim"])
    assert y.shape == (wanted["num_samples"], 1)
    assert x.dtype == y.dtype == "float32"
    np.testing.assert_array_equal(x[:, wanted["attention_step"]], np.broadcast_to(y, x[:, 0].shape))
    assert set(np.unique(y)) <= {0, 1}


def test_attention_step_is_10_unless_told():
    x, y = get_data_recurrent(50, 20, 2, seed=0)
    np.testing.assert_array_equal(x[:, 10, :1], y)


@given(per_dimension_arguments())
def test_each_dimension_holds_a_bit_and_the_target_needs_them_all(wanted):
    x, y = get_data_per_dimension(**wanted)
    steps = wanted["attention_steps"]
    assert x.shape == (wanted["num_samples"], wanted["time_steps"], len(steps))
    assert y.shape == (wanted["num_samples"], 1)
    assert x.dtype == y.dtype == "float32"
    bits = x[:, steps, range(len(steps))]
    assert set(np.unique(bits)) <= {0, 1}
    np.testing.assert_array_equal(bits.all(axis=1, keepdims=True), y)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_every_combination_of_bits_is_equally_likely_where_the_target_is_0(dimensions):
    # With 40,000 samples these bounds lie five standard errors or more from the truth.
    x, y = get_data_per_dimension(40_000, 4, [3, 0, 3][:dimensions], seed=1)
    assert y.mean() == pytest.approx(0.5, abs=0.0125)
    bits = x[y[:, 0] == 0][:, [3, 0, 3][:dimensions], range(dimensions)].astype(int)
    shares = np.bincount(bits @ 2 ** np.arange(dimensions)) / len(bits)
    np.testing.assert_allclose(shares, 1 / (2**dimensions - 1), atol=0.018)


@pytest.mark.parametrize(
    ("make", "answers"),
    [
        (lambda n: get_data_recurrent(n, 4, 2, 1, seed=3), [(1, 0), (1, 1)]),
        (lambda n: get_data_per_dimension(n, 4, [1, 3], seed=3), [(1, 0), (3, 1)]),
    ],
    ids=["recurrent", "per_dimension"],
)
def test_sequences_are_standard_normal_elsewhere(make, answers):
    x, y = make(40_000)
    columns = [x[:, t, d] for t in range(4) for d in range(2) if (t, d) not in answers]
    noise = np.stack(columns, axis=1)
    np.testing.assert_allclose(noise.mean(axis=0), 0, atol=0.025)
    np.testing.assert_allclose(noise.std(axis=0), 1, atol=0.018)
    correlations = np.corrcoef(np.c_[noise, y], rowvar=False) - np.eye(len(columns) + 1)
    assert abs(correlations).max() < 0.025


SEQUENCES = {
    get_data_recurrent: {"num_samples": 5, "time_steps": 4, "input_dim": 2, "attention_step": 1, "seed": 0},
    get_data_per_dimension: {"num_samples": 5, "time_steps": 4, "attention_steps": [1, 3], "seed": 0},
}


@pytest.fixture(params=SEQUENCES, ids=lambda task: task.__name__)
def task(request):
    return request.param


def test_sequences_repeat_with_their_seed_and_leave_global_states_alone(task):
    before = random.getstate(), np.random.get_state()[1].tolist()
    (x, y), (same_x, same_y) = (task(**SEQUENCES[task]) for _ in range(2))
    other_x, _ = task(**{**SEQUENCES[task], "seed": 1})
    np.testing.assert_array_equal(x, same_x)
    np.testing.assert_array_equal(y, same_y)
    assert not np.isclose(x[:, 0], other_x[:, 0]).any()
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


@pytest.mark.parametrize("value", [1.0, "1", None, True])
def test_sequences_refuse_other_types_by_name(task, value):
    for name in SEQUENCES[task]:
        with pytest.raises(TypeError, match=f"^{name} must be (an integer|a list of integers), got"):
            task(**{**SEQUENCES[task], name: value})


def test_sequences_refuse_negative_and_empty_sizes_by_name(task):
    for name in SEQUENCES[task]:
        negative = [-1, 3] if name == "attention_steps" else -1
        with pytest.raises(ValueError, match=f"^{name} must be (at least|from) .* got -1$"):
            task(**{**SEQUENCES[task], name: negative})
        if name in ("num_samples", "time_steps", "input_dim"):
            with pytest.raises(ValueError, match=f"^{name} must be at least 1, got 0$"):
                task(**{**SEQUENCES[task], name: 0})


def test_sequences_need_their_seed(task):
    with pytest.raises(TypeError, match="seed"):
        task(*list(SEQUENCES[task].values())[:-1])


def test_steps_beyond_the_last_are_refused():
    with pytest.raises(ValueError, match=r"^attention_step must be from 0 to 3, got 4$"):
        get_data_recurrent(5, 4, 2, 4, seed=0)
    with pytest.raises(ValueError, match=r"^attention_steps must be from 0 to 3, got 4$"):
        get_data_per_dimension(5, 4, [0, 4], seed=0)


@pytest.mark.parametrize("steps", [[], [0] * 33])
def test_no_step_or_too_many_are_refused(steps):
    with pytest.raises(ValueError, match=r"^attention_steps must hold from 1 to 32 steps, got"):
        get_data_per_dimension(5, 4, steps, seed=0)


@st.composite
def symbol_arguments(draw):
    return {
        "num_samples": draw(st.integers(1, 60)),
        "time_steps": draw(st.integers(1, 30)),
        "task": draw(st.sampled_from(["copy", "reverse", "shift", "every_second"])),
        "num_symbols": draw(st.integers(1, 40)),
        "shift": draw(st.integers(0, 2**70)),
        "seed": draw(st.integers(0, 2**64)),
    }


@given(symbol_arguments())
def test_each_output_symbol_is_the_input_symbol_at_its_aligned_step(wanted):
    x, y, alignment = get_data_sequence(**wanted)
    assert x.shape == (wanted["num_samples"], wanted["time_steps"])
    assert y.shape == (wanted["num_samples"], len(alignment))
    assert x.dtype == y.dtype == alignment.dtype == "int32"
    for step, source in enumerate(alignment):
        np.testing.assert_array_equal(y[:, step], x[:, source])
    assert x.min() >= 0
    assert x.max() < wanted["num_symbols"]


@pytest.mark.parametrize(
    ("task", "options", "turned"),
    [
        ("copy", {}, "abcdefg"),
        ("reverse", {}, "gfedcba"),
        ("shift", {}, "bcdefga"),
        ("shift", {"shift": 3}, "defgabc"),
        ("shift", {"shift": 7}, "abcdefg"),
        ("shift", {"shift": 9}, "cdefgab"),
        ("every_second", {}, "aceg"),
    ],
)
def test_tasks_turn_letters_as_their_names_say(task, options, turned):
    _, _, alignment = get_data_sequence(1, 7, task, **options, seed=0)
    assert "".join("abcdefg"[step] for step in alignment) == turned


def test_tasks_differ_in_their_outputs_alone():
    inputs = [get_data_sequence(5, 8, task, seed=3)[0] for task in ("copy", "reverse", "every_second")]
    np.testing.assert_array_equal(inputs[0], inputs[1])
    np.testing.assert_array_equal(inputs[0], inputs[2])


def test_symbols_are_equally_likely_and_independent():
    # With 40,000 samples these bounds lie five standard errors or more from the truth.
    x, _, _ = get_data_sequence(40_000, 4, num_symbols=5, seed=1)
    for step in x.T:
        np.testing.assert_allclose(np.bincount(step) / len(x), 0.2, atol=0.01)
    assert abs(np.corrcoef(x, rowvar=False) - np.eye(4)).max() < 0.025


SYMBOLS = {"num_samples": 5, "time_steps": 4, "num_symbols": 10, "shift": 1, "seed": 0}


def test_symbols_repeat_with_their_seed_and_leave_global_states_alone():
    before = random.getstate(), np.random.get_state()[1].tolist()
    same, again = (get_data_sequence(30, 20, seed=4)[0] for _ in range(2))
    np.testing.assert_array_equal(same, again)
    assert (get_data_sequence(30, 20, seed=5)[0] != same).mean() > 0.8
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


@pytest.mark.parametrize("name", SYMBOLS)
def test_symbols_refuse_bad_arguments_by_name(name):
    for value in (1.0, "1", None, True):
        with pytest.raises(TypeError, match=f"^{name} must be an integer, got"):
            get_data_sequence(**{**SYMBOLS, name: value})
    with pytest.raises(ValueError, match=f"^{name} must be (at least|from) .* got -1$"):
        get_data_sequence(**{**SYMBOLS, name: -1})
    if name not in ("shift", "seed"):
        with pytest.raises(ValueError, match=f"^{name} must be (at least 1|from 1 to .*), got 0$"):
            get_data_sequence(**{**SYMBOLS, name: 0})


def test_tasks_that_are_not_there_are_refused_with_those_that_are():
    with pytest.raises(
        ValueError, match=r"^task must be one of copy, reverse, shift, every_second; got 'sort'$"
    ):
        get_data_sequence(5, 4, "sort", seed=0)
    with pytest.raises(TypeError, match=r"^task must be a string, got 3$"):
        get_data_sequence(5, 4, 3, seed=0)


def test_symbols_need_their_seed():
    with pytest.raises(TypeError, match="seed"):
        get_data_sequence(5, 4)


@st.composite
def keyword_arguments(draw):
    time_steps = draw(st.integers(5, 50))
    return {
        "num_samples": draw(st.integers(1, 60)),
        "time_steps": time_steps,
        "max_length": draw(st.one_of(st.none(), st.integers(5, time_steps))),
        "num_distractors": draw(st.integers(1, 30)),
        "padding": draw(st.sampled_from(["after", "before"])),
        "seed": draw(st.integers(0, 2**64)),
    }


@given(keyword_arguments())
def test_one_keyword_stands_where_it_is_said_and_is_the_class(wanted):
    tokens, y, positions = get_data_keyword(**wanted)
    assert tokens.shape == (wanted["num_samples"], wanted["time_steps"])
    assert y.shape == positions.shape == (wanted["num_samples"],)
    assert tokens.dtype == y.dtype == positions.dtype == "int32"
    is_keyword = (tokens >= 1) & (tokens <= 4)
    np.testing.assert_array_equal(is_keyword.sum(axis=1), 1)
    np.testing.assert_array_equal(is_keyword.argmax(axis=1), positions)
    np.testing.assert_array_equal(tokens.max(axis=1, where=is_keyword, initial=0) - 1, y)
    assert tokens.max() <= 4 + wanted["num_distractors"]


@given(keyword_arguments())
def test_padding_stands_at_the_side_asked_for_and_nowhere_else(wanted):
    tokens, _, _ = get_data_keyword(**wanted)
    lengths = (tokens > 0).sum(axis=1)
    assert lengths.min() >= 5
    assert lengths.max() <= (wanted["max_length"] or wanted["time_steps"])
    inside = np.arange(wanted["time_steps"]) < lengths[:, np.newaxis]
    if wanted["padding"] == "before":
        inside = inside[:, ::-1]
    np.testing.assert_array_equal(tokens > 0, inside)


def test_padding_side_and_width_leave_the_sequences_alone():
    after, y, positions = get_data_keyword(50, 20, 12, seed=0)
    before, same_y, later = get_data_keyword(50, 20, 12, padding="before", seed=0)
    np.testing.assert_array_equal(y, same_y)
    np.testing.assert_array_equal(later - positions, (after == 0).sum(axis=1))
    for row, other in zip(after, before, strict=True):
        np.testing.assert_array_equal(row[row > 0], other[other > 0])


def test_keyword_lengths_places_classes_and_distractors_are_uniform():
    # With 40,000 samples these bounds lie five standard errors or more from the truth.
    tokens, y, positions = get_data_keyword(40_000, 8, num_distractors=5, seed=2)
    lengths = (tokens > 0).sum(axis=1)
    np.testing.assert_allclose(np.bincount(lengths)[5:] / 40_000, 1 / 4, atol=0.011)
    np.testing.assert_allclose(np.bincount(y) / 40_000, 1 / 4, atol=0.011)
    distractors = tokens[tokens > 4]
    np.testing.assert_allclose(np.bincount(distractors)[5:] / len(distractors), 1 / 5, atol=0.005)
    for length in range(5, 9):
        places = np.bincount(positions[lengths == length])
        np.testing.assert_allclose(places / places.sum(), 1 / length, atol=0.021)
    assert abs(np.corrcoef(y, positions)[0, 1]) < 0.025


@given(st.integers(1, 60), st.integers(2, 40), st.integers(0, 2**64))
def test_addition_target_is_the_sum_of_two_different_marked_values(num_samples, time_steps, seed):
    x, y, positions = get_data_addition(num_samples, time_steps, seed=seed)
    assert x.shape == (num_samples, time_steps, 2)
    assert y.shape == (num_samples, 1)
    assert positions.shape == (num_samples, 2)
    assert x.dtype == y.dtype == "float32"
    assert positions.dtype == "int32"
    assert (positions[:, 0] < positions[:, 1]).all()
    for (values, marks), target, pair in zip(x.transpose(0, 2, 1), y[:, 0], positions, strict=True):
        np.testing.assert_array_equal(marks.nonzero()[0], pair)
        np.testing.assert_array_equal(marks[pair], 1)
        assert target == values[pair[0]] + values[pair[1]]


def test_addition_values_are_uniform_and_every_pair_equally_likely():
    # With 40,000 samples these bounds lie five standard errors or more from the truth.
    x, y, positions = get_data_addition(40_000, 5, seed=1)
    values = x[..., 0]
    assert 0 <= values.min() <= values.max() < 1
    np.testing.assert_allclose(values.mean(axis=0), 1 / 2, atol=0.008)
    np.testing.assert_allclose(values.var(axis=0), 1 / 12, atol=0.003)
    _, counts = np.unique(positions, axis=0, return_counts=True)
    assert len(counts) == 10
    np.testing.assert_allclose(counts / 40_000, 1 / 10, atol=0.008)
    assert y.mean() == pytest.approx(1, abs=0.011)
    assert y.var() == pytest.approx(1 / 6, abs=0.006)


POOLING = {
    get_data_keyword: {"num_samples": 64, "time_steps": 8, "max_length": 6, "num_distractors": 3, "seed": 0},
    get_data_addition: {"num_samples": 64, "time_steps": 8, "seed": 0},
}


@pytest.fixture(params=POOLING, ids=lambda task: task.__name__)
def pooling_task(request):
    return request.param


def test_pooling_tasks_repeat_with_their_seed_and_leave_global_states_alone(pooling_task):
    before = random.getstate(), np.random.get_state()[1].tolist()
    first, same = (pooling_task(**POOLING[pooling_task]) for _ in range(2))
    other = pooling_task(**{**POOLING[pooling_task], "seed": 1})
    for array, same_array, other_array in zip(first, same, other, strict=True):
        np.testing.assert_array_equal(array, same_array)
        assert (array != other_array).any()
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


@pytest.mark.parametrize("value", [8.0, "8", True, [8]])
def test_pooling_tasks_refuse_other_types_by_name(pooling_task, value):
    for name in POOLING[pooling_task]:
        with pytest.raises(TypeError, match=f"^{name} must be an integer, got"):
            pooling_task(**{**POOLING[pooling_task], name: value})


def test_pooling_tasks_refuse_numbers_out_of_range_by_name(pooling_task):
    for name in POOLING[pooling_task]:
        with pytest.raises(ValueError, match=f"^{name} must be (at least|from) .* got -1$"):
            pooling_task(**{**POOLING[pooling_task], name: -1})
    least = {get_data_keyword: 5, get_data_addition: 2}[pooling_task]
    with pytest.raises(ValueError, match=f"^time_steps must be at least {least}, got {least - 1}$"):
        pooling_task(5, least - 1, seed=0)
    with pytest.raises(TypeError, match="seed"):
        pooling_task(5, 8)


def test_keyword_refuses_lengths_and_sides_there_are_not():
    for length in (4, 9):
        with pytest.raises(ValueError, match=f"^max_length must be from 5 to 8, got {length}$"):
            get_data_keyword(5, 8, length, seed=0)
    with pytest.raises(ValueError, match=r"^padding must be one of after, before; got 'left'$"):
        get_data_keyword(5, 8, padding="left", seed=0)
    with pytest.raises(TypeError, match=r"^padding must be a string, got 3$"):
        get_data_keyword(5, 8, padding=3, seed=0)
