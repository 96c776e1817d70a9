"""Heatmaps: each weight in its row and column, the answers outlined."""

import numpy as np
import pytest

from helpers import plots
from tests.helpers.drawn import WEIGHTS, has_colour, labels, middle, outlines, shades, under


def test_heatmap_shows_the_weights_and_outlines_the_answers():
    weights = np.array([[0.1, 0.9, 0.0], [0.2, 0.3, 0.5]])
    figure = plots.heatmap(weights, answers=[(0, 1), (1, 0)], row="query", column="key")
    assert figure.alt == (
        "Heatmap of 2 by 3 weights, query by key. "
        "Answers found, as the largest weights of their query: 1 of 2."
    )
    [axes] = figure.axes
    [image] = axes.images
    np.testing.assert_array_equal(image.get_array(), weights)
    assert image.get_clim() == (0, 1)
    # From nothing to the full colour: no white that a dark page would show.
    transparent, opaque = image.cmap(0.0), image.cmap(1.0)
    assert (transparent[3], opaque[3]) == (0, 1)
    assert has_colour(opaque[:3], "weight")
    cells = [outline.get_bbox().bounds for outline in outlines(axes)]
    assert cells == [(0.5, -0.5, 1, 1), (-0.5, 0.5, 1, 1)]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("key", "query")
    assert axes.get_title(loc="left") == "weight, 0 to 1.00"
    assert axes.get_title(loc="right") == "answers outlined"


def test_heatmap_counts_rows_and_columns_in_whole_numbers():
    [axes] = plots.heatmap([WEIGHTS]).axes
    low, high = sorted(axes.get_ylim())
    assert [tick for tick in axes.get_yticks() if low <= tick <= high] == [0]
    assert all(tick == int(tick) for tick in axes.get_xticks())


@pytest.mark.parametrize(("answers", "found"), [([1, 3], "2 of 2"), ([0, 1], "1 of 2"), ([3, 3], "0 of 1")])
def test_heatmap_row_with_several_answers_has_them_among_its_largest(answers, found):
    alt = plots.heatmap([WEIGHTS], answers=[(0, column) for column in answers]).alt
    assert alt.endswith(f"Answers found, as the largest weights of their row: {found}.")


def test_heatmap_without_answers_claims_nothing_about_them():
    figure = plots.heatmap([[0.0, 0.0]])
    assert figure.alt == "Heatmap of 1 by 2 weights, row by column."
    assert figure.axes[0].get_title(loc="right") == ""


REVERSED = np.eye(4)[::-1]


def test_alignment_is_found_where_every_row_has_its_largest_weight_there():
    found = plots.query_key_heatmap(REVERSED, [3, 2, 1, 0])
    assert found.alt == "The answer has the largest mean weight in 4 of 4 rows: found."
    partly = plots.query_key_heatmap(REVERSED, np.array([3, 2, 0, 0]))
    assert partly.alt == "The answer has the largest mean weight in 3 of 4 rows: not found."


def test_alignment_is_that_of_the_mean_over_heads():
    heads = {"head 1": 3 * REVERSED, "head 2": np.eye(4)}
    said = "The answer has the largest mean weight in"
    found = plots.query_key_heatmap(heads, [3, 2, 1, 0]).alt
    assert found == f"{said} 4 of 4 rows (head 1: 4, head 2: 0): found."
    missed = plots.query_key_heatmap(heads, range(4)).alt
    assert missed == f"{said} 0 of 4 rows (head 1: 0, head 2: 4): not found."


def test_alignment_is_drawn_in_each_panel_on_one_scale():
    figure = plots.query_key_heatmap({"head 1": REVERSED[:2], "head 2": 0.5 * REVERSED[:2]}, [3, 2])
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["head 1", "head 2"]
    assert [axes.images[0].get_clim() for axes in figure.axes] == [(0, 1), (0, 1)]
    for axes in figure.axes:
        assert [(patch.get_x(), patch.get_y()) for patch in outlines(axes)] == [(2.5, -0.5), (1.5, 0.5)]
        assert axes.get_xlabel() == "key step"
    assert figure.axes[0].get_ylabel() == "query step"
    assert {text.get_text() for text in figure.texts} == {"weight, 0 to 1.00", "answers outlined"}


def test_alignment_may_be_one_for_each_panel():
    heads = {"head 1": REVERSED, "head 2": np.eye(4)}
    figure = plots.query_key_heatmap(heads, {"head 1": [3, 2, 1, 0], "head 2": [1, 1, 2, 3]})
    said = "The answer has the largest mean weight in"
    assert figure.alt == f"head 1: {said} 4 of 4 rows: found. head 2: {said} 3 of 4 rows: not found."
    assert [outlines(axes)[0].get_x() for axes in figure.axes] == [2.5, 0.5]
    with pytest.raises(ValueError, match=r"^alignment must have the keys head 1, head 2; got head 1$"):
        plots.query_key_heatmap(heads, {"head 1": range(4)})


def test_alignment_cells_are_square_where_queries_and_keys_are_equally_many():
    for panels in (REVERSED, {"head 1": REVERSED, "head 2": REVERSED}):
        figure = plots.query_key_heatmap(panels, range(4))
        box = figure.axes[0].get_position()
        width, height = box.width * figure.get_figwidth(), box.height * figure.get_figheight()
        assert width == pytest.approx(height, rel=0.1)


@pytest.mark.parametrize(
    ("panels", "alignment", "message"),
    [
        ({"a": np.eye(2), "b": np.eye(3)}, [0, 1], r"panels must hold weights of equal shapes, got"),
        (np.eye(3), [0, 1], r"alignment must hold one key for each of 3 queries, got 2"),
        (np.eye(3), [0, 1, 3], r"alignment must be from 0 to 2, got 0 to 3"),
        (np.full((2, 2), np.nan), [0, 1], r"panels must be finite"),
        (np.ones(3), [0, 1, 2], r"panels must have 2 dimension"),
    ],
)
def test_alignment_that_does_not_fit_is_refused(panels, alignment, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        plots.query_key_heatmap(panels, alignment)


def aligned():
    """Return weights whose first and last row look where they should, and the middle one elsewhere."""
    weights = np.full((3, 4), 0.1)
    weights[[0, 1, 2], [2, 1, 3]] = 0.7
    sources = np.zeros((3, 4), bool)
    sources[0, 1:3] = sources[1, 0] = sources[2, 3] = True
    return weights, sources


def test_alignment_says_whether_most_characters_look_at_what_says_them():
    weights, sources = aligned()
    said = plots.text_alignment(weights, "五 月x", "a-b", sources=sources).alt
    assert said == (
        "Alignment of “a-b” with “五 月x”. Of the characters with a known source 2 of 3 look at it: not found."
    )
    weights[1] = weights[1, ::-1]
    sources[1] = sources[1, ::-1]
    sources[1, 2] = True
    figure = plots.text_alignment(weights, "五 月x", "a-b", sources=sources)
    assert figure.alt.endswith("3 of 3 look at it: found.")
    assert figure.found
    assert figure.png().startswith(b"\x89PNG")


def test_alignment_names_the_characters_on_both_axes_and_outlines_runs():
    weights, sources = aligned()
    axes = plots.text_alignment(weights, "五 月x", "a-b", sources=sources).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["五", "␣", "月", "x"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "-", "b"]
    assert sorted((*p.get_xy(), p.get_width()) for p in axes.patches) == [
        (-0.5, 0.5, 1),
        (0.5, -0.5, 2),
        (2.5, 1.5, 1),
    ]


def test_alignment_without_known_sources_says_none():
    figure = plots.text_alignment(np.eye(2), "ab", "xy")
    assert figure.alt == "Alignment of “xy” with “ab”."
    assert not figure.axes[0].patches


def test_alignment_draws_chinese_without_a_font_of_the_machine(recwarn):
    plots.text_alignment(np.eye(3), "年月日", "年月日").png()
    assert [str(w.message) for w in recwarn if "Glyph" in str(w.message)] == []


@pytest.mark.parametrize("wrong", [{"weights": np.eye(3)}, {"sources": np.zeros((2, 3), bool)}])
def test_alignment_refuses_what_does_not_fit_the_texts(wrong):
    arguments = {"weights": np.eye(2), "source": "ab", "target": "xy", **wrong}
    (name,) = wrong
    with pytest.raises(ValueError, match=rf"{name} must have the shape of the texts, \(2, 2\), got"):
        plots.text_alignment(**arguments)


# Nothing in them is symmetric, sorted or zero.
UNEVEN = np.array([[0.12, 0.31, 0.48, 0.09], [0.55, 0.07, 0.16, 0.22], [0.21, 0.19, 0.02, 0.58]])
OTHER = np.array([[0.41, 0.13, 0.27, 0.19], [0.08, 0.64, 0.11, 0.17], [0.33, 0.05, 0.36, 0.26]])


def marked(figure, axes):
    """Return the labels (row, column) of the cells that stand outlined."""
    rows = {y: label for label, y in labels(axes, "y").items()}
    return [
        (rows[min(rows, key=lambda y: abs(y - middle(patch)[1]))], under(patch, axes))
        for patch in outlines(axes)
    ]


def test_each_weight_is_drawn_in_its_row_and_column_the_first_row_on_top():
    figure = plots.heatmap(UNEVEN, answers=[(0, 2), (2, 3)])
    [axes] = figure.axes
    np.testing.assert_allclose(shades(figure, axes), UNEVEN, atol=0.01)
    assert list(labels(axes, "x")) == ["0", "1", "2", "3"]
    assert sorted(labels(axes, "y"), key=labels(axes, "y").get, reverse=True) == ["0", "1", "2"]
    assert marked(figure, axes) == [("0", "2"), ("2", "3")]


def test_each_head_is_drawn_in_its_panel_the_first_query_on_top():
    alignment = {"one": [2, 0, 3], "other": [0, 1, 2]}
    figure = plots.query_key_heatmap({"one": UNEVEN, "other": OTHER}, alignment)
    for axes, weights, steps in zip(figure.axes, (UNEVEN, OTHER), alignment.values(), strict=True):
        np.testing.assert_allclose(shades(figure, axes), weights, atol=0.01)
        assert sorted(labels(axes, "y"), key=labels(axes, "y").get, reverse=True) == ["0", "1", "2"]
        assert marked(figure, axes) == [(str(query), str(key)) for query, key in enumerate(steps)]


def test_an_alignment_is_read_from_the_top_and_from_the_left():
    sources = np.zeros((3, 4), bool)
    sources[0, 1:3] = sources[2, 3] = True
    figure = plots.text_alignment(UNEVEN, "wxyz", "abc", sources=sources)
    [axes] = figure.axes
    np.testing.assert_allclose(shades(figure, axes), UNEVEN, atol=0.01)
    assert sorted(labels(axes, "y"), key=labels(axes, "y").get, reverse=True) == list("abc")
    assert sorted(labels(axes, "x"), key=labels(axes, "x").get) == list("wxyz")
    (first, second), places = outlines(axes), {**labels(axes, "x"), **labels(axes, "y")}
    assert middle(first)[0] == pytest.approx((places["x"] + places["y"]) / 2, abs=2)
    assert middle(first)[1] == pytest.approx(places["a"], abs=2)
    assert middle(second) == pytest.approx([places["z"], places["c"]], abs=2)


MAKERS = {
    "heatmap": lambda weights, **top: plots.heatmap(weights, **top),
    "query_key_heatmap": lambda weights, **top: plots.query_key_heatmap(weights, [0, 1, 2], **top),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_attention_is_drawn_on_one_scale_unless_told(make):
    for weights, top, scale in (
        (UNEVEN, {}, 1),
        (UNEVEN / 4, {}, 1),
        (UNEVEN, {"top": 0.8}, 0.8),
        (3 * UNEVEN, {}, 1.74),
    ):
        figure = make(weights, **top)
        np.testing.assert_allclose(shades(figure, figure.axes[0]), weights / scale, atol=0.01)
        said = {figure.axes[0].get_title(loc="left"), *(text.get_text() for text in figure.texts)}
        assert f"weight, 0 to {scale:.2f}" in said
    for top, error in ((0, ValueError), (-1, ValueError), (None, TypeError), ("a", TypeError)):
        with pytest.raises(error, match=r"^top must be"):
            make(UNEVEN, top=top)


def test_many_heads_stand_in_rows_of_four():
    heads = {f"head {number}": np.roll(UNEVEN, number, axis=1) for number in range(7)}
    figure = plots.query_key_heatmap(heads, [0, 1, 2])
    figure.png()
    drawn = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title(loc="left") for axes in drawn] == list(heads)
    for axes, weights in zip(drawn, heads.values(), strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), weights)
    heights = [round(axes.get_position().y0, 3) for axes in drawn]
    assert heights[:4] == [heights[0]] * 4
    assert heights[4:] == [heights[4]] * 3
    assert heights[4] < heights[0]
