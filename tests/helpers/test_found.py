"""The rule by which an answer is found, on the cases that the labs in the browser are held to as well."""

import inspect
import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.plots import found

CASES = json.loads((Path(__file__).parents[1] / "found_cases.json").read_text(encoding="utf-8"))
WEIGHTS = st.lists(st.floats(0, 1), min_size=2, max_size=9)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kind']}: {case['why']}")
def test_every_case_is_judged_as_written(case):
    said = getattr(found, case["kind"])(**case["inputs"])
    assert said == case["sentence"]
    assert said.found is case["found"]
    assert said.margin == (None if case["margin"] is None else pytest.approx(case["margin"], abs=1e-6))


def test_every_kind_has_cases_that_are_found_not_found_and_not_clear():
    kinds = {
        name
        for name, kind in inspect.getmembers(found, inspect.isfunction)
        if kind.__module__ == found.__name__ and not name.startswith("_") and name != "look"
    }
    assert {case["kind"] for case in CASES} == kinds
    for kind in kinds:
        facts = {
            (case["found"], "not clear yet" in case["sentence"]) for case in CASES if case["kind"] == kind
        }
        assert {(True, False), (False, False), (False, True)} <= facts, kind


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kind']}: {case['why']}")
def test_the_words_agree_with_the_fact(case):
    sentence, is_found = case["sentence"], case["found"]
    misses = re.search(r"not found|not clear yet", sentence)
    counts = re.findall(r"(\d+) of (\d+)[.,]", sentence)
    if is_found is not None:
        assert is_found == (not misses and all(found == total for found, total in counts))


@given(WEIGHTS, st.data())
def test_more_weight_on_the_answer_never_lowers_the_margin(weights, data):
    answer = data.draw(st.integers(0, len(weights) - 1))
    before = found.look(weights, [answer])
    weights[answer] += data.draw(st.floats(0.01, 1))
    after = found.look(weights, [answer])
    assert after.margin >= before.margin - 1e-9
    assert after.is_largest >= before.is_largest


@given(WEIGHTS, st.data(), st.floats(0.1, 1000))
def test_the_order_of_the_other_places_and_the_unit_of_the_weights_do_not_matter(weights, data, unit):
    answer = data.draw(st.integers(0, len(weights) - 1))
    others = data.draw(st.permutations([i for i in range(len(weights)) if i != answer]))
    order = [*others[:answer], answer, *others[answer:]]
    margin = found.look(weights, [answer]).margin
    assert found.look([weights[i] * unit for i in order], [answer]).margin == pytest.approx(margin, abs=1e-6)


def test_margin_goes_from_an_equal_share_to_all_there_is():
    for places in ([2], [0, 3]):
        equal = np.full(5, 0.2)
        whole = np.isin(np.arange(5), places) / len(places)
        assert found.look(equal, places).margin == pytest.approx(0)
        assert found.look(whole, places).margin == pytest.approx(1)
        assert found.look((equal + whole) / 2, places).margin == pytest.approx(0.5)


def test_the_answer_of_a_kind_without_one_is_neither_found_nor_missed():
    assert (found.Verdict("A picture.").found, found.Verdict("A picture.").margin) == (None, None)
