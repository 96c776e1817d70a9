"""What `make benchmark` measured, kept from commit to commit: `make compare` sets two of them side by side.

A line of JSON for each run: {"commit", "when", "figures": {name: [figure, unit, bar]}}. Times of
different machines say little about each other, so the file stays on the machine and out of git.
"""

import datetime
import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "benchmarks" / "record.jsonl"


def commit():
    """Return the short hash of what is checked out, marked where files have been changed since."""
    git = ["git", "-C", str(ROOT), "describe", "--always", "--exclude=*", "--dirty=+"]
    return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()


def append(figures):
    """Add a run to the record.

    Args:
        figures: a dict from name to [figure, unit, bar].
    """
    when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    with RECORD.open("a") as file:
        file.write(json.dumps({"commit": commit(), "when": when, "figures": figures}) + "\n")


def runs():
    """Return all runs of the record, the oldest first."""
    if not RECORD.exists():
        return []
    return [json.loads(line) for line in RECORD.read_text().splitlines()]


def compare(old, new):
    """Print two runs and, where both have a figure, what the new one is of the old one.

    Args:
        old: the beginning of a commit's hash; its latest run counts.
        new: the same.

    Raises:
        ValueError: the record holds no run of one of them.
    """
    before, after = _latest("old", old), _latest("new", new)
    print(f"{'':<58}{before['commit']:>14}{after['commit']:>14}{'new / old':>11}")
    for name, (figure, unit, bar) in after["figures"].items():
        earlier, *_ = before["figures"].get(name, [None])
        ratio = f"{figure / earlier:11.2f}" if figure and earlier else ""
        print(f"{name:<58}{shown(earlier, unit):>14}{shown(figure, unit):>14}{ratio}   {bar}".rstrip())


def shown(figure, unit):
    """Return a figure as the tables show it."""
    if figure is None:
        return "not measured"
    return f"{figure:.3f} s" if unit == "s" else f"{figure:.1f} {unit}"


def _latest(name, commit):
    matching = [run for run in runs() if run["commit"].startswith(commit)]
    if not commit or not matching:
        there = ", ".join(dict.fromkeys(run["commit"] for run in runs())) or "none"
        raise ValueError(f"{name} must be a commit that was measured, got {commit!r}; there are: {there}")
    return matching[-1]
