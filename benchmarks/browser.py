"""How fast the labs are in a headless Chromium: `python benchmarks/browser.py`."""

import gzip
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from chromium import launch_chromium
from lab_page import build_labs, lab_html, serve, write_page
from playwright.sync_api import Page, sync_playwright

REPEATS = 7

# What a reader's browser loads for a lab; the .wasm without SIMD is for old browsers only.
LOADED = ("attention-lab.js", "attention-lab.css", "attention-lab-worker.js", "tfjs-backend-wasm-simd.wasm")

JOB = {"model": "two_blocks", "inputDim": 4, "batchSize": 128, "epochs": 20, "learningRate": 0.001}

RUN_JOB = """job => {
    self.worker ??= new Worker("harness-worker.js", { type: "module" });
    return new Promise(resolve => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.postMessage(job);
    });
}"""

# Moves the slider as a hand would, by an input event, and reads what the reader sees in every frame.
MOVE_SLIDER = """column => new Promise(resolve => {
    const lab = document.querySelector("attention-lab");
    const slider = lab.querySelector("input[type=range]");
    const verdict = lab.querySelector(".lab-verdict");
    const start = performance.now();
    const seen = {};
    slider.value = String(column);
    slider.dispatchEvent(new Event("input"));
    const look = () => {
        const seconds = (performance.now() - start) / 1000;
        if (lab.querySelector(".lab-axis .lab-answer-label").textContent === String(column)) {
            seen.picture ??= seconds;
            if (verdict.dataset.found === "true") seen.found ??= seconds;
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


def _wait_until_trained(page: Page) -> None:
    page.wait_for_selector("attention-lab[data-state=done]")


def compressed_size(folder: Path) -> int:
    """Return how many bytes of lab code a reader's browser loads, compressed."""
    return sum(len(gzip.compress((folder / name).read_bytes(), 9)) for name in LOADED)


def measure() -> list[tuple[str, float]]:
    """Return rows of a name and seconds, but for the last two: milliseconds and kB, as their names say."""
    rows: list[tuple[str, float]] = []
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary)
        build_labs(folder)
        write_page(folder, lab_html())
        (folder / "harness.html").write_text("<!doctype html><title>Harness</title>")
        with serve(folder) as site:
            browser = launch_chromium(playwright)

            page = browser.new_page()
            page.goto(f"{site}/harness.html")
            seconds = [page.evaluate(RUN_JOB, JOB)["seconds"] for _ in range(REPEATS)]
            rows.append(("369 parameters, 20 epochs, browser: first time", seconds[0]))
            rows.append(("369 parameters, 20 epochs, browser: again", statistics.median(seconds[1:])))
            page.close()

            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(f"{site}/index.html")
            _wait_until_trained(page)
            page.evaluate(LONGEST_TASK)
            moves = [page.evaluate(MOVE_SLIDER, column) for column in range(2, 2 + REPEATS)]
            rows.append(("slider move to first picture", statistics.median(m["picture"] for m in moves)))
            rows.append(("slider move to found answer", statistics.median(m["found"] for m in moves)))
            rows.append(("slider move to end of training", statistics.median(m["done"] for m in moves)))
            rows.append(
                (
                    "longest task of the page while training, over 50 ms (ms; 0: none)",
                    page.evaluate("longest"),
                )
            )
            browser.close()
        rows.append(("lab code, compressed (kB)", compressed_size(folder) / 1000))
    return rows


if __name__ == "__main__":
    for name, figure in measure():
        print(f"{name:<70}{figure:>9.3f}")
