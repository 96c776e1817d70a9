"""What a lab suggests to try: buttons in a kernel, addresses on the site."""

import html
import json
import re

import ipywidgets
import pytest

from helpers import plots
from helpers.live import live


def lab_of(suggestions, trained=None):
    def function(column=1, signed=False, size=4):
        if trained is not None:
            trained.append((column, signed, size))
        return plots.Figure(f"{column} {signed} {size}", height=1)

    return live(function, lab="any", suggestions=suggestions, column=(0, 31), signed=True, size=[2, 4])


def buttons(lab):
    return [
        w
        for row in lab.box.children
        for w in getattr(row, "children", ())
        if isinstance(w, ipywidgets.Button)
    ]


def test_a_press_sets_all_sliders_and_trains_once():
    trained = []
    lab = lab_of({"The last column, signed": {"column": 31, "signed": True}, "Small": {"size": 2}}, trained)
    last, small = buttons(lab)
    assert (last.description, small.description) == ("The last column, signed", "Small")
    last.click()
    assert trained == [(31, True, 4)]
    # What a suggestion does not name is at its default again.
    small.click()
    assert trained == [(31, True, 4), (1, False, 2)]
    assert {name: slider.value for name, slider in lab.sliders.items()} == {
        "column": 1,
        "signed": False,
        "size": 2,
    }
    assert "1 False 2" in lab.caption.value
    lab.sliders["column"].value = 5
    assert trained[-1] == (5, False, 2)


def test_the_site_gets_texts_and_settings():
    page = lab_of({"“Last” & <signed>": {"column": 31, "signed": True}})._repr_mimebundle_()["text/html"]
    written = html.unescape(re.search(r' suggestions="([^"]*)"', page)[1])
    assert json.loads(written) == [{"text": "“Last” & <signed>", "settings": {"column": 31, "signed": True}}]


def test_without_suggestions_there_are_no_buttons_and_no_attribute():
    lab = lab_of(None)
    assert buttons(lab) == []
    assert "suggestions" not in lab._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize(
    ("suggestions", "error", "words"),
    [
        (["Last"], TypeError, "suggestions must be a dict, got ['Last']"),
        ({"Last": 31}, TypeError, "suggestions must lead from a text to a dict, got 'Last': 31"),
        ({31: {"column": 31}}, TypeError, "suggestions must lead from a text to a dict, got 31: "),
        ({"Last": {}}, ValueError, "suggestions must set a slider each, got none for 'Last'"),
        (
            {"Last": {"row": 1}},
            ValueError,
            "suggestions must set sliders (column, signed, size), got 'row' for 'Last'",
        ),
        (
            {"Last": {"column": 32}},
            ValueError,
            "suggestions must set column to what its slider offers, got 32 for",
        ),
        ({"Last": {"size": 3}}, ValueError, "suggestions must set size to what its slider offers, got 3 for"),
        (
            {"Last": {"signed": 1}},
            ValueError,
            "suggestions must set signed to what its slider offers, got 1 for",
        ),
    ],
)
def test_what_cannot_be_suggested_is_named(suggestions, error, words):
    with pytest.raises(error, match=re.escape(words)):
        lab_of(suggestions)
