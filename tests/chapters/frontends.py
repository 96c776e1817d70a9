"""Every chapter in the front ends that readers have: JupyterLab, Notebook, and Voilà for one lab.

`make test-frontends` runs this: each a real server, and a real Chromium that runs all cells, drags a
slider by mouse and moves it by keyboard. Minutes a chapter, so it is no part of `make test`.
"""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import psutil
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tools import labs
from tools.chapters import NOTEBOOKS, name_of

CHAPTERS = [path.stem for path in NOTEBOOKS]

# Who is told to stop ends the servers as well, as after Ctrl-C.
signal.signal(signal.SIGTERM, signal.default_int_handler)

# What the front ends complain of by themselves: Notebook 7.6 while it starts, with no extension in
# place; Voilà where it cannot reach the host that it takes the icons of its buttons from.
THEIR_OWN = re.compile(r"^Cannot read properties of undefined \(reading 'schema'\)$|fontawesome-free")

# Nothing is timed here: the longest chapter takes four minutes on an idle machine.
RUN_SECONDS = 1200
MOVE_SECONDS = 300
START_SECONDS = 120

# The notebook as the page holds it, each cell with its count and its outputs.
CELLS = """() => jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells
    .filter(cell => cell.cell_type === "code")
    .map(({ id, execution_count, outputs }) => ({ id, execution_count, outputs }))"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@contextmanager
def serving(folder: Path, *command: str, port_option: str) -> Iterator[str]:
    """Run a server of `folder`, with no settings but its own; yield its address; leave no process behind."""
    settings = {
        name: str(folder.parent / name.lower())
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    }
    port = free_port()
    log = folder.parent / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", *command, "--no-browser", f"--{port_option}={port}"],
            cwd=folder,
            env={**os.environ, **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} does not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        _end(server)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end(server: subprocess.Popen) -> None:
    kernels = psutil.Process(server.pid).children(recursive=True) if server.poll() is None else []
    server.terminate()
    try:
        server.wait(30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    _, alive = psutil.wait_procs(kernels, timeout=10)
    for kernel in alive:
        kernel.kill()


class Reader:
    """A page opened in a front end, with all that it complained of."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.problems: list[str] = []
        self.page: Page = browser.new_page(viewport={"width": 1280, "height": 1000})
        self.page.set_default_timeout(START_SECONDS * 1000)
        self.page.on("console", lambda m: m.type == "error" and self._note(f"{m.text} {m.location['url']}"))
        self.page.on("pageerror", lambda error: self._note(str(error)))
        # Voilà sends the page's end only when all cells have run.
        self.page.goto(url, wait_until="commit")

    def _note(self, problem: str) -> None:
        if not THEIR_OWN.search(problem):
            self.problems.append(problem)

    def try_the_lab(self, chapter: str, key: str = "ArrowRight") -> None:
        """Drag the chapter's slider by mouse, then move it by keyboard; each must show its own answer."""
        name = labs.first_of(name_of(Path(chapter)))
        label = labs.controls(name)[labs.LABS[name].control]["label"]
        lab = self.page.locator(".widget-vbox", has=self.page.get_by_text(label, exact=True))
        slider = lab.locator(".widget-slider", has=self.page.get_by_text(label, exact=True))
        readout, verdict_of_lab = slider.locator(".widget-readout"), lab.locator(".widget-html-content")
        lab.scroll_into_view_if_needed()
        expect(verdict_of_lab).not_to_be_empty(timeout=MOVE_SECONDS * 1000)
        pictures = [picture(lab)]
        for move in (self._drag, lambda slider: slider.locator(".noUi-handle").press(key)):
            shown, source = readout.inner_text(), lab.locator("img").get_attribute("src")
            move(slider)
            expect(readout).not_to_have_text(shown)
            expect(lab.locator("img")).not_to_have_attribute("src", source, timeout=MOVE_SECONDS * 1000)
            expect(verdict_of_lab.locator("[data-found=true]")).to_be_visible(timeout=MOVE_SECONDS * 1000)
            pictures.append(picture(lab))
            assert pictures[-1] != pictures[-2]  # the second move may lead back to where the first began

    def _drag(self, slider: Locator) -> None:
        handle = slider.locator(".noUi-handle").bounding_box()
        track = slider.locator(".noUi-base").bounding_box()
        height = handle["y"] + handle["height"] / 2
        self.page.mouse.move(handle["x"] + handle["width"] / 2, height)
        self.page.mouse.down()
        self.page.mouse.move(track["x"] + 0.35 * track["width"], height, steps=4)
        self.page.mouse.up()


def picture(lab: Locator) -> str:
    """Return the picture that the lab shows now, byte for byte."""
    return lab.locator("img").evaluate(
        """async image => {
            await image.decode();
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            canvas.getContext("2d").drawImage(image, 0, 0);
            return canvas.toDataURL();
        }"""
    )


def copy_without_outputs(folder: Path) -> None:
    """Copy the notebooks without what they printed: what a page then shows was made there."""
    for path in NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, folder / path.name)


@pytest.fixture(scope="module", params=["JupyterLab", "Notebook"])
def front_end(request, tmp_path_factory) -> Iterator[str]:
    """The address to which a notebook's name is put to open it in the front end."""
    folder = tmp_path_factory.mktemp(request.param) / "book"
    folder.mkdir()
    copy_without_outputs(folder)
    module, path = {
        # A workspace for each notebook: else JupyterLab opens again what was open before, and runs that.
        "JupyterLab": ("jupyterlab", "lab/workspaces/{0}/tree"),
        "Notebook": ("notebook", "notebooks"),
    }[request.param]
    token = secrets.token_hex()
    options = (
        f"--IdentityProvider.token={token}",
        "--ServerApp.port_retries=0",
        "--allow-root",
        # The page's own model of the notebook, to look into it.
        "--expose-app-in-browser",
        # No news and no catalogue of extensions: they lie on other hosts.
        "--LabApp.extension_manager=readonly",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=None",
    )
    with serving(folder, module, *options, port_option="ServerApp.port") as address:
        yield f"{address}/{path}/{{0}}.ipynb?token={token}"


@pytest.fixture
def read(browser) -> Iterator:
    readers: list[Reader] = []

    def open_page(url: str) -> Reader:
        readers.append(Reader(browser, url))
        return readers[-1]

    yield open_page
    for reader in readers:
        reader.page.close()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_cell_runs_and_the_lab_follows_hand_and_keyboard(front_end, read, chapter):
    reader = read(front_end.format(chapter))
    page = reader.page
    page.wait_for_function("window.jupyterapp?.shell.currentWidget?.context?.isReady")
    page.wait_for_function(
        "jupyterapp.shell.currentWidget.context.sessionContext.session?.kernel?.status === 'idle'"
    )
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(
        f"({CELLS})().every(cell => cell.execution_count) || "
        f"({CELLS})().some(cell => cell.outputs.some(output => output.output_type === 'error'))",
        timeout=RUN_SECONDS * 1000,
        polling=3000,  # the whole notebook is looked through, pictures and all
    )
    cells = page.evaluate(CELLS)
    errors = [(cell["id"], o["evalue"]) for cell in cells for o in cell["outputs"] if "ename" in o]
    assert errors == []
    assert len(cells) > 15
    page.evaluate(
        """() => {
            const { content } = jupyterapp.shell.currentWidget;
            return content.scrollToItem(
                content.model.sharedModel.cells.findIndex(cell => cell.source.includes("live.live(")));
        }"""
    )
    # With the arrows Notebook steps from cell to cell, also when a slider has the focus.
    reader.try_the_lab(chapter, key="ArrowRight" if "/lab/" in front_end else "PageUp")
    assert reader.problems == []
    page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")


def test_voila_shows_the_lab(read, tmp_path):
    chapter = CHAPTERS[0]
    folder = tmp_path / "book"
    folder.mkdir()
    copy_without_outputs(folder)
    # Notebook's extension is no use to Voilà, and says so with an error in the page.
    without = "--VoilaConfiguration.extension_denylist=['@jupyter-notebook/lab-extension']"
    with serving(folder, "voila", f"{chapter}.ipynb", without, port_option="port") as address:
        reader = read(address)
        expect(reader.page.locator(".widget-vbox")).to_be_visible(timeout=RUN_SECONDS * 1000)
        reader.try_the_lab(chapter)
        assert reader.problems == []
