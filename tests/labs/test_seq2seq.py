"""The labs of chapters 6 and 8 in a real Chromium, and their models beside Keras'."""

import re
import types

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from tests.labs.watched import (
    FIXTURES,
    as_weights,
    assert_reads_well,
    at_both_ends,
    defaults,
    drag,
    first_report,
    link,
    marked,
    notice,
    numbers,
    points,
    the_lab,
    verdict,
    wait_until_trained,
)
from tools import chapters

folder, site, watched = FIXTURES

SCORES = ("dot", "general", "additive")


# ---- Chapter 6's lab --------------------------------------------------------------------------------

ALIGNMENTS = {
    "reverse": lambda length: list(range(length))[::-1],
    "copy": lambda length: list(range(length)),
    "shift": lambda length: [(i + 1) % length for i in range(length)],
    "every_second": lambda length: list(range(0, length, 2)),
}


def says_found(lab: Locator, task: str, length: int) -> None:
    """The verdict, the table and the outlines agree that all answers are found."""
    alignment = ALIGNMENTS[task](length)
    steps = len(alignment)
    assert verdict(lab) == f"Answers found, as the largest weights of their output step: {steps} of {steps}."
    expect(lab).to_have_attribute("data-found", "true")
    rows = numbers(lab)
    weights = as_weights(rows) if steps >= length else as_weights(rows).T
    assert weights.shape == (steps, length)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=0.01)
    assert weights.argmax(axis=1).tolist() == alignment
    assert marked(lab) == [i * length + input_step for i, input_step in enumerate(alignment)]


def test_seq2seq_lab_finds_the_alignment_at_its_defaults(watched):
    lab = the_lab(watched.open("seq2seq.html"))
    says_found(lab, "reverse", 8)
    expect(lab.locator(".lab-metrics")).to_have_text(re.compile(r"Held-out accuracy (0\.9\d|1\.00)"))


@pytest.mark.parametrize(
    ("task", "score"),
    [("copy", "dot"), ("shift", "additive"), ("every_second", "general"), ("reverse", "dot")],
)
def test_seq2seq_lab_finds_the_alignment_of_every_task_and_with_every_score(watched, task, score):
    lab = the_lab(watched.open(f"seq2seq.html#seq2seq?task={task}&score={score}&length=7"))
    says_found(lab, task, 7)


def test_seq2seq_lab_at_both_ends_of_each_slider(watched):
    lab = the_lab(watched.open("seq2seq.html#seq2seq?score=dot&length=4"))
    verdict(lab)
    sliders = (("length", 4, 12), ("epochs", 1, 20), ("seed", 0, 9))
    for label, value, words in at_both_ends(lab, sliders):
        length = value if label == "length" else 4
        assert words.endswith(f" of {length}.")
        epochs = value if label == "epochs" else 5
        expect(lab.locator(".lab-progress-text")).to_have_text(re.compile(rf"{epochs} epochs? in \d+\.\d s"))
        if (label, value) != ("epochs", 1):
            says_found(lab, "reverse", length)


def test_seq2seq_lab_dragged_by_the_mouse_ends_on_the_last_value(watched):
    lab = the_lab(watched.open("seq2seq.html#seq2seq?length=4"))
    verdict(lab)
    slider = lab.get_by_role("slider", name="length")
    drag(slider, np.linspace(0, 0.5, 20))
    length = int(slider.input_value())
    assert 7 <= length <= 9
    says_found(lab, "reverse", length)


# ---- Chapter 6's dates ------------------------------------------------------------------------------

DATES = (
    "Friday, September 5, 2025",
    "Thu, Apr 27, 2017",
    "15. Dezember 2041",
    "jeudi 27 avril 2017",
    "8 jul 2045",
    "2017年4月27日星期四",
    "8/3/21",
)


@pytest.fixture(scope="module")
def readers():
    """What the notebook's functions make of a date, with the weights that its page hands over."""
    notebook = chapters.date_reader()
    notebook["plots"] = types.SimpleNamespace(
        text_alignment=lambda weights, *_: types.SimpleNamespace(w=weights, alt="")
    )
    return notebook


def test_dates_lab_reads_a_date_as_the_notebook_does(watched, readers):
    lab = the_lab(watched.open("dates.html"))
    field = lab.get_by_role("textbox", name="date")
    assert field.input_value() == DATES[0]
    for written in DATES:
        field.fill(written)
        wait_until_settled(lab, written)
        (found,), (shares,) = readers["readings"]([written])
        likely = [str(each) for each, share in zip(found, shares, strict=True) if share > 0.01]
        answer, *others = [each for each in likely if readers["says"](written, each)]
        also = others[0] if others else None
        more = f" It may also mean {also}." if also else ""
        assert verdict(lab) == f"Alignment of “{answer}” with “{written}”.{more}"
        percent = round(100 * shares[list(found).index(answer)])
        expect(lab.locator(".lab-metrics")).to_have_text(
            re.compile(rf"{answer} ({percent - 1}|{percent}|{percent + 1}) %")
        )
        rows = numbers(lab)
        weights = readers["read_date"](written).w
        assert [row[0] for row in rows] == list(written.replace(" ", "␣") if len(written) > 10 else answer)
        shown = as_weights(rows).T if len(written) > 10 else as_weights(rows)
        np.testing.assert_allclose(shown, weights, atol=2e-3)


def wait_until_settled(lab: Locator, written: str) -> None:
    """The lab has answered this very text."""
    expect(lab).to_have_attribute("data-settings", link("dates", {"date": written}))
    wait_until_trained(lab)


def test_dates_lab_says_what_is_no_date(watched, readers):
    lab = the_lab(watched.open("dates.html"))
    field = lab.get_by_role("textbox", name="date")
    for written, said in {
        "": "Type a date.",
        "no date": "No date that the model was trained on has the word “no”.",
        "hello 5 2025": "the word “hello”.",
        "Jeudi Abc 5 2025": "the word “Abc”.",
        "13/13/2025": "the text does not: no date?",
        "5" * 60: "it has 60 characters, and at most 36 are possible.",
        "5?6!25": "none of its dates has “?” or “!” in it.",
        "<img src=x onerror=alert(1)>": "the word “img”.",
    }.items():
        field.fill(written)
        wait_until_settled(lab, written)
        assert said in verdict(lab)
        assert lab.locator(".lab-picture").is_hidden()
        assert lab.locator("img[src=x]").count() == 0
        assert isinstance(readers["read_date"](written), str), "the notebook shows a message too"
    field.fill("May 6, 2025")
    wait_until_settled(lab, "May 6, 2025")
    assert lab.locator(".lab-picture").is_visible()


def test_dates_lab_is_typed_into_linked_to_and_reset(watched):
    page = watched.open("dates.html#dates?date=May+6%2C+2025")
    lab = the_lab(page)
    assert verdict(lab) == "Alignment of “2025-05-06” with “May 6, 2025”."
    field = lab.get_by_role("textbox", name="date")
    field.press("End")
    for _ in range(4):
        field.press("Backspace")
    field.press_sequentially("1999")
    wait_until_settled(lab, "May 6, 1999")
    assert verdict(lab) == "Alignment of “1999-05-06” with “May 6, 1999”."
    lab.get_by_role("button", name="Reset").click()
    wait_until_settled(lab, DATES[0])
    assert verdict(lab).startswith("Alignment of “2025-09-05”")


def test_dates_lab_without_its_model_says_so(watched):
    lab = the_lab(watched.open("dates_alone.html"))
    expect(lab).to_have_attribute("data-state", "failed")
    expect(notice(lab)).to_contain_text("the page hands over no letters")


# ---- Chapter 8's lab --------------------------------------------------------------------------------


def losses_and_weights(lab: Locator) -> tuple[np.ndarray, np.ndarray]:
    """The table's halves, each with a column a training."""
    rows = numbers(lab)
    losses = [row for row in rows if row[0].startswith("loss, epoch")]
    weights = [row for row in rows if row[0].startswith("weight, column")]
    assert len(losses) + len(weights) == len(rows)
    assert weights[1][0] == "weight, column 1 (answer)"
    return as_weights(losses), as_weights(weights)


def test_workers_lab_shows_two_trainings_at_its_defaults(watched):
    lab = the_lab(watched.open("workers.html"))
    assert re.fullmatch(
        r"1 worker: loss 0\.0\d after 10 epochs, found\. 4 workers: loss 0\.0\d after 10 epochs, found\.",
        verdict(lab),
    )
    losses, weights = losses_and_weights(lab)
    assert losses.shape == (10, 2)
    assert weights.shape == (32, 2)
    assert (losses[-1] < 0.1).all()
    assert (weights.argmax(axis=0) == 1).all()
    np.testing.assert_allclose(weights.sum(axis=0), 1, atol=0.02)
    assert lab.locator(".lab-loss-name").all_inner_texts() == ["1 worker", "4 workers"]
    assert [title for title in lab.locator(".lab-panel-title").all_inner_texts() if title] == [
        "1 worker",
        "4 workers",
    ]
    expect(lab.locator(".lab-loss")).to_be_hidden()
    top = 1.2 * losses[0].min()
    for line, values in zip(points(lab, "lab-loss-line"), losses.T, strict=True):
        assert line[0] == line[1], "drawn even where there is but one"
        np.testing.assert_allclose(line[1:], np.c_[(np.arange(10) + 0.5) / 10, 1 - values / top], atol=2e-3)


def test_workers_lab_with_one_worker_is_one_training(watched):
    lab = the_lab(watched.open("workers.html#workers?workers=1&epochs=1"))
    assert re.fullmatch(r"1 worker: loss 0\.\d\d after 1 epoch, (not )?found\.", verdict(lab))
    losses, weights = losses_and_weights(lab)
    assert (losses.shape, weights.shape) == ((1, 1), (32, 1))
    assert len(points(lab, "lab-loss-line")) == 1


def test_workers_lab_at_the_same_rate_is_slower_with_more_workers(watched):
    lab = the_lab(watched.open("workers.html#workers?workers=8&scaled=false"))
    assert verdict(lab).startswith("1 worker: loss 0.0")
    losses, _ = losses_and_weights(lab)
    assert losses[-1, 1] > losses[-1, 0] + 0.1


def test_workers_lab_shows_a_training_that_diverges(watched):
    page = watched.open("workers.html#workers?workers=8&learning_rate=1")
    lab = the_lab(page)
    assert verdict(lab).endswith(" 8 workers: diverged, not found.")
    losses, weights = losses_and_weights(lab)
    assert not np.isfinite(losses[-1, 1])
    assert (weights[:, 1] == 0).all()
    assert np.isfinite(points(lab, "lab-loss-line")[1]).all()
    drawn = lab.locator(".lab-losses").evaluate("svg => getComputedStyle(svg).overflow")
    assert drawn == "hidden", "a curve that leaves the chart is cut off there"
    lab.get_by_label("scaled").click()
    assert "diverged" not in verdict(lab).split("8 workers")[1]


def test_workers_lab_with_every_choice(watched):
    page = watched.open("workers.html#workers?epochs=2")
    lab = the_lab(page)
    verdict(lab)
    seen = set()
    for group in ("workers", "batch size", "learning rate"):
        for radio in lab.get_by_role("radiogroup", name=group).get_by_role("radio").all():
            radio.check()
            words = verdict(lab)
            workers = (
                lab.get_by_role("radiogroup", name="workers").locator("label:has(:checked)").inner_text()
            )
            assert words.count("after 2 epochs") + words.count("diverged") == (1 if workers == "1" else 2)
            seen.add(words + str(losses_and_weights(lab)))
    assert len(seen) >= 9


def test_workers_lab_at_both_ends_of_each_slider(watched):
    lab = the_lab(watched.open("workers.html#workers?epochs=3"))
    verdict(lab)
    for label, value, words in at_both_ends(lab, (("epochs", 1, 20), ("seed", 0, 9))):
        epochs = value if label == "epochs" else 3
        assert words.count(f"after {epochs} epoch") == 2
        assert len(losses_and_weights(lab)[0]) == epochs


# ---- All --------------------------------------------------------------------------------------------


def test_a_first_picture_shows_a_model_that_knows_nothing(watched):
    progress, findings = first_report(watched, "seq2seq", defaults("seq2seq"))
    assert len(progress["losses"]) == 1, "it comes before the first epoch is over"
    assert max(np.max(panel["weights"]) for panel in findings["picture"]["panels"]) < 0.3
    assert findings["found"] is False


@pytest.mark.parametrize("address", ["seq2seq.html#seq2seq?score=dot&epochs=1", "workers.html", "dates.html"])
def test_they_read_well_in_light_and_dark_wide_and_narrow(watched, address):
    assert_reads_well(watched.open(address))
