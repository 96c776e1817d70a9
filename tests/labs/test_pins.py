"""Runs that are kept beside the one shown now."""

import re

import pytest
from playwright.sync_api import expect

from tests.labs.watched import FIXTURES, axe_problems, notice, the_lab, verdict

folder, site, watched = FIXTURES


def pins(lab):
    return lab.get_by_role("region", name="Pinned runs")


def press(lab, name):
    lab.get_by_role("button", name=name).press("Enter")


def test_a_pinned_run_stays_as_it_was_and_says_what_differs(watched):
    page = watched.open()
    lab = the_lab(page)
    told = verdict(lab)
    picture = lab.locator(".lab-reader .lab-picture").get_attribute("aria-label")
    press(lab, "Pin this run")
    figure = pins(lab).locator("figure")
    expect(figure).to_contain_text("Pinned: the settings as they come")
    expect(figure).to_contain_text(told)
    lab.get_by_label("Epochs").fill("2")
    assert verdict(lab) != told
    expect(figure.locator(".lab-picture")).to_have_attribute("aria-label", picture)
    expect(figure).to_contain_text(told)
    before, now = (
        re.search(r"y = 1: largest .*? answer (\d\.\d\d)", text)[1]
        for text in (picture, lab.locator(".lab-reader .lab-picture").get_attribute("aria-label"))
    )
    assert float(now) < float(before)
    expect(figure).to_contain_text(f"Weight on the answer, y = 1: {before} here, {now} above.")
    page.add_script_tag(url="axe.js")
    assert axe_problems(page) == []


def test_two_runs_can_be_pinned_and_unpinned(watched):
    page = watched.open("quick.html")
    lab = the_lab(page)
    for seed in (1, 2):
        lab.get_by_label("seed", exact=True).fill(str(seed))
        verdict(lab)
        press(lab, "Pin this run")
        expect(pins(lab).locator("figure")).to_have_count(seed)
    expect(pins(lab).locator("figcaption").last).to_contain_text("Pinned: seed 2")
    press(lab, "Pin this run")
    expect(notice(lab)).to_contain_text("2 runs are pinned already: unpin one first.")
    expect(pins(lab).locator("figure")).to_have_count(2)
    pins(lab).get_by_role("button", name="Unpin").first.click()
    expect(pins(lab).locator("figcaption")).to_have_text(re.compile("Pinned: seed 2"))
    pins(lab).get_by_role("button", name="Unpin").click()
    expect(lab.locator(".lab-pins")).to_be_hidden()


def test_a_run_on_its_way_is_not_pinned(watched):
    lab = the_lab(watched.open("dense.html#dense?epochs=300"))
    expect(lab.locator(".lab-bar").first).to_be_visible()
    press(lab, "Pin this run")
    expect(notice(lab)).to_contain_text("A run can be pinned once it has ended.")
    expect(lab.locator(".lab-pins")).to_be_hidden()


@pytest.mark.parametrize("name", ["dense", "self_attention", "pooling", "workers"])
def test_pins_fit_a_phone(watched, name):
    page = watched.open(
        f"{name}.html", viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True
    )
    lab = the_lab(page)
    verdict(lab)
    lab.get_by_role("button", name="Pin this run").tap()
    expect(pins(lab).locator(".lab-picture")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    unpin = pins(lab).get_by_role("button", name="Unpin")
    assert unpin.bounding_box()["height"] >= 43.9
    unpin.tap()
    expect(lab.locator(".lab-pins")).to_be_hidden()
