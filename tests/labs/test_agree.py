"""Where a chapter's own `retrain` finds the known answer, its lab in the browser finds it with the same settings."""

import random
import re

import pytest

from tests.labs.watched import FIXTURES, defaults, link, train_with, verdict
from tools import chapters, labs

folder, site, watched = FIXTURES

TRAINED = [name for name, lab in labs.LABS.items() if lab.draws]


def test_there_is_a_row_for_every_lab_and_what_it_names_is_offered():
    assert labs.LABS.keys() == labs.elements().keys()
    for name, lab in labs.LABS.items():
        controls = labs.controls(name)
        moved = controls[lab.control]
        assert moved["value"] not in lab.moves
        assert moved["kind"] == "text" or set(lab.moves) <= set(labs.offered(moved))
        for drawn, values in lab.drawn.items():
            assert (
                values is None
                or drawn == "learning_rate"
                or set(values) <= set(labs.offered(controls[drawn]))
            )


@pytest.mark.parametrize("name", TRAINED)
def test_the_lab_finds_what_its_notebook_finds(watched, name):
    row, controls = labs.LABS[name], labs.controls(name)
    retrain, _, _ = chapters.lab(row.chapter)
    offered = {key: values or labs.offered(controls[key]) for key, values in row.drawn.items()}
    draw = random.Random(1)
    found = []
    for _ in range(row.draws):
        settings = {key: draw.choice(values) for key, values in offered.items()}
        figure = chapters.last_figure(retrain(**settings))
        if chapters.finds(figure):
            found.append(({**defaults(name), **settings}, figure.alt))
    assert len(found) > row.draws / 2, "where the notebook finds nothing, nothing is compared"

    # Opened with the first of them: a training at the defaults would take its time for nothing.
    page = watched.open(f"{name}.html{link(name, found[0][0])}")
    for settings, words in found:
        lab = train_with(page, name, settings)
        said = verdict(lab)
        assert lab.get_attribute("data-found") == "true", (settings, words, said)
        for answer in re.findall(r"on (?:column|step) \d+|\d+ of \d+", words):
            assert answer in said, (settings, words, said)
