"""Take the README's picture: the front page's lab, trained, as a reader sees it. `make picture`."""

from pathlib import Path

from playwright.sync_api import sync_playwright

from tools.browser import launch_chromium
from tools.serve import serving

ROOT = Path(__file__).parents[1]


def take(path):
    """Write a picture of the built site's first lab to `path`."""
    with serving(ROOT / "_build" / "html") as site, sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        page = browser.new_page(viewport={"width": 1200, "height": 1000}, device_scale_factor=1.5)
        page.goto(f"{site}/index.html")
        lab = page.locator("attention-lab")
        lab.scroll_into_view_if_needed()
        page.wait_for_selector("attention-lab[data-state=done]")
        lab.screenshot(path=path)
        browser.close()


if __name__ == "__main__":
    take(ROOT / "web" / "static" / "lab.png")
