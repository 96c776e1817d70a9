"""The labs in a real Chromium: they train, and tell the truth."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.labs.watched import (
    FIXTURES,
    RECORD,
    at_both_ends,
    defaults,
    drag,
    integers,
    lab_element,
    notice,
    numbers,
    points,
    the_lab,
    train_with,
    verdict,
)
from tools.lab_page import write_page

folder, site, watched = FIXTURES

DEFAULTS = defaults("dense")
# Finds the answer too, in a quarter of the time.
QUICK = "#dense?epochs=5&learning_rate=0.01"


def test_the_default_lab_trains_when_seen_and_finds_the_answer(watched):
    page = watched.open(script=RECORD)
    lab = the_lab(page)
    said_of_class = "y = {}: The largest weight, 0\\.\\d\\d, is on column 1: found\\."
    assert re.fullmatch(" ".join(said_of_class.format(target) for target in (1, 0)), verdict(lab))
    expect(lab.locator(".lab-metrics")).to_contain_text("1.00")
    expect(lab.locator(".lab-static")).to_be_hidden()
    # A screen reader hears the verdict when it is there, and meets it once in the page.
    expect(lab.locator("[aria-live=polite]")).to_be_empty()
    assert page.evaluate("heard") == [f"{verdict(lab)} Held-out accuracy 1.00."]
    expect(lab.get_by_text("on column 1: found.")).to_have_count(
        2
    )  # with the static picture's, which is hidden
    assert float(lab.locator(".lab-value").inner_text()) < 0.02
    [curve] = points(lab, "lab-curve-line")
    x, y = np.transpose(curve)
    np.testing.assert_allclose(x, np.linspace(0, 1, 21))
    assert y[0] < 0.1 < 0.95 < y[-1], "on a screen y grows downwards: the curve falls as the loss does"


def test_the_numbers_are_mean_attention_weights(watched):
    page = watched.open(f"dense.html{QUICK}")
    rows = numbers(the_lab(page))
    assert len(rows) == 32
    weights = np.array([[float(cell) for cell in row[1:]] for row in rows])
    np.testing.assert_allclose(weights.sum(axis=0), 1, atol=0.02)
    assert weights[:, 0].argmax() == 1
    assert rows[1][0] == "1 (answer)"
    heights = (
        the_lab(page)
        .locator(".lab-bar")
        .evaluate_all("bars => bars.map(bar => Number(bar.style.transform.match(/scaleY\\((.*)\\)/)[1]))")
    )
    np.testing.assert_allclose(heights, weights.T.ravel(), atol=6e-4)


def test_the_verdict_says_what_the_numbers_say(watched):
    page = watched.open("quick.html")
    verdict(the_lab(page))
    weak = {"attention_column": 12, "input_dim": 16, "epochs": 1, "learning_rate": 0.0003, "seed": 9}
    outcomes = set()
    for settings in (weak, {**weak, "epochs": 15, "learning_rate": 0.01}):
        lab = train_with(page, "dense", {**DEFAULTS, **settings})
        weights = np.array([[float(cell) for cell in row[1:]] for row in numbers(lab)])
        sentence = r"y = (\d): The largest weight, (\d\.\d\d), is on column (\d+)[^:]*: (found|not found|not clear yet)"
        said = re.findall(sentence, verdict(lab))
        assert [target for target, *_ in said] == ["1", "0"]
        for (_, largest, column, found), of_class in zip(said, weights.T, strict=True):
            assert float(largest) == pytest.approx(of_class.max(), abs=0.006)
            assert int(column) == of_class.argmax()
            assert found == ("found" if of_class.argmax() == 12 else "not found")
        in_both = bool((weights.argmax(axis=0) == 12).all())
        expect(lab).to_have_attribute("data-found", str(in_both).lower())
        margin = float(lab.get_attribute("data-margin"))
        assert margin == pytest.approx((weights[12].min() - 1 / 16) / (1 - 1 / 16), abs=6e-3)
        outcomes.add(in_both)
    assert outcomes == {True, False}


def test_both_ends_of_each_slider(watched):
    lab = the_lab(watched.open(f"dense.html{QUICK}"))
    verdict(lab)
    for label, value, words in at_both_ends(lab, integers("dense")):
        column = lab.get_by_label("attention column").input_value()
        # One epoch is too little to find anything.
        if (label, value) != ("epochs", 1):
            assert f"on column {column}: found." in words


def test_every_choice_and_the_switch(watched):
    page = watched.open(f"dense.html{QUICK}&attention_column=10")
    lab = the_lab(page)
    verdict(lab)
    for dimension in (4, 8, 16):
        lab.get_by_role("radio", name=str(dimension), exact=True).check()
        column = min(10, dimension - 1)
        words = verdict(lab)
        assert f"on column {column}: found." in words
        assert ("the answer is in the last one" in words) == (column != 10)
        assert len(numbers(lab)) == dimension
    for rate in ("0.0003", "0.001", "0.003", "0.01"):
        lab.get_by_role("radio", name=rate, exact=True).check()
        assert "largest weight" in verdict(lab)
    lab.get_by_label("signed").click()
    # −1 carries as much signal as +1: now either class may be the one that attends to the column.
    assert "on column 10: found." in verdict(lab)


def test_the_same_settings_give_the_same_picture(watched):
    first = numbers(the_lab(watched.open("dense.html#dense?epochs=3")))
    page = watched.open("dense.html#dense?epochs=3")
    lab = the_lab(page)
    assert numbers(lab) == first
    lab.get_by_role("button", name="Another seed").click()
    assert numbers(lab) != first
    # After the last seed comes the first.
    lab.get_by_label("seed", exact=True).press("End")
    lab.get_by_role("button", name="Another seed").click()
    assert numbers(lab) == first


# Wasm memory never shrinks, so its size says how much was ever needed at once.
SHOW_MEMORY = """
const instantiate = WebAssembly.instantiate;
WebAssembly.instantiate = async (...args) => {
    const result = await instantiate.apply(WebAssembly, args);
    const { exports } = result.instance ?? result;
    self.wasmMemory = Object.values(exports).find((value) => value instanceof WebAssembly.Memory);
    return result;
};
WebAssembly.instantiateStreaming = undefined;
"""


def test_two_hundred_quick_moves_end_on_the_last_value(watched, folder):
    worker_file = folder / "attention-lab-worker.js"
    original = worker_file.read_text()
    worker_file.write_text(SHOW_MEMORY + original)
    try:
        page = watched.open(f"dense.html{QUICK}")
        lab = the_lab(page)
        verdict(lab)
        slider = lab.get_by_label("attention column")
        column = lab.locator("output").first

        def drag_quickly(moves: int) -> None:
            drag(slider, [(move * 7 % 32) / 32 for move in range(moves)], pause=0)

        def used() -> int:
            return page.workers[0].evaluate("wasmMemory.buffer.byteLength")

        drag_quickly(20)
        verdict(lab)
        before = used()
        drag_quickly(200)
        expect(column).not_to_have_text("1")
        assert f"on column {column.inner_text()}: found." in verdict(lab)
        assert len(page.workers) == 1
        assert used() <= before + 4e6
    finally:
        worker_file.write_text(original)


def test_a_newer_request_ends_the_training_before_it(watched):
    page = watched.open("harness.html")
    heard = page.evaluate(
        """settings => new Promise(resolve => {
            const worker = new Worker("attention-lab-worker.js", { type: "module" });
            const heard = [];
            const train = run => worker.postMessage({ kind: "train", run, settings });
            worker.onmessage = ({ data }) => {
                if (data.kind !== "progress") return;
                heard.push([data.run, data.progress.finished]);
                if (heard.length === 1) [2, 3, 4].forEach(train);
                if (data.progress.finished) resolve(heard);
            };
            worker.postMessage({ kind: "open", lab: "dense", handed: { constants: {}, given: {} } });
            train(1);
        })""",
        {**DEFAULTS, "epochs": 3},
    )
    runs = [run for run, _ in heard]
    assert runs == sorted(runs)
    assert set(runs) == {1, 4}, "the two in between were never worth starting"
    assert [run for run, finished in heard if finished] == [4]


def test_two_labs_do_not_disturb_each_other(watched, folder):
    write_page(folder, lab_element("dense"), lab_element("dense"), name="two.html")
    page = watched.open("two.html#dense?epochs=5", viewport={"width": 1280, "height": 1600})
    first, second = page.locator("attention-lab").all()
    verdict(first), verdict(second)
    before = numbers(second)
    first.get_by_label("attention column").press("End")
    assert "column 31" in verdict(first)
    assert numbers(second) == before
    assert len(page.workers) == 2
    identifiers = page.locator("[id]").evaluate_all("nodes => nodes.map(node => node.id)")
    assert len(identifiers) == len(set(identifiers))


def test_a_hidden_tab_pauses(watched):
    set_hidden = """hidden => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page = watched.open("dense.html#dense?epochs=1")
    lab = the_lab(page)
    verdict(lab)
    page.evaluate(set_hidden, True)
    lab.get_by_label("attention column").press("End")
    page.wait_for_timeout(1000)
    expect(lab).to_have_attribute("data-state", "training")
    # So does a worker that is started meanwhile.
    page.workers[0].evaluate("self.close()")
    expect(lab).to_have_attribute("data-state", "failed")
    lab.get_by_label("attention column").press("Home")
    page.wait_for_timeout(2000)
    expect(lab).to_have_attribute("data-state", "training")
    page.evaluate(set_hidden, False)
    assert "column 0" in verdict(lab)


def test_a_lab_out_of_sight_waits(watched):
    page = watched.open("quick.html", viewport={"width": 1280, "height": 50})
    page.wait_for_timeout(300)
    expect(the_lab(page)).to_have_attribute("data-state", "waiting")
    assert page.workers == []
    page.set_viewport_size({"width": 1280, "height": 900})
    verdict(the_lab(page))


def test_a_lab_that_leaves_sight_pauses(watched, folder):
    write_page(folder, lab_element("dense", epochs=1), "<p>Below.</p>" * 100, name="long.html")
    page = watched.open("long.html")
    lab = the_lab(page)
    verdict(lab)
    page.evaluate("scrollTo(0, 2500)")
    page.wait_for_timeout(500)
    lab.locator(".lab-controls input").first.evaluate(
        "input => { input.value = 31; input.dispatchEvent(new Event('input')); }"
    )
    page.wait_for_timeout(1000)
    expect(lab).to_have_attribute("data-state", "training")
    page.evaluate("scrollTo(0, 0)")
    assert "column 31" in verdict(lab)


def test_with_data_saver_the_first_touch_starts_it(watched):
    page = watched.open(
        "quick.html", script="Object.defineProperty(navigator, 'connection', { value: { saveData: true } })"
    )
    lab = the_lab(page)
    page.wait_for_timeout(300)
    expect(lab).to_have_attribute("data-state", "waiting")
    expect(notice(lab)).to_contain_text("Data saver is on")
    assert page.workers == []
    lab.locator(".lab-static").click()
    verdict(lab)


def test_a_removed_lab_takes_its_worker_with_it(watched):
    page = watched.open("dense.html#dense?epochs=1")
    verdict(the_lab(page))
    page.evaluate("self.removed = document.querySelector('attention-lab'); removed.remove()")
    page.wait_for_timeout(100)
    assert page.workers == []
    page.evaluate("document.querySelector('main').append(removed)")
    verdict(the_lab(page))
    assert page.locator(".lab-controls").count() == 1
