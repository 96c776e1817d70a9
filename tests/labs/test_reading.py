"""The number under the finger, and the run before this one as an outline."""

import re

import pytest
from playwright.sync_api import expect

from tests.labs.watched import FIXTURES, axe_problems, the_lab, verdict

folder, site, watched = FIXTURES

HINT = "Point at a weight to read it."


def reading(lab):
    return lab.locator(".lab-reading")


def in_table(lab, row, column):
    """Return the number that the table behind the picture has at a place, as the reading shows it."""
    button = lab.get_by_role("button", name="The numbers")
    if button.get_attribute("aria-expanded") == "false":
        button.click()
    text = lab.locator(".lab-numbers tbody tr").nth(row).locator("td").nth(column).inner_text()
    return float(re.search(r"[\d.]+", text)[0])


@pytest.mark.parametrize(
    ("name", "mark", "said", "place"),
    [
        # 32 columns, and the panel of y = 1 first
        ("dense", 5, r"y = 1, column 5: (\S+); an equal share is 0\.03\.", (5, 0)),
        ("dense", 33, r"y = 0, column 1 \(the answer\): (\S+); an equal share is 0\.03\.", (1, 1)),
        (
            "self_attention",
            15,
            r"query step 0, key step 15 \(an answer\): (\S+); an equal share is 0\.06\.",
            (0, 15),
        ),
        ("pooling", 0, r"sample 0, step 0 \(“.+”.*\): (\S+); an equal share is 0\.0[23]\.", (0, 0)),
        ("workers", 1, r"1 worker, column 1 \(the answer\): (\S+); an equal share is 0\.03\.", None),
    ],
)
def test_a_mouse_reads_what_the_table_has_and_moves_nothing(watched, name, mark, said, place):
    page = watched.open(f"{name}.html", viewport={"width": 1280, "height": 900})
    lab = the_lab(page)
    verdict(lab)
    expect(reading(lab)).to_have_text(HINT)
    height = lab.bounding_box()["height"]
    lab.locator(".lab-hit, .lab-cell, .lab-samples .lab-token").nth(mark).hover(force=True)
    expect(reading(lab)).to_have_text(re.compile(f"^{said}$"))
    read = float(re.search(said, reading(lab).inner_text())[1])
    assert lab.bounding_box()["height"] == height
    page.mouse.move(1, 1)
    expect(reading(lab)).to_have_text(HINT)
    if place:
        assert abs(in_table(lab, *place) - read) <= 0.006


def test_keys_walk_over_the_weights_and_are_heard(watched):
    page = watched.open("self_attention.html")
    lab = the_lab(page)
    verdict(lab)
    group = lab.get_by_role("group", name="Single weights: read them with the arrow keys")
    group.focus()
    expect(reading(lab)).to_have_attribute("aria-live", "polite")
    for key, place in (
        ("Right", "0, key step 0"),
        ("Right", "0, key step 1"),
        ("Down", "1, key step 1"),
        ("Up", "0, key step 1"),
    ):
        page.keyboard.press(f"Arrow{key}")
        expect(reading(lab)).to_contain_text(f"query step {place}: ")
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    expect(reading(lab)).to_contain_text("query step 0, key step 0: ")
    assert lab.locator(".lab-read").count() == 1
    # A row and a column of 16, which share a cell.
    assert lab.locator(".lab-read-line").count() == 31
    page.add_script_tag(url="axe.js")
    assert axe_problems(page) == []
    page.keyboard.press("Escape")
    expect(reading(lab)).to_have_text(HINT)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    expect(reading(lab)).to_have_text(HINT)
    assert lab.locator(".lab-read, .lab-read-line").count() == 0
    assert reading(lab).get_attribute("aria-live") is None


def test_a_finger_reads_and_what_it_read_stays(watched):
    page = watched.open(
        "self_attention.html", viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True
    )
    lab = the_lab(page)
    verdict(lab)
    height = lab.bounding_box()["height"]
    lab.locator(".lab-cell").nth(37).tap()
    expect(reading(lab)).to_contain_text("query step 2, key step 5: ")
    assert lab.bounding_box()["height"] == height
    # The same place in the next run.
    lab.get_by_role("button", name="Another seed").tap()
    verdict(lab)
    expect(reading(lab)).to_contain_text("query step 2, key step 5: ")


GHOSTS = "nodes => nodes.map(node => node.style.display === 'none' ? null : node.style.transform)"


def test_the_run_before_stays_as_an_outline_until_this_one_has_ended(watched):
    page = watched.open("recurrent.html")
    lab = the_lab(page)
    verdict(lab)
    ghosts, line = lab.locator(".lab-ghost"), lab.locator(".lab-curve-ghost")
    assert set(ghosts.evaluate_all(GHOSTS)) == {None}
    before = lab.locator(".lab-bar").evaluate_all("nodes => nodes.map(node => node.style.transform)")
    losses = lab.locator(".lab-curve-line").get_attribute("points").split()
    page.evaluate(
        """() => {
            window.seen = [];
            const look = () => {
                const lab = document.querySelector("attention-lab");
                const ghosts = [...lab.querySelectorAll(".lab-ghost")];
                const shown = ghosts.every(({ style }) => style.display !== "none");
                const line = lab.querySelector(".lab-curve-ghost").getAttribute("points");
                if (shown) seen.push([ghosts.map(({ style }) => style.transform), line.split(" ").length]);
                requestAnimationFrame(look);
            };
            look();
        }"""
    )
    lab.get_by_role("button", name="Another seed").click()
    verdict(lab)
    seen = page.evaluate("seen")
    assert len(seen) > 0
    assert all(outline == before and count == len(losses) for outline, count in seen)
    assert set(ghosts.evaluate_all(GHOSTS)) == {None}
    expect(line).to_have_attribute("points", "")


def test_a_heatmap_keeps_squares_where_the_run_before_had_its_weight(watched):
    page = watched.open("self_attention.html")
    lab = the_lab(page)
    verdict(lab)
    ghosts = lab.locator(".lab-cell-ghost")
    expect(ghosts).to_have_count(0)
    cells = lab.locator(".lab-cell").evaluate_all(
        "cells => cells.map(cell => [cell.getAttribute('x'), cell.getAttribute('y')])"
    )
    lab.get_by_role("radio", name="copy").check()
    page.wait_for_function("() => document.querySelector('.lab-cell-ghost')")
    places = ghosts.evaluate_all(
        "nodes => nodes.map(node => [node.getAttribute('x'), node.getAttribute('y')])"
    )
    verdict(lab)
    # "Reverse" had its weights on the other diagonal.
    assert {cells.index(place) for place in places} == {16 * row + 15 - row for row in range(16)}
    expect(ghosts).to_have_count(0)
