"""Rows of tokens: each over a cell with its weight, none over another, and what is said of them."""

import itertools

import numpy as np
import pytest

from helpers import plots
from tests.helpers.drawn import boxes, has_colour, outlines, overlaps, pixels, texts


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
    assert figure.axes[0].get_title(loc="left") == "weight, 0 to 1.00"
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


def test_a_token_longer_than_a_line_is_cut_within_the_picture():
    figure = plots.token_weights([["w" * 70, "b"]], [[0.5, 0.5]])
    figure.png()
    long, short = figure.axes[0].texts
    assert long.get_text().rstrip("w") == "" or long.get_text().endswith("w…")
    assert long.get_window_extent().x1 <= figure.bbox.x1
    assert short.get_text() == "b"
    assert "w" * 70 in figure.alt


@pytest.mark.filterwarnings("ignore:no font here has")
@pytest.mark.parametrize(
    "words", [["我", "喜欢"], ["한국어", "영화"], ["العربية", "جميلة"], ["😀", "🤖😀"], ["年月", "日期"]]
)
def test_wide_letters_do_not_lie_over_each_other_or_their_cells(words):
    figure = plots.token_weights([words * 8], [np.ones(16)], [3])
    figure.png()
    assert not overlaps(figure)
    [axes] = figure.axes
    cells = sorted(boxes(axes.collections[0]), key=lambda box: (box[1], box[0]))
    for text, (left, _, width, _) in zip(axes.texts, cells, strict=True):
        extent = text.get_window_extent().transformed(axes.transData.inverted())
        assert left - 0.3 < extent.x0 < extent.x1 < left + width + 0.3


def test_spaces_in_tokens_can_be_seen():
    figure = plots.token_weights([[" the", "\n", "a b"]], [[0.2, 0.3, 0.5]])
    assert texts(figure.axes[0]) == ["␣the", "␣", "a␣b"]


def test_shades_are_the_weights_on_one_scale():
    rows, weights = [["a", "b", "c"], ["d", "e", "f"]], np.array([[0.11, 0.52, 0.37], [0.64, 0.07, 0.29]])
    for factor, scale in ((1, 1), (0.25, 1), (2, 1.28)):
        figure = plots.token_weights(rows, factor * weights, [1, 0])
        picture = pixels(figure)
        [axes] = figure.axes
        strips = [collection for collection in axes.collections if collection.get_hatch() is None]
        for strip, values in zip(strips, factor * weights, strict=True):
            for (left, low, width, height), value in zip(boxes(strip), values, strict=True):
                x, y = axes.transData.transform((left + width / 2, low + height / 2))
                assert picture[round(y), round(x), 3] == pytest.approx(value / scale, abs=0.01)
