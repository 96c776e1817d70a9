"""How fast the labs are in a headless Chromium: `python benchmarks/browser.py`."""

import gzip
import math
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

from tools import labs
from tools.browser import launch_chromium
from tools.lab_page import POLICY, build_labs, write_page
from tools.serve import serving

REPEATS = 15

# What a reader's browser loads for a lab.
LOADED = ("attention-lab.js", "attention-lab.css", "attention-lab-worker.js", "kernels.wasm")

JOB = {
    "lab": "two_blocks",
    "options": {},
    "rule": "adam",
    "batchSize": 128,
    "epochs": 20,
    "learningRate": 0.001,
}

RUN_JOB = """job => {
    self.worker ??= new Worker("harness-worker.js", { type: "module" });
    return new Promise(resolve => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.postMessage(job);
    });
}"""

AGAIN = "369 parameters, 20 epochs, browser: again"
FOUND = "slider move to found answer"


class Row(NamedTuple):
    """A line of the table."""

    name: str
    figure: float
    bar: str = ""
    unit: str = "s"


# Moves a slider as a hand would, by an input event, and reads what the reader sees in every frame.
MOVE_SLIDER = """(slider, value) => new Promise(resolve => {
    const lab = document.querySelector("attention-lab");
    const verdict = lab.querySelector(".lab-verdict");
    const progress = lab.querySelector(".lab-progress-text");
    const start = performance.now();
    const seen = {};
    slider.value = String(value);
    slider.dispatchEvent(new Event("input"));
    const look = () => {
        const seconds = (performance.now() - start) / 1000;
        if (progress.textContent !== "starting …") {
            seen.picture ??= seconds;
            if (lab.dataset.found === "false") delete seen.found; // it was by chance
            else seen.found ??= seconds;
            if (lab.dataset.state === "done") return resolve({ ...seen, done: seconds });
        }
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})"""

LONGEST_TASK = """() => {
    self.longest = 0;
    const note = list => list.getEntries().forEach(({ duration }) => { longest = Math.max(longest, duration); });
    new PerformanceObserver(note).observe({ entryTypes: ["longtask"] });
}"""


def compressed_size(folder: Path) -> int:
    """Return how many bytes of lab code a reader's browser loads, compressed."""
    return sum(len(gzip.compress((folder / name).read_bytes(), 9)) for name in LOADED)


def _measure_moves(browser: Browser, address: str, lab: str) -> list[Row]:
    """Return medians over moves of a lab's slider; a model that finds nothing counts as never."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    page.wait_for_selector("attention-lab[data-state=done]")
    page.evaluate(LONGEST_TASK)
    row = labs.LABS[lab]
    slider = page.locator("attention-lab").get_by_label(labs.controls(lab)[row.control]["label"], exact=True)
    moves = [slider.evaluate(MOVE_SLIDER, value) for value in row.moves]
    longest = page.evaluate("longest")
    page.close()

    def median(seen: str) -> float:
        return statistics.median(move.get(seen, math.inf) for move in moves)

    return [
        Row(f"{lab}: slider move to first picture", median("picture"), "at most 0.05 s"),
        Row(f"{lab}: {FOUND}", median("found"), f"at most {row.seconds} s"),
        Row(f"{lab}: slider move to end of training", median("done")),
        Row(f"{lab}: longest task of the page", longest, "at most 50 ms; a shorter one counts as 0", "ms"),
    ]


@contextmanager
def labs_in_browser() -> Iterator[tuple[Browser, str, Path]]:
    """Yield a browser, the address of the labs' pages and of harness.html, which does jobs, and their folder."""
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary)
        build_labs(folder)
        for lab, element in labs.elements().items():
            write_page(folder, element, name=f"{lab}.html")
        (folder / "harness.html").write_text("<!doctype html><title>Harness</title>")
        with serving(folder, POLICY) as site:
            browser = launch_chromium(playwright)
            yield browser, site, folder
            browser.close()


def measure() -> list[Row]:
    """Return the rows of all labs, and of the small job."""
    rows: list[Row] = []
    with labs_in_browser() as (browser, site, folder):
        page = browser.new_page()
        page.goto(f"{site}/harness.html")
        seconds = [page.evaluate(RUN_JOB, JOB)["seconds"] for _ in range(REPEATS)]
        rows.append(Row("369 parameters, 20 epochs, browser: first time", seconds[0]))
        rows.append(Row(AGAIN, statistics.median(seconds[1:])))
        page.close()

        for lab in labs.LABS:
            rows += _measure_moves(browser, f"{site}/{lab}.html", lab)
        rows.append(Row("lab code, compressed", compressed_size(folder) / 1000, "at most 45 kB", "kB"))
    return rows


if __name__ == "__main__":
    for row in measure():
        print(f"{row.name:<70}{row.figure:>9.3f} {row.unit:<4}{row.bar}".rstrip())
