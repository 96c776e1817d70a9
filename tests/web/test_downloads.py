"""The book as one file: `make epub` and `make pdf`, built for real."""

import base64
import json
import os
import re
import shutil
import xml.dom.minidom
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import chapters, download
from tools.lab_page import find_node
from web import still

ROOT = Path(__file__).parents[2]

CHAPTERS = [path.stem for path in chapters.NOTEBOOKS]
INLINE = re.compile(r"data:image/png;base64,([^\"]+)")


@pytest.fixture(autouse=True)
def node_on_the_path(monkeypatch):
    monkeypatch.setenv("PATH", f"{Path(find_node()).parent}{os.pathsep}{os.environ['PATH']}")


def test_a_lab_becomes_its_picture_in_well_formed_xml():
    lab = (
        '<attention-lab lab="dense" controls="[]"><figure><img alt="found" src="data:x">'
        "<figcaption>Found. Its sliders need JavaScript here, or a running notebook.</figcaption></figure>"
        "</attention-lab>"
    )
    figure = still.LAB.sub(lambda match: still.still(match.group(1)), lab)
    assert figure == '<figure><img alt="found" src="data:x"/><figcaption>Found.</figcaption></figure>'


def test_paper_shows_what_is_folded():
    for screen, paper in {
        "Hide the solution": "Solution",
        "Hide what comes of it": "What comes of it",
    }.items():
        page = download.on_paper(f"<details class='hide'><summary>{screen}</summary></details>")
        assert page == f"<details open class='hide'><summary>{paper}</summary></details>"


def figures(chapter: str) -> set[bytes]:
    """Return the figures that a notebook shows, those of its labs too, as PNG."""
    notebook = json.loads((ROOT / "book" / f"{chapter}.ipynb").read_text())
    outputs = [output.get("data", {}) for cell in notebook["cells"] for output in cell.get("outputs", [])]
    labs = "".join(line for data in outputs for line in data.get("text/html", ()))
    encoded = [data["image/png"] for data in outputs if "image/png" in data]
    return set(map(base64.b64decode, encoded + INLINE.findall(labs)))


def pictures(page: str, read: Callable[[str], bytes]) -> set[bytes]:
    """Return the pictures of a page, each read by its name or taken out of the page."""
    found = ((source, INLINE.match(source)) for source in re.findall(r'<img\b[^>]*src="([^"]+)"', page))
    return {base64.b64decode(inline[1]) if inline else read(source) for source, inline in found}


def test_epub_is_well_formed_and_has_every_chapter_with_its_figures():
    book = zipfile.ZipFile(download.epub())
    names = set(book.namelist())
    for name in names:
        if name.endswith((".xhtml", ".opf", ".ncx")):
            xml.dom.minidom.parseString(book.read(name))
    title = xml.dom.minidom.parseString(book.read("content.opf")).getElementsByTagName("dc:title")[0]
    assert title.firstChild.data == "Attention by Experiment"
    contents = re.findall(r'href="([^"]+)">(\d?)', book.read("nav.xhtml").decode())
    numbered = [(f"{chapter}.xhtml", str(number)) for number, chapter in enumerate(CHAPTERS, start=1)]
    assert contents[: 1 + len(CHAPTERS)] == [("index.xhtml", ""), *numbered]
    for chapter in CHAPTERS:
        text = book.read(f"{chapter}.xhtml").decode()
        assert "<math" in text, chapter
        assert "attention-lab" not in text, chapter
        assert figures(chapter) <= pictures(text, book.read), chapter
        linked = re.findall(r'<link\b[^>]*href="([^"]+)"', text)
        assert "_static/e-reader.css" in linked, chapter
        assert set(linked) <= names, chapter
        assert "<summary>Solution</summary>" in text, chapter
        assert "Hide the solution" not in text, chapter


def test_pdf_is_a_book_of_many_pages_with_every_figure_of_every_chapter():
    pdf = download.pdf().read_bytes()
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 10 * len(CHAPTERS)
    folder = ROOT / "_build" / "singlehtml"
    _, *parts = re.split(r'<span id="document-(\w+)">', (folder / "index.html").read_text())
    printed = dict(zip(parts[::2], parts[1::2], strict=True))
    for chapter in CHAPTERS:
        shown = pictures(printed[chapter], lambda name: (folder / name).read_bytes())
        assert figures(chapter) <= shown, chapter


def test_a_page_is_not_printed_without_its_pictures(tmp_path):
    page = '<img alt="here" src="here.svg"><img alt="gone" src="gone.png"><img alt="cut" src="cut.png">'
    (tmp_path / "index.html").write_text(page)
    shutil.copy(ROOT / "web" / "static" / "logo.svg", tmp_path / "here.svg")
    (tmp_path / "cut.png").write_bytes(b"\x89PNG")
    with pytest.raises(RuntimeError, match=r"pictures that do not load: gone\.png, cut\.png\."):
        download.print_page(tmp_path, tmp_path / "page.pdf")
    assert not (tmp_path / "page.pdf").exists()
