"""Chapter 7's lab in a real Chromium: ablating by slider and by click, without training again."""

import re

import numpy as np
from playwright.sync_api import Locator, Page, expect

from tests.labs.watched import (
    FIXTURES,
    as_weights,
    assert_reads_well,
    defaults,
    numbers,
    the_lab,
    train_with,
    verdict,
)

folder, site, watched = FIXTURES

# Counts what the page asks its workers to train.
COUNT = """
    window.trainings = 0;
    const send = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, ...rest) {
        window.trainings += message?.kind === "train";
        return send.call(this, message, ...rest);
    };
"""


def trainings(page: Page) -> int:
    return page.evaluate("window.trainings")


def weights_and_effects(lab: Locator) -> np.ndarray:
    """Return the table, (20 steps, weight and effect)."""
    return as_weights(numbers(lab))


def test_before_the_lstm_weight_and_effect_are_on_the_answer(watched):
    lab = the_lab(watched.open("explanation.html"))
    words = verdict(lab)
    assert re.fullmatch(
        r"before LSTM: largest weight on step 10, largest effect on step 10, found\. "
        r"Ablating the answer, step 10, changes the prediction by 0\.\d\.",
        words,
    )
    weights, effects = weights_and_effects(lab).T
    assert abs(weights.sum() - 1) < 0.02
    assert 0.3 < effects[10] < 0.7, "half of the other samples hold the other answer"
    assert np.delete(effects, 10).max() < 0.1
    expect(lab.locator(".lab-metrics")).to_contain_text("Held-out accuracy 1.00")


def test_ablating_trains_nothing_by_slider_and_by_click(watched):
    page = watched.open("explanation.html#explanation?model=dense", script=COUNT)
    lab = the_lab(page)
    before, table = verdict(lab), numbers(lab)
    assert trainings(page) == 1
    lab.get_by_label("ablate").press("Home")
    expect(lab.locator(".lab-verdict")).to_contain_text(
        "Ablating step 0 changes the prediction by 0.0, ablating the answer"
    )
    assert "ablate=0" in lab.get_attribute("data-settings")

    chart = lab.locator(".lab-bars").last
    box = chart.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 15.5 / 20, box["y"] + box["height"] / 2)
    expect(lab.locator(".lab-verdict")).to_contain_text("Ablating step 15 changes")
    assert lab.get_by_label("ablate").input_value() == "15"
    expect(lab.locator(".lab-metrics")).to_contain_text("Weight of step 15")
    frames = lab.locator(".lab-picked-frame").evaluate_all("frames => frames.map(f => f.getAttribute('x'))")
    assert frames == ["75.000%"] * 2

    lab.get_by_label("ablate").fill("10")
    expect(lab.locator(".lab-verdict")).to_have_text(before)
    assert trainings(page) == 1
    lab.get_by_label("seed", exact=True).press("ArrowRight")
    assert numbers(lab) != table
    assert trainings(page) == 2


def test_after_the_lstm_an_early_answer_has_the_effect_and_not_the_weight(watched):
    page = watched.open("explanation.html#explanation?model=dense")
    settings = {"model": "after LSTM", "attention_step": 0, "ablate": 0}
    lab = train_with(page, "explanation", {**defaults("explanation"), **settings})
    words = verdict(lab)
    weights, effects = weights_and_effects(lab).T
    assert effects.argmax() == 0
    assert weights.argmax() != 0
    assert effects[weights.argmax()] < 0.1 < 0.3 < effects[0]
    assert words.startswith(
        f"after LSTM: largest weight on step {weights.argmax()}, largest effect on step 0, not found. "
        "Ablating the answer, step 0, changes the prediction by 0."
    )


def test_explanation_lab_with_every_model(watched):
    lab = the_lab(watched.open("explanation.html#explanation?model=dense"))
    seen = set()
    for model in ("after SimpleRNN", "after LSTM", "dense"):
        lab.get_by_role("radio", name=model, exact=True).check()
        assert "largest effect" in verdict(lab)
        assert weights_and_effects(lab)[:, 1].argmax() == 10
        seen.add(str(numbers(lab)))
    assert len(seen) == 3


def test_explanation_lab_reads_well_in_every_dress(watched):
    page = watched.open("explanation.html#explanation?model=dense&ablate=9")
    verdict(the_lab(page))
    assert_reads_well(page)
