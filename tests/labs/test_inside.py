"""One held-out sample on its way through the attention, every sum written out."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.labs.watched import (
    FIXTURES,
    assert_no_problems_in_every_dress,
    defaults,
    the_lab,
    train_with,
    verdict,
)

folder, site, watched = FIXTURES

HINT = "Point at a number to see how it is made."
PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
LABS = ["dense", "pooling", "self_attention", "seq2seq"]


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


# Trains a lab, then asks for the inside of all held-out samples or of the first ones.
ASK_ALL = """([lab, settings, chosen, most]) => new Promise(resolve => {
    const worker = new Worker("attention-lab-worker.js", { type: "module" });
    const ask = sample =>
        worker.postMessage({ kind: "inside", run: 1, question: sample, look: { sample, replaced: {}, chosen } });
    const answers = [];
    let findings = null;
    worker.onmessage = ({ data }) => {
        if (data.kind === "failed") throw new Error(data.message);
        if (data.kind === "inside") {
            answers.push(data.seen);
            const { length } = answers;
            if (length === Math.min(most, data.seen.count)) resolve([findings, answers]);
            else ask(length);
        }
        if (data.kind !== "progress" || !data.progress.finished) return;
        ({ findings } = data);
        ask(0);
    };
    worker.postMessage({ kind: "open", lab, handed: { constants: {}, given: {} } });
    worker.postMessage({ kind: "train", run: 1, settings });
})"""


def ask(watched, lab, settings, most, **chosen):
    """Return a lab's findings and the inside of its held-out samples, as the worker tells them."""
    asked = [lab, {**defaults(lab), **settings}, chosen, most]
    return watched.open("harness.html").evaluate(ASK_ALL, asked)


def cells(seen, name):
    return next(row["cells"] for row in seen["rows"] if row["name"] == name)


def value_of(sum_written):
    """Work out the right side of a sum as it is written, and the number that it says it comes to."""
    *_, expression, result = sum_written.replace("−", "-").split(" = ")
    expression = re.sub(r" \(\d+ smaller terms\)", "", expression).replace("×", "*").replace("e^", "exp")
    expression = expression.rsplit(": ")[-1].replace("bias", "")
    return eval(expression, {"tanh": np.tanh, "exp": np.exp}), float(result)


@pytest.mark.parametrize(
    ("name", "settings", "chosen"),
    [
        ("dense", {"input_dim": 8, "scale": True}, {}),
        ("pooling", {}, {"dimension": 3}),
        ("pooling", {"mask": False, "padding": "before"}, {}),
        ("self_attention", {"heads": 2, "time_steps": 8}, {"head": 2, "query": 5, "dimension": 1}),
        ("seq2seq", {"score": "dot", "epochs": 1}, {"output": 2}),
        ("seq2seq", {"score": "general", "epochs": 1}, {"output": 1, "dimension": 31}),
        ("seq2seq", {"score": "additive", "epochs": 1}, {"output": 3, "dimension": 7}),
    ],
)
def test_every_sum_comes_to_its_number(watched, name, settings, chosen):
    _, answers = ask(watched, name, settings, 3, **chosen)
    for seen in answers:
        scores, weights = (np.array(cells(seen, row)) for row in ("score", "weight"))
        mask = [row["cells"] for row in seen["rows"] if row["name"] == "mask"]
        assert len(mask) == (name == "pooling" and settings.get("mask", True))
        is_open = np.array(mask[0]) == "1" if mask else np.full(len(scores), True)
        np.testing.assert_allclose(softmax(scores[is_open]), weights[is_open], atol=1e-6)
        assert (weights[~is_open] == 0).all()
        context = seen["rows"][-1]
        if name != "dense":
            np.testing.assert_allclose(weights * cells(seen, "value"), context["cells"], atol=1e-6)
            np.testing.assert_allclose(sum(context["cells"]), context["total"]["cell"], atol=1e-5)
        for row in seen["rows"]:
            told = [*zip(row["sums"], row["cells"], strict=True)]
            if "total" in row:
                told.append((row["total"]["sum"], row["total"]["cell"]))
            for words, number in told:
                if re.search(r"\d\S* = ", words.replace("smaller terms)", "0")):
                    worked_out, said = value_of(words)
                    assert abs(worked_out - said) < 0.02, words
                    assert abs(number - said) <= 0.00051, words


def test_all_samples_together_are_what_the_dense_lab_says(watched):
    findings, answers = ask(watched, "dense", {}, 5000)
    assert len(answers) == 5000
    targets = [seen["target"] for seen in answers]
    for panel in findings["picture"]["panels"]:
        shown = [cells(seen, "weight") for seen in answers if panel["title"] in seen["target"]]
        np.testing.assert_allclose(np.mean(shown, axis=0), panel["weights"], atol=1e-5)
    right = [
        re.search("y = .", seen["prediction"])[0] in target
        for seen, target in zip(answers, targets, strict=True)
    ]
    assert f"{np.mean(right):.2f}" == findings["metrics"][0]["value"]


def test_samples_are_those_that_the_other_labs_draw(watched):
    findings, answers = ask(watched, "pooling", {}, 6)
    for seen, drawn in zip(answers, findings["picture"]["samples"], strict=True):
        np.testing.assert_allclose(cells(seen, "weight"), drawn["weights"], atol=1e-6)
        assert cells(seen, "token") == [token or "·" for token in drawn["tokens"]]
        assert seen["answers"] == [drawn["answer"]]
    chosen = {"head": 2, "query": 3}
    findings, answers = ask(watched, "self_attention", {"heads": 2, "time_steps": 8}, 512, **chosen)
    mean = np.mean([cells(seen, "weight") for seen in answers], axis=0)
    np.testing.assert_allclose(mean, findings["picture"]["panels"][1]["weights"][3], atol=1e-5)
    findings, answers = ask(watched, "seq2seq", {"epochs": 1}, 256, output=2)
    mean = np.mean([cells(seen, "weight") for seen in answers], axis=0)
    np.testing.assert_allclose(mean, findings["picture"]["panels"][0]["weights"][2], atol=1e-5)


def test_a_token_is_replaced_and_a_head_and_a_query_are_chosen(watched):
    lab = opened(watched.open("pooling.html", viewport={"width": 1280, "height": 900}))
    keyword = rows(lab)["token"].index(inside(lab).locator("td.lab-answer").first.inner_text())
    cell(lab, "token", keyword).click()
    others = [letter for letter in "ABCD" if letter != rows(lab)["token"][keyword]]
    inside(lab).get_by_label(others[0], exact=True).check(force=True)
    expect(inside(lab).locator(".lab-inside-outcome")).to_contain_text(
        f"The model says keyword {others[0]}, "
    )
    expect(cell(lab, "token", keyword)).to_have_text(others[0])
    inside(lab).get_by_label("padding", exact=True).check(force=True)
    expect(cell(lab, "mask", keyword)).to_have_text("0")
    expect(cell(lab, "weight", keyword)).to_have_text("0.00")

    page = watched.open("self_attention.html", viewport={"width": 1280, "height": 900})
    lab = train_with(page, "self_attention", {**defaults("self_attention"), "heads": 2, "task": "copy"})
    opened(page)
    before = rows(lab)["weight"]
    inside(lab).get_by_label("Query step").fill("4")
    expect(inside(lab).locator("th.lab-answer")).to_contain_text("4")
    expect(inside(lab).locator(".lab-inside-outcome")).to_contain_text("at step 4")
    of_first = rows(lab)["score"]
    inside(lab).get_by_label("Head").fill("2")
    expect(cell(lab, "score", 4)).not_to_have_text(f"{of_first[4]:.2f}".replace("-", "−"))
    assert rows(lab)["weight"] != before


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
    lab.get_by_role("group", name="Single numbers: read their sums with the arrow keys").focus()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    assert inside(lab).locator(".lab-read").count() == 1
    assert_no_problems_in_every_dress(page)


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


def test_of_five_seeds_the_last_is_shown_and_said_to_be(watched):
    lab = opened(watched.open("dense.html#dense?epochs=1&five_seeds=true"))
    about = inside(lab).locator(".lab-inside-about")
    expect(about).to_have_text("Held-out sample 0 of 5000, in the run of seed 4.")
    shown = rows(lab)
    lab.get_by_label("seed", exact=True).fill("4")
    expect(about).to_have_text("Held-out sample 0 of 5000.")
    assert rows(lab) == shown


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
