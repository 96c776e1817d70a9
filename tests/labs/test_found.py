"""The labs judge as the notebooks do: the same rule, the same words, on the cases of tests/found_cases.json."""

import json
from pathlib import Path

import pytest

from tests.labs.in_node import run_typescript

CASES = json.loads((Path(__file__).parents[1] / "found_cases.json").read_text(encoding="utf-8"))

# How each kind that labs draw takes its inputs; the other kinds stand in notebooks alone.
JUDGES = """
import * as found from "./shared/found";

const panelsOf = (panels) => Object.entries(panels).map(([title, weights]) => ({ title, weights }));
// JSON has no number for what is none.
const withNaN = (inputs) => JSON.parse(JSON.stringify(inputs), (_, value) => (value === null ? NaN : value));
const judges = {
    bars: ({ panels, answer, axis }) => found.judgeBars(panelsOf(panels), answer, axis),
    grid: ({ rows, answer, axis }) => {
        const names = Object.entries(rows).flatMap(([title, row]) =>
            Object.entries(row).map(([column, weights]) => ({ name: `${title}, ${column}`, weights })));
        return found.judgeGrid(names, answer, axis);
    },
    cells: ({ weights, answers, row }) => found.judgeCells(weights, answers, row),
    queries: ({ panels, alignment }) => found.judgeQueries(panelsOf(panels), alignment),
    keywords: ({ weights, answers, padding }) => found.judgeKeywords(weights, answers, padding),
    trainings: ({ losses, weights, answer }) => {
        const names = Object.keys(losses);
        return found.judgeTrainings(names.map(name => ({ name, losses: losses[name], weights: weights[name] })), answer);
    },
    effects: ({ rows, axis, ablated }) => {
        const [[title, [weights, effects, answer]]] = Object.entries(rows);
        return found.judgeEffects(title, weights, effects, answer, axis, ablated);
    },
};
"""
KINDS = {"bars", "grid", "cells", "queries", "keywords", "trainings", "effects"}


def drawn_by_labs(case) -> bool:
    """Whether a lab could draw it: there, all heads have one alignment, and one model's step is ablated."""
    inputs = case["inputs"]
    if case["kind"] == "queries":
        return not isinstance(inputs["alignment"], dict)
    if case["kind"] == "effects":
        return "ablated" in inputs and len(inputs["rows"]) == 1
    return case["kind"] in KINDS


DRAWN = [case for case in CASES if drawn_by_labs(case)]


@pytest.fixture(scope="module")
def judged(tmp_path_factory) -> list[dict]:
    cases = [[case["kind"], case["inputs"]] for case in DRAWN]
    folder = tmp_path_factory.mktemp("programs")
    return run_typescript(
        folder, JUDGES, "given[0].map(([kind, inputs]) => judges[kind](withNaN(inputs)))", cases
    )


@pytest.mark.parametrize("index", range(len(DRAWN)), ids=lambda i: f"{DRAWN[i]['kind']}: {DRAWN[i]['why']}")
def test_every_case_is_judged_as_in_a_notebook(judged, index):
    case, said = DRAWN[index], judged[index]
    assert said["verdict"] == case["sentence"]
    assert said["found"] is case["found"]
    assert said["margin"] == (None if case["margin"] is None else pytest.approx(case["margin"], abs=1e-6))


def test_every_kind_of_the_labs_has_cases_of_all_three_words():
    assert {case["kind"] for case in DRAWN} == KINDS
    for kind in KINDS:
        cases = [case for case in DRAWN if case["kind"] == kind]
        facts = {(case["found"], "not clear yet" in case["sentence"]) for case in cases}
        assert {(True, False), (False, False), (False, True)} <= facts, kind


def test_figures_are_rounded_as_in_python(tmp_path):
    values = [0.125, 0.375, 0.5, 0.005, 0.015, 0.25, 0.35, 0.45, 0.75, 1 / 3, 2 / 3, 0.045, 1.005, 0]
    imports = 'import { fixed } from "./shared/numbers";'
    for digits in (1, 2):
        rounded = run_typescript(tmp_path, imports, "given[0].map(x => fixed(x, given[1]))", values, digits)
        assert rounded == [f"{value:.{digits}f}" for value in values]
