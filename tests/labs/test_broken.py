"""A lab where something is missing, blocked or breaks: it says so, keeps its picture, and goes on when it can."""

import html
import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.labs.watched import (
    CONTROLS,
    FIXTURES,
    lab_element,
    notice,
    the_lab,
    verdict,
)
from tools.lab_page import lab_html, write_page

folder, site, watched = FIXTURES


def test_a_killed_worker_is_reported_and_replaced(watched):
    page = watched.open("dense.html#dense?epochs=1")
    lab = the_lab(page)
    verdict(lab)
    page.workers[0].evaluate("self.close()")
    expect(notice(lab)).to_contain_text("The training stopped: the browser ended its worker.")
    expect(lab).to_have_attribute("data-state", "failed")
    lab.get_by_role("button", name="Try again").press("Enter")
    # The button is gone; who works by keyboard must still be in the lab, just before its picture.
    expect(notice(lab)).to_be_hidden()
    expect(lab).to_be_focused()
    page.keyboard.press("Tab")
    expect(lab.get_by_role("group", name="Single weights")).to_be_focused()
    page.keyboard.press("Tab")
    expect(lab.get_by_label("attention column")).to_be_focused()
    assert "largest weight" in verdict(lab)
    assert len(page.workers) == 1


def test_a_slider_move_also_revives_a_killed_worker(watched):
    page = watched.open("dense.html#dense?epochs=1")
    lab = the_lab(page)
    verdict(lab)
    page.workers[0].evaluate("self.close()")
    expect(lab).to_have_attribute("data-state", "failed")
    lab.get_by_label("attention column").press("End")
    assert "column 31" in verdict(lab)


def test_a_missing_program_is_reported_and_the_static_picture_stays(watched, folder):
    watched.expected = ["404"]
    missing = "attention-lab-worker.js"
    (folder / missing).rename(folder / "away")
    try:
        lab = the_lab(watched.open("quick.html"))
        expect(notice(lab)).to_contain_text("The training stopped: ")
        expect(lab.get_by_role("img")).to_be_visible()
        expect(lab.locator("figcaption")).to_be_visible()
    finally:
        (folder / "away").rename(folder / missing)
    lab.get_by_role("button", name="Try again").click()
    assert "largest weight" in verdict(lab)


def expect_only_the_static_picture(page: Page) -> None:
    lab = the_lab(page)
    expect(lab.get_by_role("img", name="The largest weight is on column 1")).to_be_visible()
    expect(lab.locator("figcaption")).to_have_text("The largest weight, 0.47, is on column 1: found.")
    expect(lab.locator("input, button")).to_have_count(0)


def test_without_javascript_the_static_picture_stays(watched):
    expect_only_the_static_picture(watched.open(java_script_enabled=False))


def test_without_the_bundle_the_static_picture_stays(watched, folder):
    watched.expected = ["404"]
    (folder / "attention-lab.js").rename(folder / "away")
    try:
        expect_only_the_static_picture(watched.open())
    finally:
        (folder / "away").rename(folder / "attention-lab.js")


def test_an_unknown_lab_says_which_there_are(watched, folder):
    write_page(folder, lab_html("nonsense", []), name="unknown.html")
    lab = the_lab(watched.open("unknown.html"))
    expect(notice(lab)).to_contain_text(
        "there is no lab “nonsense”; there are: dense, recurrent, per_dimension, pooling, self_attention"
    )


def dense_with(**changes) -> str:
    """The lab of chapter 1 with something else in its controls, one dict a control."""
    controls = [{**each, **changes.get(each["name"], {})} for each in CONTROLS["dense"]]
    return lab_html("dense", controls)


def test_a_loss_that_is_no_number_is_reported(watched, folder):
    steep = {"value": 1e30, "choices": [1e30]}
    write_page(folder, dense_with(epochs={"value": 1}, learning_rate=steep), name="steep.html")
    lab = the_lab(watched.open("steep.html"))
    expect(notice(lab)).to_contain_text("The training stopped: the loss became NaN in epoch 1.")


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": {"kind": "dial"}},
        {"epochs": {"value": 301}},
        {"epochs": {"value": 2.5}},
        {"epochs": {"step": 0}},
        {"signed": {"value": "true"}},
        {"learning_rate": {"value": 0.5}},
        {"seed": {"label": 7}},
    ],
)
def test_a_control_that_cannot_be_read_is_named_and_the_static_picture_stays(watched, folder, change):
    write_page(folder, dense_with(**change), name="odd.html")
    page = watched.open("odd.html")
    expect_only_the_static_picture(page)
    [name] = change
    expect(the_lab(page)).to_contain_text(f'one of its controls cannot be read: {{"name":"{name}"')


def test_constants_of_the_notebook_take_the_place_of_the_labs_own(watched, folder):
    element = lab_element("dense", epochs=1)
    write_page(folder, with_constants(element, {"num_samples": 200, "batch_size": 10}), name="few.html")
    few, many = (verdict(the_lab(watched.open(page))) for page in ("few.html", "quick.html"))
    assert few != many
    for constants, said in (
        ({"samples": 200}, "the page hands over “samples”; this lab knows num_samples, units, batch_size"),
        ({"num_samples": "many"}, 'the page hands over “num_samples” as "many", no number'),
    ):
        write_page(folder, with_constants(element, constants), name="few.html")
        expect(notice(the_lab(watched.open("few.html")))).to_contain_text(f"The training stopped: {said}.")


def with_constants(element: str, constants: dict) -> str:
    handed = html.escape(json.dumps(constants))
    return element.replace("<attention-lab", f'<attention-lab constants="{handed}"', 1)


# ---- Kernels ----------------------------------------------------------------------------------------

SLOWLY = "The lab computes without its fast kernels, and so takes longer: "


def test_without_its_kernels_a_lab_says_so_and_finds_the_answer_all_the_same(watched, folder):
    watched.expected = ["404"]
    (folder / "kernels.wasm").rename(folder / "away")
    try:
        lab = the_lab(watched.open("dense.html#dense?epochs=5&learning_rate=0.01"))
        assert "on column 1: found." in verdict(lab)
        expect(notice(lab)).to_contain_text(SLOWLY)
        expect(notice(lab)).to_contain_text("kernels.wasm")
    finally:
        (folder / "away").rename(folder / "kernels.wasm")


# ---- Silence ----------------------------------------------------------------------------------------


def stalled(watched, name: str) -> Page:
    """A page for which one file never arrives, nor is refused."""
    page = watched.open("harness.html")
    page.context.route(re.compile(re.escape(name)), lambda route: None)
    page.goto(f"{watched.site}/quick.html")
    return page


def test_a_program_that_does_not_arrive_is_named_and_can_be_asked_for_again(watched):
    page = stalled(watched, "attention-lab-worker.js")
    lab = the_lab(page)
    said = "Still waiting: its program, attention-lab-worker.js, does not arrive (for 5 seconds now)."
    expect(notice(lab)).to_contain_text(said, timeout=10_000)
    expect(lab.get_by_role("img")).to_be_visible()
    page.context.unroute_all()
    lab.get_by_role("button", name="Try again").click()
    assert "largest weight" in verdict(lab)
    expect(notice(lab)).to_be_empty()


def test_a_training_that_does_not_answer_is_no_failure_if_it_comes_after_all(watched):
    page = watched.open("dense.html#dense?epochs=1")
    lab = the_lab(page)
    verdict(lab)
    page.workers[0].evaluate(
        "() => { self.hold = self.onmessage; self.onmessage = event => { self.held = event; }; }"
    )
    lab.get_by_label("attention column").press("End")
    expect(notice(lab)).to_contain_text("Still waiting: the training does not answer", timeout=10_000)
    page.workers[0].evaluate("() => { self.onmessage = self.hold; self.hold(self.held); }")
    assert "column 31" in verdict(lab)
    expect(notice(lab)).to_be_empty()


def test_where_no_program_may_start_the_lab_says_so(watched):
    # As in a sandboxed frame, or on a page of another origin.
    refuse = "self.Worker = class { constructor() { throw new DOMException('not from this origin'); } };"
    lab = the_lab(watched.open("quick.html", script=refuse))
    expect(notice(lab)).to_contain_text(
        "The training stopped: this page may start no program (not from this origin)."
    )
    expect(lab.locator("figcaption")).to_be_visible()
