"""The labs in a real Chromium: they train, tell the truth, and survive what readers and browsers do to them."""

import hashlib
import json
import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.labs.watched import (
    FIXTURES,
    assert_reads_well,
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
    wait_until_trained,
)
from tools.lab_page import LABS, lab_html, write_page

folder, site, watched = FIXTURES

DEFAULTS = defaults("dense")
# Finds the answer too, in a quarter of the time.
QUICK = "#dense?epochs=5&learning_rate=0.01"


# ---- It trains, and the verdict is true -------------------------------------------------------------


def test_the_default_lab_trains_when_seen_and_finds_the_answer(watched):
    page = watched.open()
    lab = the_lab(page)
    said = r"0\.\d\d, on column 1: found\."
    assert re.fullmatch(f"Largest weight where y = 1: {said} Where y = 0: {said}", verdict(lab))
    expect(lab.locator(".lab-metrics")).to_contain_text("1.00")
    expect(lab.locator(".lab-static")).to_be_hidden()
    expect(lab.locator("[aria-live=polite]")).to_have_text(
        re.compile(r"on column 1: found\. Held-out accuracy 1\.00\.")
    )
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
        said = re.findall(r"y = (\d): (\d\.\d\d), on column (\d+): (found|not found)\.", verdict(lab))
        assert [target for target, *_ in said] == ["1", "0"]
        for (_, largest, column, found), of_class in zip(said, weights.T, strict=True):
            assert float(largest) == pytest.approx(of_class.max(), abs=0.006)
            assert int(column) == of_class.argmax()
            assert found == ("found" if of_class.argmax() == 12 else "not found")
        column = int(weights.max(axis=1).argmax())
        expect(lab.locator(".lab-verdict")).to_have_attribute("data-found", str(column == 12).lower())
        outcomes.add(column == 12)
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
        assert "Largest weight" in verdict(lab)
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
    lab.get_by_label("Seed").press("End")
    lab.get_by_role("button", name="Another seed").click()
    assert numbers(lab) == first


# ---- The latest value wins --------------------------------------------------------------------------

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
            const train = run => worker.postMessage({ kind: "train", run, lab: "dense", settings });
            worker.onmessage = ({ data }) => {
                if (data.kind !== "progress") return;
                heard.push([data.run, data.progress.finished]);
                if (heard.length === 1) [2, 3, 4].forEach(train);
                if (data.progress.finished) resolve(heard);
            };
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


# ---- Links ------------------------------------------------------------------------------------------


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
    ("epochs=99999", "it goes from 1 to 30, so here it is 30", {"Epochs": "30"}),
    ("epochs=-5", "it goes from 1 to 30, so here it is 1", {"Epochs": "1"}),
    ("attention_column=2.6", "so here it is 3", {"attention column": "3"}),
    ("seed=NaN", "not a number", {"Seed": "0"}),
    ("seed=", "not a number", {"Seed": "0"}),
    ("seed=1e999", "so here it is 9", {"Seed": "9"}),
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
            expect(lab.get_by_label(label)).to_have_value(value)
        expect(lab.locator(".lab-notice img")).to_have_count(0)
    assert "Largest weight" in verdict(lab)
    train_with(page, "dense", {**DEFAULTS, "epochs": 1})
    expect(notice(lab)).to_be_hidden()


def test_the_hash_of_another_section_is_left_alone(watched):
    page = watched.open("quick.html#recap")
    assert "Largest weight" in verdict(the_lab(page))
    expect(notice(the_lab(page))).to_be_hidden()


# ---- When something is missing or breaks ------------------------------------------------------------


def test_a_killed_worker_is_reported_and_replaced(watched):
    page = watched.open("dense.html#dense?epochs=1")
    lab = the_lab(page)
    verdict(lab)
    page.workers[0].evaluate("self.close()")
    expect(notice(lab)).to_contain_text("The training stopped: the browser ended its worker.")
    expect(lab).to_have_attribute("data-state", "failed")
    lab.get_by_role("button", name="Try again").press("Enter")
    # The button is gone; who works by keyboard must still be in the lab, just before its first control.
    expect(notice(lab)).to_be_hidden()
    expect(lab).to_be_focused()
    page.keyboard.press("Tab")
    expect(lab.get_by_label("attention column")).to_be_focused()
    assert "Largest weight" in verdict(lab)
    assert len(page.workers) == 1


def test_a_slider_move_also_revives_a_killed_worker(watched):
    page = watched.open("dense.html#dense?epochs=1")
    lab = the_lab(page)
    verdict(lab)
    page.workers[0].evaluate("self.close()")
    expect(lab).to_have_attribute("data-state", "failed")
    lab.get_by_label("attention column").press("End")
    assert "column 31" in verdict(lab)


@pytest.mark.parametrize("missing", ["attention-lab-worker.js", "tfjs-backend-wasm-simd.wasm"])
def test_a_missing_file_is_reported_and_the_static_picture_stays(watched, folder, missing):
    watched.expected = ["404", "wasm", "Aborted", "abort"]
    (folder / missing).rename(folder / "away")
    try:
        lab = the_lab(watched.open("quick.html"))
        expect(notice(lab)).to_contain_text("The training stopped: ")
        expect(lab.get_by_role("img")).to_be_visible()
        expect(lab.locator("figcaption")).to_be_visible()
    finally:
        (folder / "away").rename(folder / missing)
    lab.get_by_role("button", name="Try again").click()
    assert "Largest weight" in verdict(lab)


def expect_only_the_static_picture(page: Page) -> None:
    lab = the_lab(page)
    expect(lab.get_by_role("img", name="The largest weight is on column 1")).to_be_visible()
    expect(lab.locator("figcaption")).to_have_text("The largest weight, 0.47, is on column 1: found.")
    expect(lab.locator("input, button")).to_have_count(0)


def test_without_javascript_the_static_picture_stays(watched):
    expect_only_the_static_picture(watched.open(java_script_enabled=False))


def test_without_the_bundle_the_static_picture_stays(watched, folder):
    watched.expected = ["404"]
    (folder / "attention-lab.js").rename(folder / "away")
    try:
        expect_only_the_static_picture(watched.open())
    finally:
        (folder / "away").rename(folder / "attention-lab.js")


def test_without_webassembly_the_static_picture_stays_with_a_sentence(watched):
    page = watched.open(script="delete self.WebAssembly")
    expect_only_the_static_picture(page)
    expect(the_lab(page)).to_contain_text("This browser has no WebAssembly")


def test_an_unknown_lab_says_which_there_are(watched, folder):
    write_page(folder, lab_html("nonsense", []), name="unknown.html")
    lab = the_lab(watched.open("unknown.html"))
    expect(notice(lab)).to_contain_text(
        "there is no lab “nonsense”; there are: dense, recurrent, per_dimension, pooling, self_attention"
    )


def test_a_loss_that_is_no_number_is_reported(watched, folder):
    write_page(folder, lab_element("dense", epochs=1, learning_rate=1e30), name="steep.html")
    lab = the_lab(watched.open("steep.html"))
    expect(notice(lab)).to_contain_text("The training stopped: the loss became NaN in epoch 1.")


# ---- For every reader -------------------------------------------------------------------------------


def test_where_the_lab_will_speak_is_known_before_it_does_and_takes_no_room(watched):
    lab = the_lab(watched.open("quick.html"))
    verdict(lab)
    # By its role a screen reader finds what is displayed only.
    status = lab.locator(".lab-notice").and_(lab.get_by_role("status"))
    expect(status).to_have_count(1)
    for _ in range(2):
        box = status.evaluate("node => [node.offsetHeight, getComputedStyle(node).margin]")
        assert box == [0, "0px"]
        lab.get_by_role("button", name="Copy link").click()
        expect(status).not_to_be_empty()
        lab.get_by_role("button", name="Reset").click()
        verdict(lab)


def test_everything_is_reached_and_moved_by_keyboard(watched):
    page = watched.open()
    lab = the_lab(page)
    verdict(lab)
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => document.activeElement === document.body ? null : (document.activeElement.labels?.[0]"
            " ?? document.activeElement).textContent.trim()"
        )
        if focused is None:
            break
        reached.append(focused)
        if focused == "attention column":
            page.keyboard.press("ArrowRight")
        if focused == "32":
            page.keyboard.press("ArrowLeft")
        if focused == "signed":
            page.keyboard.press("Space")
        if focused in ("The numbers", "The same model in TensorFlow.js"):
            page.keyboard.press("Enter")
    # In a group of choices, Tab reaches the one chosen and the arrows move between them.
    assert reached[:6] == ["attention column", "32", "epochs", "0.001", "signed", "seed"]
    assert reached[6:11] == ["Reset", "Another seed", "Copy link", "The numbers", "Run in Colab"]
    assert "The same model in TensorFlow.js" in reached
    assert "column 2: found." in verdict(lab)
    assert len(numbers(lab)) == 16
    expect(lab.get_by_label("signed")).to_be_checked()
    expect(lab.locator(".lab-source code")).to_contain_text("export function callModel")


def test_it_reads_well_in_light_and_dark_wide_and_narrow(watched):
    assert_reads_well(watched.open("dense.html#dense?epochs=0&attention_column=31"))


def test_nothing_moves_for_who_asked_for_less_motion(watched):
    seconds = "getComputedStyle(document.querySelector('.lab-bar')).transitionDuration"
    page = watched.open("dense.html#dense?epochs=1")
    verdict(the_lab(page))
    assert page.evaluate(seconds) == "0.15s"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(seconds) == "0s"


def test_on_paper_is_only_what_can_be_read(watched):
    page = watched.open("quick.html")
    lab = the_lab(page)
    verdict(lab)
    page.emulate_media(media="print")
    for name in ("controls", "buttons", "source"):
        expect(lab.locator(f".lab-{name}")).to_be_hidden()
    for name in ("picture", "verdict"):
        expect(lab.locator(f".lab-{name}")).to_be_visible()


def test_with_a_readers_own_colours_the_browser_shows_its_own_inputs(watched):
    page = watched.open("quick.html")
    lab = the_lab(page)
    verdict(lab)
    page.emulate_media(forced_colors="active")
    for role in ("slider", "switch", "progressbar"):
        expect(lab.get_by_role(role).first).to_have_css("appearance", "auto")
    chosen = lab.get_by_role("radio", checked=True).first
    expect(chosen).to_have_css("opacity", "1")
    expect(chosen).to_have_css("position", "static")
    expect(lab.locator(".lab-choices span").first).to_have_css("display", "inline")


def test_colab_opens_the_notebook_in_another_tab(watched):
    page = watched.open("quick.html")
    colab = the_lab(page).get_by_role("link", name="Run in Colab")
    expect(colab).to_have_attribute("href", "https://colab.research.google.com/x")
    expect(colab).to_have_attribute("rel", "noopener")


# ---- What is shipped --------------------------------------------------------------------------------


def test_no_cache_can_pair_new_code_with_old(watched, folder):
    asked = []
    page = watched.open("dense.html#dense?epochs=1")
    page.context.on("request", lambda request: asked.append(request.url.removeprefix(f"{watched.site}/")))
    page.reload()
    lab = the_lab(page)
    verdict(lab)
    lab.locator("summary").click()
    expect(lab.locator(".lab-source code")).to_contain_text("callModel")
    for name in ("attention-lab-worker.js", "tfjs-backend-wasm-simd.wasm", "dense.ts.txt"):
        assert any(re.fullmatch(re.escape(name) + r"\?v=[0-9a-f]{12}", url) for url in asked), (name, asked)

    # A version is made of what it stands for.
    wasm = [folder / name for name in ("tfjs-backend-wasm-simd.wasm", "tfjs-backend-wasm.wasm")]
    version = hashlib.sha256(b"".join(path.read_bytes() for path in wasm)).hexdigest()[:12]
    assert f"tfjs-backend-wasm-simd.wasm?v={version}" in asked


def test_the_shipped_code_needs_no_eval_and_names_no_registry(folder):
    for name in ("attention-lab.js", "attention-lab-worker.js"):
        code = (folder / name).read_text()
        assert not re.search(r"\beval\(|new Function\b", code), name
    packages = json.loads((LABS / "package-lock.json").read_text())["packages"]
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert name == "" or "integrity" in package, name
