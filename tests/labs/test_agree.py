"""Where a chapter's own `retrain` finds the known answer, its lab in the browser finds it with the same settings."""

import random
import re

import pytest

from tests.labs.watched import FIXTURES, defaults, link, train_with, verdict
from tools import chapters

folder, site, watched = FIXTURES

# How often settings are drawn, and from what; the rest are the notebook's defaults. All of one lab train a
# single model, the cheapest, so that the kernel compiles once, and train as short as still finds the answer
# clearly: from the same seed the browser draws other numbers, so on the edge either may miss. Ten where the
# browser needs half a second for each, and only two where it goes through LSTMs for three.
DRAWN = {
    "01_dense_attention": (
        10,
        {
            "attention_column": range(32),
            "epochs": range(4, 8),
            "learning_rate": [0.01],
            "signed": [False, True],
            "seed": range(10),
        },
    ),
    "02_recurrent_attention": (
        5,
        {"attention_step": range(20), "cell": ["SimpleRNN"], "epochs": [2], "seed": range(10)},
    ),
    "03_shared_and_per_dimension": (
        2,
        {"first_step": range(5, 12), "second_step": range(12, 20), "seed": range(10)},
    ),
    "04_attention_pooling": (
        5,
        {
            "max_length": range(5, 21),
            "distractors": range(2, 27),
            "padding": ["after", "before"],
            "seed": range(10),
        },
    ),
    "05_self_attention": (
        4,
        {
            "task": ["reverse", "copy", "shift"],
            "shift": range(1, 6),
            "time_steps": [8],
            "seed": range(10),
        },
    ),
    "06_seq2seq_attention": (2, {"score": ["dot"], "length": [4], "epochs": [3, 4], "seed": range(10)}),
    # No other test brings its step to the ends.
    "07_attention_as_explanation": (
        4,
        {"model": ["dense"], "attention_step": [0, 19], "ablate": range(20), "seed": range(10)},
    ),
    "08_beyond_one_machine": (4, {"epochs": range(7, 11), "seed": range(10)}),
}


def test_settings_are_drawn_for_every_chapter():
    assert list(DRAWN) == [path.stem for path in chapters.NOTEBOOKS]


@pytest.mark.parametrize("chapter", DRAWN)
def test_the_lab_finds_what_its_notebook_finds(watched, chapter):
    retrain, name, _ = chapters.lab(chapter)
    count, offered = DRAWN[chapter]
    draw = random.Random(1)
    found = []
    for _ in range(count):
        settings = {key: draw.choice(values) for key, values in offered.items()}
        figure = chapters.last_figure(retrain(**settings))
        if chapters.finds(figure):
            found.append(({**defaults(name), **settings}, figure.alt))
    assert len(found) > count / 2, "where the notebook finds nothing, nothing is compared"

    # Opened with the first of them: a training at the defaults would take its time for nothing.
    page = watched.open(f"{name}.html{link(name, found[0][0])}")
    for settings, words in found:
        lab = train_with(page, name, settings)
        said = verdict(lab)
        assert lab.get_attribute("data-found") == "true", (settings, words, said)
        for answer in re.findall(r"on (?:column|step) \d+|\d+ of \d+", words):
            assert answer in said, (settings, words, said)
