"""Links to labs and their settings."""

import re

import pytest
from playwright.sync_api import expect

from tests.labs.in_node import run_typescript
from tests.labs.watched import (
    FIXTURES,
    defaults,
    lab_element,
    notice,
    numbers,
    the_lab,
    train_with,
    verdict,
    wait_until_trained,
)
from tools.lab_page import write_page

folder, site, watched = FIXTURES

DEFAULTS = defaults("dense")


def test_a_copied_link_opens_the_same_experiment(watched):
    page = watched.open("quick.html", permissions=["clipboard-read", "clipboard-write"])
    lab = the_lab(page)
    lab.get_by_label("attention column").fill("7")
    lab.get_by_label("Epochs").fill("5")
    lab.get_by_label("signed").click()
    expected = numbers(lab)
    lab.get_by_role("button", name="Copy link").click()
    expect(notice(lab)).to_contain_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    # The page that the lab's notebook makes, wherever the lab is shown.
    assert copied.startswith(f"{watched.site}/index.html#dense?attention_column=7&")

    other = the_lab(watched.open(copied.removeprefix(f"{watched.site}/").replace("index", "dense")))
    assert numbers(other) == expected
    expect(other.get_by_label("attention column")).to_have_value("7")
    expect(other.get_by_label("signed")).to_be_checked()
    expect(notice(other)).to_be_hidden()


def test_without_a_clipboard_the_link_is_shown(watched):
    page = watched.open(
        "quick.html", script="Object.defineProperty(navigator, 'clipboard', { value: undefined })"
    )
    lab = the_lab(page)
    wait_until_trained(lab)  # the first picture moves the buttons, maybe from under the pointer
    lab.get_by_role("button", name="Copy link").click()
    expect(lab.get_by_label("Link to these settings")).to_have_value(
        re.compile("#dense\\?attention_column=1&")
    )


NONSENSE = [
    ("epochs=99999", "it goes from 1 to 300, so here it is 300", {"epochs": "300"}),
    ("epochs=-5", "it goes from 1 to 300, so here it is 1", {"epochs": "1"}),
    ("attention_column=2.6", "so here it is 3", {"attention column": "3"}),
    ("seed=NaN", "not a number", {"seed": "0"}),
    ("seed=", "not a number", {"seed": "0"}),
    ("seed=1e999", "so here it is 9", {"seed": "9"}),
    ("input_dim=7", "the choices are 4, 8, 16, 32", {}),
    ("signed=banana", "either true or false", {}),
    ("input_dim=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E", "“<img src=x onerror=alert(1)>”", {}),
    ("__proto__=1&constructor=2", "no setting “__proto__”", {}),
    ("%E0%A4%A=javascript:alert(1)", "no setting", {}),
]


def test_nonsense_in_a_link_is_refused_in_words(watched):
    page = watched.open(f"dense.html#dense?{NONSENSE[0][0]}")
    lab = the_lab(page)
    for i, (nonsense, said, values) in enumerate(NONSENSE):
        if i > 0:
            page.evaluate("hash => { location.hash = hash }", f"#dense?epochs=2&{nonsense}")
        expect(notice(lab)).to_contain_text(said)
        for label, value in values.items():
            expect(lab.get_by_label(label, exact=True)).to_have_value(value)
        expect(lab.locator(".lab-notice img")).to_have_count(0)
    assert "largest weight" in verdict(lab)
    train_with(page, "dense", {**DEFAULTS, "epochs": 1})
    expect(notice(lab)).to_be_hidden()


def test_the_hash_of_another_section_is_left_alone(watched):
    page = watched.open("quick.html#recap")
    assert "largest weight" in verdict(the_lab(page))
    expect(notice(the_lab(page))).to_be_hidden()


# ---- Computed in node, without a page ---------------------------------------------------------------

SLIDERS = {
    "tenths": ("number", 0, 1, 0.1),
    "hundredths": ("number", 0, 1, 0.01),
    "rates": ("number", 0.0001, 0.01, (0.01 - 0.0001) / 100),
    "threes": ("integer", 0, 10, 3),
    "far": ("integer", 0, 2**53, 1),
}


def read_link(tmp_path, slider, asked):
    kind, low, high, step = SLIDERS[slider]
    control = {"name": "a", "label": "a", "kind": kind, "value": low, "min": low, "max": high, "step": step}
    found = run_typescript(
        tmp_path,
        'import { fromHash } from "./page/address"',
        "given[1].map(asked => fromHash(`#lab?a=${asked}`, 'lab', given[0]))",
        [control],
        asked,
    )
    return [each["settings"]["a"] for each in found], [" ".join(each["refused"]) for each in found]


@pytest.mark.parametrize(
    ("slider", "asked"),
    [
        ("tenths", [f"{k / 10:g}" for k in range(11)]),
        ("hundredths", [f"{k / 100:g}" for k in range(101)]),
        ("rates", ["0.0001", "0.000298", "0.00505", "0.01"]),
        ("threes", ["0", "3", "9"]),
        ("far", [str(2**53 - 1)]),
    ],
)
def test_a_link_may_ask_for_whatever_a_slider_can_show(tmp_path, slider, asked):
    values, refused = read_link(tmp_path, slider, asked)
    assert values == [float(text) for text in asked]
    assert set(refused) == {""}


def test_a_link_of_any_length_is_refused_in_a_few_lines(tmp_path):
    control = {"name": "date", "label": "date", "kind": "text", "value": "8/3/21"}
    hashes = ["#dates?date=" + "5" * 300, "#dates?" + "&".join(f"{'x' * 300}{i}=1" for i in range(300))]
    first, second = run_typescript(
        tmp_path,
        'import { fromHash } from "./page/address"',
        "given[1].map(hash => fromHash(hash, 'dates', given[0]))",
        [control],
        hashes,
    )
    assert first["settings"] == {"date": "5" * 60}
    assert first["refused"] == [
        f"The link asks for date “{'5' * 30}…”; of its 300 characters, here are the first 60."
    ]
    assert second["settings"] == {"date": "8/3/21"}
    assert second["refused"] == [f"This lab has no setting “{'x' * 30}…”."] * 3


def test_a_link_to_a_value_between_two_steps_gets_the_nearer_one(tmp_path):
    values, refused = read_link(tmp_path, "threes", ["4", "5", "10", "99", "-1"])
    assert values == [3, 6, 9, 9, 0], "10 is no step from 0 on: no slider shows it"
    assert refused[0] == "The link asks for a “4”; it goes from 0 to 10 in steps of 3, so here it is 3."
    values, refused = read_link(tmp_path, "tenths", ["0.32", "7"])
    assert values == [0.3, 1]
    assert all(refused)


def test_the_address_follows_a_reader_and_a_reload_shows_the_same(watched):
    page = watched.open("quick.html")
    lab = the_lab(page)
    verdict(lab)
    assert "#" not in page.url, "nobody has touched it"
    lab.get_by_label("attention column").fill("7")
    lab.get_by_label("Epochs").fill("5")
    shown = verdict(lab), numbers(lab)
    assert "#dense?attention_column=7&" in page.url
    entries = page.evaluate("history.length")
    lab.get_by_role("button", name="Another seed").click()
    lab.get_by_role("button", name="Reset").click()
    lab.get_by_label("attention column").fill("7")
    lab.get_by_label("Epochs").fill("5")
    assert (verdict(lab), numbers(lab)) == shown
    assert page.evaluate("history.length") == entries, "Back leaves the page, however much was moved"
    page.reload()
    assert (verdict(lab), numbers(lab)) == shown
    expect(lab.get_by_label("attention column")).to_have_value("7")


def test_of_two_labs_the_address_follows_the_one_touched_last(watched, folder):
    write_page(folder, lab_element("dense", epochs=1), lab_element("workers"), name="two.html")
    page = watched.open("two.html", viewport={"width": 1280, "height": 2000})
    first, second = page.locator("attention-lab").all()
    verdict(second)
    first.get_by_label("attention column").fill("7")
    verdict(first)
    assert "#dense?attention_column=7&" in page.url
    second.get_by_label("seed", exact=True).fill("3")
    verdict(second)
    assert "#workers?" in page.url
    assert "seed=3" in page.url
