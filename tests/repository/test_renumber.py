"""A chapter can be put between two others: ids, checks, links and mentions of all others follow."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from tools import renumber

ROOT = Path(__file__).parents[2]
TOPICS = {1: "first", 2: "second", 3: "third", 10: "tenth"}
PLACE = 4


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Chapter 1, chapter 2's block, (chapter 3)", "Chapter 1, chapter 3's block, (chapter 4)"),
        ("in chapter 1, 2 seeds of 3", "in chapter 1, 2 seeds of 3"),
        ("chapters 1, 2 and 3; chapters 1 to 3", "chapters 1, 3 and 4; chapters 1 to 4"),
        ("chapter 10, exercise 10.2", "chapter 11, exercise 11.2"),
        ("a chapter 20 of another book", "a chapter 20 of another book"),
        ("### Exercise 2.1: 2.1 is a number", "### Exercise 3.1: 2.1 is a number"),
        ("exercises 1.3, 2.1 and 3.4", "exercises 1.3, 3.1 and 4.4"),
        ("Exercise 2: the second of its chapter", "Exercise 2: the second of its chapter"),
        ("Equation 2.1. Equations 1.1 and 2.2", "Equation 3.1. Equations 1.1 and 3.2"),
        (r"a = b \tag{2.1}", r"a = b \tag{3.1}"),
        ("starter-2-1 solution-2-1-why exercise-1-2", "starter-3-1 solution-3-1-why exercise-1-2"),
        ('exercises.check("2.1", 2.1)', 'exercises.check("3.1", 2.1)'),
        (r"\"exercises.check(\"2.1\", x)\"", r"\"exercises.check(\"3.1\", x)\""),
        ("def test_of_chapter_2_alone():", "def test_of_chapter_3_alone():"),
        ("| [2. Second one](02_second) | 2. no |", "| [3. Second one](03_second) | 2. no |"),
        ("02_second.html, 01_first, 10_tenth", "03_second.html, 01_first, 11_tenth"),
        ("02_seconds, 102_second", "02_seconds, 102_second"),
    ],
)
def test_numbers_of_chapters_move_and_no_others(before, after):
    assert renumber.renumbered(before, TOPICS, 2) == after


@pytest.mark.parametrize("number", [0, -1, 1_000])
def test_there_must_be_such_a_place(number):
    with pytest.raises(ValueError, match="number must be from 1 to"):
        renumber.make_room(ROOT, number)


def mentioned(root):
    """Return what every mention of a chapter's number leads to: {file's name: its topics, in their order}."""
    topics = {int(path.stem[:2]): path.stem[3:] for path in (root / "book").glob("[0-9]*.ipynb")}
    found = {}
    for path in [
        *root.glob("*.md"),
        *root.glob("*/*.md"),
        *root.glob("book/*.ipynb"),
        *root.glob("labs/**/*.ts"),
    ]:
        if "node_modules" in path.parts:
            continue
        pattern = (
            r"(?i)(?:chapter|exercise\b|equation\b|starter-|solution-|tag\{|check\(\\?\")[^\d\n]?(\d+)\b"
        )
        numbers = re.findall(pattern, path.read_text())
        found[re.sub(r"^\d\d_", "", path.name)] = [topics.get(int(number), number) for number in numbers]
    return found


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The repository with a chapter more between two that there were."""
    root = tmp_path_factory.mktemp("copy")
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    renumber.make_room(root, PLACE)
    notebook = new_notebook(cells=[new_markdown_cell("# Something new")])
    (root / "book" / f"{PLACE:02}_new.ipynb").write_text(nbformat.writes(notebook))
    (root / "helpers" / "exercises" / "new.py").write_text('"""None yet."""\n\nCHECKERS = ()\n')
    answers = '"""None yet."""\n\nRIGHT_AS_WELL = {}\nWRONG = {}\n'
    (root / "tests" / "chapters" / "answers" / "new.py").write_text(answers)
    after = next((root / "book").glob(f"{PLACE + 1:02}_*")).stem
    insert_before(root / "_toc.yml", f"      - file: {after}\n", f"      - file: {PLACE:02}_new\n")
    insert_before(root / "helpers" / "exercises" / "__init__.py", f"    {after[3:]},\n", "    new,\n")
    return root


def insert_before(path, line, new):
    text = path.read_text()
    assert line in text
    path.write_text(text.replace(line, new + line))


def test_every_mention_still_leads_where_it_led(copy):
    before, after = mentioned(ROOT), mentioned(copy)
    assert after.pop("new.ipynb") == []
    assert after == before
    assert sum(map(len, before.values())) > 200


def test_every_link_to_a_chapter_leads_to_a_file(copy):
    books = {path.stem for path in (copy / "book").glob("*.ipynb")}
    assert len(books) == len(list((ROOT / "book").glob("*.ipynb"))) + 1
    for path in [*copy.glob("*.md"), *copy.glob("book/*.md"), *copy.glob("book/*.ipynb"), copy / "_toc.yml"]:
        links = set(re.findall(r"(?<![\w/.])\d\d_[a-z]\w+", path.read_text()))
        assert links <= books, path.name


def test_the_tests_of_contents_and_exercises_pass_with_the_new_chapter(copy):
    tests = ["tests/chapters/test_book.py", "tests/chapters/test_exercises.py"]
    named = (
        "contents_and_files or order_of_the_book or checkers_own or exercise_is_whole or untouched_starter"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, "-k", named],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 80
