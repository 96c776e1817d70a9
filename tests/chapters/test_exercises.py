"""Every exercise: its starter, its solution, wrong answers, and what the checker says of each."""

import doctest
import importlib
import re

import keras
import numpy as np
import pytest
from keras import layers

from helpers import data, exercises
from helpers.exercises import answers
from tools import chapters

BOOKS = {str(number): chapters.name_of(path) for number, path in enumerate(chapters.NOTEBOOKS, 1)}
NUMBERS = list(exercises.CHECKERS)
NUMBER_OF = {checker.__name__: number for number, checker in exercises.CHECKERS.items()}
CHAPTERS = list(BOOKS)
KINDS = ("Warm-up", "Spot the bug", "Another task", "Open")
DEFINITIONS = {chapter: chapters.definitions(chapter) for chapter in BOOKS.values()}


ANSWERS = [
    importlib.import_module(f"tests.chapters.answers.{checkers.__name__.rpartition('.')[2]}")
    for checkers in exercises.CHAPTERS
]
WRONG = {checker: rows for chapter in ANSWERS for checker, rows in chapter.WRONG.items()}
RIGHT_AS_WELL = {checker: rows for chapter in ANSWERS for checker, rows in chapter.RIGHT_AS_WELL.items()}


def chapter_of(number):
    """Return the name of the chapter in which an exercise stands."""
    return BOOKS[number.partition(".")[0]]


def said(checker, answer, capsys):
    """Return what is printed when `answer` is checked by the checker of this name, without "Exercise 1.2"."""
    number = NUMBER_OF[checker]
    exercises.check(number, answer)
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.startswith(f"Exercise {number}: ")
    return printed.removeprefix(f"Exercise {number}: ")


def cell(number, part):
    slug = number.replace(".", "-")
    return next(c for c in chapters.cells(chapter_of(number)) if c.id == f"{part}-{slug}")


def run(number, part):
    """Run a notebook's starter or solution with nothing but the notebook's definitions."""
    exec(cell(number, part).source, dict(DEFINITIONS[chapter_of(number)]))


def headings():
    """Return (number, its heading's cell) of every exercise in every notebook."""
    pattern = re.compile(r"(?m)^### Exercise (\d+\.\d+): \S")
    return [
        (match.group(1), each)
        for path in chapters.NOTEBOOKS
        for each in chapters.cells(chapters.name_of(path))
        if each.cell_type == "markdown"
        for match in pattern.finditer(each.source)
    ]


HEADINGS = headings()


@pytest.mark.parametrize("number", NUMBERS)
def test_solution_passes(number, capsys):
    run(number, "solution")
    verdicts = capsys.readouterr().out
    assert f"Exercise {number}: right. " in verdicts
    assert "not yet" not in verdicts


@pytest.mark.parametrize("number", NUMBERS)
def test_untouched_starter_runs_and_is_told_what_is_missing(number, capsys):
    run(number, "starter")
    assert capsys.readouterr().out.startswith(f"Exercise {number}: not yet. ")


@pytest.mark.parametrize("number", NUMBERS)
def test_outputs_in_the_notebook_are_the_checkers_own(number):
    starter, solution = cell(number, "starter"), cell(number, "solution")
    assert starter.outputs[-1].text.startswith(f"Exercise {number}: not yet. ")
    assert solution.outputs[-1].text.rpartition("Exercise ")[2].startswith(f"{number}: right. ")


@pytest.mark.parametrize(("number", "heading"), HEADINGS, ids=[number for number, _ in HEADINGS])
def test_exercise_is_whole(number, heading):
    kind = re.match(r"### Exercise [^\n]+\n\n\*([^*]+)\.\* ", heading.source).group(1)
    assert kind in KINDS
    starter, solution = cell(number, "starter"), cell(number, "solution")
    assert starter.metadata.get("tags", []) == []
    assert solution.metadata.tags == ["hide-cell"]
    assert starter.outputs
    assert solution.outputs
    why = cell(f"{number}-why", "solution").source
    assert why.startswith('<details class="solution"><summary>Why</summary>\n\n')
    assert why.endswith("\n\n</details>")
    checked = f'exercises.check("{number}", '
    if number in NUMBERS:
        assert starter.source.splitlines()[-1].startswith(checked)
        assert solution.source.splitlines()[-1].startswith(checked)
    else:
        assert kind == "Open", f"{number} has no checker, so it must be marked *Open.*"
        assert "exercises.check(" not in starter.source + solution.source


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapter_has_all_kinds_in_order(chapter):
    own = [
        (number, c.source.split("\n\n")[1]) for number, c in HEADINGS if number.partition(".")[0] == chapter
    ]
    assert [number for number, _ in own] == [f"{chapter}.{i}" for i in range(1, len(own) + 1)]
    assert {kind for kind in KINDS if any(text.startswith(f"*{kind}.*") for _, text in own)} == set(KINDS)


def test_every_checker_has_its_exercise_and_wrong_answers():
    assert set(NUMBERS) <= {number for number, _ in HEADINGS}
    assert WRONG.keys() == NUMBER_OF.keys()
    assert all(len(rows) >= 2 for rows in WRONG.values())


def test_chapters_have_their_checkers_in_the_order_of_the_book():
    modules = [chapter.__name__.rpartition(".")[2] for chapter in exercises.CHAPTERS]
    assert modules == list(BOOKS.values())
    assert len(NUMBER_OF) == len(NUMBERS), "two checkers of one name"


@pytest.mark.parametrize(
    ("checker", "answer", "message"),
    [(checker, a, m) for checker, rows in WRONG.items() for _, a, m in rows],
    ids=[f"{checker} {t}" for checker, rows in WRONG.items() for t, _, _ in rows],
)
def test_wrong_answer_is_told_what_is_wrong(checker, answer, message, capsys):
    verdict = said(checker, answer, capsys)
    assert verdict.startswith("not yet. ")
    assert message in verdict


@pytest.mark.parametrize(
    ("checker", "answer"),
    [(checker, a) for checker, rows in RIGHT_AS_WELL.items() for _, a in rows],
    ids=[f"{checker} {t}" for checker, rows in RIGHT_AS_WELL.items() for t, _ in rows],
)
def test_other_right_answers_pass_too(checker, answer, capsys):
    assert said(checker, answer, capsys).startswith("right. ")


@pytest.fixture(scope="module")
def trained():
    """A model of chapter 1, trained as there, and one with a small random matrix, frozen."""
    x, y = data.get_data(5_000, 32, seed=0)
    chapter = DEFINITIONS["dense_attention"]
    retrainer = chapter["retrainer_of"](chapter["build_model"], 32)
    retrainer.train(x, y, epochs=20, seed=0)
    keras.utils.set_random_seed(0)
    blind = chapter["build_model"](32)
    attention = blind.get_layer("attention")
    attention.set_weights([w * 0.1 for w in attention.get_weights()])
    attention.trainable = False
    blind.compile("adam", "binary_crossentropy")
    blind.fit(x, y, batch_size=64, epochs=20, verbose=0)
    return [retrainer.model, blind]


def test_attention_that_knows_is_not_blind(trained, capsys):
    assert "its attention knows something" in said("accurate_and_blind", trained[0], capsys)


def test_frozen_random_attention_is_blind(trained, capsys):
    assert "right." in said("accurate_and_blind", trained[1], capsys)


def beside_the_column(weights, read=1):
    """A model that is right by column 1 alone, if it reads that one, and hands on nothing of its attention."""
    inputs = keras.Input((32,))
    attention = layers.Activation("linear", name="attention")(weights(inputs))
    column = layers.Lambda(lambda both: both[0][:, read : read + 1] + 0 * both[1][:, :1])([inputs, attention])
    return keras.Model(inputs, column)


def test_attention_that_shuns_the_answer_is_not_blind(capsys):
    shunned = layers.Dense(32, "softmax", bias_initializer=lambda *_, **__: -9 * np.eye(32)[1])
    assert "column 1 has well less than an equal share" in said(
        "accurate_and_blind", beside_the_column(shunned), capsys
    )


def test_attention_that_tells_the_classes_apart_is_not_blind(capsys):
    """Its mean weight on column 1 is an equal share: twice that where y = 1, and next to nothing where y = 0."""
    tells = layers.Dense(32, "softmax")
    model = beside_the_column(tells)
    kernel, bias = np.zeros((32, 32)), np.zeros(32)
    kernel[1, 1], bias[1] = 3.6, -2.9
    tells.set_weights([kernel, bias])
    said_of_it = said("accurate_and_blind", model, capsys)
    assert "where y = 1, column 1 has well more than an equal share" in said_of_it


def test_attention_that_knows_one_class_alone_is_not_blind(capsys):
    """Its weight on column 1 is an equal share where y = 1, and next to nothing where y = 0."""
    tells = layers.Dense(32, "softmax")
    model = beside_the_column(tells)
    kernel, bias = np.zeros((32, 32)), np.zeros(32)
    kernel[1, 1], bias[1] = 3, -3
    tells.set_weights([kernel, bias])
    said_of_it = said("accurate_and_blind", model, capsys)
    assert "where y = 0, column 1 has well less than an equal share" in said_of_it


def test_a_blind_model_must_be_right(capsys):
    equal = layers.Dense(32, "softmax", kernel_initializer="zeros")
    assert "Is it trained?" in said("accurate_and_blind", beside_the_column(equal, read=2), capsys)


def test_weights_of_a_blind_model_must_add_up(capsys):
    halves = keras.Sequential([layers.Dense(32, "softmax"), layers.Rescaling(0.5)])
    assert "must add up to 1" in said("accurate_and_blind", beside_the_column(halves), capsys)


def test_unknown_number_lists_those_there_are():
    with pytest.raises(
        ValueError, match=rf"number must be one of {NUMBERS[0]}, {NUMBERS[1]}, .*; got '99\.9'"
    ):
        exercises.check("99.9", 1)


def test_number_must_be_a_string():
    with pytest.raises(TypeError, match=r"number must be a string, got 1\.2"):
        exercises.check(1.2, 1)


def test_messages_fit_a_page(capsys):
    exercises.check("1.1", lambda scores: 1 / 0)
    exercises.check("3.1", [[3, 0], [0, 0], [0, 2]])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Exercise 1.1: not yet. <lambda> raised ZeroDivisionError: division by"
    assert max(map(len, lines)) <= 72


def test_docstring_examples():
    assert doctest.testmod(exercises).failed == 0
    assert doctest.testmod(exercises).attempted > 0


def test_softmax_is_keras_own():
    scores = np.random.default_rng(0).normal(0, 5, (3, 4, 5))
    for axis in (0, 1, 2):
        np.testing.assert_allclose(answers.softmax(scores, axis), keras.ops.softmax(scores, axis), atol=1e-6)


QUIZZED = list(BOOKS.values())
OPTION = re.compile(
    r'<details class="answer( right)?"><summary>([^\n]+)</summary>\n\n(Right|No)\. (.+?)\n\n</details>',
    re.DOTALL,
)


@pytest.mark.parametrize("chapter", QUIZZED)
def test_quiz_has_questions_with_one_right_option_and_a_reason_behind_each(chapter):
    quiz = next(c for c in chapters.cells(chapter) if c.id == "quiz").source
    assert quiz.startswith("## Quiz\n\n")
    questions = re.split(r"\n\n\*\*Question (\d)\.\*\* ", quiz)
    numbers, bodies = questions[1::2], questions[2::2]
    assert numbers == [str(i) for i in range(1, len(bodies) + 1)]
    assert 3 <= len(bodies) <= 5
    places = []
    for body in bodies:
        options = OPTION.findall(body)
        assert len(options) == body.count("<details")
        assert 2 <= len(options) <= 4
        assert all((mark == " right") == (word == "Right") for mark, _, word, _ in options)
        assert sum(word == "Right" for _, _, word, _ in options) == 1
        assert all(len(reason) > 30 for *_, reason in options)
        assert OPTION.sub("", body).strip().count("\n") == 0, "a question is one paragraph"
        places.append([word for _, _, word, _ in options].index("Right"))
    assert len(set(places)) > 1, "the right option stands at the same place in every question"


def test_quiz_comes_between_recap_and_exercises():
    for chapter in QUIZZED:
        ids = [c.id for c in chapters.cells(chapter)]
        assert ids[ids.index("recap") + 1 : ids.index("recap") + 3] == ["quiz", "exercises"]


def test_summaries_hold_no_markdown():
    """Inside <summary> Markdown is not read, on the site nor in Colab."""
    for chapter in QUIZZED:
        quiz = next(c for c in chapters.cells(chapter) if c.id == "quiz").source
        for summary in re.findall("<summary>(.*?)</summary>", quiz):
            assert not re.search(r"[`*$_]", summary), summary
