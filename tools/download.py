"""Make the book as one file, from the sources of the site: `make pdf` and `make epub`."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tools.browser import launch_chromium
from tools.serve import serving

ROOT = Path(__file__).parents[1]

NAME = "attention-by-experiment"
FOOTER = (
    '<div style="width: 100%; text-align: center; font: 8px sans-serif; color: #777">'
    '<span class="pageNumber"></span></div>'
)
NOT_LOADED = """() => [...document.images]
    .filter(image => !image.naturalWidth).map(image => image.getAttribute("src").slice(0, 80))"""


def build(builder):
    """Build the book with one of Sphinx' builders; return the folder with the result.

    Raises:
        SystemExit: the build fails; its messages are on standard error.
    """
    kind = (
        ["--builder", "singlehtml"]
        if builder == "singlehtml"
        else ["--builder", "custom", "--custom-builder", builder]
    )
    command = [
        Path(sys.executable).parent / "jupyter-book", "build", "book", *kind, "--config", "_config.yml",
        "--toc", str(ROOT / "_toc.yml"), "--path-output", ".", "--all", "-n", "-W", "--keep-going", "--quiet",
    ]  # fmt: skip
    shutil.rmtree(ROOT / "_build" / builder, ignore_errors=True)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    if subprocess.run(command, cwd=ROOT, env=environment).returncode:
        sys.exit(f"The book does not build with {builder}; see above.")
    return ROOT / "_build" / builder


def pdf():
    """Print the whole book with Chromium; return the file."""
    pages = build("singlehtml")
    index = pages / "index.html"
    index.write_text(on_paper(index.read_text()))
    return print_page(pages, ROOT / "_build" / f"{NAME}.pdf")


def print_page(folder, target):
    """Print a folder's `index.html` with Chromium; return the file `target`.

    Raises:
        RuntimeError: a picture did not load; paper would show nothing in its place.
    """
    with serving(folder) as site, sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        page = browser.new_page(java_script_enabled=False, color_scheme="light")
        page.goto(f"{site}/index.html")
        if missing := page.evaluate(NOT_LOADED):
            raise RuntimeError(f"The page has pictures that do not load: {', '.join(missing)}.")
        page.pdf(
            path=target,
            prefer_css_page_size=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
            outline=True,
            tagged=True,
        )
        browser.close()
    return target


def on_paper(page):
    """Return an HTML page with its folds open: paper cannot be clicked."""
    opened = re.sub(r"<details\b", "<details open", page)
    return opened.replace("Hide the solution", "Solution").replace(
        "Hide what comes of it", "What comes of it"
    )


def epub():
    """Build the book as EPUB; return the file."""
    target = ROOT / "_build" / f"{NAME}.epub"
    shutil.copy(next(build("epub").glob("*.epub")), target)
    return target


if __name__ == "__main__":
    try:
        made = {"pdf": pdf, "epub": epub}[sys.argv[1]]()
    except RuntimeError as error:
        sys.exit(f"make {sys.argv[1]}: {error}")
    print(f"The book is in {made.relative_to(ROOT)}: {made.stat().st_size / 1e6:.1f} MB.")
