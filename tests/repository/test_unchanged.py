"""What `make test` leaves out: only where nothing but prose changed, only on a reader's own machine."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tools import unchanged


@pytest.fixture
def checkout(tmp_path):
    """A small checkout whose tests pass; returns its folder."""
    (tmp_path / "book").mkdir()
    (tmp_path / "page.md").write_text("words")
    cells = [
        {"cell_type": "markdown", "source": "words"},
        {"cell_type": "code", "source": "1 + 1", "outputs": []},
    ]
    (tmp_path / "book" / "1.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}}))
    (tmp_path / "code.py").write_text("1")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_prose_changes_nothing_that_is_tested(checkout):
    before = unchanged.digest(checkout)
    change(checkout / "page.md", "words", "other words")
    change(checkout / "book" / "1.ipynb", "words", "other words")
    assert unchanged.digest(checkout) == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("code.py", "1", "2"), ("book/1.ipynb", "1 + 1", "1 + 2"), ("book/1.ipynb", "[]", "[1]")],
)
def test_code_and_outputs_do(checkout, name, old, new):
    before = unchanged.digest(checkout)
    change(checkout / name, old, new)
    assert unchanged.digest(checkout) != before


def test_so_does_a_new_file(checkout):
    before = unchanged.digest(checkout)
    (checkout / "new.py").write_text("")
    assert unchanged.digest(checkout) != before


TESTS = {
    "tests/chapters/test_book.py": "def test_prose(): assert 'wrong' not in open('page.md').read()",
    "tests/helpers/test_data.py": "def test_code(): assert open('code.py').read() == '1'",
}


@pytest.fixture
def run(checkout, monkeypatch):
    """Return a function that tests the checkout as `make test` does, and gives pytest's code and words."""
    for name, source in TESTS.items():
        (checkout / name).parent.mkdir(parents=True)
        (checkout / name).write_text(source)
    tool = checkout / "unchanged.py"
    tool.write_text(Path(unchanged.__file__).read_text().replace("parents[1]", "parent"))
    (checkout / ".gitignore").write_text("passed\n__pycache__/\n.pytest_cache/\n")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("FRESH", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # only the one that is tested

    def pytest_run():
        command = [sys.executable, "-m", "pytest", "-p", "unchanged", "--unless-unchanged", "passed", "tests"]
        done = subprocess.run(command, cwd=checkout, capture_output=True, text=True)
        return done.returncode, done.stdout

    return pytest_run


def test_what_passed_is_left_out_until_code_changes_and_that_is_said(run, checkout, monkeypatch):
    code, said = run()
    assert (code, "2 passed" in said) == (0, True), said
    code, said = run()
    assert code == 0
    assert "Nothing but prose changed since all tests passed" in said
    assert "1 passed, 1 deselected" in said
    change(checkout / "page.md", "words", "wrong words")
    assert run()[0] == 1, "what reads prose still runs"
    change(checkout / "page.md", "wrong ", "")
    monkeypatch.setenv("CI", "true")
    assert "2 passed" in run()[1]
    monkeypatch.delenv("CI")
    change(checkout / "code.py", "1", "2")
    assert run()[0] == 1
    assert run()[0] == 1, "what failed is not remembered"
