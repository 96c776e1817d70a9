"""Whatever links ask for and however sliders fly: every lab keeps to what it offers, and ends trained."""

import random
import re
from urllib.parse import parse_qsl, quote

from playwright.sync_api import expect

from tests.labs.watched import CONTROLS, FIXTURES, lab_element, wait_until_trained
from tools import labs
from tools.lab_page import write_page

folder, site, watched = FIXTURES

NONSENSE = [
    *("", "NaN", "-1", "1e999", "0x1F", "2.6", "true", "null", "∞", "%", "%E0%A4%A", "%00", "a" * 5_000),
    quote("<img src=x onerror=injected=1>"),  # short enough for a lab to quote it whole
    quote("</attention-lab><script>window.injected = true</script>"),
    quote("javascript:window.injected = true"),
]
# As short a training as each lab offers.
SHORT = {
    "dense": "epochs=1",
    "recurrent": "cell=SimpleRNN&task=target&epochs=1",
    "per_dimension": "dimensions=1",
    "pooling": "max_length=5",
    "self_attention": "time_steps=4",
    "seq2seq": "length=4&score=dot&epochs=1",
    "dates": "date=2025-01-02",
    "explanation": "model=dense",
    "workers": "epochs=1",
}
NAMES = ["__proto__", "constructor", "toString", "", "%3Cb%3E"]
MOVE = """async ([hashes, moves]) => {
    for (const hash of hashes) {
        location.hash = hash;
        await new Promise(resolve => setTimeout(resolve));
    }
    for (const [index, share] of moves) {
        const inputs = document.querySelectorAll("attention-lab input");
        const input = inputs[index % inputs.length];
        if (input.type === "range") {
            input.value = Number(input.min) + share * (input.max - input.min);
            input.dispatchEvent(new Event("input", { bubbles: true }));
        } else input.click();
        if (share < 0.2) await new Promise(resolve => setTimeout(resolve));
    }
}"""


def any_link(draw, lab):
    controls = CONTROLS[lab]
    asked = [(draw.choice([c["name"] for c in controls] + NAMES), draw.choice(NONSENSE)) for _ in range(3)]
    asked += [(control["name"], draw.choice(offered(control))) for control in controls]
    draw.shuffle(asked)
    return f"#{lab}?" + "&".join(f"{name}={value}" for name, value in asked[: draw.randint(0, 6)])


def offered(control):
    if control["kind"] == "integer":
        return [str(value) for value in range(control["min"], control["max"] + 1)]
    if control["kind"] == "switch":
        return ["true", "false"]
    return [str(choice) for choice in control.get("choices", NONSENSE)]


def test_any_link_and_any_move(watched, folder):
    saved = labs.elements()  # the lab of dates computes with what its notebook handed over
    elements = [saved[lab] if lab == "dates" else lab_element(lab) for lab in CONTROLS]
    write_page(folder, *elements, name="all.html")
    page = watched.open("all.html")
    expect(page.locator("attention-lab[data-state]")).to_have_count(len(CONTROLS))
    draw = random.Random(5)
    hashes = [any_link(draw, draw.choice(list(CONTROLS))) for _ in range(100)]
    moves = [(draw.randrange(1000), draw.random()) for _ in range(300)]
    page.evaluate(MOVE, [hashes, moves])
    # Short trainings to end with, each asked for by a link that it must still understand; no lab
    # goes on with a long one while another is waited for.
    for lab in CONTROLS:
        page.evaluate("hash => { location.hash = hash }", f"#{lab}?{SHORT[lab]}")
        element = page.locator(f"attention-lab[lab={lab}]")
        expect(element).to_have_attribute("data-settings", re.compile(rf"[?&]{SHORT[lab]}(&|$)"))
    for lab, controls in CONTROLS.items():
        element = page.locator(f"attention-lab[lab={lab}]")
        element.scroll_into_view_if_needed()  # out of sight it pauses
        wait_until_trained(element)
        settings = dict(parse_qsl(element.get_attribute("data-settings").partition("?")[2]))
        assert [c for c in controls if c["kind"] != "text" and settings[c["name"]] not in offered(c)] == []
    assert page.locator("attention-lab :is(script, iframe, [onerror])").count() == 0
    assert page.evaluate("window.injected") is None
