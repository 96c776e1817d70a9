"""The engine of the labs in node: a step of each lab's job, how it grows, and matrix products beside C."""

import json
import re
import subprocess
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from tools.lab_page import LABS, find_node

PICTURE = Path(__file__).parents[1] / "_build" / "growth.png"
GROWTH = re.compile(r"a step by (.+), (\d+)")


def measure():
    """Return rows (name, figure, bar, unit), the slopes of growth among them; draw the growth as a picture."""
    command = [find_node(), "engine/benchmarks/run.mjs"]
    done = subprocess.run(command, cwd=LABS, capture_output=True, text=True, check=True)
    read = [json.loads(line) for line in done.stdout.splitlines()]
    rows = [(row["name"], row["figure"], row["bar"], row["unit"]) for row in read]
    curves = growth(rows)
    draw(curves)
    slopes = [(f"  slope by {respect}, log-log", slope(*curve), "", "") for respect, curve in curves.items()]
    return rows + slopes


def growth(rows):
    """Return {respect: (sizes, milliseconds)}.

    >>> growth([("a step by width, 16", 0.5, "", "ms"), ("dense lab, wasm: a step", 1.0, "", "ms")])
    {'width': ([16], [0.5])}
    """
    curves = {}
    for name, figure, *_ in rows:
        if match := GROWTH.fullmatch(name):
            sizes, milliseconds = curves.setdefault(match[1], ([], []))
            sizes.append(int(match[2]))
            milliseconds.append(figure)
    return curves


def slope(sizes, milliseconds):
    """Return the exponent of the power law that fits best: 1 where twice the size takes twice the time."""
    return float(np.polyfit(np.log(sizes), np.log(milliseconds), 1)[0])


def draw(curves):
    """Save a picture with a panel for each respect, on logarithmic axes."""
    figure, panels = plt.subplots(1, len(curves), figsize=(9, 3), layout="constrained", sharey=True)
    for panel, (respect, (sizes, milliseconds)) in zip(panels, curves.items(), strict=True):
        panel.loglog(sizes, milliseconds, "o-")
        panel.set(xlabel=respect, title=f"slope {slope(sizes, milliseconds):.2f}")
        panel.set_xticks(sizes, sizes, minor=False)
        panel.minorticks_off()
    panels[0].set_ylabel("ms a step")
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=100)
    plt.close(figure)
