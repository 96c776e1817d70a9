"""A training that is recorded: its moments, stepped through, scrubbed and played."""

import itertools
import re

import pytest
from playwright.sync_api import expect

from tests.labs.in_node import run_typescript
from tests.labs.test_parts import LABS, TRAINED, defaults
from tests.labs.watched import (
    FIXTURES,
    assert_no_problems_in_every_dress,
    notice,
    numbers,
    the_lab,
    verdict,
)

folder, site, watched = FIXTURES


def time(lab):
    return lab.get_by_role("region", name="Step through the training")


def scrubber(lab):
    return lab.get_by_label("Moment of the training")


def place(lab):
    return time(lab).locator(".lab-time-place")


def open_time(lab):
    verdict(lab)
    lab.get_by_role("button", name="Step through").press("Enter")
    expect(scrubber(lab)).to_be_visible()
    return verdict(lab)


@pytest.mark.parametrize("name", TRAINED)
def test_a_recorded_training_is_the_same_training(tmp_path, name):
    plain, recorded = run_typescript(
        tmp_path,
        LABS,
        """kernels.wasm().then(loaded => [false, true].map(records =>
            [...train(new Arena(loaded), labs[given[0]], optionsOf(given[0], given[1]), records)]))""",
        name,
        defaults(name),
    )
    ends = [reports[-1] for reports in (plain, recorded)]
    assert ends[0]["progress"]["losses"] == ends[1]["progress"]["losses"]
    assert ends[0]["findings"] == ends[1]["findings"]
    assert all(report["progress"].get("moment") is None for report in plain)

    shown = [report["progress"] for report in recorded if report["findings"]]
    steps = [progress["moment"]["step"] for progress in shown]
    total = shown[-1]["moment"]["steps"]
    assert (steps[0], steps[-1]) == (0, total)
    apart = {later - earlier for earlier, later in itertools.pairwise(steps[:-1])}
    assert len(apart) == 1
    assert 0 < total - steps[-2] <= apart.pop()
    assert 8 <= len(steps) <= 130
    # The losses between two ends of an epoch come to that epoch's, where moments are single steps.
    if total == len(steps) - 1:
        each = total // shown[-1]["epochs"]
        losses = [progress["moment"]["loss"] for progress in shown[1:]]
        means = [sum(losses[i : i + each]) / each for i in range(0, total, each)]
        assert means == pytest.approx(shown[-1]["losses"][1:], rel=1e-5)
    assert shown[-1]["moment"]["heldOutLoss"] < shown[0]["moment"]["heldOutLoss"]


def test_the_run_is_recorded_and_stepped_through_by_keys(watched):
    page = watched.open("self_attention.html")
    lab = the_lab(page)
    said, rows = verdict(lab), numbers(lab)
    assert open_time(lab) == said
    assert numbers(lab) == rows
    expect(time(lab)).to_contain_text("Found first at step ")
    first = int(time(lab).locator(".lab-time-first").inner_text().split()[-1].rstrip("."))

    scrubber(lab).press("Home")
    expect(place(lab)).to_contain_text("Step 0 of 128, epoch 1 of 8")
    expect(lab.locator(".lab-verdict")).to_contain_text("not found")
    assert numbers(lab) != rows
    # What the run has come to stays what the lab has found.
    expect(lab).to_have_attribute("data-found", "true")
    on = time(lab).get_by_role("button", name="2 steps on")
    for _ in range(first // 2 - 1):
        on.press("Enter")
    expect(place(lab)).to_contain_text(f"Step {first - 2} of 128")
    expect(lab.locator(".lab-verdict")).not_to_contain_text(": found")
    on.press("Enter")
    expect(lab.locator(".lab-verdict")).to_contain_text(": found")
    assert scrubber(lab).get_attribute("aria-valuetext") == place(lab).inner_text()

    time(lab).get_by_role("button", name="1 epoch on").press("Enter")
    expect(place(lab)).to_contain_text(f"Step {first + 16} of 128")
    time(lab).get_by_role("button", name="1 epoch back").press("Enter")
    time(lab).get_by_role("button", name="2 steps back").press("Enter")
    expect(place(lab)).to_contain_text(f"Step {first - 2} of 128")
    # Closed, the lab shows the end again.
    lab.get_by_role("button", name="Step through").press("Enter")
    expect(time(lab)).to_be_hidden()
    expect(lab.locator(".lab-verdict")).to_have_text(said)
    assert numbers(lab) == rows


def test_it_plays_from_the_start_to_the_end_and_pauses(watched):
    lab = the_lab(watched.open("workers.html"))
    said = open_time(lab)
    time(lab).get_by_label("slow").check()
    time(lab).get_by_role("button", name="Play").click()
    expect(place(lab)).to_contain_text(re.compile(r"Step (16|32|48|64|80) of 160"))
    time(lab).get_by_role("button", name="Pause").click()
    stopped = place(lab).inner_text()
    assert "Step 160" not in stopped
    lab.page.wait_for_timeout(600)
    assert place(lab).inner_text() == stopped
    time(lab).get_by_label("fast").check()
    time(lab).get_by_role("button", name="Play").click()
    expect(place(lab)).to_contain_text("Step 160 of 160")
    expect(time(lab).get_by_role("button", name="Play")).to_be_visible()
    expect(lab.locator(".lab-verdict")).to_have_text(said)


def test_another_run_is_recorded_while_it_is_open(watched):
    lab = the_lab(watched.open())
    open_time(lab)
    scrubber(lab).press("Home")
    expect(place(lab)).to_contain_text("Step 0 of 1580")
    lab.get_by_label("Epochs").fill("5")
    verdict(lab)
    expect(place(lab)).to_contain_text("Step 395 of 395, epoch 5 of 5")
    # What is pinned is the end of a run, wherever the reader has gone.
    end = lab.locator(".lab-reader .lab-picture").get_attribute("aria-label")
    scrubber(lab).press("Home")
    lab.get_by_role("button", name="Pin this run").press("Enter")
    expect(lab.locator(".lab-pins .lab-picture")).to_have_attribute("aria-label", end)


def test_who_has_gone_back_stays_there_while_the_training_goes_on(watched):
    lab = the_lab(watched.open("quick.html"))
    open_time(lab)
    lab.get_by_label("Epochs").fill("300")
    expect(place(lab)).to_contain_text(" of 23700, epoch 2")
    scrubber(lab).press("Home")
    verdict(lab)
    expect(place(lab)).to_contain_text("Step 0 of 23700")
    expect(lab.locator(".lab-progress-text")).to_have_text("epoch 1 of 300")


@pytest.mark.parametrize("name", ["dense", "explanation"])
def test_a_finger_scrubs_on_a_phone(watched, name):
    page = watched.open(
        f"{name}.html", viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True
    )
    lab = the_lab(page)
    verdict(lab)
    lab.get_by_role("button", name="Step through").tap()
    verdict(lab)
    box = scrubber(lab).bounding_box()
    assert box["height"] >= 43.9
    before = place(lab).inner_text()
    scrubber(lab).tap(position={"x": box["width"] / 3, "y": box["height"] / 2})
    expect(place(lab)).not_to_have_text(before)
    for button in time(lab).get_by_role("button").all():
        assert button.bounding_box()["height"] >= 43.9
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert_no_problems_in_every_dress(page)


def test_a_lab_that_trains_no_model_has_nothing_to_step_through(watched):
    lab = the_lab(watched.open("dates.html"))
    verdict(lab)
    expect(lab.get_by_role("button", name="Step through")).to_have_count(0)
    expect(notice(lab)).to_be_empty()
