"""One held-out sample on its way through the attention, every sum written out."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.labs.watched import (
    FIXTURES,
    axe_problems,
    defaults,
    in_every_dress,
    the_lab,
    train_with,
    verdict,
)

folder, site, watched = FIXTURES

HINT = "Point at a number to see how it is made."
PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
LABS = ["dense"]


def inside(lab):
    return lab.locator(".lab-inside")


def reading(lab):
    return inside(lab).locator(".lab-reading")


def opened(page):
    """Open the drawing of a trained lab."""
    lab = the_lab(page)
    verdict(lab)
    lab.get_by_role("button", name="Look inside").press("Enter")
    expect(inside(lab).locator("td").first).to_be_visible()
    return lab


def rows(lab):
    """Return the drawing as {name of the row: its cells}; cells that are numbers have two digits."""
    read = (
        inside(lab)
        .locator("tbody tr")
        .evaluate_all("rows => rows.map(row => [...row.cells].map(cell => cell.textContent))")
    )
    return {name: [as_number(cell) for cell in cells] for name, *cells in read}


def as_number(text):
    text = text.replace("−", "-")
    return float(text) if re.fullmatch(r"-?[\d.]+", text) else text


def cell(lab, name, column):
    row = inside(lab).locator("tbody tr").filter(has=lab.page.get_by_role("rowheader", name=name, exact=True))
    return row.locator("td").nth(column)


def numbers_in(sentence):
    return [float(text) for text in re.findall(r"-?\d+\.\d+", sentence.replace("−", "-"))]


def sums(lab, name):
    """Read every sum of a row by the mouse."""
    read = []
    row = inside(lab).locator("tbody tr").filter(has=lab.page.get_by_role("rowheader", name=name, exact=True))
    for each in row.locator("td").all():
        each.hover()
        expect(reading(lab)).to_contain_text(name)
        read.append(reading(lab).inner_text())
    return read


def softmax(scores):
    exponentials = np.exp(np.array(scores) - max(scores))
    return exponentials / exponentials.sum()


def test_at_rest_there_is_a_button_and_nothing_else(watched):
    page = watched.open("quick.html")
    lab = the_lab(page)
    button = lab.get_by_role("button", name="Look inside")
    expect(button).to_have_attribute("aria-expanded", "false")
    assert inside(lab).evaluate("node => node.childNodes.length") == 0
    verdict(lab)
    height = lab.bounding_box()["height"]
    button.click()
    expect(inside(lab)).to_be_visible()
    button.click()
    expect(inside(lab)).to_be_hidden()
    assert lab.bounding_box()["height"] == height


def test_a_lab_without_single_samples_to_show_has_no_button(watched):
    lab = the_lab(watched.open("workers.html"))
    expect(lab.get_by_role("button", name="The numbers")).to_be_visible()
    expect(lab.get_by_role("button", name="Look inside")).to_have_count(0)


def test_the_sums_of_the_dense_lab_are_those_of_its_model(watched):
    page = watched.open("dense.html", viewport={"width": 1280, "height": 900})
    lab = train_with(page, "dense", {**defaults("dense"), "input_dim": 4, "scale": True})
    opened(page)
    drawn = rows(lab)
    x, scores, weights = (np.array(drawn[name][:4]) for name in ("input", "score", "weight"))
    np.testing.assert_allclose(softmax(scores), weights, atol=0.012)
    np.testing.assert_allclose(weights * x * 4, drawn["weight × input × 4"], atol=0.05)
    # Four terms and a bias, as written out, are the score.
    for sentence in sums(lab, "score"):
        *terms, bias, score = numbers_in(sentence)
        assert len(terms) == 8
        assert abs(np.dot(terms[::2], terms[1::2]) + bias - score) < 0.005
    for sentence, weight in zip(sums(lab, "weight")[:4], weights, strict=True):
        exponential, total, share = numbers_in(sentence)
        assert abs(exponential / total - share) < 0.001
        assert abs(share - weight) <= 0.0051
    for sentence, score in zip(sums(lab, "exponential")[:4], scores, strict=True):
        own, largest, exponential = numbers_in(sentence)
        assert abs(np.exp(own - largest) - exponential) < 0.002
        assert abs(own - score) <= 0.0051


def test_the_samples_shown_agree_with_what_the_lab_says_of_all(watched):
    page = watched.open()
    lab = opened(page)
    accuracy = float(lab.locator(".lab-metrics").inner_text().split()[-1])
    picture = lab.locator(".lab-reader .lab-picture").get_attribute("aria-label")
    mean = {target: float(re.search(rf"y = {target}: .*? answer (\d\.\d\d)", picture)[1]) for target in "01"}
    seen = {"0": [], "1": []}
    right = []
    for _ in range(40):
        outcome = inside(lab).locator(".lab-inside-outcome").inner_text()
        probability, target = re.search(r"probability (\S+)\. The target is (\d)", outcome).groups()
        seen[target].append(rows(lab)["weight"][1])
        right.append((float(probability) > 0.5) == (target == "1"))
        before = inside(lab).locator(".lab-inside-about").inner_text()
        inside(lab).get_by_role("button", name="Next sample").click()
        expect(inside(lab).locator(".lab-inside-about")).not_to_have_text(before)
    assert abs(np.mean(right) - accuracy) < 0.15
    for target, weights in seen.items():
        assert abs(np.mean(weights) - mean[target]) < 0.12, target


@pytest.mark.parametrize("name", LABS)
def test_a_mouse_reads_every_number_and_moves_nothing(watched, name):
    page = watched.open(f"{name}.html", viewport={"width": 1280, "height": 900})
    lab = opened(page)
    page.mouse.move(1, 1)
    expect(reading(lab)).to_have_text(HINT)
    height = lab.bounding_box()["height"]
    first = inside(lab).locator("tbody tr")
    for row in range(first.count()):
        for each in first.nth(row).locator("td").all()[:6]:
            each.hover()
            expect(reading(lab)).not_to_have_text(HINT)
            assert reading(lab).evaluate("node => node.scrollHeight <= node.clientHeight + 1")
            assert lab.bounding_box()["height"] == height
    page.mouse.move(1, 1)
    expect(reading(lab)).to_have_text(HINT)


def test_keys_walk_over_the_numbers_and_are_heard(watched):
    page = watched.open("quick.html", viewport={"width": 1280, "height": 900})
    lab = opened(page)
    lab.get_by_role("group", name="Single numbers: read their sums with the arrow keys").focus()
    expect(reading(lab)).to_have_attribute("aria-live", "polite")
    page.keyboard.press("ArrowRight")
    expect(reading(lab)).to_contain_text("input, column 0: x = ")
    page.keyboard.press("ArrowDown")
    expect(reading(lab)).to_contain_text("score, column 0: ")
    # What is read is in sight, also where the drawing is wider than its place.
    for _ in range(31):
        page.keyboard.press("ArrowRight")
    expect(reading(lab)).to_contain_text("score, column 31: ")
    read, place = (inside(lab).locator(name).bounding_box() for name in (".lab-read", ".lab-inside-table"))
    assert place["x"] <= read["x"]
    assert read["x"] + read["width"] <= place["x"] + place["width"] + 1
    page.keyboard.press("Escape")
    expect(reading(lab)).to_have_text(HINT)


@pytest.mark.parametrize("name", LABS)
def test_a_finger_has_room_and_the_page_does_not_scroll_sideways(watched, name):
    page = watched.open(f"{name}.html", **PHONE)
    lab = opened(page)
    height = lab.bounding_box()["height"]
    inside(lab).locator("tbody tr").nth(1).locator("td").nth(1).tap()
    expect(reading(lab)).to_contain_text("score, ")
    assert lab.bounding_box()["height"] == height
    for row in inside(lab).locator("tbody tr").all():
        for each in row.locator("td").all()[:4]:
            each.tap()
            assert reading(lab).evaluate("node => node.scrollHeight <= node.clientHeight + 1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for each in inside(lab).locator("button, td, input[type=range], .lab-choices span").all():
        box = each.bounding_box()
        assert min(box["height"], box["width"]) >= 44, each.evaluate("node => node.outerHTML")


@pytest.mark.parametrize("name", LABS)
def test_axe_has_no_complaint(watched, name):
    page = watched.open(f"{name}.html")
    lab = opened(page)
    cell(lab, "weight", 1).hover()
    page.add_script_tag(url="axe.js")
    for dress in in_every_dress(page):
        assert axe_problems(page) == [], dress


def test_a_number_that_is_changed_changes_what_follows_from_it(watched):
    page = watched.open("dense.html", viewport={"width": 1280, "height": 900})
    lab = opened(page)
    before = rows(lab)
    cell(lab, "input", 3).click()
    expect(inside(lab).get_by_label("Column to change")).to_have_value("3")
    slider = inside(lab).get_by_label("Its number")
    assert abs(float(slider.input_value()) - before["input"][3]) < 0.006
    slider.press("End")
    expect(inside(lab).locator(".lab-inside-about")).to_contain_text("changed by you")
    expect(cell(lab, "input", 3)).to_have_text("4.00")
    after = rows(lab)
    assert after["score"] != before["score"]
    np.testing.assert_allclose(softmax(after["score"]), after["weight"][:-1], atol=0.012)
    assert [a for i, a in enumerate(after["input"]) if i != 3] == [
        b for i, b in enumerate(before["input"]) if i != 3
    ]
    # By the keyboard alone, and back to the sample as it was.
    inside(lab).get_by_label("Column to change").press("ArrowRight")
    inside(lab).get_by_label("Its number").press("Home")
    expect(cell(lab, "input", 4)).to_have_text("−4.00")
    expect(cell(lab, "input", 3)).to_have_text("4.00")
    inside(lab).get_by_role("button", name="Next sample").press("Enter")
    expect(inside(lab).locator(".lab-inside-about")).to_have_text("Held-out sample 1 of 5000.")


def test_other_samples_are_the_same_ones_for_every_reader(watched):
    seen = []
    for _ in range(2):
        lab = opened(watched.open("quick.html"))
        inside(lab).get_by_role("button", name="Another sample").click()
        about = inside(lab).locator(".lab-inside-about")
        expect(about).not_to_have_text("Held-out sample 0 of 5000.")
        seen.append((about.inner_text(), rows(lab)["weight"]))
    assert seen[0] == seen[1]


def test_what_is_shown_goes_with_the_training_that_it_is_from(watched):
    page = watched.open("dense.html", viewport={"width": 1280, "height": 900})
    lab = opened(page)
    before = rows(lab)["weight"]
    lab.get_by_label("Epochs").fill("300")
    expect(inside(lab).locator(".lab-inside-about")).to_have_text(
        "A sample is shown here once the training has ended."
    )
    expect(inside(lab).locator("table")).to_be_hidden()
    inside(lab).get_by_role("button", name="Next sample").click()
    expect(inside(lab).locator("table")).to_be_hidden()
    lab.get_by_label("Epochs").fill("1")
    verdict(lab)
    expect(inside(lab).locator("table")).to_be_visible()
    expect(inside(lab).locator(".lab-inside-about")).to_have_text("Held-out sample 1 of 5000.")
    assert rows(lab)["weight"] != before


# Trains twice and asks about both runs; whatever is said of the first comes too late.
ASK = """settings => new Promise(resolve => {
    const worker = new Worker("attention-lab-worker.js", { type: "module" });
    const look = { sample: 0, replaced: {}, chosen: {} };
    const heard = [];
    worker.onmessage = ({ data }) => {
        if (data.kind === "inside") heard.push([data.run, data.question]);
        if (data.kind === "failed") resolve(data.message);
        if (data.kind !== "progress" || !data.progress.finished) return;
        if (data.run === 1) {
            worker.postMessage({ kind: "inside", run: 1, question: 1, look });
            worker.postMessage({ kind: "train", run: 2, settings });
            worker.postMessage({ kind: "inside", run: 1, question: 2, look });
            worker.postMessage({ kind: "inside", run: 2, question: 3, look });
        } else {
            worker.postMessage({ kind: "inside", run: 1, question: 4, look });
            worker.postMessage({ kind: "inside", run: 2, question: 5, look });
            setTimeout(() => resolve(heard), 500);
        }
    };
    worker.postMessage({ kind: "open", lab: "dense", handed: { constants: {}, given: {} } });
    worker.postMessage({ kind: "train", run: 1, settings });
})"""


def test_the_worker_answers_for_the_run_in_its_memory_alone(watched):
    page = watched.open("harness.html")
    assert page.evaluate(ASK, {**defaults("dense"), "epochs": 1}) == [[1, 1], [2, 5]]
