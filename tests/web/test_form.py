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

# To be emptied: chapters that are still to be rewritten for this form.
NOT_YET = {"self_attention", "seq2seq_attention", "attention_as_explanation", "beyond_one_machine"}
REWRITTEN = [path for path in chapters.NOTEBOOKS if chapters.name_of(path) not in NOT_YET]

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


def lesson(path):
    """Return the cells of a chapter that are not exercises, quiz or references."""
    kept, is_apart = [], False
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown" and (heading := re.match(r"## ", cell.source)):
            is_apart = bool(heading and APART.match(cell.source))
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


def long_lines(cells):
    code = [cell for cell in cells if cell.cell_type == "code"]
    texts = [cell.source for cell in in_sight(code)]
    texts += [output.get("text", "") for cell in code for output in cell.outputs]
    return [line for text in texts for line in text.splitlines() if len(line) > LINE]


def without_a_sentence(cells):
    """Return the ids of code cells that follow another one with nothing said between."""
    pairs = itertools.pairwise(cells)
    return [
        second.id
        for first, second in pairs
        if first.cell_type == second.cell_type == "code" and len(in_sight([first, second])) == 2
    ]


@pytest.mark.parametrize("path", REWRITTEN, ids=chapters.name_of)
def test_a_chapter_is_short(path):
    code, words = lengths(lesson(path))
    assert code <= CODE_CELLS
    assert words <= WORDS
    assert long_lines(lesson(path)) == []


@pytest.mark.parametrize("path", REWRITTEN, ids=chapters.name_of)
def test_something_is_said_between_two_code_cells(path):
    assert without_a_sentence(lesson(path)) == []


@pytest.fixture(scope="module")
def address():
    with serving(chapters.BOOK.parent / "_build" / "html") as address:
        yield address


@pytest.mark.parametrize("path", REWRITTEN, ids=chapters.name_of)
def test_a_page_shows_early_and_often(path, browser, address):
    page = browser.new_page(viewport=SCREEN)
    page.goto(f"{address}/{path.stem}.html")
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
    assert set(map(chapters.name_of, chapters.NOTEBOOKS)) >= NOT_YET


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
