"""The functions behind the kernel labs, at the ends and the defaults of their sliders."""

import inspect
import itertools
import re

import pytest

from helpers.plots import Figure
from tools import chapters


def stops(offer, default):
    """Return a slider's ends and its default."""
    if isinstance(offer, bool):
        return [False, True]
    ends = [offer[0], offer[-1] if isinstance(offer, list) else offer[1]]
    return sorted({*ends, default}, key=str)


def grid(chapter, **instead):
    """Return a lab's function and its settings at all stops of all sliders; `instead` names other stops."""
    function, _, sliders = chapters.lab(chapter)
    defaults = {name: p.default for name, p in inspect.signature(function).parameters.items()}
    values = [instead.get(name, stops(offer, defaults[name])) for name, offer in sliders.items()]
    return function, [dict(zip(sliders, choice, strict=True)) for choice in itertools.product(*values)]


def test_dense_lab_works_on_the_whole_grid_and_finds_the_answer_when_trained():
    # All the others with the longest training would take minutes; it is tried by itself, below.
    function, settings = grid("dense_attention", epochs=[1, 20])
    assert len(settings) > 200
    for values in settings:
        figure = chapters.last_figure(function(**values))
        assert isinstance(figure, Figure)
        assert "The largest weight" in figure.alt
        trained = values["epochs"] >= 20 and values["learning_rate"] == 0.001
        plain = not values["signed"] and not values["scale"]
        if trained and plain and values["input_dim"] == 32:
            said = figure.alt.split(" y = 0")[0]
            assert said.endswith(f"is on column {values['attention_column']}: found."), (values, said)


def test_dense_lab_shows_that_time_raises_the_weight_and_scale_lowers_it():
    function, _, sliders = chapters.lab("dense_attention")
    longest = sliders["epochs"][1]
    settings = {"usual": {}, "longest": {"epochs": longest}, "scaled": {"scale": True}}
    said = {name: chapters.last_figure(function(**values)).alt for name, values in settings.items()}
    weight = {
        name: float(re.search(r"y = 1: The largest weight, ([\d.]+)", words)[1])
        for name, words in said.items()
    }
    assert weight["scaled"] < 0.2 < weight["usual"] < 0.55 < weight["longest"]


def test_a_lab_finds_all_its_answers_or_does_not_find_them():
    assert chapters.finds(Figure("All is well.", 1, found=True))
    for result in (Figure("Not found.", 1, found=False), Figure("A curve.", 1), "No date: found."):
        assert not chapters.finds(result), result


# Chapter 1's lab is quick enough for every combination, above.
@pytest.mark.parametrize("chapter", [chapters.name_of(path) for path in chapters.NOTEBOOKS[1:]])
def test_lab_works_at_both_ends_of_each_slider_and_finds_the_answer_at_its_defaults(chapter):
    function, _, sliders = chapters.lab(chapter)
    figure = chapters.last_figure(function())
    assert chapters.finds(figure), figure.alt
    defaults = {name: p.default for name, p in inspect.signature(function).parameters.items()}
    short = {"epochs": sliders["epochs"][0]} if "epochs" in sliders else {}
    for name, offer in sliders.items():
        for value in stops(offer, defaults[name]):
            if value == defaults[name]:
                continue
            figure = chapters.last_figure(function(**short | {name: value}))
            assert isinstance(figure, Figure), (name, value)
            assert figure.found is not None, (name, value, figure.alt)
            assert len(figure.png()) > 1_000, (name, value)


def test_pooling_lab_gives_padding_nothing_with_the_mask_and_something_without():
    function, _, _ = chapters.lab("attention_pooling")
    found = "Mean weight on padding: exactly 0. Largest weight on the keyword in 100 % of held-out samples: found."
    for values in ({}, {"max_length": 5}, {"max_length": 40}, {"distractors": 2}, {"padding": "before"}):
        figures = list(function(**values))
        assert len(figures) == 6
        assert figures[-1].alt == found, values
    for length in (5, 40):
        assert "exactly 0" not in chapters.last_figure(function(mask=False, max_length=length)).alt


def test_definitions_runs_no_lesson():
    names = chapters.definitions("dense_attention")
    assert callable(names["retrain"])
    assert "model" not in names


def test_lab_reads_the_sliders_from_the_notebook():
    _, name, sliders = chapters.lab("dense_attention")
    assert name == "dense"
    assert sliders["attention_column"] == (0, 31)


@pytest.mark.parametrize(
    ("offer", "default", "expected"),
    [((0, 3), 1, [0, 1, 3]), ([4, 8], 8, [4, 8]), (True, False, [False, True])],
)
def test_stops_are_ends_and_default(offer, default, expected):
    assert stops(offer, default) == expected
