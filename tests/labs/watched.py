"""Labs opened in a real Chromium and watched: fixtures and small helpers of the lab tests."""

import itertools
import json
import re
import urllib.parse
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tools import labs
from tools.lab_page import (
    LABS,
    POLICY,
    TRAINING_TIMEOUT,
    build_labs,
    lab_html,
    wait_until_trained,
    write_page,
)
from tools.serve import serving

CONTROLS = {name: list(labs.controls(name).values()) for name in labs.LABS}

# Nothing is timed here: a busy machine may take its time.
expect.set_options(timeout=60_000)


def lab_element(lab: str, **values) -> str:
    """A lab with the controls of its notebook, some of which may start at other values."""
    controls = [{**each, "value": values.get(each["name"], each["value"])} for each in CONTROLS[lab]]
    return lab_html(lab, controls)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The built labs in a sub-folder, as on a project site of GitHub Pages; a page for each lab."""
    folder = tmp_path_factory.mktemp("site") / "book" / "pages"
    build_labs(folder)
    for lab in CONTROLS:
        write_page(folder, lab_element(lab), name=f"{lab}.html")
    # The notebook hands its model to this one.
    (folder / "dates.html").rename(folder / "dates_alone.html")
    write_page(folder, labs.elements()["dates"], name="dates.html")
    # For tests that need some training, but no answer found.
    write_page(folder, lab_element("dense", epochs=1), name="quick.html")
    (folder / "axe.js").write_bytes((LABS / "node_modules" / "axe-core" / "axe.min.js").read_bytes())
    (folder / "harness.html").write_text("<!doctype html><title>Harness</title><link rel=icon href='data:,'>")
    return folder


@pytest.fixture(scope="module")
def site(folder) -> Iterator[str]:
    with serving(folder.parent.parent, POLICY) as address:
        yield f"{address}/book/pages"


class Watched:
    """Opens pages and remembers what must not happen on any of them."""

    def __init__(self, browser: Browser, site: str) -> None:
        self.browser = browser
        self.site = site
        self.expected: list[str] = []
        self.problems: list[str] = []
        self.contexts: list = []

    def open(self, path: str = "dense.html", *, script: str | None = None, **options) -> Page:
        context = self.browser.new_context(**options)
        self.contexts.append(context)
        if script:
            context.add_init_script(script)
        context.on("request", self._check_host)
        page = context.new_page()
        page.set_default_timeout(TRAINING_TIMEOUT)
        page.on("console", lambda message: message.type == "error" and self.problems.append(message.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("dialog", lambda dialog: (self.problems.append(dialog.message), dialog.dismiss()))
        page.goto(f"{self.site}/{path}")
        return page

    def _check_host(self, request) -> None:
        if not request.url.startswith((self.site, "data:")):
            self.problems.append(f"request to {request.url}")

    def finish(self) -> None:
        for context in self.contexts:
            context.close()
        unexpected = [
            problem
            for problem in self.problems
            if not any(re.search(pattern, problem) for pattern in self.expected)
        ]
        assert unexpected == [], unexpected


@pytest.fixture
def watched(browser, site) -> Iterator[Watched]:
    watched = Watched(browser, site)
    yield watched
    watched.finish()


# For a module to assign: fixtures that are imported by name look unused, and hidden by the tests' arguments.
FIXTURES = folder, site, watched


# Remembers what a screen reader hears, and what the progress says: a word may be gone when a test looks.
RECORD = """
window.heard = [];
window.seen = [];
new MutationObserver(records => records.forEach(({ target }) => {
    const { className, textContent } = target.nodeType === Node.TEXT_NODE ? target.parentElement ?? target : target;
    if (className === "lab-only-heard" && textContent) heard.push(textContent);
    if (className === "lab-progress-text") {
        seen.push([textContent, target.parentElement.querySelector("progress").value]);
    }
})).observe(document, { subtree: true, childList: true, characterData: true });
"""


def the_lab(page: Page) -> Locator:
    return page.locator("attention-lab").first


def notice(lab: Locator) -> Locator:
    """What the lab says beside its verdict: refused links, failures."""
    return lab.locator("[role=status]")


def verdict(lab: Locator) -> str:
    wait_until_trained(lab)
    return lab.locator(".lab-verdict").inner_text()


def integers(lab: str) -> list[tuple[str, int, int]]:
    """The sliders of a lab that take whole numbers: label, low, high."""
    return [(c["label"], c["min"], c["max"]) for c in CONTROLS[lab] if c["kind"] == "integer"]


def drag(slider: Locator, shares: Iterable[float], *, pause: int = 10) -> None:
    """Take a slider's handle by the mouse from the left end to these shares of its way, in turn.

    Args:
        pause: the milliseconds that the hand rests at each.
    """
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    mouse = slider.page.mouse

    def move(share: float) -> None:
        mouse.move(box["x"] + 8 + share * (box["width"] - 16), box["y"] + box["height"] / 2)

    move(0)
    mouse.down()
    for share in shares:
        move(share)
        slider.page.wait_for_timeout(pause)
    mouse.up()


def at_both_ends(lab: Locator, sliders: Iterable[tuple[str, int, int]]) -> Iterator[tuple[str, int, str]]:
    """Bring each slider to its low and its high end, then back: its label, its value, the verdict there."""
    for label, low, high in sliders:
        slider = lab.get_by_role("slider", name=label)
        before = slider.input_value()
        for key, value in (("Home", low), ("End", high)):
            slider.press(key)
            words = verdict(lab)
            assert slider.input_value() == str(value)
            assert f"{label.replace(' ', '_')}={value}" in lab.get_attribute("data-settings")
            yield label, value, words
        slider.fill(before)


def numbers(lab: Locator) -> list[list[str]]:
    """The table behind the button, row by row."""
    wait_until_trained(lab)
    button = lab.get_by_role("button", name="The numbers")
    if button.get_attribute("aria-expanded") == "false":
        button.click()
    return table_rows(lab)


def table_rows(inside: Locator | Page) -> list[list[str]]:
    return inside.locator(".lab-numbers tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )


def link(lab: str, settings: dict) -> str:
    values = {name: _as_text(value) for name, value in settings.items()}
    return f"#{lab}?{urllib.parse.urlencode(values)}"


def _as_text(value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def train_with(page: Page, name: str, settings: dict) -> Locator:
    page.evaluate("hash => { location.hash = hash }", link(name, settings))
    # The hash is read in a task of its own: the lab has these settings once its state says so.
    page.wait_for_function(
        "hash => document.querySelector('attention-lab').dataset.settings === hash", arg=link(name, settings)
    )
    return the_lab(page)


def defaults(lab: str) -> dict:
    return {control["name"]: control["value"] for control in CONTROLS[lab]}


def first_report(watched: Watched, lab: str, settings: dict) -> tuple[dict, dict]:
    """What a lab's worker reports first: its progress and its findings."""
    return watched.open("harness.html").evaluate(
        """([lab, settings]) => new Promise(resolve => {
            const worker = new Worker("attention-lab-worker.js", { type: "module" });
            worker.onmessage = ({ data }) => {
                if (data.kind !== "started") resolve([data.progress, data.findings]);
            };
            worker.postMessage({ kind: "open", lab, handed: { constants: {}, given: {} } });
            worker.postMessage({ kind: "train", run: 1, settings });
        })""",
        [lab, settings],
    )


def as_weights(rows: list[list[str]]) -> np.ndarray:
    return np.array([[float(cell.removesuffix(" (answer)")) for cell in row[1:]] for row in rows])


def marked(lab: Locator) -> list[str]:
    """What the heatmap's outlines lie on, as row and column of the picture."""
    return lab.locator(".lab-cells").evaluate(
        """svg => {
            const boxes = name => [...svg.querySelectorAll(name)].map(node => node.getBBox());
            const cells = boxes(".lab-cell");
            return boxes(".lab-answer-frame").map(frame => cells.findIndex(
                cell => Math.abs(cell.x - frame.x) < 0.5 && Math.abs(cell.y - frame.y) < 0.5));
        }"""
    )


def points(inside: Locator | Page, name: str) -> list[list[list[float]]]:
    """The corners of each curve of this class, in a chart that is 1 wide and 1 high, from above."""
    drawn = inside.locator(f"polyline.{name}").evaluate_all(
        "lines => lines.map(line => line.getAttribute('points'))"
    )
    return [[[float(value) for value in point.split(",")] for point in line.split()] for line in drawn]


def assert_names_do_not_touch(names: Locator) -> None:
    boxes = names.evaluate_all(
        "texts => texts.map(text => text.getBoundingClientRect()).map(({ left, right }) => [left, right])"
    )
    assert len(boxes) > 2
    assert all(right < left for (_, right), (left, _) in itertools.pairwise(boxes)), boxes


def axe_problems(page: Page) -> list[str]:
    found = page.evaluate("axe.run()")
    assert len(found["passes"]) > 10
    return [
        f"{violation['id']}: {node['html'][:120]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def in_every_dress(page: Page, widths: tuple[int, ...] = (1280, 360)) -> Iterator[tuple[str, int]]:
    """Put the page into light and dark, wide and narrow."""
    for theme in ("light", "dark"):
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            yield theme, width


def assert_no_problems_in_every_dress(page: Page) -> None:
    page.mouse.move(0, 0)
    page.add_script_tag(url="axe.js")
    for dress in in_every_dress(page):
        problems = axe_problems(page)
        assert problems == [], (dress, problems)


def assert_reads_well(page: Page) -> None:
    """A trained lab with all that it can unfold: axe has no complaint, and nothing is cut off."""
    lab = the_lab(page)
    numbers(lab)
    lab.locator("summary").click()
    expect(lab.locator(".lab-source code")).to_contain_text('from "../engine"')
    assert_no_problems_in_every_dress(page)
    # 640 is a window of 1280 at 200 %; 320 is one at 400 %.
    for width in (1280, 725, 640, 360, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        outside = lab.evaluate(
            """lab => {
                const { left, right } = lab.getBoundingClientRect();
                return [...lab.querySelectorAll("text, label, output, button, a, p, progress")]
                    .map(node => [node.textContent, node.getBoundingClientRect()])
                    .filter(([, box]) => box.width > 2 && (box.left < left || box.right > right))
                    .map(([text]) => text);
            }"""
        )
        assert outside == [], width
        clipped = lab.locator(".lab-choices").evaluate_all(
            "groups => groups.filter(group => group.scrollWidth > group.clientWidth).map(group => group.textContent)"
        )
        assert clipped == [], width
