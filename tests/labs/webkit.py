"""Every lab of the site in WebKit, the engine of Safari, by mouse and keyboard.

`make test-webkit` runs this with Debian's WebKitGTK and its driver. It is no part of `make test`, as
few machines have them. Its compiler is not Chromium's: it once made NaN of a loop that was right.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tools import labs
from tools.serve import serving

SITE = Path(__file__).parents[2] / "_build" / "html"

TRAIN_SECONDS = 300  # nothing is timed here


def page_of(chapter: str) -> str:
    """Return a page's name, which for a chapter begins with its number."""
    return next(path.stem for path in SITE.glob("*.html") if re.sub(r"^\d+_", "", path.stem) == chapter)


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.WebKitGTK]:
    options = webdriver.WebKitGTKOptions()
    options.binary_location = str(max(Path("/usr").glob("lib*/**/webkit2gtk-4.*/MiniBrowser")))
    options.add_argument("--automation")
    driver = webdriver.WebKitGTK(options=options)
    driver.set_window_size(1280, 900)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serving(SITE) as address:
        yield address


def open_lab(driver: webdriver.WebKitGTK, address: str, name: str = "") -> WebElement:
    """Open a page, bring the lab of that name or else the first one into view, and let it train."""
    driver.get(address)
    lab = driver.find_element(By.CSS_SELECTOR, f"attention-lab[lab='{name}']" if name else "attention-lab")
    driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", lab)
    trained(lab)
    return lab


def trained(lab: WebElement) -> str:
    """Wait until the lab has trained; return its verdict."""
    deadline = time.monotonic() + TRAIN_SECONDS
    while lab.get_dom_attribute("data-state") != "done":
        assert lab.get_dom_attribute("data-state") != "failed", lab.text
        assert time.monotonic() < deadline, "the lab has not trained in time"
        time.sleep(0.2)
    verdict = lab.find_element(By.CLASS_NAME, "lab-verdict")
    # What a date's right alignment is, nobody has written down.
    assert lab.get_dom_attribute("data-found") in ("true", None), verdict.text
    return verdict.text


def drag(driver: webdriver.WebKitGTK, slider: WebElement) -> None:
    """Take the handle by the mouse, a little to the right of where it is."""
    low, high, value = (float(slider.get_property(name)) for name in ("min", "max", "value"))
    track = slider.size["width"] - 16  # the handle's middle never reaches the ends
    start = round(track * ((value - low) / (high - low) - 0.5))
    mouse = ActionChains(driver).move_to_element_with_offset(slider, start, 0).click_and_hold()
    mouse.move_by_offset(round(0.2 * track), 0).release().perform()


# The front page shows the first chapter's lab.
PAGES = [("index", "dense")] + [(row.chapter, name) for name, row in labs.LABS.items() if row.draws]


@pytest.mark.parametrize(("page", "name"), PAGES)
def test_the_lab_follows_hand_and_keyboard(driver, site, page, name):
    row = labs.LABS[name]
    lab = open_lab(driver, f"{site}/{page_of(page)}.html", name)
    slider = lab.find_element(By.CSS_SELECTOR, f"input[type=range][id$='-{row.control}']")
    for move in (lambda: drag(driver, slider), lambda: slider.send_keys(Keys.ARROW_RIGHT)):
        before = slider.get_property("value")
        move()
        time.sleep(0.5)  # until the lab has noticed
        trained(lab)
        assert slider.get_property("value") != before


def test_a_typed_date_is_read(driver, site):
    lab = open_lab(driver, f"{site}/{page_of('seq2seq_attention')}.html", "dates")
    field = lab.find_element(By.CSS_SELECTOR, "input[type=text]")
    field.clear()
    field.send_keys("15. Dezember 2041", Keys.ENTER)
    time.sleep(0.5)
    assert trained(lab).startswith("Alignment of “2041-12-15” with “15. Dezember 2041”")


def press(lab: WebElement, name: str) -> None:
    """Press the button of that name, by the keyboard."""
    button = next(b for b in lab.find_elements(By.TAG_NAME, "button") if b.text == name)
    button.send_keys(Keys.ENTER)


def test_what_a_lab_opens_on_demand_works(driver, site):
    lab = open_lab(driver, f"{site}/{page_of('dense_attention')}.html")
    said = trained(lab)

    press(lab, "Step through")
    assert trained(lab) == said
    scrubber = lab.find_element(By.CSS_SELECTOR, ".lab-time input[type=range]")
    scrubber.send_keys(Keys.HOME)
    time.sleep(0.5)
    assert lab.find_element(By.CLASS_NAME, "lab-time-place").text.startswith("Step 0 of 1580")
    assert "not found" in lab.find_element(By.CLASS_NAME, "lab-verdict").text
    press(lab, "Step through")

    press(lab, "Look inside")
    time.sleep(1)
    rows = lab.find_elements(By.CSS_SELECTOR, ".lab-inside-table tbody th")
    assert [row.text for row in rows] == ["input", "score", "exponential", "weight", "weight × input"]
    press(lab, "Look inside")

    press(lab, "Pin this run")
    lab.find_element(By.CSS_SELECTOR, ".lab-controls input[id$='-five_seeds']").send_keys(Keys.SPACE)
    time.sleep(0.5)
    assert trained(lab).startswith("Seeds 0 to 4: found in 5 of 5.")
    assert said in lab.find_element(By.CLASS_NAME, "lab-pins").text

    press(lab, "Try this")
    lab.find_element(By.LINK_TEXT, "Hide the answer in the last column").click()
    time.sleep(0.5)
    assert "is on column 31: found" in trained(lab)
    assert driver.current_url.endswith("#dense?attention_column=31")


def test_a_lab_alone_on_its_page_trains(driver, site):
    lab = open_lab(driver, f"{site}/labs/pooling.html?controls=mask&theme=dark")
    assert "100 % of held-out samples: found." in trained(lab)
    shown = [c for c in lab.find_elements(By.CSS_SELECTOR, ".lab-controls label") if c.is_displayed()]
    assert [label.text.lower() for label in shown] == ["mask"]
