"""What a reader's browser loads for each page of the built site."""

import gzip
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.sync_api import sync_playwright

from tools.browser import launch_chromium
from tools.lab_page import wait_until_trained
from tools.serve import serving

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"

# A function: the page's policy forbids the eval that an expression would need.
FIRST_TEXT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime / 1000"


def measure():
    """Return a dict from page to (seconds to first text, bytes, bytes compressed), the whole page seen."""
    results = {}
    with serving(SITE) as site, sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        for path in sorted(SITE.glob("*.html")):
            page = browser.new_page()
            requested = set()
            page.on("request", lambda request, requested=requested: requested.add(request.url))
            page.goto(f"{site}/{path.name}")
            # A short page may be loaded before it is painted.
            first_text = page.wait_for_function(FIRST_TEXT).json_value()
            for lab in page.locator("attention-lab").all():
                lab.scroll_into_view_if_needed()
                wait_until_trained(lab)
            files = {
                SITE / unquote(urlsplit(url).path.lstrip("/")) for url in requested if url.startswith(site)
            }
            contents = [file.read_bytes() for file in files]
            results[path.name] = (
                first_text,
                sum(map(len, contents)),
                sum(len(gzip.compress(content)) for content in contents),
            )
            page.close()
        browser.close()
    return results
