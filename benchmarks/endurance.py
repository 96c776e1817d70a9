"""Thousands of retrainings in one worker of one page: `python -m benchmarks.endurance 10000`. Minutes, so apart.

Each has settings drawn at random from those its lab offers. Memory has to stay flat, and the last may be no slower
than the first.
"""

import random
import statistics
import sys

import psutil

from benchmarks.browser import RUN_JOB, labs_in_browser
from tools import labs

PIECES = 10  # the trainings are looked at in so many pieces


def offers():
    """Return what each lab that trains offers, as {lab: {control: values}}."""
    return {
        name: {key: labs.offered(control) for key, control in labs.controls(name).items()}
        for name, lab in labs.LABS.items()
        if lab.draws
    }


def draw(offered, generator):
    """Return a training for the worker: a lab that trains, with random settings."""
    name = generator.choice(list(offered))
    settings = {key: generator.choice(values) for key, values in offered[name].items()}
    return {"lab": name, "options": settings, "rule": "adam", "batchSize": 64, "learningRate": 0.001}


def megabytes():
    """Return what the pages of a browser started from here hold in memory."""
    processes = psutil.Process().children(recursive=True)
    pages = [process for process in processes if "--type=renderer" in process.cmdline()]
    return sum(process.memory_info().rss for process in pages) / 1e6


def measure(trainings, seed=0):
    """Print for each piece what the browser holds, and return by lab the median seconds of its trainings."""
    generator, offered = random.Random(seed), offers()
    pieces = []
    with labs_in_browser() as (browser, site, _):
        page = browser.new_page()
        page.goto(f"{site}/harness.html")
        for _ in range(PIECES):
            seconds = {}
            for _ in range(trainings // PIECES):
                job = draw(offered, generator)
                seconds.setdefault(job["lab"], []).append(page.evaluate(RUN_JOB, job)["seconds"])
            pieces.append({lab: statistics.median(times) for lab, times in sorted(seconds.items())})
            shown = " ".join(f"{lab} {time:.3f} s" for lab, time in pieces[-1].items())
            print(f"{megabytes():.0f} MB, {shown}", flush=True)
    return pieces


if __name__ == "__main__":
    first, *_, last = measure(int(sys.argv[1]))
    both = sorted(first.keys() & last.keys())
    print("last piece over first, in time:", {lab: f"{last[lab] / first[lab]:.2f}" for lab in both})
