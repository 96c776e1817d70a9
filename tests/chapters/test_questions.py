"""The pages that lead into the book: each question has a short answer, and no link leads nowhere."""

import re
from pathlib import Path

import nbformat
import pytest
from myst_parser.mdit_to_docutils.base import default_slugify

BOOK = Path(__file__).parents[2] / "book"
LINK = re.compile(r"\]\(([^):\s#]+)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"(?m)^#{1,3} (.+)$")


def text_of(path):
    """Return a page's Markdown, of a notebook that of its cells."""
    if path.suffix != ".ipynb":
        return path.read_text()
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def headings(text):
    """Return the anchors of a Markdown text as the site makes them, each heading once."""
    return {default_slugify(heading) for heading in HEADING.findall(text)}


def broken(text, folder=BOOK):
    """Return the links of a Markdown text to pages or headings that are not there."""
    found = []
    for page, heading in LINK.findall(text):
        paths = [path for path in (folder / page, *folder.glob(f"{page}.*")) if path.is_file()]
        if not paths or (heading and heading not in headings(text_of(paths[0]))):
            found.append(f"{page}#{heading}")
    return found


def shown(path):
    """Return the anchors of a notebook's headings under which something is printed or drawn."""
    found, open_headings = set(), {}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            for marks, heading in re.findall(r"(?m)^(#{1,3}) (.+)$", cell.source):
                open_headings = {level: name for level, name in open_headings.items() if level < len(marks)}
                open_headings[len(marks)] = default_slugify(heading)
        elif cell.outputs:
            found.update(open_headings.values())
    return found


def answers():
    """Return the questions of the page as a dict {question: its answer}."""
    parts = re.split(r"(?m)^### (.+)\n", (BOOK / "questions.md").read_text())[1:]
    return {
        question: re.sub(r"(?s)\n## .*", "", answer)
        for question, answer in zip(parts[::2], parts[1::2], strict=True)
    }


def test_twenty_questions_each_have_a_short_answer_that_leads_to_something_printed():
    assert len(answers()) == 20
    for question, answer in answers().items():
        links = [link for link in LINK.findall(answer) if link[1]]
        assert links, question
        assert [link for link in links if link[1] not in shown(BOOK / link[0])] == []
        assert 20 < len(answer.split()) < 75, question


@pytest.mark.parametrize("page", ["index", "questions", "glossary", "listings"])
def test_every_link_of_a_page_leads_to_a_heading_that_is_there(page):
    assert broken((BOOK / f"{page}.md").read_text()) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a](page) [b](page.md) [c](page#a-word) [d](https://example.org#none)", []),
        ("[a](gone)", ["gone#"]),
        ("[a](page#another-word)", ["page#another-word"]),
    ],
)
def test_a_link_that_leads_nowhere_is_found(tmp_path, text, found):
    (tmp_path / "page.md").write_text("# Page\n\n## A word\n\nText.\n")
    assert broken(text, tmp_path) == found
