"""Figures over seeds: every seed once, ranges to the digits asked, tables that line up."""

import numpy as np
import pytest

from helpers import trials


def test_over_seeds_has_one_row_a_seed_in_their_order():
    figures = trials.over_seeds(lambda seed: {"number": seed, "vector": np.full(3, seed)}, [4, 1])
    assert figures["number"].tolist() == [4, 1]
    assert figures["vector"].tolist() == [[4, 4, 4], [1, 1, 1]]


def test_over_seeds_takes_five_where_none_are_named():
    assert trials.over_seeds(lambda seed: {"seed": seed})["seed"].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("trial", "seeds", "error", "says"),
    [
        (lambda seed: {"a": 1}, [], ValueError, "seeds must hold at least one seed"),
        (lambda seed: 0.5, [0], TypeError, "trial must return a dict of figures, got a float"),
        (lambda seed: {"ab"[seed]: 1}, [0, 1], ValueError, "same names and shapes"),
        (lambda seed: {"a": np.zeros(seed)}, [1, 2], ValueError, "same names and shapes"),
    ],
)
def test_over_seeds_refuses_what_cannot_be_put_together(trial, seeds, error, says):
    with pytest.raises(error, match=says):
        trials.over_seeds(trial, seeds)


def test_span_names_both_ends_whatever_their_order():
    assert trials.span([0.457, 0.431, 0.44]) == "0.43 to 0.46"
    assert trials.span(np.array([3, 1]), digits=0) == "1 to 3"


@pytest.mark.parametrize("values", [[], [0.1, np.nan], [[0.1], [0.2]]])
def test_span_refuses_what_has_no_two_ends(values):
    with pytest.raises(ValueError, match="values must"):
        trials.span(values)


def test_table_sets_columns_under_their_titles():
    rows = {
        "with a block": {"accuracy": np.array([0.981, 1.0]), "median": 0.5, "epoch": 8, "found": "5 of 5"},
        "without": {
            "accuracy": np.array([0.5, 0.5]),
            "median": 1.25,
            "epoch": np.int64(12),
            "found": "0 of 5",
        },
    }
    assert trials.table(rows).splitlines() == [
        "                  accuracy  median  epoch   found",
        "with a block  0.98 to 1.00    0.50      8  5 of 5",
        "without       0.50 to 0.50    1.25     12  0 of 5",
    ]
    assert "1.000" in trials.table(rows, digits=3)


@pytest.mark.parametrize(
    ("rows", "error"), [({}, TypeError), ([], TypeError), ({"a": {"x": 1}, "b": {"y": 1}}, ValueError)]
)
def test_table_refuses_what_is_no_table(rows, error):
    with pytest.raises(error, match="rows must"):
        trials.table(rows)
