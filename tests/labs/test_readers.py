"""Labs for every reader, by every means, and what is shipped to them."""

import hashlib
import json
import re

from playwright.sync_api import expect

from tests.labs.watched import (
    CONTROLS,
    FIXTURES,
    assert_reads_well,
    lab_element,
    numbers,
    the_lab,
    verdict,
)
from tools.lab_page import LABS, write_page

folder, site, watched = FIXTURES


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
    for _ in range(25):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => document.activeElement === document.body ? null : (document.activeElement.labels?.[0]"
            " ?? document.activeElement).textContent.trim().replace(/^Mean attention.*/, 'the picture')"
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
        if focused in ("The numbers", "The model that runs here"):
            page.keyboard.press("Enter")
    # In a group of choices, Tab reaches the one chosen and the arrows move between them.
    controls = [str(c["value"]) if c["kind"] == "choice" else c["label"] for c in CONTROLS["dense"]]
    buttons = [
        "Pin this run",
        "Copy link",
        "Embed",
        "Look inside",
        "Step through",
        "The numbers",
        "Run in Colab",
    ]
    expected = ["the picture", *controls, "five seeds", "Reset", "Another seed", *buttons]
    assert reached[: len(expected)] == expected
    assert "The model that runs here" in reached
    assert "column 2: found." in verdict(lab)
    assert len(numbers(lab)) == 16
    expect(lab.get_by_label("signed")).to_be_checked()
    expect(lab.locator(".lab-source code")).to_contain_text("export function callModel")


def test_it_reads_well_in_light_and_dark_wide_and_narrow(watched):
    assert_reads_well(watched.open("dense.html#dense?epochs=0&attention_column=31"))


def test_on_a_phone_the_picture_stays_in_sight_while_its_controls_pass(watched, folder):
    write_page(folder, lab_element("dense", epochs=1), "<p>Below.</p>" * 100, name="phone.html")
    page = watched.open("phone.html", viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    lab = the_lab(page)
    verdict(lab)
    for slider in lab.get_by_role("slider").all():
        # As a reader would: until the slider is just above the lower end.
        slider.evaluate("node => scrollBy(0, node.getBoundingClientRect().bottom - innerHeight + 10)")
        picture, words, control = (
            node.bounding_box() for node in (lab.locator(".lab-reader"), lab.locator(".lab-verdict"), slider)
        )
        assert picture["y"] >= 55, "below the site's header"
        assert picture["y"] + picture["height"] <= words["y"] + 1
        assert words["y"] + words["height"] <= control["y"]
        assert control["y"] + control["height"] <= 640
        expect(slider).to_be_in_viewport()
    # Past its controls, the picture goes.
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(lab.locator(".lab-reader")).not_to_be_in_viewport()


def test_fingers_have_room(watched):
    page = watched.open("quick.html", viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    lab = the_lab(page)
    verdict(lab)
    touched = lab.locator("input[type=range], .lab-choices label, button, .lab-buttons a, summary")
    sizes = touched.filter(visible=True).evaluate_all(
        "nodes => nodes.map(node => node.getBoundingClientRect()).map(({ width, height }) => Math.min(width, height))"
    )
    assert len(sizes) > 10
    assert min(sizes) >= 43.9
    switch = lab.get_by_role("switch", name="signed")
    switch.scroll_into_view_if_needed()
    box = switch.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 + 21)
    expect(switch).to_be_checked()


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


def test_no_cache_can_pair_new_code_with_old(watched, folder):
    asked = []
    page = watched.open("dense.html#dense?epochs=1")
    page.context.on("request", lambda request: asked.append(request.url.removeprefix(f"{watched.site}/")))
    page.reload()
    lab = the_lab(page)
    verdict(lab)
    lab.locator("summary").click()
    expect(lab.locator(".lab-source code")).to_contain_text("callModel")
    for name in ("attention-lab-worker.js", "kernels.wasm", "sources/chapters/dense_attention.ts.txt"):
        assert any(re.fullmatch(re.escape(name) + r"\?v=[0-9a-f]{12}", url) for url in asked), (name, asked)

    # A version is made of what it stands for.
    version = hashlib.sha256((folder / "kernels.wasm").read_bytes()).hexdigest()[:12]
    assert f"kernels.wasm?v={version}" in asked


def test_the_shipped_code_needs_no_eval_and_names_no_registry(folder):
    for name in ("attention-lab.js", "attention-lab-worker.js"):
        code = (folder / name).read_text()
        assert not re.search(r"\beval\(|new Function\b", code), name
    packages = json.loads((LABS / "package-lock.json").read_text())["packages"]
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert name == "" or "integrity" in package, name
