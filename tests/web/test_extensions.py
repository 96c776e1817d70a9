"""What the site's build adds to the pages: icons, mathematics, policy, labs."""

import base64
import doctest
import importlib
import os
import re
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils import nodes
from docutils.utils import new_document
from sphinx.errors import ExtensionError

from helpers import palette
from tools import labs
from tools.lab_page import find_node
from web import citations, first_paint, icons, lab_pages, mathematics, pages, previews

FONT_AWESOME = (
    'x={file:[384,512,[],"f15b","M1"],"my-file":[1,2,[],"f0","M9"]};y={file:[380,500,["a"],"f15b","M2 3"]}'
)


@pytest.fixture(autouse=True)
def node_on_the_path(monkeypatch):
    monkeypatch.setenv("PATH", f"{Path(find_node()).parent}{os.pathsep}{os.environ['PATH']}")


def test_icons_become_drawings_and_the_script_goes():
    page = (
        '<script defer src="_static/scripts/fontawesome.js?x"></script><i class="fas fa-file" title="t"></i>'
    )
    assert icons.draw_icons(page, FONT_AWESOME) == (
        '<svg class="svg-inline--fa fas fa-file" title="t" aria-hidden="true" viewBox="0 0 380 500">'
        '<path d="M2 3"/></svg>'
    )


def test_an_unknown_icon_is_named():
    with pytest.raises(ValueError, match="no icon 'nowhere'"):
        icons.draw_icons('<span class="fa-solid fa-nowhere"></span>', FONT_AWESOME)


def test_mathematics_is_drawn_in_order():
    inline, block = mathematics.render([("x_1", False), (r"a = \operatorname{softmax}(W x)", True)])
    assert "katex-display" not in inline
    assert "katex-display" in block
    assert "softmax" in block


def test_wrong_mathematics_fails_the_build():
    with pytest.raises(ValueError, match="KaTeX"):
        mathematics.render([(r"\frac{1", False)])


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("as Bahdanau and others (2015) did", ("bahdanau", "2015")),
        ("Adam (Kingma and Ba, 2015).", ("kingma", "2015")),
        ("Stich (2019)", ("stich", "2019")),
        ("P. Rémy, 2017", ("remy", "2017")),
        ("Of 5 September 2025", None),
        ("in the 2015 of Bahdanau", None),
    ],
)
def test_citations_are_found_by_author_and_year(words, key):
    match = citations.CITATION.search(words)
    assert (match and citations.key_of(match)) == key


def test_a_mention_of_an_equation_is_read_as_chapter_and_number():
    match = mathematics.MENTION.search("Equation 12.3, with")
    assert (match["chapter"], match["number"]) == ("12", "12.3")
    assert mathematics.MENTION.search("equation 4") is None


def test_policy_lists_the_pages_own_scripts_and_handlers_by_hash():
    page = (
        '<html><head></head><body><script>one()</script><a onclick="two()">x</a><script src="a.js"></script>'
    )
    policy = re.search(r'content="([^"]*)"', pages.with_security_policy(page)).group(1)
    assert policy.count("'sha256-") == 2
    assert "'unsafe-eval'" not in policy
    assert "http" not in policy


def test_policy_is_added_once():
    page = pages.with_security_policy("<head></head>")
    assert pages.with_security_policy(page) == page


def test_palette_has_the_same_names_for_light_and_dark():
    assert palette.LIGHT.keys() == palette.DARK.keys() >= palette.FIGURE.keys()
    css = palette.style_sheet()
    assert f"--attention-weight:{palette.DARK['weight']}" in css.split("dark")[1]


def book_with(*labs_of_sections):
    """A book of one page: in each of its sections a lab, given as the start of its element."""
    doctree = new_document("01_page")
    for number, start in enumerate(labs_of_sections):
        section = nodes.section("", nodes.title("", f"Section {number}"))
        section += nodes.raw("", f"<attention-lab {start}>picture</attention-lab>", format="html")
        doctree += section
    return SimpleNamespace(
        found_docs={"01_page"},
        get_doctree=lambda page: doctree,
        titles={"01_page": nodes.title("", "Page")},
        toc_secnumbers={"01_page": {"": (1,)}},
    )


def test_a_chapters_first_lab_has_its_title_and_another_its_sections(monkeypatch):
    monkeypatch.setattr(lab_pages, "LINES", {"one": "First.", "two": "Second."})
    book = book_with('lab="one"', 'lab="two" given=""', 'notebook="02_page" lab="three"')
    assert [(lab.title, lab.line, lab.number) for lab in lab_pages.lab_pages(book)] == [
        ("Page", "First.", "1"),
        ("Section 1", "Second.", "1"),
    ]
    assert lab_pages.names(book) == ["labs/one", "labs/two", "labs/index"]


def test_a_lab_without_a_line_fails_the_build(monkeypatch):
    monkeypatch.setattr(lab_pages, "LINES", {"another": "Elsewhere."})
    with pytest.raises(ExtensionError, match=r"a line for each lab.*\['one'\]"):
        lab_pages.lab_pages(book_with('lab="one"'))


def test_no_line_is_left_of_a_lab_that_is_gone():
    assert lab_pages.LINES.keys() == labs.LABS.keys()


def test_where_chapters_have_no_numbers_a_lab_has_none():
    book = book_with('lab="dense"')
    book.toc_secnumbers = {}
    assert [lab.number for lab in lab_pages.lab_pages(book)] == [""]


def test_the_archive_of_notebooks_is_the_same_at_every_build(tmp_path):
    folder = tmp_path / "book"
    folder.mkdir()
    made = []
    for time in (1_000_000_000, 1_700_000_000):
        for name in ("b.ipynb", "a.ipynb"):
            (folder / name).write_text(name)
            os.utime(folder / name, (time, time))
        previews.archive_notebooks(folder, tmp_path / "notebooks.zip")
        made.append((tmp_path / "notebooks.zip").read_bytes())
    assert made[0] == made[1]
    assert zipfile.ZipFile(tmp_path / "notebooks.zip").namelist() == ["a.ipynb", "b.ipynb"]


@pytest.mark.parametrize("extension", ["citations", "first_paint", "glossary", "pages", "still"])
def test_docstring_examples_hold(extension):
    outcome = doctest.testmod(importlib.import_module(f"web.{extension}"))
    assert outcome.attempted
    assert not outcome.failed


# ---- What a page needs before it can be seen ----------------------------------------------------------


def png(width, height):
    return (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
        + width.to_bytes(4, "big")
        + height.to_bytes(4, "big")
        + bytes(40)
    )


def test_pictures_say_their_size_and_later_ones_wait(tmp_path):
    (tmp_path / "a.png").write_bytes(png(806, 489))
    data = base64.b64encode(png(400, 100)).decode()
    page = (
        '<img src="a.png"><article><img src="a.png"><img src="a.png" style="width: 538px;">'
        f'<img width="200" src="data:image/png;base64,{data}"><img src="b.svg"></article>'
    )
    assert first_paint.with_sizes(page, tmp_path) == (
        '<img src="a.png"><article><img width="806" height="489" src="a.png">'
        '<img width="538" height="326" loading="lazy" decoding="async" src="a.png" style="width: 538px;">'
        f'<img width="200" height="50" loading="lazy" decoding="async" src="data:image/png;base64,{data}">'
        '<img loading="lazy" decoding="async" src="b.svg"></article>'
    )


def test_one_sheet_keeps_what_a_page_or_a_script_may_use(tmp_path):
    (tmp_path / "styles").mkdir()
    (tmp_path / "base.css").write_text("p { margin: 0 }")
    (tmp_path / "styles" / "theme.css").write_text(
        '@import "../base.css"; .used { color: red } .by-script::before { color: blue } .unused { color: green }'
        "@media print { .unused-too { color: tan } } .used:not(.unused) { background: url(dots.png) }"
    )
    (tmp_path / "book.css").write_text("main { .own-and-nested { color: red } }")
    page = (
        '<link href="_static/styles/theme.css?v=1" rel="stylesheet" />\n<p class="used">'
        '<link rel="stylesheet" type="text/css" href="_static/book.css" /><link rel="icon" href="_static/i.css">'
    )
    names = first_paint.sheets_of(["<p>", page])
    assert names == ["styles/theme.css", "book.css"]
    css = first_paint.joined(tmp_path, names, [page, "add('by-script')"])
    for kept in ("p{margin:0}", ".used{", ".by-script:before{", "styles/dots.png", ".own-and-nested"):
        assert kept in css
    assert "green" not in css
    assert "tan" not in css
    assert first_paint.with_one_sheet(page, "7") == (
        '<link rel="stylesheet" href="_static/site.css?v=7"><p class="used"><link rel="icon" href="_static/i.css">'
    )


def test_a_sheet_that_cannot_be_read_fails_the_build(tmp_path):
    (tmp_path / "theme.css").write_text("p { color: red } } {")
    with pytest.raises(ValueError, match="style sheets cannot be joined"):
        first_paint.joined(tmp_path, ["theme.css"], ["<p>"])
