"""A row for each lab: what tests, benchmarks and pictures must know of it and its notebook does not say.

Names, ranges and defaults of sliders stand in the notebook and are read from its saved element. Nothing here needs
more than Python itself, as Safari's engine is tested without the book's packages.
"""

import html
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

BOOK = Path(__file__).parents[1] / "book"
ELEMENT = re.compile(r'<attention-lab lab="(\w+)".*?</attention-lab>', re.DOTALL)


class Lab(NamedTuple):
    """One lab.

    Attributes:
        chapter: its notebook's name without number and ending.
        control: the slider or field that is moved where one move stands for all.
        moves: where it is moved to; the lab finds its answers at each of these.
        seconds: by when it has found them on a page, from the move on.
        drawn: what tests draw settings from where they compare the lab with its notebook; None stands for all that
            the slider offers, and what is not named stays at its default. All of one lab train one model, so that
            the kernel compiles once, and as short as still finds the answers clearly.
        draws: how often settings are drawn; 0 where the lab reads and does not train.
    """

    chapter: str
    control: str
    moves: Sequence
    seconds: float
    drawn: dict[str, Sequence | None]
    draws: int


SEEDS = range(1, 6)

LABS = {
    "dense": Lab(
        chapter="dense_attention",
        control="attention_column",
        moves=range(2, 9),
        seconds=0.3,
        drawn={
            "attention_column": None,
            "epochs": range(4, 8),
            "learning_rate": [0.01],
            # Scaled or signed, the weights stay too small to be clear in so few epochs.
            "scale": [False],
            "signed": [False],
            "seed": range(10),
        },
        draws=10,
    ),
    "recurrent": Lab(
        chapter="recurrent_attention",
        control="attention_step",
        moves=range(11, 16),
        seconds=0.3,
        drawn={"attention_step": None, "cell": ["SimpleRNN"], "epochs": [2], "seed": range(10)},
        draws=5,
    ),
    "per_dimension": Lab(
        chapter="shared_and_per_dimension",
        control="first_step",
        moves=range(6, 11),
        seconds=0.6,
        drawn={"first_step": range(5, 12), "second_step": range(12, 17), "seed": range(10)},
        draws=2,
    ),
    "pooling": Lab(
        chapter="attention_pooling",
        control="seed",
        moves=SEEDS,
        seconds=0.3,
        drawn={
            "max_length": range(5, 21),
            "distractors": range(2, 27),
            "padding": None,
            "seed": range(10),
        },
        draws=5,
    ),
    "self_attention": Lab(
        chapter="self_attention",
        control="seed",
        moves=SEEDS,
        seconds=0.6,
        drawn={"task": ["reverse", "copy", "shift"], "shift": None, "time_steps": [8], "seed": range(10)},
        draws=4,
    ),
    "seq2seq": Lab(
        chapter="seq2seq_attention",
        control="seed",
        moves=SEEDS,
        seconds=1.5,
        drawn={"score": ["dot"], "length": [4], "epochs": [3, 4], "seed": range(10)},
        draws=2,
    ),
    "dates": Lab(
        chapter="seq2seq_attention",
        control="date",
        moves=["May 6, 2025", "15. Dezember 2041", "jeudi 27 avril 2017", "8 jul 2045", "8/3/21"],
        seconds=0.3,
        drawn={},
        draws=0,
    ),
    "explanation": Lab(
        chapter="attention_as_explanation",
        control="attention_step",
        moves=range(11, 16),
        seconds=0.6,
        # No other test brings its step to the ends.
        drawn={"model": ["dense"], "attention_step": [0, 19], "ablate": None, "seed": range(10)},
        draws=4,
    ),
    "workers": Lab(
        chapter="beyond_one_machine",
        control="seed",
        moves=SEEDS,
        seconds=0.3,
        drawn={"epochs": range(7, 11), "seed": range(10)},
        draws=4,
    ),
}


def first_of(chapter):
    """Return the name of a chapter's first lab."""
    return next(name for name, lab in LABS.items() if lab.chapter == chapter)


def elements():
    """Return every lab that the notebooks hold, as {name: its element for the site}."""
    found = {}
    for path in sorted(BOOK.glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                page = "".join(output.get("data", {}).get("text/html", ""))
                if match := ELEMENT.match(page):
                    found[match[1]] = page
    return found


def handed(element, name):
    """Return what a lab's element hands to the browser by an attribute."""
    return json.loads(html.unescape(re.search(rf' {name}="([^"]*)"', element)[1]))


def controls(name):
    """Return a lab's controls as {name: what its notebook says of it}."""
    return {control["name"]: control for control in handed(elements()[name], "controls")}


def offered(control):
    """Return all that a control offers.

    >>> offered({"kind": "integer", "min": 2, "max": 8, "step": 3})
    [2, 5, 8]
    """
    if control["kind"] == "switch":
        return [False, True]
    if control["kind"] == "choice":
        return control["choices"]
    return list(range(control["min"], control["max"] + 1, control["step"]))
