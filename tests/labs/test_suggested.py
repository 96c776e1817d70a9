"""What the book says a setting shows, by a suggestion of a lab or a link in the text, is what the lab shows there."""

import re
import urllib.parse
from typing import NamedTuple

import pytest
from playwright.sync_api import expect

from tests.labs.watched import FIXTURES, assert_no_problems_in_every_dress, link, notice, the_lab, verdict
from tools import chapters, labs
from tools.lab_page import TRAINING_TIMEOUT, wait_until_trained, write_page

folder, site, watched = FIXTURES


class Shown(NamedTuple):
    """What a link must lead to: found or not, how clearly beside the lab's own settings, and words of the verdict
    and the figures beside it.

    What has no known answer is neither found nor not.
    """

    found: bool | None
    than_before: str = ""
    says: str = ""


DEMANDS = {
    "#dense?attention_column=31": Shown(True, says="is on column 31: found"),
    "#dense?epochs=1": Shown(False, "less"),
    "#dense?epochs=300": Shown(True, "more", r"y = 1: The largest weight, 0\.[5-7]"),
    "#dense?input_dim=4": Shown(True, "more"),
    "#dense?scale=true": Shown(False, "less"),
    "#dense?signed=true": Shown(False, says="y = 1: .* not found"),
    "#recurrent?place=after": Shown(True),
    "#recurrent?epochs=2": Shown(True, "less"),
    "#recurrent?place=after&cell=SimpleRNN": Shown(False, says="largest on step 1[1-9]"),
    "#recurrent?attention_step=0&place=after": Shown(False, says="largest on step [1-9]"),
    "#recurrent?task=planted%2C+steps": Shown(
        True, says=r"feature 2 0\.[6-9]\d On the steps, each other 0\.[6-9]"
    ),
    "#recurrent?task=planted%2C+cells": Shown(
        True, says=r"feature 2 0\.[23]\d On the steps, each other 0\.0"
    ),
    "#per_dimension?shared=true": Shown(True, "less"),
    "#per_dimension?first_step=15&shared=true": Shown(True, says="1 of 1"),
    "#per_dimension?dimensions=4": Shown(False, says="[1-3] of 4"),
    "#per_dimension?shared=true&place=after": Shown(True),
    "#pooling?mask=false": Shown(True, says=r"on padding: 0\.[01]\d"),
    "#pooling?max_length=40": Shown(True),
    "#pooling?distractors=2": Shown(True, "more"),
    "#pooling?padding=before": Shown(True, "same"),
    "#self_attention?positions=false": Shown(False),
    "#self_attention?task=copy": Shown(True),
    "#self_attention?task=copy&positions=false": Shown(True),
    "#self_attention?task=shift&shift=3": Shown(True),
    "#self_attention?heads=2": Shown(True, "less"),
    "#seq2seq?task=copy": Shown(True),
    "#seq2seq?task=every_second": Shown(True, says="4 of 4"),
    "#seq2seq?score=dot": Shown(True, "less"),
    "#seq2seq?length=12": Shown(True, says="12 of 12"),
    "#seq2seq?score=dot&epochs=1": Shown(False),
    "#dates?date=jeudi+27+avril+2017": Shown(None, says="2017-04-27"),
    "#dates?date=15.+Dezember+2041": Shown(None, says="2041-12-15"),
    "#dates?date=8+jul+2045": Shown(None, says="2045-07-08"),
    "#dates?date=8%2F3%2F21": Shown(None, says="2021-"),
    "#explanation?ablate=0": Shown(True, says=r"Ablating step 0 changes the prediction by 0\.0"),
    "#explanation?model=after+LSTM": Shown(True),
    "#explanation?model=after+SimpleRNN": Shown(
        False, says="largest weight on step 1[1-9], largest effect on step 10"
    ),
    "#explanation?model=after+LSTM&attention_step=0": Shown(False, says="largest effect on step 0"),
    "#workers?scaled=false": Shown(False, says="1 worker: .*, found. 4 workers: .* not clear yet"),
    "#workers?workers=8": Shown(True),
    "#workers?learning_rate=1&workers=8": Shown(False, says="8 workers: diverged"),
    "#workers?epochs=3": Shown(False, "less"),
}

IN_TEXT = re.compile(r"\]\((#\w+\?[^)\s]*)\)")


def suggested(name):
    """The addresses that a lab suggests."""
    suggestions = labs.handed(labs.elements()[name], "suggestions")
    return [link(name, suggestion["settings"]) for suggestion in suggestions]


def linked():
    """The addresses that the text of the chapters links."""
    return {
        address
        for notebook in chapters.NOTEBOOKS
        for cell in chapters.cells(chapters.name_of(notebook))
        if cell.cell_type == "markdown"
        for address in IN_TEXT.findall(cell.source)
    }


def test_every_suggestion_and_link_has_its_demand_and_no_demand_is_left_over():
    written = linked().union(*map(suggested, labs.LABS))
    assert written == DEMANDS.keys()


@pytest.mark.parametrize("name", labs.LABS)
def test_a_lab_has_three_to_six_suggestions(name):
    texts = [suggestion["text"] for suggestion in labs.handed(labs.elements()[name], "suggestions")]
    assert 3 <= len(texts) <= 6
    assert max(map(len, texts)) <= 55


@pytest.fixture(scope="module")
def with_suggestions(folder):
    for name, element in labs.elements().items():
        write_page(folder, element, name=f"{name}_suggests.html")


@pytest.mark.parametrize("name", labs.LABS)
def test_what_is_said_of_a_setting_is_what_it_shows(watched, with_suggestions, name):
    lab = the_lab(watched.open(f"{name}_suggests.html"))
    verdict(lab)
    usual = margin_of(lab)
    lab.get_by_role("button", name="Try this").click()
    shown = lab.get_by_role("list", name="Try this").get_by_role("link")
    assert [each.get_attribute("href") for each in shown.all()] == suggested(name)
    for each in shown.all():
        address = each.get_attribute("href")
        each.click()
        assert_shows(lab, address, usual)
        expect(notice(lab)).to_contain_text("Set for you: ")
        assert lab.page.evaluate("location.hash") == address
    for address in linked() - set(suggested(name)):
        if address.startswith(f"#{name}?"):
            lab.page.evaluate("hash => { location.hash = hash }", address)
            lab.page.wait_for_function("hash => location.hash === hash", arg=address)
            assert_shows(lab, address, usual)


def margin_of(lab):
    return float(lab.get_attribute("data-margin") or "nan")


def assert_shows(lab, address, usual):
    for setting in urllib.parse.urlparse(address).fragment.partition("?")[2].split("&"):
        expect(lab).to_have_attribute(
            "data-settings", re.compile(rf"[?&]{re.escape(setting)}(&|$)"), timeout=TRAINING_TIMEOUT
        )
    demand = DEMANDS[address]
    said = " ".join([verdict(lab), *lab.locator(".lab-metrics p").all_inner_texts()])
    said = " ".join(said.split())
    assert lab.get_attribute("data-found") == {None: None, True: "true", False: "false"}[demand.found], (
        address,
        said,
    )
    assert re.search(demand.says, said), (address, said)
    margin = margin_of(lab)
    holds = {"": True, "more": margin > usual + 0.02, "less": margin < usual - 0.02, "same": margin == usual}
    assert holds[demand.than_before], (address, margin, usual)


# ---- A link in the text -----------------------------------------------------------------------------

TEXT = (
    '<p>Above.</p><p>{}Read <a href="#dense?epochs=2&amp;signed=true">two epochs</a>.</p>'
    + "<p>Below.</p>" * 60
)


@pytest.fixture
def text(folder):
    write_page(folder, labs.elements()["dense"], "<p>Between.</p>" * 60, TEXT.format(""), name="text.html")


def test_a_link_in_the_text_sets_the_lab_and_one_key_leads_back(watched, text):
    page = watched.open("text.html")
    lab = the_lab(page)
    verdict(lab)
    sentence = page.get_by_role("link", name="two epochs")
    sentence.focus()
    page.keyboard.press("Enter")
    expect(lab).to_be_in_viewport()
    expect(notice(lab)).to_contain_text("Set for you: epochs 2, signed on.")
    wait_until_trained(lab)
    assert "epochs=2&" in lab.get_attribute("data-settings")
    expect(page.get_by_role("button", name="Back to the text")).to_be_focused()
    page.keyboard.press("Enter")
    expect(sentence).to_be_focused()
    expect(sentence).to_be_in_viewport()
    # The same link again, after a move: the address has it already, and the lab takes it all the same.
    page.keyboard.press("Enter")
    expect(notice(lab)).to_contain_text("The lab has these settings already.")
    lab.get_by_label("epochs").fill("1")
    wait_until_trained(lab)
    sentence.click()
    expect(notice(lab)).to_contain_text("Set for you: epochs 2.")
    expect(lab.get_by_label("epochs")).to_have_value("2")


def test_back_leads_to_the_settings_before(watched, text):
    page = watched.open("text.html")
    lab = the_lab(page)
    verdict(lab)
    page.get_by_role("link", name="two epochs").click()
    expect(lab.get_by_label("epochs")).to_have_value("2")
    page.go_back()
    assert page.url.endswith("text.html")
    page.go_forward()
    expect(lab.get_by_label("epochs")).to_have_value("2")
    wait_until_trained(lab)


def test_suggestions_are_in_reach_on_a_phone(watched, with_suggestions):
    page = watched.open(
        "dense_suggests.html", viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True
    )
    lab = the_lab(page)
    verdict(lab)
    lab.get_by_role("button", name="Try this").tap()
    links = lab.get_by_role("list", name="Try this").get_by_role("link")
    assert min(each.bounding_box()["height"] for each in links.all()) >= 43.9
    links.nth(3).tap()
    expect(lab.get_by_label("4", exact=True)).to_be_checked()
    expect(links.nth(3)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    verdict(lab)
    assert_no_problems_in_every_dress(page)
