"""Random walks: whatever a reader does to a lab, a fresh page with its link shows the same at the end."""

import random

import pytest
from playwright.sync_api import expect

from tests.labs.watched import CONTROLS, FIXTURES, defaults, numbers, the_lab, verdict
from tools import labs
from tools.lab_page import write_page

folder, site, watched = FIXTURES

ACTIONS = 100
TRAINED = [name for name, lab in labs.LABS.items() if lab.draws]
# So that a walk moves on: at the upper ends a training takes seconds.
FEW = {"epochs": 3, "max_length": 12, "time_steps": 8, "length": 5}


def start_of(name):
    """The settings that a walk begins with and stays near to."""
    return {key: min(value, FEW[key]) if key in FEW else value for key, value in defaults(name).items()}


@pytest.fixture(scope="module")
def walked(folder):
    for name, element in labs.elements().items():
        write_page(folder, element, name=f"{name}_walked.html")


def set_control(lab, draw, name):
    control = draw.choice(CONTROLS[name])
    if control["kind"] == "choice":
        group = lab.get_by_role("radiogroup", name=control["label"], exact=True)
        draw.choice(group.get_by_role("radio").all()).check()
        return
    role = "switch" if control["kind"] == "switch" else "slider"
    input_ = lab.get_by_role(role, name=control["label"], exact=True)
    if role == "switch":
        input_.click()
    else:
        high = min(control["max"], FEW.get(control["name"], control["max"]))
        input_.fill(str(draw.choice(range(control["min"], high + 1, control["step"]))))


def press(lab, draw, name):
    # In the order of the page; what opens a part closes it again the next time.
    buttons = lab.locator(".lab-buttons button:visible, .lab-time button:visible, .lab-pins button:visible")
    # A link on the clipboard changes nothing.
    wanted = [b for b in buttons.all() if b.inner_text() not in ("Copy link", "Embed", "Reset")]
    draw.choice(wanted).press("Enter")


def scrub(lab, draw, name):
    if (scrubber := lab.get_by_label("Moment of the training")).is_visible():
        scrubber.press(draw.choice(["Home", "End", "ArrowLeft", "PageUp"]))


def read(lab, draw, name):
    lab.locator(".lab-reader").first.press(draw.choice(["ArrowRight", "ArrowDown", "Escape"]))


def wait(lab, draw, name):
    lab.page.wait_for_timeout(draw.choice([0, 20, 200]))


@pytest.mark.parametrize("seed", range(10))
def test_a_random_walk_ends_where_its_link_leads(watched, walked, seed):
    draw = random.Random(seed)
    name = TRAINED[seed % len(TRAINED)]
    start = "&".join(
        f"{key}={str(value).lower() if isinstance(value, bool) else value}"
        for key, value in start_of(name).items()
    )
    lab = the_lab(watched.open(f"{name}_walked.html#{name}?{start}"))
    verdict(lab)
    kinds = [set_control] * 5 + [press] * 3 + [scrub, read, wait]
    for _ in range(ACTIONS):
        draw.choice(kinds)(lab, draw, name)
    if (scrubber := lab.get_by_label("Moment of the training")).is_visible():
        verdict(lab)
        scrubber.press("End")
    said, shown = verdict(lab), numbers(lab)
    expect(lab).to_have_attribute("data-state", "done")
    settings, found = (lab.get_attribute(f"data-{each}") for each in ("settings", "found"))
    fresh = the_lab(watched.open(f"{name}_walked.html{settings}"))
    assert (verdict(fresh), numbers(fresh)) == (said, shown), settings
    assert fresh.get_attribute("data-found") == found
