"""Bars: each weight at its position, the answer outlined, all attention on one scale."""

import matplotlib.colors
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import palette, plots
from helpers.plots import found
from tests.helpers.drawn import SEEDS, WEIGHTS, bars, has_colour, heights, outlines, pixels, under


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (1, "The largest weight, 0.60, is on step 1: found."),
        (3, "The largest weight, 0.60, is on step 1, the answer on step 3: not found."),
    ],
)
def test_verdict_says_where_the_largest_weight_is(answer, said):
    assert plots.attention_bars(WEIGHTS, answer, axis="step").alt == said


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.data())
def test_verdict_finds_the_answer_where_it_is_largest_and_nowhere_else(weights, data):
    answer = data.draw(st.integers(0, len(weights) - 1))
    said = found.bars({"": weights}, answer, "column")
    is_largest = weights.index(max(weights)) == answer
    assert said.found == (is_largest and said.margin >= 0.05)
    assert said.endswith(": found.") == said.found
    assert said.endswith(": not found.") == (not is_largest)


def test_bars_are_the_weights():
    axes = plots.attention_bars(WEIGHTS, 1).axes[0]
    assert heights(axes) == WEIGHTS.tolist()
    np.testing.assert_allclose(bars(axes)[0], range(4))
    assert has_colour(axes.collections[0].get_facecolor()[0], "weight")
    assert axes.get_ylim()[0] == 0


def test_one_set_of_weights_needs_no_range():
    figure = plots.attention_bars(WEIGHTS, 1)
    assert len(figure.axes[0].collections) == 1  # the bars
    assert figure.axes[0].get_title(loc="left") == "weight"


@pytest.mark.parametrize("answer", range(4))
def test_answer_is_outlined_and_labelled(answer):
    axes = plots.attention_bars(WEIGHTS, answer).axes[0]
    [outline] = outlines(axes)
    # Its whole place, so that the outline is the same however small the weight.
    assert outline.get_bbox().intervalx.tolist() == [answer - 0.5, answer + 0.5]
    assert outline.get_bbox().intervaly == pytest.approx(axes.get_ylim())
    assert axes.get_ylim()[1] > WEIGHTS.max()
    assert has_colour(outline.get_edgecolor(), "answer")
    [label] = axes.texts
    assert label.get_text() == "answer"
    assert has_colour(label.get_color(), "answer")
    assert abs(label.xy[0] - answer) <= 0.5
    assert label.xy[1] == axes.get_ylim()[1]


@pytest.mark.parametrize("count", [3, 32])
def test_label_stays_above_the_bars_it_belongs_to(count):
    for answer in (0, count // 2, count - 1):
        figure = plots.attention_bars(np.full(count, 0.1), answer)
        figure.draw_without_rendering()
        [axes] = figure.axes
        box, drawn = axes.texts[0].get_window_extent(), axes.bbox
        assert drawn.x0 <= box.x0 < box.x1 <= drawn.x1
        assert drawn.y1 <= box.y0 < box.y1 <= figure.bbox.y1


def test_several_seeds_give_the_mean_and_the_range():
    figure = plots.attention_bars(SEEDS, 1)
    axes = figure.axes[0]
    np.testing.assert_allclose(heights(axes), SEEDS.mean(axis=0))
    ranges = np.array([line[:, 1] for line in axes.collections[1].get_segments()])
    np.testing.assert_allclose(ranges, np.stack([SEEDS.min(axis=0), SEEDS.max(axis=0)], axis=1))
    # The longest range ends below the label.
    assert axes.texts[0].xy[1] > SEEDS.max()
    assert figure.alt == "The largest weight, 0.50, is on column 1: found."
    assert axes.get_title(loc="left") == "mean weight"


def test_panels_are_drawn_in_order_on_one_scale():
    figure = plots.attention_bars({"y = 1": [0.1, 0.9], "y = 0": [0.6, 0.4]}, 1)
    assert figure.alt == (
        "y = 1: The largest weight, 0.90, is on column 1: found. "
        "y = 0: The largest weight, 0.60, is on column 0, the answer on column 1: not found."
    )
    first, second = figure.axes
    assert [axes.get_ylabel() for axes in figure.axes] == ["y = 1", "y = 0"]
    assert [heights(axes) for axes in figure.axes] == [[0.1, 0.9], [0.6, 0.4]]
    assert first.get_ylim() == second.get_ylim()
    assert first.get_ylim()[1] > 0.9
    assert second.get_xlabel() == "column"


def test_grid_is_drawn_in_rows_and_columns_on_one_scale():
    rows = {
        "LSTM": {"before": [0.1, 0.9], "after": [0.6, 0.4]},
        "GRU": {"before": SEEDS[:, :2], "after": [0.5, 0.5]},
    }
    figure = plots.attention_grid(rows, 1, axis="step")
    assert figure.alt.startswith(
        "LSTM, before: largest on step 1, found. LSTM, after: largest on step 0, not found. GRU, before:"
    )
    first, second, _, fourth = figure.axes
    assert [heights(axes) for axes in (first, second)] == [[0.1, 0.9], [0.6, 0.4]]
    assert [len(axes.collections) for axes in figure.axes] == [1, 1, 2, 1]  # the range of the seeds
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    assert [axes.get_ylabel() for axes in figure.axes] == ["LSTM", "", "GRU", ""]
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["weight, before", "weight, after", "", ""]
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "", "step", "step"]
    assert all(len(outlines(axes)) == 1 for axes in figure.axes)
    assert [len(axes.texts) for axes in figure.axes] == [1, 1, 0, 0]
    assert fourth.get_ylim()[1] > 0.9


def test_sample_bars_say_and_mark_the_answer():
    figure = plots.sample_bars({"y = 1": [0.5, 1.0, -2.0], "y = 0": [0.5, -1.0, 3.0]}, 1, axis="step")
    assert figure.alt == "y = 1: step 1 holds 1.00. y = 0: step 1 holds -1.00."
    for axes, height in zip(figure.axes, (1.0, -1.0), strict=True):
        assert heights(axes)[1] == height
        [outline] = outlines(axes)
        assert outline.get_bbox().intervalx.tolist() == [0.5, 1.5]
        low, high = outline.get_bbox().intervaly
        assert (low, high) == pytest.approx(axes.get_ylim())
        assert low < -2
        assert high > 3
        assert axes.texts[0].get_text() == "answer"
    assert figure.axes[0].get_title(loc="left") == "value"


def test_weight_and_effect_says_where_both_are_and_what_ablating_does():
    effects = np.array([[0.0, 0.46, 0.1], [0.0, 0.54, 0.02]])
    rows = {"before": (SEEDS[:2, [0, 2, 1]], effects, 1), "after": (SEEDS[:2, ::-1], effects, 1)}
    figure = plots.weight_and_effect(rows)
    assert figure.alt == (
        "before: largest weight on step 1, largest effect on step 1, found. "
        "after: largest weight on step 0, largest effect on step 1, not found."
    )
    assert [len(heights(axes)) for axes in figure.axes] == [3] * 4
    np.testing.assert_allclose(heights(figure.axes[1]), effects.mean(axis=0))
    ablated = plots.weight_and_effect({"before": rows["before"]}, ablated=2, axis="column")
    assert ablated.alt.endswith(
        "Ablating column 2 changes the prediction by 0.1, ablating the answer, column 1, by 0.5."
    )
    answer = plots.weight_and_effect({"before": rows["before"]}, ablated=1)
    assert answer.alt.endswith("found. Ablating the answer, step 1, changes the prediction by 0.5.")
    frames = [patch for axes in ablated.axes for patch in outlines(axes) if patch.get_linestyle() == "--"]
    assert [frame.get_x() for frame in frames] == [1.5, 1.5]


# Nothing in them is symmetric, sorted or zero; several seeds, and a row for each chart.
UNEVEN = np.array([[[0.12, 0.31, 0.09, 0.42, 0.06], [0.16, 0.27, 0.13, 0.36, 0.08]]])
UNEVEN = np.concatenate(
    [UNEVEN, UNEVEN[..., [2, 0, 4, 1, 3]], UNEVEN[..., [3, 4, 0, 2, 1]], UNEVEN[..., ::-1]]
)


def labelled(figure):
    """Return the bottom axes, which have the labels, once the figure is drawn."""
    figure.png()
    return figure.axes[-1]


def marks(figure):
    """Return for each chart the labels of the positions that stand outlined in the answer's colour."""
    bottom = labelled(figure)
    same_column = [axes for axes in figure.axes if axes.get_position().x0 == bottom.get_position().x0]
    return [
        [under(patch, bottom) for patch in outlines(axes) if has_colour(patch.get_edgecolor(), "answer")]
        for axes in same_column
    ]


@pytest.mark.parametrize("answer", range(5))
def test_the_outlined_bar_is_the_answers(answer):
    panels = {"a": UNEVEN[0], "b": UNEVEN[1]}
    grid = {"a": {"c": UNEVEN[0], "d": UNEVEN[1]}, "b": {"c": UNEVEN[2], "d": UNEVEN[3]}}
    losses = {"a": [0.9, 0.4], "b": [0.8, 0.3]}
    ended = {"a": UNEVEN[0, 0], "b": UNEVEN[1, 0]}
    mark = [str(answer)]
    assert marks(plots.attention_bars(panels, answer)) == [mark] * 2
    assert marks(plots.sample_bars(ended, answer)) == [mark] * 2
    assert marks(plots.attention_grid(grid, answer)) == [mark] * 2
    assert marks(plots.losses_and_attention(losses, ended, answer)) == [[], mark, mark]


def test_every_chart_of_a_grid_holds_its_own_weights_and_mark():
    grid = {"a": {"c": UNEVEN[0], "d": UNEVEN[1]}, "b": {"c": UNEVEN[2], "d": UNEVEN[3]}}
    figure = plots.attention_grid(grid, 3)
    for axes, weights in zip(figure.axes, UNEVEN, strict=True):
        np.testing.assert_allclose(bars(axes), [range(5), weights.mean(axis=0)])
        [outline] = outlines(axes)
        assert (outline.get_x(), outline.get_width()) == (2.5, 1)


def test_a_bar_is_as_high_as_its_label_says():
    figure = plots.attention_bars({"a": UNEVEN[0], "b": UNEVEN[1] / 8}, 3)
    picture, ends = pixels(figure), []
    for axes, weights in zip(figure.axes, (UNEVEN[0], UNEVEN[1] / 8), strict=True):
        left, _ = axes.transData.transform((0.25, 0))
        column = picture[:, round(left), :]
        blue = np.abs(column[:, :3] - matplotlib.colors.to_rgb(palette.FIGURE["weight"])).max(axis=1) < 0.05
        inside = slice(round(axes.bbox.y0), round(axes.bbox.y1))
        height = (blue & (column[:, 3] > 0.99))[inside].sum()
        ends.append(height / axes.bbox.height)
        assert height / axes.bbox.height == pytest.approx(weights.mean(axis=0)[0], abs=0.02)
    assert ends[0] > 3 * ends[1], "on one scale, so that two figures can be compared by eye"


def test_weights_that_are_more_than_a_whole_are_not_cut():
    for figure in (
        plots.attention_bars([1.5, 3.0, 0.5], 1),
        plots.attention_grid({"a": {"b": [1.5, 3.0, 0.5]}}, 1),
        plots.weight_and_effect({"a": ([1.5, 3.0, 0.5], [0.2, 0.5, 0.1], 1)}),
    ):
        assert {axes.get_ylim() for axes in figure.axes} == {(0, 3)}
    assert plots.attention_bars([0.1, 0.2], 1).axes[0].get_ylim() == (0, 1)


@pytest.mark.parametrize("ablated", [None, 0, 4])
def test_weights_stand_left_and_effects_right_each_row_with_its_own_answer(ablated):
    rows = {"before": (UNEVEN[0], UNEVEN[1], 3), "after": (UNEVEN[2], UNEVEN[3], 1)}
    figure = plots.weight_and_effect(rows, ablated=ablated)
    labelled(figure)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["weight", "effect", "", ""]
    assert [axes.get_ylabel() for axes in figure.axes] == ["before", "", "after", ""]
    for axes, values, answer in zip(figure.axes, UNEVEN, (3, 3, 1, 1), strict=True):
        np.testing.assert_allclose(bars(axes), [range(5), values.mean(axis=0)])
        marked = {patch.get_linestyle(): patch.get_x() + 0.5 for patch in outlines(axes)}
        assert marked == ({"-": answer} if ablated is None else {"-": answer, "--": ablated})


@pytest.mark.parametrize(
    "call",
    [
        lambda: plots.attention_bars([0.5, -0.5], 0),
        lambda: plots.attention_grid({"a": {"b": [0.5, -0.5]}}, 0),
        lambda: plots.weight_and_effect({"a": ([0.5, 0.5], [0.5, -0.5], 0)}),
        lambda: plots.losses_and_attention({"a": [1.0]}, {"a": [0.5, -0.5]}, 0),
    ],
)
def test_what_is_no_share_is_refused(call):
    with pytest.raises(ValueError, match=r"^panels must not be below 0, got -0\.5$"):
        call()
