"""Saved outputs against fresh ones: words exactly, numbers within the tolerance that a cell declares."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools.comparison import keep, rules_of

ROOT = Path(__file__).parents[2]
WITHIN = [{"within": 0.02}]
TABLE = "peak   0.71  [ 0.50 -0.25]\nseeds  0.44 to 0.50, 95 % in 1,200 samples, loss 1.5e-04\n"


def printed(text):
    return [new_output("stream", text=text)]


def compare(saved, new, numbers):
    """Return what is kept of the printed text `new`, and what does not agree."""
    cell = new_code_cell(metadata={"numbers": numbers})
    kept, faults = keep(printed(saved), printed(new), rules_of(cell))
    return kept[0].text, faults


@pytest.mark.parametrize(
    ("saved", "new", "numbers"),
    [
        ("peak 0.45", "peak 0.47", WITHIN),
        ("peak 0.45", "peak 0.43", WITHIN),
        ("peak 0.45, step 3", "peak 0.44, step 3", WITHIN),
        ("-0.45", "-0.44", WITHIN),
        ("−0.45", "−0.44", WITHIN),
        ("−0.00", "0.01", WITHIN),
        ("0.44 to 0.50", "0.45 to 0.51", WITHIN),
        ("0.44–0.50", "0.45–0.51", WITHIN),
        ("0.44-0.50", "0.45-0.51", WITHIN),
        ("[0.5 1. ]", "[0.49 0.99]", WITHIN),
        ("[ 0.5  3.  -0.5  1. ]", "[ 0.51  3.   -0.49  1.  ]", WITHIN),
        ("in 95 % or more", "in 97 % or more", [{"within": 2}]),
        ("in 95% or more", "in 97% or more", [{"within": 2}]),
        ("7,950 samples of 10,000", "8,000 samples of 10,000", [{"match": "(.*) samples", "within": 50}]),
        ("loss 1.5e-04", "loss 1.6e-04", [{"relative": 0.1}]),
        ("loss 1.0e-04", "loss 9.9e-05", [{"relative": 0.1}]),
        ("loss 0.0001", "loss 9.9e-05", [{"relative": 0.1}]),
        ("epoch 8", "epoch 9", [{"match": "epoch .*", "within": 1}]),
        ("y = 1: 3\ny = 0: 3", "y = 1: 4\ny = 0: 3", [{"match": "y = 1: (.*)", "within": 1}]),
        ("a 0.5\nb 0.5", "a 0.6\nb 0.5", [{"match": "^a .*", "within": 0.1}, {"within": 0.01}]),
        ("nan to inf", "nan to inf", WITHIN),
        ("loss 0.5 nan", "loss 0.51 nan", WITHIN),
        ("loss 0.5 -inf", "loss 0.51 -inf", WITHIN),
        ("step10 is 0.5", "step10 is 0.51", WITHIN),
        (TABLE, TABLE.replace("0.71", "0.7 ").replace("0.44", "0.43"), WITHIN),
    ],
)
def test_what_agrees_stays_as_it_was_saved(saved, new, numbers):
    assert compare(saved, new, numbers) == (saved, [])


@pytest.mark.parametrize(
    ("saved", "new", "numbers", "says"),
    [
        ("peak 0.45", "peak 0.48", WITHIN, "saved 0.45, now 0.48, not within 0.02, in 'peak 0.48'"),
        ("peak 0.45", "peak 0.42", WITHIN, "not within 0.02"),
        ("peak 0.45", "dip 0.45", WITHIN, "the words differ: saved 'peak 0.45', now 'dip 0.45'"),
        ("peak 0.45.", "peak 0.45!", WITHIN, "the words differ"),
        ("peak 0.45 found", "peak 0.45found", WITHIN, "numbers were saved"),
        ("peak 0.45", "peak 0.45 0.45", WITHIN, "1 numbers were saved in 'peak 0.45', now there are 2"),
        ("0.4 to 0.5", "0.4 to", WITHIN, "2 numbers were saved in '0.4 to 0.5', now there are 1"),
        ("0.4 to 0.5", "0.4–0.5", WITHIN, "the words differ"),
        ("0.4\n", "0.4\n0.4\n", WITHIN, "2 lines were saved, now there are 3"),
        ("[0.4 0.5]", "[0.4\n 0.5]", WITHIN, "1 lines were saved, now there are 2"),
        ("-0.45", "0.45", WITHIN, "saved -0.45, now 0.45"),
        ("−0.01", "0.01", WITHIN, "saved −0.01, now 0.01"),
        ("0.4-0.5", "0.4 -0.5", WITHIN, "the words differ"),
        ("peak 0.45", "peak nan", WITHIN, "saved 0.45, now nan, not within 0.02"),
        ("peak nan", "peak 0.45", WITHIN, "saved nan, now 0.45"),
        ("peak 0.45", "peak inf", [{"relative": 0.5}], "now inf, not within 0.5 of it"),
        ("peak inf", "peak -inf", WITHIN, "now -inf"),
        ("step 10 at 0.45", "step 11 at 0.45", [{"relative": 0.2}], "saved 10, now 11, not within 0.2 of it"),
        ("step 10.", "step 11.", [{"relative": 0.2}], "saved 10."),
        ("step 10", "step 11", [{"match": "peak", "within": 1}], "saved 10, now 11, not equal"),
        ("y = 1: 3\ny = 0: 3", "y = 1: 3\ny = 0: 4", [{"match": "y = 1: (.*)", "within": 1}], "not equal"),
        ("a 0.5", "a 0.6", [{"match": "a", "within": 0.01}, {"within": 0.05}], "not within 0.05"),
        ("a 0.5", "a 0.6", [{"match": "a .*", "within": 0.01}, {"within": 0.5}], "not within 0.01"),
        ("in 95 %", "in 96 %", WITHIN, "saved 95 %, now 96 %"),
        ("loss 1.5e-04", "loss 1.7e-04", [{"relative": 0.1}], "saved 1.5e-04, now 1.7e-04"),
        ("loss 1.5e-04", "loss 1.5e-03", [{"relative": 0.1}], "saved 1.5e-04, now 1.5e-03"),
        ("peak 0.45", "peak 0.46", [], "saved 0.45, now 0.46, not equal"),
        ("peak 0.45", "peak  0.45", [], "the spaces differ"),
        ("version 0.11.0", "version 0.11.1", WITHIN, "the words differ"),
    ],
)
def test_what_does_not_agree_is_said(saved, new, numbers, says):
    text, faults = compare(saved, new, numbers)
    assert text == new
    assert len(faults) == 1
    assert says in faults[0]


def test_lines_are_kept_one_by_one():
    kept, faults = compare("a 0.50\nb 0.50 and 0.50\n", "a 0.51\nb 0.51 and 0.60\n", WITHIN)
    assert kept == "a 0.50\nb 0.51 and 0.60\n"
    assert len(faults) == 1


def test_of_a_figure_its_words_are_kept_and_its_picture_is_new():
    saved, new = (
        [new_output("display_data", {"text/plain": f"peak {peak}: found.", "image/png": picture})]
        for peak, picture in (("0.45", "old"), ("0.46", "new"))
    )
    kept, faults = keep(saved, new, rules_of(new_code_cell(metadata={"numbers": WITHIN})))
    assert kept[0].data == {"text/plain": "peak 0.45: found.", "image/png": "new"}
    assert faults == []
    assert new[0].data["text/plain"] == "peak 0.46: found.", "what is handed in does not change"


@pytest.mark.parametrize(
    ("was", "becomes", "numbers_of_faults"),
    [("0.45", "0.46", 0), ("0.45", "0.55", 1), ("0.003", "0.004", 0), ("true", "false", 1)],
)
def test_of_a_lab_what_it_says_is_compared_and_nothing_else(was, becomes, numbers_of_faults):
    lab = '<attention-lab controls="[0.003]"><img src="a" alt="peak 0.45" data-found="true"></attention-lab>'
    saved, new = ([new_output("display_data", {"text/html": t})] for t in (lab, lab.replace(was, becomes)))
    kept, faults = keep(saved, new, rules_of(new_code_cell(metadata={"numbers": WITHIN})))
    assert len(faults) == numbers_of_faults
    # A slider is not kept: compared exactly after this, it makes the cell fail.
    assert (kept[0].data["text/html"] == lab) == (was == "0.45" and not faults)


@pytest.mark.parametrize(
    "numbers",
    [
        {"within": 0.1},
        ["within"],
        [{}],
        [{"within": 0.1, "relative": 0.1}],
        [{"within": -0.1}],
        [{"within": "nan"}],
        [{"within": "small"}],
        [{"within": 0.1, "hold": "> 1"}],
        [{"within": 0.1, "holds": "large"}],
        [{"within": 0.1, "holds": "> large"}],
        [{"within": 0.1, "match": "("}],
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_and_the_cell_named(numbers):
    with pytest.raises(ValueError, match=r"cell only: .* is no list of rules"):
        rules_of(new_code_cell(id="only", metadata={"numbers": numbers}))


def test_nbval_compares_the_numbers_of_every_kind_of_output(tmp_path):
    shown = "display({'text/plain': 'peak 0.46', 'image/png': ''}, raw=True)"
    cells = {
        "near": ("print('peak 0.46')", printed("peak 0.45\n"), WITHIN),
        "shown": (shown, [new_output("display_data", {"text/plain": "peak 0.45", "image/png": ""})], WITHIN),
        "far": ("print('peak 0.48')", printed("peak 0.45\n"), WITHIN),
        "undeclared": ("print('peak 0.46')", printed("peak 0.45\n"), []),
        "silent": ("", printed("peak 0.45\n"), WITHIN),
        "ignored": ("print('peak 0.48')", printed("peak 0.45\n"), []),
    }
    notebook = new_notebook(
        cells=[
            new_code_cell(source, id=name, outputs=outputs, execution_count=1, metadata={"numbers": numbers})
            for name, (source, outputs, numbers) in cells.items()
        ]
    )
    notebook.cells[-1].metadata["tags"] = ["nbval-ignore-output"]
    (tmp_path / "small.ipynb").write_text(nbformat.writes(notebook))
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "tools.comparison", "--nbval"]
    done = subprocess.run(
        [*command, "--nbval-current-env", "-rA", "--color=no", f"--rootdir={tmp_path}", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert re.findall(r"(?m)^PASSED .*:Cell (\d)$", done.stdout) == ["0", "1", "5"], done.stdout
    assert re.findall(r"(?m)^FAILED .*:Cell (\d)(?: - .*)?$", done.stdout) == ["2", "3", "4"], done.stdout
    assert "cell far: saved 0.45, now 0.48, not within 0.02, in 'peak 0.48'" in done.stdout
    assert "cell undeclared: saved 0.45, now 0.46, not equal" in done.stdout
    assert "cell silent: 1 outputs were saved, now there are 0" in done.stdout
