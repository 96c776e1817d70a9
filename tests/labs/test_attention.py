"""The labs of chapters 4 and 5 in a real Chromium."""

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from tests.labs.watched import (
    FIXTURES,
    as_weights,
    assert_reads_well,
    at_both_ends,
    defaults,
    drag,
    marked,
    numbers,
    the_lab,
    train_with,
    verdict,
)

folder, site, watched = FIXTURES


# ---- Chapter 4 --------------------------------------------------------------------------------------


def tokens(lab: Locator) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """The tokens and weights of the table, a row a sample, and where its keywords are."""
    cells = [[cell.split() for cell in row[1:]] for row in numbers(lab)]
    shown = np.array([[cell[0] for cell in row] for row in cells]).T
    weights = np.array([[float(cell[1]) for cell in row] for row in cells]).T
    keywords = [[i for i, row in enumerate(cells) if len(row[sample]) == 3] for sample in range(len(shown))]
    assert all(len(steps) == 1 for steps in keywords)
    return shown, weights, [steps[0] for steps in keywords]


def test_pooling_lab_finds_every_keyword_at_its_defaults(watched):
    lab = the_lab(watched.open("pooling.html"))
    assert verdict(lab) == (
        "Mean weight on padding: exactly 0. "
        "Largest weight on the keyword in 100 % of held-out samples: found."
    )
    expect(lab.locator(".lab-metrics")).to_have_text("Held-out accuracy 1.00Weight on padding exactly 0")
    shown, weights, keywords = tokens(lab)
    assert shown.shape == (6, 40)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=0.01)
    assert weights.argmax(axis=1).tolist() == keywords
    assert (weights[shown == "padding"] == 0).all()
    for row, keyword in zip(shown, keywords, strict=True):
        length = (row != "padding").sum()
        assert 5 <= length <= 20
        assert (row[length:] == "padding").all()
        assert row[keyword] in "ABCD"
        assert all("a" <= token <= "z" for i, token in enumerate(row[:length]) if i != keyword)

    boxes = lab.locator(".lab-tokens .lab-token")
    assert boxes.all_inner_texts() == ["" if token == "padding" else token for token in shown.ravel()]
    strength = "boxes => boxes.map(box => Number(box.style.getPropertyValue('--lab-weight-here')))"
    np.testing.assert_array_equal(boxes.evaluate_all(strength), weights.ravel())
    outlined = "boxes => boxes.flatMap((box, i) => box.matches('.lab-answer-token') ? [i] : [])"
    assert boxes.evaluate_all(outlined) == [40 * i + step for i, step in enumerate(keywords)]


def test_pooling_lab_without_the_mask_spends_weight_on_padding(watched):
    page = watched.open("pooling.html#pooling?mask=false")
    lab = the_lab(page)
    said = re.fullmatch(
        r"Mean weight on padding: (below 0\.01|0\.\d\d)\. "
        r"Largest weight on the keyword in (\d+) % of held-out samples: (not )?found\.",
        verdict(lab),
    )
    assert said
    assert (int(said[2]) < 99) == bool(said[3])
    shown, weights, _ = tokens(lab)
    assert weights[shown == "padding"].sum() > 0
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=0.03)
    lab.get_by_label("mask").click()
    assert verdict(lab).startswith("Mean weight on padding: exactly 0. ")


def test_pooling_lab_pads_on_the_side_asked_for(watched):
    lab = the_lab(watched.open("pooling.html"))
    lab.get_by_role("radio", name="before").check()
    assert "in 100 % of held-out samples: found." in verdict(lab)
    shown, weights, keywords = tokens(lab)
    assert weights.argmax(axis=1).tolist() == keywords
    for row in shown:
        length = (row != "padding").sum()
        assert (row[: 40 - length] == "padding").all()


def test_pooling_lab_at_both_ends_of_each_slider(watched):
    lab = the_lab(watched.open("pooling.html"))
    expected = {
        ("max length", 5): lambda lengths, kinds: (lengths == 5).all(),
        ("max length", 40): lambda lengths, kinds: lengths.max() > 20,
        ("distractors", 2): lambda lengths, kinds: kinds <= {"a", "b"},
        ("distractors", 26): lambda lengths, kinds: len(kinds) > 10,
        ("seed", 0): lambda lengths, kinds: True,
        ("seed", 9): lambda lengths, kinds: True,
    }
    sliders = (("max length", 5, 40), ("distractors", 2, 26), ("seed", 0, 9))
    pictures = set()
    for label, value, words in at_both_ends(lab, sliders):
        assert "on the keyword in 100 % of held-out samples: found." in words, (label, value)
        shown, weights, keywords = tokens(lab)
        assert weights.argmax(axis=1).tolist() == keywords
        lengths = (shown != "padding").sum(axis=1)
        kinds = {token for token in shown.ravel() if token != "padding" and token.islower()}
        assert expected[label, value](lengths, kinds), (label, value)
        pictures.add(str(weights))
    assert len(pictures) >= 5, "each is another training"


# ---- Chapter 5 --------------------------------------------------------------------------------------


def heads(lab: Locator, time_steps: int) -> np.ndarray:
    """The weights of the table: (heads, queries, keys)."""
    return as_weights(numbers(lab)).reshape(-1, time_steps, time_steps)


def test_self_attention_lab_finds_the_anti_diagonal_at_its_defaults(watched):
    lab = the_lab(watched.open("self_attention.html"))
    assert verdict(lab) == "The answer has the largest mean weight in 16 of 16 rows: found."
    expect(lab.locator(".lab-metrics")).to_have_text("Held-out accuracy 1.00")
    [weights] = heads(lab, 16)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=0.01)
    assert weights.argmax(axis=1).tolist() == list(range(15, -1, -1))
    assert marked(lab) == [16 * i + 15 - i for i in range(16)]
    assert numbers(lab)[3][13] == f"{weights[3, 12]:.3f} (answer)"
    assert lab.locator(".lab-panel-title").all_inner_texts() == [""]


def test_self_attention_lab_shows_two_heads(watched):
    lab = the_lab(watched.open("self_attention.html#self_attention?heads=2&time_steps=8"))
    words = verdict(lab)
    weights = heads(lab, 8)
    first, second = (weights.argmax(axis=2) == np.arange(8)[::-1]).sum(axis=1)
    assert words == (
        f"The answer has the largest mean weight in 8 of 8 rows (head 1: {first}, head 2: {second}): found."
    )
    assert weights.shape == (2, 8, 8)
    np.testing.assert_allclose(weights.sum(axis=2), 1, atol=0.01)
    assert np.abs(weights[0] - weights[1]).max() > 0.01, "two heads that learn apart"
    assert weights.mean(axis=0).argmax(axis=1).tolist() == list(range(7, -1, -1))
    assert lab.locator(".lab-panel-title").all_inner_texts() == ["head 1", "head 2"]
    assert numbers(lab)[8][0] == "head 2, 0"
    for panel in lab.locator(".lab-heatmap").all():
        assert marked(panel) == [8 * i + 7 - i for i in range(8)]


@pytest.mark.parametrize(("task", "positions"), [("reverse", False), ("shift", False), ("copy", True)])
def test_self_attention_lab_says_what_its_numbers_say(watched, task, positions):
    settings = {"task": task, "positions": positions, "time_steps": 8}
    page = watched.open("self_attention.html#self_attention?time_steps=4")
    verdict(the_lab(page))
    lab = train_with(page, "self_attention", {**defaults("self_attention"), **settings})
    words = verdict(lab)
    [weights] = heads(lab, 8)
    alignment = {"reverse": np.arange(7, -1, -1), "shift": (np.arange(8) + 1) % 8, "copy": np.arange(8)}[task]
    count = (weights.argmax(axis=1) == alignment).sum()
    assert marked(lab) == [8 * i + key for i, key in enumerate(alignment)]
    said = int(re.search(r"in (\d) of 8 rows", words)[1])
    # Without positions, rows differ by chance alone: three decimals may hide which cell is the largest.
    assert abs(said - count) <= (0 if positions else 2)
    assert words.endswith(": found." if positions else ": not found.")


def test_self_attention_lab_at_both_ends_of_each_slider(watched):
    lab = the_lab(watched.open("self_attention.html#self_attention?task=shift&time_steps=12"))
    verdict(lab)
    sliders = (("shift", 1, 5), ("time steps", 4, 24), ("seed", 0, 9))
    for _label, _value, words in at_both_ends(lab, sliders):
        steps = int(lab.get_by_role("slider", name="time steps").input_value())
        shift = int(lab.get_by_role("slider", name="shift").input_value())
        assert words == f"The answer has the largest mean weight in {steps} of {steps} rows: found."
        assert marked(lab) == [steps * i + (i + shift) % steps for i in range(steps)]


def test_self_attention_lab_dragged_by_the_mouse_ends_on_the_last_value(watched):
    lab = the_lab(watched.open("self_attention.html#self_attention?time_steps=4"))
    verdict(lab)
    slider = lab.get_by_role("slider", name="time steps")
    # The picture changes its height below a hand that still holds the slider.
    drag(slider, np.linspace(0, 0.5, 40))
    steps = int(slider.input_value())
    assert 10 <= steps <= 18
    words = verdict(lab)
    assert words == f"The answer has the largest mean weight in {steps} of {steps} rows: found."
    assert len(heads(lab, steps)[0]) == steps


# ---- Both -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pooling", "self_attention"])
def test_they_read_well_in_light_and_dark_wide_and_narrow(watched, name):
    assert_reads_well(watched.open(f"{name}.html#{name}?mask=false&heads=2&time_steps=10"))
