"""The form of a chapter: how long it may be, and how soon and how often it shows something.

What readers must meet counts: exercises, quiz and references do not, nor what is folded.
"""

import itertools
import re

import nbformat
import pytest

from tools import chapters
from tools.serve import serving

SCREEN = {"width": 1280, "height": 900}
CODE_CELLS, WORDS, SCREENS, LINE = 40, 2_000, 14, 76
SCREENS_TO_FIGURE = 3

# Lines of True and False: parity and shapes.
BARE = 3

# To be emptied: chapters that are still to be rewritten for this form, and how many such lines they print.
NOT_YET = {
    "seq2seq_attention": 43,
    "attention_as_explanation": 58,
    "beyond_one_machine": 10,
}
CHAPTERS = list(map(chapters.name_of, chapters.NOTEBOOKS))
REWRITTEN = [name for name in CHAPTERS if name not in NOT_YET]

APART = re.compile(r"## (Quiz|Exercises|References)\b")
FOLDED = {"hide-cell", "hide-input", "remove-cell"}
FOLD = re.compile(r"<details.*?</details>", re.DOTALL)

# In page coordinates: where "Recap" begins, and from where to where each figure and lab reaches.
LAYOUT = """() => {
    const place = node => { const { top, bottom } = node.getBoundingClientRect(); return [top + scrollY, bottom + scrollY]; };
    const shown = node => node.checkVisibility() && node.getBoundingClientRect().height > 40;
    const figures = [...document.querySelectorAll("article img, article .output svg, attention-lab")];
    return { recap: place(document.querySelector("#recap"))[0], figures: figures.filter(shown).map(place) };
}"""


def lesson(chapter):
    """Return the cells of a chapter that are not exercises, quiz or references."""
    kept, is_apart = [], False
    for cell in chapters.cells(chapter):
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            is_apart = APART.match(cell.source)
        if not is_apart:
            kept.append(cell)
    return kept


def in_sight(cells):
    return [cell for cell in cells if not FOLDED & set(cell.metadata.get("tags", []))]


def lengths(cells):
    """Return how many code cells and words readers must meet."""
    code = [cell for cell in in_sight(cells) if cell.cell_type == "code"]
    prose = [FOLD.sub("", cell.source) for cell in cells if cell.cell_type == "markdown"]
    return len(code), sum(len(text.split()) for text in prose)


def printed_lines(cells):
    outputs = [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]
    return [line for output in outputs for line in output.get("text", "").splitlines()]


def long_lines(cells):
    sources = [cell.source for cell in in_sight(cells) if cell.cell_type == "code"]
    lines = [line for source in sources for line in source.splitlines()]
    return [line for line in lines + printed_lines(cells) if len(line) > LINE]


def bare_lines(cells):
    return [line for line in printed_lines(cells) if re.search(r"\b(True|False)\b", line)]


def without_a_sentence(cells):
    """Return the ids of code cells that follow another one with nothing said between."""
    pairs = itertools.pairwise(cells)
    return [
        second.id
        for first, second in pairs
        if first.cell_type == second.cell_type == "code" and len(in_sight([first, second])) == 2
    ]


@pytest.mark.parametrize("chapter", REWRITTEN)
def test_a_chapter_is_short(chapter):
    code, words = lengths(lesson(chapter))
    assert code <= CODE_CELLS
    assert words <= WORDS
    assert long_lines(lesson(chapter)) == []


@pytest.mark.parametrize("chapter", REWRITTEN)
def test_something_is_said_between_two_code_cells(chapter):
    assert without_a_sentence(lesson(chapter)) == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_prints_numbers_and_not_true(chapter):
    """Outside exercises, where checkers and solutions answer yes or no."""
    bare = bare_lines(lesson(chapter))
    assert len(bare) <= max(BARE, NOT_YET.get(chapter, 0)), bare


@pytest.fixture(scope="module")
def address():
    with serving(chapters.BOOK.parent / "_build" / "html") as address:
        yield address


@pytest.mark.parametrize("chapter", REWRITTEN)
def test_a_page_shows_early_and_often(chapter, browser, address):
    page = browser.new_page(viewport=SCREEN)
    page.goto(f"{address}/{chapters.notebook(chapter).stem}.html")
    page.wait_for_selector("attention-lab[data-state=done]")
    layout = page.evaluate(LAYOUT)
    page.close()
    height = SCREEN["height"]
    assert layout["recap"] <= SCREENS * height, layout["recap"] / height
    reached, gaps = 0, []
    for top, bottom in sorted(layout["figures"]):
        gaps.append(max(0, min(top, layout["recap"]) - reached) / height)
        reached = max(reached, bottom)
    assert max(gaps) <= SCREENS_TO_FIGURE, gaps


def test_no_chapter_waits_that_is_gone():
    assert set(CHAPTERS) >= NOT_YET.keys()


def test_each_limit_can_be_missed():
    code, prose = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
    folded = code("x = 1", metadata={"tags": ["hide-input"]})
    cells = [
        prose("## Why?\n\nOne two three."),
        code("x = 1", id="first"),
        code("y" * (LINE + 1), id="second"),
        folded,
    ]
    assert lengths(cells) == (2, 5)
    assert without_a_sentence(cells) == ["second"]
    assert long_lines(cells) == ["y" * (LINE + 1)]
    cells[1].outputs = [nbformat.v4.new_output("stream", text="same: True\n0.98\nTruely\n")]
    assert bare_lines(cells) == ["same: True"]
