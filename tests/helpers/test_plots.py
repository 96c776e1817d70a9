"""Figures show the numbers they were given, say them in words, and can be read on any ground."""

import io
import itertools

import matplotlib.colors
import matplotlib.image
import matplotlib.pyplot
import matplotlib.text
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import palette, plots

WEIGHTS = np.array([0.1, 0.6, 0.05, 0.25])
SEEDS = np.array([[0.1, 0.5, 0.4], [0.3, 0.3, 0.4], [0.2, 0.7, 0.1]])

MAKERS = {
    "attention_bars": lambda: plots.attention_bars({"y = 1": SEEDS, "y = 0": SEEDS[::-1]}, 1),
    "sample_bars": lambda: plots.sample_bars({"a sample": [0.3, -1.2, 2.0]}, 1),
    "attention_grid": lambda: plots.attention_grid({"LSTM": {"before": SEEDS, "after": SEEDS[::-1]}}, 1),
    "heatmap": lambda: plots.heatmap(np.eye(3), answers=[(0, 0)]),
    "token_weights": lambda: plots.token_weights([["a", "B", ""]], [[0.3, 0.7, 0.0]], [1]),
    "query_key_heatmap": lambda: plots.query_key_heatmap(
        {"head 1": np.eye(3), "head 2": np.eye(3)}, range(3)
    ),
    "weight_and_effect": lambda: plots.weight_and_effect({"before": (SEEDS, SEEDS, 1)}, ablated=2),
    "dots": lambda: plots.dots({"weights": {"LSTM": [0.2, -0.5]}}, quantity="correlation", alt="Two dots."),
    "power_laws": lambda: plots.power_laws({"seconds": {"LSTM": {1: 2.0, 4: 8.0}}}, size="steps"),
    "scaling": lambda: plots.scaling({"samples": {1: 2.0, 3: 4.0}}, quantity="seconds"),
    "learning_curve": lambda: plots.learning_curve({"loss": [2.0, 1.0], "val_loss": [3.0, 1.5]}),
}


@pytest.fixture(params=MAKERS)
def make(request):
    return MAKERS[request.param]


def has_colour(artist_colour, name):
    return matplotlib.colors.to_hex(artist_colour) == palette.FIGURE[name]


def bars(axes):
    """Positions and heights of the bars."""
    corners = [path.vertices[:4] for path in axes.collections[0].get_paths()]
    return [c[:, 0].mean() for c in corners], [c[np.abs(c[:, 1]).argmax(), 1] for c in corners]


def heights(axes):
    return bars(axes)[1]


def outlines(axes):
    return [patch for patch in axes.patches if not patch.get_fill()]


def test_every_plot_returns_a_figure_with_words(make):
    figure = make()
    assert isinstance(figure, plots.Figure)
    assert str(figure) == repr(figure) == figure.alt
    assert figure.alt.endswith(".")


def test_picture_is_a_transparent_png(make):
    png = make().png()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    pixels = matplotlib.image.imread(io.BytesIO(png))
    assert pixels.shape[1] == int(plots.WIDTH * plots.DOTS_PER_INCH)
    for corner in (pixels[0, 0], pixels[0, -1], pixels[-1, 0], pixels[-1, -1]):
        assert corner[3] == 0
    # Between the bars, inside the axes, the ground is transparent too.
    assert (pixels[..., 3] == 0).mean() > 0.5
    assert (pixels[..., 3] == 1).any()


def test_second_run_gives_the_same_bytes(make):
    assert make().png() == make().png()


def test_no_figure_is_left_open(make):
    make().png()
    assert matplotlib.pyplot.get_fignums() == []


def test_notebook_gets_the_picture_and_the_words(make):
    figure = make()
    data, metadata = figure._repr_mimebundle_()
    assert data == {"image/png": figure.png(), "text/plain": figure.alt}
    found = {} if figure.found is None else {"found": figure.found}
    assert metadata == {"image/png": {"alt": figure.alt, "width": 538, **found}}


def test_nothing_is_drawn_in_a_colour_that_one_ground_swallows(make):
    figure = make()
    figure.draw_without_rendering()
    words = [text for text in figure.findobj(matplotlib.text.Text) if text.get_text() and text.get_visible()]
    assert words
    allowed = set(palette.FIGURE.values())
    assert {matplotlib.colors.to_hex(text.get_color()) for text in words} <= allowed
    for axes in figure.axes:
        for spine in axes.spines.values():
            assert not spine.get_visible() or has_colour(spine.get_edgecolor(), "muted")


def test_words_are_legible_on_a_phone(make):
    figure = make()
    figure.draw_without_rendering()
    on_a_phone = 360 / (72 * plots.WIDTH)  # the figure's 72 points an inch on 360 pixels
    sizes = [text.get_size() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]
    assert min(sizes) * on_a_phone > 9


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (1, "The largest weight, 0.60, is on step 1: found."),
        (3, "The largest weight, 0.60, is on step 1, the answer on step 3: not found."),
    ],
)
def test_verdict_says_where_the_largest_weight_is(answer, said):
    assert plots.verdict(WEIGHTS, answer, "step") == said
    assert plots.attention_bars(WEIGHTS, answer, axis="step").alt == said


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.data())
def test_verdict_finds_the_answer_where_it_is_largest_and_nowhere_else(weights, data):
    answer = data.draw(st.integers(0, len(weights) - 1))
    said = plots.verdict(weights, answer)
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
    assert image.get_clim() == (0, 0.9)
    # From nothing to the full colour: no white that a dark page would show.
    transparent, opaque = image.cmap(0.0), image.cmap(1.0)
    assert (transparent[3], opaque[3]) == (0, 1)
    assert has_colour(opaque[:3], "weight")
    cells = [outline.get_bbox().bounds for outline in outlines(axes)]
    assert cells == [(0.5, -0.5, 1, 1), (-0.5, 0.5, 1, 1)]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("key", "query")
    assert axes.get_title(loc="left") == "weight, 0 to 0.90"
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


def texts(axes):
    return [text.get_text() for text in axes.texts]


def boxes(collection):
    return [path.get_extents().bounds for path in collection.get_paths()]


def test_tokens_stand_over_cells_coloured_by_their_weight():
    figure = plots.token_weights([["a", "B"], ["C", ""]], [[0.1, 0.4], [0.2, 0.3]], [1, 0], top=0.8)
    assert figure.alt == "2 rows of tokens. Largest weight on the answer: 1 of 2."
    [axes] = figure.axes
    assert texts(axes) == ["a", "B", "C"]
    first, _, second, padding = axes.collections
    np.testing.assert_allclose(first.get_facecolors()[:, 3], [0.125, 0.5])
    np.testing.assert_allclose(second.get_facecolors()[:, 3], [0.25, 0.375])
    assert all(has_colour(colour, "weight") for colour in first.get_facecolors())
    assert axes.get_title(loc="left") == "weight, 0 to 0.80"
    assert axes.get_title(loc="right") == "answer outlined"
    # Each outline holds its letter and the letter's cell.
    for outline, letter, cell in zip(
        outlines(axes), (1, 2), (boxes(first)[1], boxes(second)[0]), strict=True
    ):
        x, y = axes.texts[letter].get_position()
        low, high = sorted(outline.get_bbox().intervaly)
        assert outline.get_bbox().x0 < x < outline.get_bbox().x1
        assert low < y < cell[1] < cell[1] + cell[3] < high
    # Padding: no letter, hatched, beside the "C" and above its own cell.
    [(left, top, _, height)] = boxes(padding)
    assert padding.get_hatch()
    assert left > axes.texts[2].get_position()[0]
    assert top + height < boxes(second)[1][1]


def test_forty_single_letters_stand_in_one_line_and_longer_rows_are_wrapped():
    for count, lines in ((40, 1), (41, 2)):
        figure = plots.token_weights([["a"] * count], [np.ones(count)])
        assert len({text.get_position()[1] for text in figure.axes[0].texts}) == lines
    figure = plots.token_weights([["w" * 70, "b"], ["c"]], [[0.5, 0.5], [1.0]])
    heights = [text.get_position()[1] for text in figure.axes[0].texts]
    np.testing.assert_allclose(np.subtract(heights, heights[0]), [0, 1, 2])
    assert 0 < heights[0] < 1


def test_tokens_do_not_touch_each_other_or_leave_the_picture():
    words = ["we", "saw", "an", "extraordinarily", "long", "film", "a", "W"] * 6
    figure = plots.token_weights([words], [np.ones(48)])
    figure.draw_without_rendering()
    places = [text.get_window_extent() for text in figure.axes[0].texts]
    width = plots.WIDTH * plots.DOTS_PER_INCH
    for place, following in itertools.pairwise(places):
        assert 0 <= place.x0 < place.x1 <= width
        assert place.x1 + 5 < following.x0 or following.y1 < place.y0  # pixels of 806


def test_tokens_without_answers_say_where_the_largest_weight_is():
    figure = plots.token_weights([["good", "film"], ["bad", ""]], [[0.9, 0.1], [0.2, 0.8]])
    assert figure.alt == "Row 1: largest weight on “good”. Row 2: largest weight on “padding”."
    assert figure.axes[0].get_title(loc="right") == ""
    assert figure.axes[0].get_title(loc="left") == "weight, 0 to 0.90"
    assert plots.token_weights([["a"]], [[0.0]]).axes[0].get_title(loc="left") == "weight, 0 to 1.00"


def test_tokens_take_a_text_that_knows_more():
    assert plots.token_weights([["a"]], [[1.0]], [0], alt="All is well.").alt == "All is well."


@pytest.mark.parametrize(
    ("padding_weight", "said"), [(0, "exactly 0"), (1e-9, "below 0.01"), (0.01, "0.01"), (0.126, "0.13")]
)
def test_keyword_verdict_says_what_padding_gets(padding_weight, said):
    verdict = plots.keyword_verdict([[1.0, padding_weight]], [0], [[False, True]])
    assert verdict.startswith(f"Mean weight on padding: {said}. Largest weight on the keyword in 100 %")


@pytest.mark.parametrize(
    ("right", "said"),
    [
        (1000, "100 % of held-out samples: found."),
        (999, "99 % of held-out samples: found."),
        (990, "99 % of held-out samples: found."),
        (989, "98 % of held-out samples: not found."),
        (290, "29 % of held-out samples: not found."),
        (0, "0 % of held-out samples: not found."),
    ],
)
def test_keyword_verdict_rounds_down_and_finds_from_99_percent_on(right, said):
    weights = np.zeros((1000, 3))
    weights[np.arange(1000), np.where(np.arange(1000) < right, 2, 0)] = 1
    assert plots.keyword_verdict(weights, np.full(1000, 2), np.zeros((1000, 3))).endswith(said)


def test_scaling_shows_and_says_every_measurement():
    figure = plots.scaling(
        {"time steps": {20: 0.4, 10: 0.2}, "samples": {512: 0.1, 2048: 0.5}}, quantity="seconds an epoch"
    )
    assert figure.alt == (
        "seconds an epoch: 0.20 at 10 time steps, 0.40 at 20. 0.10 at 512 samples, 0.50 at 2048."
    )
    for axes, name, x, y in zip(
        figure.axes, ("time steps", "samples"), ([10, 20], [512, 2048]), ([0.2, 0.4], [0.1, 0.5]), strict=True
    ):
        assert axes.get_xlabel() == name
        assert axes.lines[0].get_xdata().tolist() == x
        assert axes.lines[0].get_ydata().tolist() == y
        # From zero, so that twice as high is twice as long.
        assert axes.get_ylim()[0] == axes.get_xlim()[0] == 0
        assert axes.get_ylim()[1] > 0.5
    assert figure.axes[0].get_title(loc="left") == "seconds an epoch"


def test_learning_curve_shows_and_says_every_curve():
    history = {name: [4.0 + shift, 2.0, 1.0 + shift] for shift, name in enumerate("abcde")}
    figure = plots.learning_curve(history)
    assert figure.alt.startswith(
        "Loss by epoch. a: from 4.00 to 1.00 in 3 epochs. b: from 5.00 to 2.00 in 3 epochs."
    )
    [axes] = figure.axes
    for line, (name, values) in zip(axes.lines, history.items(), strict=True):
        assert line.get_label() == name
        assert line.get_xdata().tolist() == [1, 2, 3]
        assert line.get_ydata().tolist() == values
    # Told apart without colour too.
    assert len({line.get_linestyle() for line in axes.lines[:4]}) == 4
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(history)


@pytest.mark.parametrize("losses", [[1.0, -2.0], [-1.0, -2.0]])
def test_learning_curve_below_zero_is_not_upside_down(losses):
    [axes] = plots.learning_curve({"loss": losses, "val_loss": [2.0, 1.0]}).axes
    assert axes.get_ylim()[0] < -2
    assert axes.get_ylim()[1] > 2
    [axes] = plots.learning_curve({"loss": losses}).axes
    assert axes.get_ylim()[0] < min(losses) < max(losses) < axes.get_ylim()[1]


def test_losses_and_attention_says_loss_and_verdict_of_each_training():
    history = {"one": [0.7, 0.01], "two": [0.6, 0.5], "three": [0.8, np.nan], "four": [np.inf, np.inf]}
    lost = np.full(3, np.nan)
    weights = {"one": [0.1, 0.8, 0.1], "two": [0.6, 0.2, 0.2], "three": lost, "four": lost}
    figure = plots.losses_and_attention(history, weights, answer=1)
    assert figure.alt == (
        "one: loss 0.01 after 2 epochs, found. two: loss 0.50 after 2 epochs, not found. "
        "three: diverged, not found. four: diverged, not found."
    )
    losses, *bars = figure.axes
    assert [line.get_label() for line in losses.lines] == list(history)
    assert losses.get_ylim()[1] == pytest.approx(0.72)
    assert [axes.get_ylabel() for axes in bars] == list(history)
    for axes, values in zip(bars, [*weights.values()][:2], strict=False):
        assert heights(axes) == values
    assert len(figure.png()) > 1_000


@pytest.mark.parametrize(
    ("history", "weights", "error", "message"),
    [
        ([0.5], {"a": [1.0]}, TypeError, r"history must be a dict .* got \[0.5\]"),
        ({}, {}, TypeError, "history must be a dict"),
        ({"a": [0.5]}, [1.0], TypeError, r"weights must be a dict .* got \[1.0\]"),
        ({"a": [0.5]}, {"b": [1.0]}, ValueError, "weights must have the keys a; got b"),
        ({"a": [0.5]}, {"a": [np.nan]}, ValueError, "panels must be finite"),
        ({"a": [0.5]}, {"a": [1.0]}, ValueError, "answer must be from 0 to 0, got 1"),
    ],
)
def test_losses_and_attention_refuses_what_does_not_fit(history, weights, error, message):
    with pytest.raises(error, match=message):
        plots.losses_and_attention(history, weights, answer=1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: plots.attention_bars("x", 0), TypeError, "panels must be an array of numbers"),
        (lambda: plots.attention_bars([[[1.0]]], 0), ValueError, r"panels must have 1 or 2 dimension\(s\)"),
        (lambda: plots.attention_bars([1.0, np.nan], 0), ValueError, "panels must be finite"),
        (lambda: plots.attention_bars({"a": [1.0], "b": [1.0, 2.0]}, 0), ValueError, r"panels .* \[1, 2\]"),
        (lambda: plots.attention_bars({}, 0), TypeError, "panels must be a dict"),
        (lambda: plots.attention_grid({"a": {"b": [1.0]}, "c": {}}, 0), TypeError, "rows must be a dict"),
        (lambda: plots.attention_grid({"a": {"b": [1.0]}}, 1), ValueError, "answer must be from 0 to 0"),
        (lambda: plots.attention_grid({}, 0), TypeError, "rows must be a dict"),
        (lambda: plots.weight_and_effect({}), TypeError, "rows must be a dict"),
        (
            lambda: plots.weight_and_effect({"a": ([0.5, 0.5], [1, 0], 2)}),
            ValueError,
            "answer must be from 0",
        ),
        (lambda: plots.weight_and_effect({"a": ([0.5, 0.5], [1], 0)}), ValueError, "equal numbers of values"),
        (
            lambda: plots.weight_and_effect({"a": ([1, 0], [1, 0], 0)}, ablated=-1),
            ValueError,
            "ablated must be from 0 to 1, got -1",
        ),
        (lambda: plots.dots([], quantity="q", alt="a"), TypeError, "panels must be a dict"),
        (
            lambda: plots.dots({"a": {"b": [1]}, "c": {}}, quantity="q", alt="a"),
            TypeError,
            "panels must be a dict",
        ),
        (lambda: plots.dots({"a": {"b": [2]}}, quantity="q", alt="a"), ValueError, "numbers from -1 to 1"),
        (lambda: plots.scaling({}, quantity="s"), TypeError, "panels must be a dict"),
        (
            lambda: plots.scaling({"n": {1: np.nan}}, quantity="s"),
            ValueError,
            r"panels\['n'\] must be finite",
        ),
        (lambda: plots.attention_bars(WEIGHTS, 4), ValueError, "answer must be from 0 to 3, got 4"),
        (lambda: plots.attention_bars(WEIGHTS, 1.0), TypeError, "answer must be an integer, got 1.0"),
        (lambda: plots.sample_bars(WEIGHTS, 0), TypeError, "panels must be a dict"),
        (lambda: plots.sample_bars({"a": SEEDS}, 0), ValueError, r"panels must have 1 dimension\(s\)"),
        (lambda: plots.sample_bars({"a": WEIGHTS}, -1), ValueError, "answer must be from 0 to 3, got -1"),
        (lambda: plots.verdict(WEIGHTS, 9), ValueError, "answer must be from 0 to 3, got 9"),
        (lambda: plots.verdict([], 0), ValueError, "weights must not be empty"),
        (lambda: plots.heatmap(WEIGHTS), ValueError, r"weights must have 2 dimension\(s\)"),
        (lambda: plots.heatmap([["a"]]), TypeError, "weights must be an array of numbers"),
        (lambda: plots.heatmap(SEEDS, answers=[(3, 0)]), ValueError, "answers must be from 0 to 2, got 3"),
        (lambda: plots.heatmap(SEEDS, answers=[(0, 3)]), ValueError, "answers must be from 0 to 2, got 3"),
        (lambda: plots.token_weights([], []), ValueError, "tokens must hold at least one row, got none"),
        (lambda: plots.token_weights("ab", [[1.0]]), TypeError, "tokens must be a list of rows, got str$"),
        (
            lambda: plots.token_weights([["a"], "b"], [[1.0], [1.0]]),
            TypeError,
            "tokens must be rows of strings, got str as row 1$",
        ),
        (
            lambda: plots.token_weights([["a"], ["b", 1, "c"]], [[1.0], [1.0, 0, 0]]),
            TypeError,
            "tokens must be rows of strings, got 1 in row 1$",
        ),
        (
            lambda: plots.token_weights([["a"]], "weights"),
            TypeError,
            "weights must hold one entry a row, got str$",
        ),
        (lambda: plots.token_weights([["a"]], []), ValueError, "tokens, weights and answers must have equal"),
        (lambda: plots.token_weights([["a"]], [[1.0, 0.0]]), ValueError, "weights must be one a token"),
        (lambda: plots.token_weights([["a"]], [[np.nan]]), ValueError, "weights must be finite"),
        (lambda: plots.token_weights([[]], [[]]), ValueError, "weights must not be empty"),
        (
            lambda: plots.token_weights([["a"]], [[1.0]], [1]),
            ValueError,
            "answers must be from 0 to 0, got 1",
        ),
        (
            lambda: plots.keyword_verdict(WEIGHTS, [0], [WEIGHTS]),
            ValueError,
            r"weights must have 2 dimension",
        ),
        (lambda: plots.keyword_verdict([WEIGHTS], [4], [WEIGHTS]), ValueError, "answers must be from 0 to 3"),
        (lambda: plots.keyword_verdict([WEIGHTS], [0.5], [WEIGHTS]), TypeError, "answers must be integers"),
        (lambda: plots.keyword_verdict([WEIGHTS], [0, 1], [WEIGHTS]), ValueError, "padding must fit, got"),
        (lambda: plots.keyword_verdict([WEIGHTS], [0], SEEDS), ValueError, "padding must fit, got"),
        (lambda: plots.learning_curve({}), TypeError, "history must be a dict"),
        (lambda: plots.learning_curve([1.0]), TypeError, "history must be a dict"),
        (lambda: plots.learning_curve({"loss": [np.nan]}), ValueError, r"history\['loss'\] must be finite"),
        (lambda: plots.learning_curve({"loss": 1.0}), ValueError, r"history\['loss'\] must have 1 dim"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


def linear(colour):
    """Return the light of a colour's red, green and blue (sRGB, IEC 61966-2-1)."""
    part = np.array(matplotlib.colors.to_rgb(colour))
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """Return the contrast ratio of WCAG 2.1 between two colours."""
    low, high = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_contrast_formula_knows_its_ends():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("ground", [palette.LIGHT["ground"], palette.DARK["ground"]])
@pytest.mark.parametrize(("name", "least"), [("weight", 3), ("answer", 3), ("muted", 4)])
def test_figure_colours_stand_out_on_both_grounds(ground, name, least):
    assert contrast(palette.FIGURE[name], ground) >= least


@pytest.mark.parametrize("page", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("behind", ["ground", "surface"])
def test_site_colours_can_be_read(page, behind):
    for name, least in {"text": 7, "muted": 4.5, "weight": 4.5, "answer": 4.5}.items():
        assert contrast(page[name], page[behind]) >= least


# Machado, Oliveira and Fernandes (2009): what each complete colour blindness makes of linear light.
COLOUR_BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def lab(light):
    """Return CIE L*a*b* of linear red, green and blue, where equal distances look alike."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.clip(to_xyz @ light, 0, 1) / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("kind", COLOUR_BLINDNESS)
@pytest.mark.parametrize(
    "colours", [palette.FIGURE, palette.LIGHT, palette.DARK], ids=["figure", "light", "dark"]
)
def test_weight_and_answer_differ_to_the_colour_blind(kind, colours):
    seen = [lab(COLOUR_BLINDNESS[kind] @ linear(colours[name])) for name in ("weight", "answer")]
    # 10 is told apart at a glance; neighbours on a good palette lie 20 and more apart.
    assert np.linalg.norm(seen[0] - seen[1]) > 40


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


def test_power_laws_are_straight_lines_on_logarithmic_axes():
    curves = {"linear": {1: 3, 8: 24, 64: 192}, "square": {1: 1, 8: 64, 64: 4096}}
    figure = plots.power_laws({"bytes": curves, "seconds": curves}, size="steps")
    assert len(figure.axes) == 2
    for axes in figure.axes:
        assert axes.get_xscale() == axes.get_yscale() == "log"
        assert axes.get_xlabel() == "steps"
        assert axes.get_xticks().tolist() == [1, 8, 64]
        for line, power in zip(axes.lines, (1, 2), strict=True):
            slope = np.diff(np.log(line.get_ydata())) / np.diff(np.log(line.get_xdata()))
            np.testing.assert_allclose(slope, power)
    assert figure.alt.startswith(
        "By steps. bytes, linear: 3 at 1, 190 at 64. bytes, square: 1 at 1, 4100 at 64."
    )
    assert len({line.get_linestyle() for line in figure.axes[0].lines}) == 2


def test_power_laws_refuse_what_has_no_logarithm():
    with pytest.raises(ValueError, match=r"^panels must hold numbers above 0, got 0 in 'bytes'"):
        plots.power_laws({"bytes": {"LSTM": {1: 0, 2: 1}}}, size="steps")
    with pytest.raises(TypeError, match=r"^panels must be a dict with strings as keys"):
        plots.power_laws([1, 2], size="steps")


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


def test_dots_are_one_a_repetition_the_first_row_on_top():
    panels = {"weights": {"LSTM": [0.1, 0.3], "GRU": [-0.2]}, "gradients": {"LSTM": [0.5], "GRU": [1.0]}}
    figure = plots.dots(panels, quantity="correlation", alt="Some dots.")
    left, right = figure.axes
    drawn = [line.get_xydata().tolist() for line in left.lines if line.get_marker() == "o"]
    assert drawn == [[[0.1, 0], [0.3, 0]], [[-0.2, 1]]]
    assert [label.get_text() for label in left.get_yticklabels()] == ["LSTM", "GRU"]
    assert left.get_ylim()[0] > left.get_ylim()[1]
    assert right.get_xlim() == left.get_xlim()
    assert figure.alt == "Some dots."
