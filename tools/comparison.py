"""Compare a notebook's saved outputs with those of a fresh run: words exactly, numbers within a tolerance.

A pytest plugin on the classes of nbval, in one file, so that it can be copied to where a notebook is
tested alone. A code cell declares its tolerances in its metadata, where readers do not see them:

    "numbers": [{"match": "y = 1: (.*)", "within": 0.05, "holds": "> 0.3"}, {"within": 0.01}]

The rules of `Rule` say which numbers each governs. The first that governs a number counts; a number that
none governs is compared exactly, and so is a cell that declares none. In a cell that declares some:

- Line by line, the words between the numbers and their order are equal. Only spaces beside a number are
  free, as columns move when a number gets wider. A line more, a number more or a number less is a fault.
- A number may have a sign (a minus sign as well as a hyphen), thousands separators, decimals, an
  exponent and a percent sign. `nan` and `inf` are numbers, each equal to itself alone. One glued to
  letters is a word ("step10"), and so is one with two points ("0.11.0").
- A tolerance counts in the unit that is printed: 1 means one percentage point where "95 %" is printed.
- A sign never changes within a tolerance, but zero has either.
- Figures are compared by the text that says what they show; of a lab's element, its `alt` and its `data-`
  attributes are compared in this way, and everything else exactly.
"""

import operator
import re
from dataclasses import dataclass
from decimal import Decimal

import pytest
from nbformat import NotebookNode
from nbval.plugin import IPyNbCell, IPyNbFile

NUMBER = re.compile(
    r"""
    (?<![\w.])                                # no part of a word
    (?: (?<![\d)\]]) [+\-−] )?                # a sign, but no minus or hyphen between two numbers
    (?: nan | inf
      | (?: \d{1,3} (?:,\d{3})+ | \d+ ) (?:\.\d*)? (?: e[+\-]?\d+ )? (?: [ ]?% )?
      | \.\d+ (?: e[+\-]?\d+ )? )
    (?! \w | \.\d )
    """,
    re.VERBOSE | re.IGNORECASE,
)
WHOLE = re.compile(r"[+\-−]?[\d,]+\.?")
LABEL = re.compile(r'\s(?:alt|data-[\w-]+)="[^"]*"')
COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
BOUND = re.compile(r"([<>]=?) (\S+)")


@dataclass(frozen=True)
class Rule:
    """A tolerance, the numbers it governs, and the claim that rests on them.

    Args:
        match: a regular expression, searched for in the saved text. The rule governs the numbers inside
            what it matches, or, where it has groups, inside these. Without it the rule governs all
            numbers but the whole ones, which are counts, places and names.
        within: how far a number may move, up and down.
        relative: the same, as a share of the saved number.
        holds: what the prose claims of each of the numbers: "> 0.3", or "> 0.3 and < 0.6".
    """

    match: str | None = None
    within: Decimal | None = None
    relative: Decimal | None = None
    holds: str | None = None

    def __post_init__(self):
        re.compile(self.match or "")
        if (self.within is None) == (self.relative is None):
            raise ValueError(f"a rule of numbers needs one of 'within' and 'relative', got {self}")
        if not 0 < (self.within or self.relative) < Decimal("Infinity"):
            raise ValueError(f"a tolerance must be positive and finite, got {self}")
        if not all(BOUND.fullmatch(bound) for bound in self._bounds()):
            raise ValueError(f"'holds' must look like '> 0.3 and < 0.6', got {self.holds!r}")
        self.claims(Decimal(0))

    def _bounds(self):
        return self.holds.split(" and ") if self.holds else []

    def claims(self, number):
        """Return whether what `holds` says is true of `number`."""
        bounds = [BOUND.fullmatch(bound).groups() for bound in self._bounds()]
        return all(COMPARISONS[sign](number, Decimal(limit)) for sign, limit in bounds)

    def tolerance(self, saved):
        """Return how far the number `saved` may move."""
        return self.within if self.within is not None else abs(self.relative * saved)

    def governs(self, number, text):
        """Return whether the rule governs `number`, a match of `NUMBER` in the saved `text`."""
        if self.match is None:
            return True
        spans = [
            found.span(group)
            for found in re.finditer(self.match, text)
            for group in (range(1, found.re.groups + 1) if found.re.groups else [0])
        ]
        return any(start <= number.start() and number.end() <= end for start, end in spans)

    def skips(self, printed):
        """Return whether a number is a whole one that the rule does not name."""
        return self.match is None and bool(WHOLE.fullmatch(printed))

    def keeps(self, saved, new):
        """Return whether `new` may stand where `saved` stood; both are numbers as printed."""
        if self.skips(saved) and self.skips(new):
            return saved == new
        old, now = value(saved), value(new)
        if not (old.is_finite() and now.is_finite()):
            return str(old) == str(now)
        return abs(now - old) <= self.tolerance(old) and old * now >= 0

    def __str__(self):
        return f"within {self.within}" if self.within is not None else f"within {self.relative} of it"


def rules_of(cell):
    """Return the rules that a cell's metadata declares.

    Raises:
        ValueError: they are not as the first lines of this file say.
    """
    declared = cell.get("metadata", {}).get("numbers", [])
    try:
        return [_rule(**each) for each in declared]
    except (TypeError, ValueError, ArithmeticError, re.error) as error:
        raise ValueError(f"cell {cell.get('id')}: {declared!r} is no list of rules: {error}") from None


def _rule(match=None, within=None, relative=None, holds=None):
    # By way of the digits that are written, so that 0.45 is within 0.02 of 0.43.
    return Rule(
        match,
        None if within is None else Decimal(str(within)),
        None if relative is None else Decimal(str(relative)),
        holds,
    )


def value(printed):
    """Return the value of a number as printed, such as "1,234", "−0.5", "1e-05", "95 %" or "nan"."""
    return Decimal(printed.replace(",", "").replace("−", "-").rstrip("% "))


def governed(text, rules):
    """Return [(number, rule or None)] for all numbers of a saved text, as matches of `NUMBER`."""
    return [
        (number, next((rule for rule in rules if rule.governs(number, text)), None))
        for number in NUMBER.finditer(text)
    ]


def settle(saved, new, rules):
    """Compare two texts by the rules.

    Returns:
        text: `new`, in which each line that agrees with the saved one is as it was saved.
        faults: what does not agree, as sentences.
    """
    saved_lines, new_lines = saved.split("\n"), new.split("\n")
    if len(saved_lines) != len(new_lines):
        return new, [f"{len(saved_lines)} lines were saved, now there are {len(new_lines)}"]
    numbers, start = governed(saved, rules), 0
    lines, faults = [], []
    for old, now in zip(saved_lines, new_lines, strict=True):
        end = start + len(old)
        here = [(number[0], rule) for number, rule in numbers if start <= number.start() < end]
        found = [] if old == now else _differences(old, now, here)
        if old != now and not found and not rules:
            found = [f"the spaces differ: saved {old!r}, now {now!r}"]
        lines.append(now if found else old)
        faults += found
        start = end + 1
    return "\n".join(lines), faults


def _differences(old, now, numbers):
    """Return what keeps a line from agreeing with the saved one, whose numbers and rules are given."""
    found = NUMBER.findall(now)
    if len(found) != len(numbers):
        return [f"{len(numbers)} numbers were saved in {old!r}, now there are {len(found)} in {now!r}"]
    if _words(old) != _words(now):
        return [f"the words differ: saved {old!r}, now {now!r}"]
    return [
        f"saved {saved}, now {new}, not {rule or 'equal'}, in {now!r}"
        for (saved, rule), new in zip(numbers, found, strict=True)
        if not (rule.keeps(saved, new) if rule else saved == new)
    ]


def _words(line):
    return [words.strip(" ") for words in NUMBER.split(line)]


def settle_html(saved, new, rules):
    """Compare two elements of labs: what they say by the rules, the rest not at all. As `settle`."""
    old, now = LABEL.findall(saved), LABEL.findall(new)
    if len(old) != len(now):
        return new, [f"{len(old)} labels were saved, now there are {len(now)}"]
    settled = [settle(*pair, rules) for pair in zip(old, now, strict=True)]
    texts = iter(text for text, _ in settled)
    return LABEL.sub(lambda _: next(texts), new), [fault for _, faults in settled for fault in faults]


def keep(saved, new, rules):
    """Put saved text into new outputs where it agrees with them.

    Args:
        saved: a cell's outputs as they were saved, as nbformat has them.
        new: those of a fresh run. Neither list is changed.
        rules: the cell's.

    Returns:
        outputs: a copy of `new`, with the saved text wherever the new one agrees with it.
        faults: what does not agree, as sentences. That all else is equal remains to be compared.
    """
    if len(saved) != len(new):
        return new, [f"{len(saved)} outputs were saved, now there are {len(new)}"]
    kept, faults = [], []
    for old, now in zip(saved, new, strict=True):
        now = NotebookNode(now)
        if "text" in old and "text" in now:
            now.text, found = settle(old.text, now.text, rules)
            faults += found
        if "data" in old and "data" in now:
            now.data = NotebookNode(now.data)
            for kind in (kind for kind in now.data if kind in old.data and kind.startswith("text/")):
                compare = settle_html if kind == "text/html" else settle
                now.data[kind], found = compare(old.data[kind], now.data[kind], rules)
                faults += found
        kept.append(now)
    return kept, faults


def texts(cell):
    """Return what a cell says: what it prints, and the words of its figures and labs."""
    said = []
    for output in cell.outputs:
        data = output.get("data", {})
        said += [output.text] if "text" in output else []
        said += [data["text/plain"]] if "text/plain" in data else []
        said += LABEL.findall(data.get("text/html", ""))
    return said


class Cell(IPyNbCell):
    """A cell that nbval tests, its numbers compared within the tolerances that it declares."""

    def compare_outputs(self, test, ref, skip_compare=None):
        """Return whether the outputs of a fresh run, `test`, agree with the saved ones, `ref`."""
        kept, faults = keep(ref, test, rules_of(self.cell))
        same = super().compare_outputs(kept, ref, skip_compare)
        if not same:
            self.comparison_traceback[:0] = [f"cell {self.cell.get('id')}: {fault}" for fault in faults]
        return same


class Notebook(IPyNbFile):
    """A notebook whose cells are compared in this way."""

    def collect(self):
        """Yield the cells that nbval finds."""
        for cell in super().collect():
            yield Cell.from_parent(
                self, name=cell.name, cell_num=cell.cell_num, cell=cell.cell, options=cell.options
            )


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Collect, in place of the notebooks of nbval, those that compare numbers."""
    collected = yield
    return [
        Notebook.from_parent(parent, path=file_path) if type(one) is IPyNbFile else one for one in collected
    ]
