"""Find a Chromium for the tests: the system's, Playwright's own, or Debian's by apt."""

import os
import shutil
import subprocess
import sys

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Without these, Chromium calls its maker's hosts at every start; in a closed network it waits for them.
QUIET = (
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def system_chromium() -> str | None:
    """Return the path of an installed Chromium or Chrome, or None."""
    return next(filter(None, map(shutil.which, SYSTEM_NAMES)), None)


def _run(*command: str) -> str | None:
    """Run a command; return what went wrong, or None when it went well."""
    try:
        finished = subprocess.run(command, capture_output=True, text=True, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if finished.returncode == 0 else (finished.stderr or finished.stdout).strip()[-400:]


def _install_with_playwright(path: str) -> str | None:
    # Playwright's install succeeds also where its Chromium lacks system libraries, so it must start.
    if _run(path, "--version") is None:
        return None
    print("No Chromium here: downloading Playwright's (once) …", flush=True)
    return _run(sys.executable, "-m", "playwright", "install", "chromium") or _run(path, "--version")


def _install_with_apt() -> str | None:
    if not shutil.which("apt-get"):
        return "there is no apt-get here"
    if os.geteuid() != 0:
        return "apt-get needs root"
    print("Installing Debian's Chromium by apt-get (once) …", flush=True)
    return _run("apt-get", "update", "-q") or _run("apt-get", "install", "-y", "-q", "chromium")


def find_chromium(playwright: Playwright) -> str:
    """Return the path of a Chromium, installing one when there is none; say why when none can be had."""
    if path := system_chromium():
        return path
    path = playwright.chromium.executable_path
    by_playwright = _install_with_playwright(path)
    if by_playwright is None:
        return path
    by_apt = _install_with_apt()
    if by_apt is None and (path := system_chromium()):
        return path
    raise RuntimeError(
        "The labs are tested in a real Chromium, and none can be had.\n"
        f"  On the PATH: none of {', '.join(SYSTEM_NAMES)}.\n"
        f"  playwright install chromium: {by_playwright}\n"
        f"  apt-get install chromium: {by_apt or 'installed, but not on the PATH'}"
    )


def launch_chromium(playwright: Playwright, *flags: str) -> Browser:
    """Start a headless Chromium."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    sandbox = ("--no-sandbox",) if root else ()
    path = find_chromium(playwright)
    try:
        return playwright.chromium.launch(executable_path=path, args=[*QUIET, *sandbox, *flags])
    except Error as error:
        raise RuntimeError(f"{path} does not start: {error}") from error


if __name__ == "__main__":
    # Before the tests, which would keep what it prints to themselves, and of which two run at a time.
    try:
        with sync_playwright() as playwright:
            find_chromium(playwright)
    except RuntimeError as error:
        sys.exit(str(error))
