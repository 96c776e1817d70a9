"""Thousands of retrainings in one worker of one page: `python -m benchmarks.endurance 10000`. Minutes, so apart.

Each has settings drawn at random from those its lab offers. Memory has to stay flat, and the last may be no slower
than the first.
"""

import random
import statistics
import sys
import tempfile
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

from benchmarks.browser import RUN_JOB
from tools import labs
from tools.browser import launch_chromium
from tools.lab_page import POLICY, build_labs
from tools.serve import serving

PIECES = 10  # the trainings are looked at in so many pieces


def draw(generator):
    """Return a training for the worker: a lab that trains, with random settings."""
    name = generator.choice([name for name, lab in labs.LABS.items() if lab.draws])
    settings = {key: generator.choice(labs.offered(each)) for key, each in labs.controls(name).items()}
    return {"lab": name, "options": settings, "rule": "adam", "batchSize": 64, "learningRate": 0.001}


def megabytes():
    """Return what the pages of a browser started from here hold in memory."""
    processes = psutil.Process().children(recursive=True)
    pages = [process for process in processes if "--type=renderer" in process.cmdline()]
    return sum(process.memory_info().rss for process in pages) / 1e6


def measure(trainings, seed=0):
    """Return for each piece what the browser holds in MB and, by lab, the median seconds of a training."""
    generator = random.Random(seed)
    pieces = []
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary)
        build_labs(folder)
        (folder / "harness.html").write_text("<!doctype html><title>Harness</title>")
        with serving(folder, POLICY) as site:
            page = launch_chromium(playwright).new_page()
            page.goto(f"{site}/harness.html")
            for _ in range(PIECES):
                seconds = {}
                for _ in range(trainings // PIECES):
                    job = draw(generator)
                    done = page.evaluate(
                        RUN_JOB.replace("resolve(data)", "resolve(data.seconds ?? data)"), job
                    )
                    seconds.setdefault(job["lab"], []).append(done)
                medians = {lab: statistics.median(times) for lab, times in sorted(seconds.items())}
                pieces.append((megabytes(), medians))
                shown = " ".join(f"{lab} {time:.3f} s" for lab, time in medians.items())
                print(f"{megabytes():.0f} MB, {shown}", flush=True)
    return pieces


if __name__ == "__main__":
    pieces = measure(int(sys.argv[1]))
    (_, first), (_, last) = pieces[0], pieces[-1]
    print("last piece over first, in time:", {lab: f"{last[lab] / first[lab]:.2f}" for lab in sorted(first)})
