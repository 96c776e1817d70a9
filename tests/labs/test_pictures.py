"""The kinds of picture that labs draw, with numbers handed over: no lab, no training."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.labs.watched import (
    FIXTURES,
    assert_names_do_not_touch,
    axe_problems,
    in_every_dress,
    marked,
    points,
    table_rows,
)
from tools.lab_page import write_page

folder, site, watched = FIXTURES


@pytest.fixture
def draw(watched, folder) -> Callable[..., Page]:
    """Draws any picture, as the labs of later chapters will want it."""
    write_page(
        folder,
        '<attention-lab-like><div class="lab-picture-place"></div><div class="lab-numbers" tabindex="0" '
        'role="region" aria-label="The numbers"></div></attention-lab-like>',
        name="picture.html",
    )
    path = folder / "picture.html"
    # The style sheet speaks of attention-lab; without the element's script that is a plain box.
    path.write_text(
        path.read_text()
        .replace("attention-lab-like", "attention-lab")
        .replace("attention-lab.js", "harness-picture.js")
    )

    def draw(picture: dict) -> Page:
        page = watched.open("picture.html")
        page.wait_for_function("() => Boolean(self.draw)")
        page.evaluate("picture => draw(picture)", picture)
        return page

    return draw


WORDS = {
    "kind": "heatmap",
    "title": "Weights",
    "row": "query",
    "column": "key",
    "rowNames": ["the", "cat", "sat"],
    "columnNames": ["le", "chat", "assis", "."],
    "panels": [{"weights": [[0.7, 0.1, 0.1, 0.1], [0.05, 0.9, 0.03, 0.02], [0.4, 0.3, 0.2, 0.1]]}],
    "answers": [[0, 0], [1, 1], [2, 2]],
}

SENTENCES = {
    "kind": "tokens",
    "title": "Weights",
    "answerName": "keyword",
    "samples": [
        {"tokens": ["a", "B", "c", None, None], "weights": [0.1, 0.7, 0.2, 0, 0], "answer": 1},
        {"tokens": ["x", "y", "a", "z", "C"], "weights": [0.4, 0.3, 0.1, 0, 0.2], "answer": 4},
        {"tokens": [None, None, None, "D", "e"], "weights": [0.2, 0.5, 0, 0.3, 0], "answer": 3},
    ],
}


def reverse_task(size: int, *titles: str) -> dict:
    weights = np.full((size, size), 0.4 / (size - 1))
    weights[np.arange(size), size - 1 - np.arange(size)] = 0.6
    weights[0] = weights[0, ::-1]  # one query looks in the wrong place
    return {
        "kind": "heatmap",
        "title": "Weights",
        "row": "query",
        "column": "key",
        "panels": [{"title": title, "weights": weights.tolist()} for title in titles or [None]],
        "answers": [[i, size - 1 - i] for i in range(size)],
    }


def long_sentences(length: int) -> dict:
    tokens = [chr(ord("a") + i % 26) for i in range(length)]
    weights = [i / length for i in range(length)]  # from none to nearly the strongest colour
    sample = {"tokens": tokens[:-3] + [None] * 3, "weights": weights, "answer": length // 2}
    return {**SENTENCES, "samples": [sample] * 6}


# ---- Heatmaps ---------------------------------------------------------------------------------------


def test_heatmap_names_rows_and_columns(draw):
    page = draw(WORDS)
    assert page.locator(".lab-row-names span").all_inner_texts() == ["the", "cat", "sat"]
    assert page.locator(".lab-axis text").all_text_contents() == ["le", "chat", "assis", "."]
    assert page.locator(".lab-on-answers span").all_inner_texts() == ["0.70", "0.90", "0.20"]
    assert marked(page.locator("attention-lab")) == [0, 5, 10]
    # The longer side goes down.
    assert table_rows(page)[2] == ["assis", "0.100", "0.030", "0.200 (answer)"]
    assert page.locator("thead th").all_inner_texts() == ["key", "query the", "query cat", "query sat"]
    expect(page.locator(".lab-picture")).to_have_accessible_name(
        "Weights. query the: largest 0.70 on key le, answer le has 0.70; "
        "query cat: largest 0.90 on key chat, answer chat has 0.90; "
        "query sat: largest 0.40 on key le, answer assis has 0.20."
    )


def test_heatmap_has_a_panel_for_each_head(draw):
    first = WORDS["panels"][0]["weights"]
    panels = [{"title": "head 1", "weights": first}, {"title": "head 2", "weights": [[0.2] * 4] * 3}]
    page = draw({**WORDS, "panels": panels})
    assert page.locator(".lab-panel-title").all_inner_texts() == ["head 1", "head 2"]
    for panel in page.locator(".lab-heatmap").all():
        assert marked(panel) == [0, 5, 10]
    # One scale for both, so that two heads can be compared by eye.
    strength = "cells => cells.map(cell => Number(cell.style.fillOpacity))"
    drawn = page.locator(".lab-cell").evaluate_all(strength)
    np.testing.assert_allclose(drawn, [*(np.ravel(first) / 0.9), *[0.2 / 0.9] * 12], atol=1e-6)
    rows = table_rows(page)
    assert rows[1] == ["head 1, cat", "0.050", "0.900 (answer)", "0.030", "0.020"]
    assert rows[4] == ["head 2, cat", "0.200", "0.200 (answer)", "0.200", "0.200"]
    expect(page.locator(".lab-picture")).to_have_accessible_name(
        "Weights. head 1, query the: largest 0.70 on key le, answer le has 0.70; "
        "head 1, query cat: largest 0.90 on key chat, answer chat has 0.90; "
        "head 1, query sat: largest 0.40 on key le, answer assis has 0.20; "
        "head 2, query the: largest 0.20 on key le, answer le has 0.20; "
        "head 2, query cat: largest 0.20 on key le, answer chat has 0.20; "
        "head 2, query sat: largest 0.20 on key le, answer assis has 0.20."
    )


def test_large_heatmaps_are_told_in_one_sentence(draw):
    name = "Weights: 20 by 20 weights, query by key"
    told = "Answers found, as the largest weights of their query: 19 of 20."
    expect(draw(reverse_task(20)).locator(".lab-picture")).to_have_accessible_name(f"{name}. {told}")
    page = draw(reverse_task(20, "head 1", "head 2"))
    expect(page.locator(".lab-picture")).to_have_accessible_name(
        f"{name}, for each of head 1 and head 2. {told}"
    )


def test_outlines_leave_room_for_the_weight_in_the_smallest_cells(draw):
    page = draw(reverse_task(24, "head 1", "head 2"))
    cell = page.locator(".lab-cell").first.bounding_box()["width"]
    for outline in (".lab-answer-ring", ".lab-answer-frame"):
        drawn = page.locator(outline).first.evaluate("rect => parseFloat(getComputedStyle(rect).strokeWidth)")
        assert drawn < cell / 2


def test_heatmap_moves_its_cells_and_makes_no_new_ones(draw):
    page = draw(WORDS)
    page.evaluate("self.first = document.querySelector('.lab-cell')")
    other = {**WORDS, "panels": [{"weights": [[0.1] * 4] * 3}]}
    page.evaluate("picture => draw(picture)", other)
    # Weights that are all small stay pale.
    assert page.evaluate("first.isConnected && first.style.fillOpacity === '0.4'")
    assert page.locator(".lab-scale .lab-value").inner_text() == "0.25"
    page.evaluate("picture => draw(picture)", {**other, "answers": [[0, 3]]})
    assert not page.evaluate("first.isConnected")
    assert marked(page.locator("attention-lab")) == [3]
    assert page.locator(".lab-on-answers span").all_inner_texts() == ["0.10", "", ""]


# ---- Tokens -----------------------------------------------------------------------------------------


def test_tokens_show_words_weights_and_padding(draw):
    page = draw(SENTENCES)
    rows = page.locator(".lab-tokens").all()
    assert [row.locator(".lab-token").all_inner_texts() for row in rows] == [
        ["a", "B", "c", "", ""],
        ["x", "y", "a", "z", "C"],
        ["", "", "", "D", "e"],
    ]
    assert [row.locator(".lab-answer-token").all_inner_texts() for row in rows] == [["B"], ["C"], ["D"]]
    assert [row.locator(".lab-padding").count() for row in rows] == [2, 0, 3]
    assert page.locator(".lab-on-answers").all_inner_texts() == ["0.70", "0.20", "0.30"]
    # The colour is the weight itself, from none for 0 to the strongest for 1.
    opacities = (
        rows[0]
        .locator(".lab-token")
        .evaluate_all(
            "boxes => boxes.map(box => getComputedStyle(box).backgroundColor.match(/[\\d.]+(?=\\)$)/)[0])"
        )
    )
    strongest = 0.7
    np.testing.assert_allclose(
        [float(o) for o in opacities], strongest * np.array([0.1, 0.7, 0.2, 0, 0]), atol=0.01
    )
    assert table_rows(page)[3] == ["3", "padding 0.000", "z 0.000", "D 0.300 (answer)"]
    assert page.locator("thead th").all_inner_texts() == ["step", "sample 0", "sample 1", "sample 2"]
    expect(page.locator(".lab-picture")).to_have_accessible_name(
        "Weights. sample 0: 0.70 on the keyword B, 0.00 on padding; "
        "sample 1: 0.20 on the keyword C, the largest, 0.40, is on x, 0.00 on padding; "
        "sample 2: 0.30 on the keyword D, the largest, 0.50, is on padding, 0.70 on padding."
    )


def test_tokens_change_colour_and_make_no_new_ones(draw):
    page = draw(SENTENCES)
    page.evaluate("self.first = document.querySelector('.lab-token')")
    first, *rest = SENTENCES["samples"]
    moved = {**SENTENCES, "samples": [{**first, "weights": [1, 0, 0, 0, 0]}, *rest]}
    page.evaluate("picture => draw(picture)", moved)
    assert page.evaluate("first.isConnected && first.style.getPropertyValue('--lab-weight-here')") == "1.000"
    page.evaluate("picture => draw(picture)", {**moved, "samples": rest})
    assert not page.evaluate("first.isConnected")


# ---- For every reader -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "picture",
    [WORDS, reverse_task(20), reverse_task(16, "head 1", "head 2"), SENTENCES, long_sentences(40)],
    ids=["3 by 4", "20 by 20", "two heads", "tokens", "many tokens"],
)
def test_pictures_are_accessible_and_fit(draw, picture):
    page = draw(picture)
    page.add_script_tag(url="axe.js")
    for dress in in_every_dress(page):
        assert axe_problems(page) == [], dress
        assert page.evaluate("document.documentElement.scrollWidth") <= dress[1]
        outside = page.locator(".lab-picture").evaluate(
            """picture => {
                const { left, right } = picture.getBoundingClientRect();
                return [...picture.querySelectorAll("text, span, rect")].filter(node => {
                    const box = node.getBoundingClientRect();
                    return box.left < left - 3 || box.right > right + 3;
                }).map(node => node.outerHTML);
            }"""
        )
        assert outside == [], dress
        for names in page.locator(".lab-axis").all():
            assert_names_do_not_touch(names.locator("text"))


@pytest.mark.parametrize("picture", [WORDS, SENTENCES], ids=["heatmap", "tokens"])
def test_a_readers_own_colours_leave_the_weights_theirs(draw, picture):
    page = draw(picture)
    page.emulate_media(reduced_motion="reduce")
    coloured = page.locator(":is(.lab-cell, .lab-answer-frame, .lab-token, .lab-scale-colours, svg text)")
    colours = """nodes => nodes.map(node => getComputedStyle(node))
        .map(style => [style.fill, style.stroke, style.backgroundColor, style.backgroundImage])"""
    before = coloured.evaluate_all(colours)
    page.emulate_media(forced_colors="active", color_scheme="dark")
    assert coloured.evaluate_all(colours) == before
    for token in page.locator(".lab-token").all():
        expect(token).to_have_css("color", page.evaluate("getComputedStyle(document.body).color"))


# ---- Bars ------------------------------------------------------------------------------------------

BARS = {
    "kind": "bars",
    "title": "Weights",
    "position": "step",
    "answer": 3,
    "panels": [
        {"title": "one", "weights": [0.1, 0.2, 0.05, 0.4, 0.25]},
        {"title": "two", "weights": [0.5, 0.2, 0.1, 0.15, 0.05]},
    ],
}
WHERE = """(nodes) => nodes.map(node => {
    const { left, right } = node.getBoundingClientRect();
    const chart = node.ownerSVGElement.getBoundingClientRect();
    return (5 * ((left + right) / 2 - chart.left)) / chart.width - 0.5;
})"""


def test_bars_frame_the_answer_in_each_panel_and_are_as_high_as_their_weights(draw):
    page = draw({**BARS, "picked": {"position": 1, "control": "ablate"}})
    np.testing.assert_allclose(page.locator(".lab-answer-frame").evaluate_all(WHERE), [3, 3], atol=0.02)
    np.testing.assert_allclose(page.locator(".lab-picked-frame").evaluate_all(WHERE), [1, 1], atol=0.02)
    np.testing.assert_allclose(page.locator(".lab-bar").evaluate_all(WHERE), [*range(5)] * 2, atol=0.02)
    scales = page.locator(".lab-bar").evaluate_all(
        "bars => bars.map(bar => Number(bar.style.transform.match(/scaleY\\((.*)\\)/)[1]))"
    )
    assert scales == [weight for panel in BARS["panels"] for weight in panel["weights"]]
    assert page.locator(".lab-largest-label").all_text_contents() == ["", "0.50"]
    assert page.locator(".lab-bars .lab-answer-label").all_text_contents() == ["answer 0.40", "answer 0.15"]
    assert table_rows(page)[3] == ["3 (answer)", "0.400", "0.150"]
    assert page.locator(".lab-hint").inner_text() == "Click a step to ablate it."
    page.evaluate("picture => draw(picture)", BARS)
    assert page.locator(".lab-hint, .lab-picked-frame").count() == 0
    np.testing.assert_allclose(page.locator(".lab-answer-frame").evaluate_all(WHERE), [3, 3], atol=0.02)


# ---- Trainings --------------------------------------------------------------------------------------


def test_trainings_put_a_line_and_a_panel_to_each_name(draw):
    page = draw(
        {
            "kind": "trainings",
            "title": "Weights",
            "position": "column",
            "answer": 2,
            "epochs": 4,
            "panels": [{"title": "one", "weights": [0.1, 0.2, 0.7]}, {"title": "two", "weights": [0, 0, 0]}],
            "losses": [[0.5, 0.25, 0.1], [0.6, 1e30]],
        }
    )
    lines = page.locator("polyline.lab-loss-line")
    first, second = points(page, "lab-loss-line")
    assert [len(first), len(second)] == [4, 3]
    np.testing.assert_allclose([y for _, y in first[1:]], [1 / 6, 7 / 12, 5 / 6])
    assert second[-1][1] == -9, "far above the chart, not at a number without end"
    for name in ("stroke", "strokeDasharray"):
        drawn = lines.evaluate_all(f"lines => lines.map(line => getComputedStyle(line).{name})")
        names = page.locator(".lab-loss-name .lab-loss-line")
        assert drawn == names.evaluate_all(f"lines => lines.map(line => getComputedStyle(line).{name})")
        assert len(set(drawn)) == 2
    assert [row[0] for row in table_rows(page)][3:5] == ["loss, epoch 4", "weight, column 0"]
    expect(page.locator(".lab-picture")).to_have_accessible_name(
        "Training loss of each epoch: one 0.50, 0.25, 0.10; two 0.60, 1e+30. Weights. "
        "one: largest 0.70 on column 2, answer 0.70; two: largest 0.00 on column 0, answer 0.00. "
        "The answer is column 2."
    )
