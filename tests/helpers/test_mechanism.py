"""The mechanism, drawn: the numbers are those of the formula, each under its position."""

import matplotlib.colors
import numpy as np
import pytest

from helpers import palette, plots
from tests.helpers.drawn import boxes, middle, overlaps

SCORES = np.array([2.0, 0.5, -1.0, 0.3])
VALUES = np.array([[3.0, 0.1], [1.0, 0.5], [-2.0, 1.2], [0.2, 0.4]])
KEYS = np.array([[1.5, 1.0], [0.5, 0.25], [-1.0, 0.7], [0.9, 0.6]])
MASK = [True, True, True, False]


def drawn(figure):
    """Return what is written, as rows from the top down, each from left to right, without the rows' titles."""
    figure.png()
    rows = {}
    for text in figure.axes[0].texts:
        if text.get_ha() == "center":
            x, y = middle(text)
            rows.setdefault(round(y / 6), []).append((x, text.get_text().replace("−", "-")))
    return [[text for _, text in sorted(rows[y])] for y in sorted(rows, reverse=True)]


def written(numbers):
    return [f"{number:.2f}" for number in numbers]


def test_numbers_are_those_of_the_formula_each_under_its_position():
    figure = plots.mechanism(SCORES, VALUES, keys=KEYS, query=[1.0, 0.5], names=list("abcd"))
    weights = np.exp(SCORES) / np.exp(SCORES).sum()
    weighted = weights[:, np.newaxis] * VALUES
    assert drawn(figure) == [
        list("abcd"),
        *map(written, KEYS.T),
        written(SCORES),
        written(weights),
        ["×"] * 4,
        *map(written, VALUES.T),
        ["="] * 4,
        *map(written, weighted.T),
        *([number] for number in written(weighted.sum(axis=0))),
    ]
    assert not overlaps(figure)
    titles = [text.get_text() for text in figure.axes[0].texts if text.get_ha() == "right"]
    assert titles == [
        *("query (1.00, 0.50)", "key", "score", "softmax:\nweight", "value", "weight\n× value"),
        "sum:\ncontext",
    ]


def test_all_numbers_are_said():
    figure = plots.mechanism([1.0, 0.0], [0.5, -2.0], mask=[True, True], names=["this", "that"])
    assert figure.alt == (
        "One query over 2 positions: this, that. Input: 0.50, -2.00. Score: 1.00, 0.00. Weight: 0.73, 0.27. "
        "Weight × input: 0.37, -0.54. Context: -0.17."
    )
    with_keys = plots.mechanism(SCORES, VALUES, keys=KEYS, query=[1.0, 0.5], mask=MASK).alt
    assert "Query: (1.00, 0.50). Key: (1.50, 1.00), (0.50, 0.25), (-1.00, 0.70), (0.90, 0.60). " in with_keys
    assert "Score: 2.00, 0.50, -1.00, masked. " in with_keys


def test_a_masked_position_has_no_score_and_gets_no_weight():
    figure = plots.mechanism(SCORES, VALUES[:, 0], mask=MASK)
    alone = np.exp(SCORES[:3]) / np.exp(SCORES[:3]).sum()
    _, _, scores, weights, weighted, context = drawn(figure)
    assert scores == [*written(SCORES[:3]), "-∞"]
    assert weights == [*written(alone), "0.00"]
    assert weighted == [*written(alone * VALUES[:3, 0]), "0.00"]
    assert context == written([alone @ VALUES[:3, 0]])


def test_weighted_values_may_stay_in_their_places():
    figure = plots.mechanism(SCORES, VALUES[:, 0], added=False)
    assert len(drawn(figure)) == 5
    assert "Context" not in figure.alt


def test_a_weight_is_a_shade_too():
    figure = plots.mechanism(SCORES, VALUES[:, 0])
    weights = np.exp(SCORES) / np.exp(SCORES).sum()
    [strips] = [
        c for c in figure.axes[0].collections if len(c.get_facecolor()) == 4 and c.get_facecolor()[0, 3] < 1
    ]
    np.testing.assert_allclose(strips.get_facecolor()[:, 3], weights)
    assert matplotlib.colors.to_hex(strips.get_facecolor()[0]) == palette.FIGURE["weight"]
    assert [left for left, *_ in boxes(strips)] == sorted(left for left, *_ in boxes(strips))


def test_the_largest_that_is_drawn_can_be_read():
    names = ["wednesday", *"bcdefg"]
    figure = plots.mechanism(np.full(7, -12.5), np.full((7, 4), -12.5), names=names)
    assert not overlaps(figure)
    assert drawn(figure)[0] == ["wed…", *"bcdefg"]


def test_nothing_is_minus_zero():
    assert "-0.00" not in plots.mechanism([0.0, 0.0], [-0.001, 0.001]).alt


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"scores": np.zeros(8)}, ValueError, "scores must be of at most 7 positions to be read, got 8"),
        ({"scores": [np.nan] * 4}, ValueError, "scores must be finite"),
        ({"values": VALUES[:3]}, ValueError, "values must have one row a score, 4, got 3"),
        ({"values": np.zeros((4, 5))}, ValueError, "values must have at most 4 dimensions to be read, got 5"),
        ({"keys": KEYS[:3]}, ValueError, "keys must have one row a score, 4, got 3"),
        ({"mask": [True]}, ValueError, "mask must be one True or False a position"),
        ({"mask": [False] * 4}, ValueError, "mask must be one True or False a position, one of them True"),
        ({"names": ["a"]}, ValueError, "names must be 4 texts, one a position, got"),
        ({"names": [1, 2, 3, 4]}, ValueError, "names must be 4 texts"),
        ({"query": "a"}, TypeError, "query must be an array of numbers"),
    ],
)
def test_what_cannot_be_drawn_is_named(wrong, error, message):
    with pytest.raises(error, match=f"^{message}"):
        plots.mechanism(**{"scores": SCORES, "values": VALUES, **wrong})
