"""A tolerance is an assertion: what a chapter claims of a number stays true wherever it may move."""

from decimal import Decimal

import pytest
from nbformat.v4 import new_code_cell, new_output

from tools import chapters
from tools.comparison import governed, rules_of, texts, value


def loose(cell):
    """Return, as sentences, which rules of a cell allow more than its claims do.

    A rule with `holds` must leave it true at both ends of its tolerance. One without says that the
    number carries no claim beyond its digits, so it may move by one unit of the last digit printed.
    """
    faults = []
    numbers = [found for text in texts(cell) for found in governed(text, rules_of(cell))]
    for rule in rules_of(cell):
        printed = [
            number[0] for number, ruled_by in numbers if ruled_by == rule and not rule.skips(number[0])
        ]
        if not printed:
            faults.append(f"{rule}: governs no number")
        elif rule.holds:
            faults += [f"{each} {rule} need not be {rule.holds}" for each in printed if not holds(rule, each)]
        elif max(rule.tolerance(value(each)) for each in printed) > min(map(last_digit, printed)):
            faults.append(
                f"{', '.join(printed)} {rule}: more than the last digit, so 'holds' must say the claim"
            )
    return faults


def holds(rule, printed):
    number = value(printed)
    if not number.is_finite():
        return False
    return all(rule.claims(number + way * rule.tolerance(number)) for way in (-1, 1))


def last_digit(printed):
    """Return one unit of the last digit of a number: 0.01 of "0.45", 1 of "95 %"."""
    return Decimal(1).scaleb(value(printed).as_tuple().exponent)


def cell_with(text, *numbers):
    return new_code_cell(outputs=[new_output("stream", text=text)], metadata={"numbers": list(numbers)})


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("peak 0.45 of column 1", {"within": 0.05, "holds": "> 0.3 and < 0.6"}),
        ("peak 0.45", {"within": 0.15, "holds": ">= 0.3 and <= 0.6"}),
        ("peak 0.45", {"within": 0.01}),
        ("loss 1.5e-04", {"relative": 0.05}),
        ("[0.51 1.  ]", {"within": 0.01}),
        ("95 %", {"within": 4, "holds": "> 90"}),
        ("y = 0: 0.15", {"match": "y = 0: (.*)", "within": 0.05, "holds": "< 0.25"}),
    ],
)
def test_a_tolerance_inside_its_claim_passes(text, rule):
    assert loose(cell_with(text, rule)) == []


@pytest.mark.parametrize(
    ("text", "rule", "says"),
    [
        ("peak 0.45", {"within": 0.15, "holds": "> 0.3"}, "0.45 within 0.15 need not be > 0.3"),
        ("peak 0.45", {"within": 0.15, "holds": "> 0.2 and < 0.6"}, "need not be > 0.2 and < 0.6"),
        ("0.45 to 0.61", {"within": 0.05, "holds": "< 0.65"}, "0.61 within 0.05 need not be < 0.65"),
        ("peak 0.45", {"relative": 0.5, "holds": "> 0.3"}, "within 0.5 of it need not be > 0.3"),
        ("peak 0.45", {"within": 0.02}, "0.45 within 0.02: more than the last digit"),
        ("[0.51 1.  ]", {"within": 0.02}, "more than the last digit"),
        ("peak nan", {"within": 0.1, "holds": "> 0.3"}, "nan within 0.1 need not be > 0.3"),
        ("column 1", {"within": 0.1, "holds": "> 0.3"}, "governs no number"),
        ("peak 0.45", {"match": "dip .*", "within": 0.01}, "governs no number"),
    ],
)
def test_a_tolerance_wider_than_its_claim_is_found(text, rule, says):
    assert says in " ".join(loose(cell_with(text, rule)))


def test_the_words_of_figures_and_labs_count_as_well():
    data = {"text/plain": "peak 0.45", "text/html": '<attention-lab given="0.1"><img alt="peak 0.31">'}
    cell = new_code_cell(outputs=[new_output("display_data", data)])
    cell.metadata["numbers"] = [{"within": 0.02, "holds": "> 0.3"}]
    assert loose(cell) == ["0.31 within 0.02 need not be > 0.3"]


@pytest.mark.parametrize("chapter", [chapters.name_of(path) for path in chapters.NOTEBOOKS])
def test_no_tolerance_is_wider_than_its_claim(chapter):
    cells = [cell for cell in chapters.cells(chapter) if cell.cell_type == "code"]
    assert {cell.id: faults for cell in cells if (faults := loose(cell))} == {}
