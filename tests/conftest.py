"""What all tests share: TensorFlow without chatter, the same examples every time, a browser for a file."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# No deadline and no health check of speed: a busy machine must not fail a test.
settings.register_profile(
    "same every time",
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("same every time")


@pytest.fixture(scope="module")
def browser() -> Iterator:
    # Not above: the environment with Colab's versions has no browser, and tests that need none.
    from playwright.sync_api import sync_playwright

    from tools.browser import launch_chromium

    # Not for longer: while Playwright waits, this process cannot run notebooks.
    with sync_playwright() as playwright:
        chromium = launch_chromium(playwright)
        yield chromium
        chromium.close()
