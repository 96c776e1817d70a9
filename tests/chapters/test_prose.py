"""No figure in the prose without its source: each stands in an output or in the code of its chapter."""

import re
from decimal import Decimal

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from tools import chapters
from tools.comparison import NUMBER, texts, value

# What is no prose: code, formulas, addresses, tags, and the numbers of exercises and equations.
APART = re.compile(
    r"""```.*?``` | `[^`]*` | \$\$.*?\$\$ | \$[^$]*\$ | (?<=\])\([^)]*\) | <[^>]*>
      | \b(?:exercise|equation|chapter)s?\ [\d.]+ (?:(?:,|\ and|\ or|\ to)\ \d+\.\d+)*""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


def figures(prose):
    """Return the decimals and percentages of a Markdown text."""
    found = NUMBER.findall(APART.sub(" ", prose))
    return [figure for figure in found if re.search(r"\.\d|%", figure)]


# Figures that a chapter quotes from elsewhere, by the address that its references give.
ORIGINAL = "https://github.com/philipperemy/keras-attention"
QUOTED = {
    "dense_attention": {"0.53": ORIGINAL},
    "recurrent_attention": dict.fromkeys(("0.07", "0.21", "0.41"), ORIGINAL),
}


def without_source(cells):
    """Return the figures in the prose of a chapter that stand in none of its outputs and code cells.

    A figure stands in an output whose number, printed to as many digits or more, rounds to it; 98 % also
    in one that prints 0.98. In code it stands as the same number.
    """
    code = [cell for cell in cells if cell.cell_type == "code"]
    printed = [number for cell in code for text in texts(cell) for number in measured(text)]
    written = {number for cell in code for number in measured(cell.source)}
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    found = {figure for text in prose if not text.startswith("## References") for figure in figures(text)}
    return {figure for figure in found if share(figure) not in written and not stands(figure, printed)}


def measured(text):
    """Return the values of the numbers in a text that have decimals, an exponent or a percent sign."""
    return [share(number) for number in NUMBER.findall(text) if re.search(r"[.e%]", number)]


def share(number):
    """Return the value of a printed number, of "98 %" as 0.98."""
    return value(number).scaleb(-2) if "%" in number else value(number)


def stands(figure, printed):
    digits = share(figure).as_tuple().exponent
    half = Decimal(5).scaleb(digits - 1)
    return any(each.as_tuple().exponent <= digits and abs(each - share(figure)) <= half for each in printed)


@pytest.mark.parametrize("chapter", [chapters.name_of(path) for path in chapters.NOTEBOOKS])
def test_every_figure_in_the_prose_stands_in_an_output_or_in_code(chapter):
    cells = chapters.cells(chapter)
    quoted = QUOTED.get(chapter, {})
    assert without_source(cells) == quoted.keys()
    references = next(cell.source for cell in cells if cell.source.startswith("## References"))
    assert all(address in references for address in quoted.values())


def test_no_figure_is_excused_in_a_chapter_that_is_gone():
    assert QUOTED.keys() <= set(map(chapters.name_of, chapters.NOTEBOOKS))


def test_a_changed_figure_is_found_in_a_chapter():
    cells = chapters.cells("dense_attention")
    why = next(cell for cell in cells if cell.id == "why")
    why.source = why.source.replace("0.45", "0.4599")
    assert without_source(cells) == {"0.53", "0.4599"}


@pytest.mark.parametrize(
    ("prose", "code", "output", "found"),
    [
        ("It is 0.45.", "", "0.45", set()),
        ("It is 0.45.", "", "0.4512", set()),
        ("It is 0.45.", "", "0.46", {"0.45"}),
        ("It is 0.45.", "", "0.4561", {"0.45"}),
        ("It is 0.45.", "", "0.5", {"0.45"}),
        ("It is −0.45.", "", "0.45", {"−0.45"}),
        ("It is 0.45.", "", "nan", {"0.45"}),
        ("It is 0.4 to 0.5.", "", "0.38 to 0.52", set()),
        ("It is 0.4 to 0.5.", "", "0.38", {"0.5"}),
        ("It is 1.00.", "", "y = 1", {"1.00"}),
        ("It holds in 98 %.", "", "0.98", set()),
        ("It holds in 98 %.", "", "97.8 %", set()),
        ("It holds in 98%.", "", "0.97", {"98%"}),
        ("It holds in 98 %.", "", "98 samples", {"98 %"}),
        ("Steps of 0.01.", "Adam(0.01)", "", set()),
        ("Steps of 0.01.", "Adam(1e-2)", "", set()),
        ("Steps of 0.01.", "Adam(0.014)", "", {"0.01"}),
        ("`0.1`, $0.2$, $$0.3$$, exercise 0.4, equations 0.5 and 0.6, [a](0.7)", "", "", set()),
        ("```\n0.8\n```\n<a id='0.9'>words</a> in 3 of 5, 1,000 samples.", "", "", set()),
    ],
)
def test_a_figure_without_its_source_is_found(prose, code, output, found):
    outputs = [new_output("stream", text=output)]
    assert without_source([new_markdown_cell(prose), new_code_cell(code, outputs=outputs)]) == found
