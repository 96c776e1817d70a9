"""Every exercise: its starter, its solution, wrong answers, and what the checker says of each."""

import doctest
import os
import re
import shutil
from pathlib import Path

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


def naive(scores):
    return np.exp(scores) / np.exp(scores).sum()


def over_the_batch(scores):
    return np.exp(scores) / np.exp(scores).sum(axis=0)


def hidden_after(scores, mask):
    return naive(scores) * mask


def from_bits(rule, columns=(1, 5), copies=False, share=0.5):
    def make(num_samples, seed):
        x, first = data.get_data(num_samples, 32, seed=seed)
        _, second = data.get_data(num_samples, 32, seed=seed + 100)
        # Half of the first bits are ones; some of these become zeros.
        first = first * (np.random.default_rng(seed).random(first.shape) < 2 * share)
        x[:, columns] = np.c_[first, first if copies else second]
        return x, rule(first, second).astype("float32")

    return make


def wander(num_samples, seed, flags=1, tell=True, low=0, fixed=None):
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((num_samples, 20, 2))
    y = generator.integers(0, 2, (num_samples, 1)).astype("float32")
    steps = generator.integers(low, 20, num_samples) if fixed is None else np.full(num_samples, fixed)
    rows = np.arange(num_samples)
    x[:, :, 1] = 0
    x[rows, steps, 1] = flags
    if tell:
        x[rows, steps, 0] = y[:, 0]
    return x, y


def noiseless(num_samples, seed):
    x, y = wander(num_samples, seed)
    return np.where(x[:, :, 1:] == 1, x, [0, 0]), y


def two_flags(num_samples, seed):
    x, y = wander(num_samples, seed)
    x[:, :, 1] = np.maximum(x[:, :, 1], np.roll(x[:, :, 1], 1, axis=1))
    return x, y


def half_instead_of_noise(make, answers_of):
    """Change a data function so that all but its answers is 0.5."""

    def changed(num_samples, seed):
        x, y = make(num_samples, seed)
        return np.where(answers_of(x), x, 0.5), y

    return changed


def same_noise_twice(num_samples, seed):
    x, y = from_bits(lambda a, b: a != b)(num_samples, seed)
    x[:, 4] = x[:, 3]
    return x, y


def with_noise(make, place, noise):
    """Change a data function: at a place in each sample the noise becomes `noise(old noise, y)`."""

    def changed(num_samples, seed):
        x, y = make(num_samples, seed)
        held = x[:, *place]
        # Where an answer stands, as 0 or 1, it stays.
        x[:, *place] = np.where(np.isin(held, [0, 1]), held, noise(held, y[:, 0]))
        return x, y

    return changed


def telling(noise, y):
    return y + 0.2 * noise


def spread(noise, y):
    return (1 + 3 * y) * noise


def bit_at_two_steps(num_samples, seed):
    x, y = data.get_data_per_dimension(num_samples, 20, [10, 10], seed=seed)
    x[:, 5] = x[:, 10]
    return x, y


def time_block(activation=None, axis=-1, twice=False, permute=True):
    def block(inputs):
        turned = layers.Permute((2, 1))(inputs) if permute else inputs
        weights = layers.Softmax(axis=axis)(layers.Dense(turned.shape[-1], activation)(turned))
        if twice:
            weights = layers.Softmax(axis=axis)(weights)
        return layers.Permute((2, 1))(weights) if permute else weights

    return block


def per_dimension_data(steps):
    return lambda num_samples, seed: data.get_data_per_dimension(num_samples, 20, steps, seed=seed)


def either_bit(num_samples, seed):
    x, _ = data.get_data_per_dimension(num_samples, 20, [10, 10], seed=seed)
    return x, (x[:, 10].sum(axis=1, keepdims=True) == 1).astype("float32")


def pooling_with(softmax_of, weigh=None):
    """Chapter 4's pooling with another softmax; `weigh` sums the steps in another way."""

    def pooled(vectors, W, mask):
        weights = softmax_of((vectors @ W)[:, :, 0], mask)
        sums = np.einsum("bt,btd->bd", weights, vectors) if weigh is None else weigh(weights, vectors)
        return sums, weights[:, :, None]

    return pooled


def softmax_along_steps(scores, mask=None):
    return answers.softmax(scores if mask is None else np.where(mask, scores, -1e9), 1)


def copied_pooling(tanh, axis):
    def pooled(vectors, W, mask):
        scores = vectors @ W
        weights = answers.softmax(np.tanh(scores) if tanh else scores, axis)
        return (weights * vectors).sum(axis=1), weights

    return pooled


def two_keywords(places=None, other=None, label=None):
    """Chapter 4's data with a second keyword; each argument changes a part of it."""

    def make(num_samples, seed):
        tokens, y, first = data.get_data_keyword(num_samples, 40, seed=seed)
        generator = np.random.default_rng(seed + 9)
        lengths = (tokens > 0).sum(axis=1)
        second = (first + generator.integers(1, lengths)) % lengths if places is None else places(first)
        letter = (y + generator.integers(1, 4, num_samples)) % 4 if other is None else other(y, generator)
        tokens[np.arange(num_samples), second] = letter + 1
        if label is None:
            return tokens, np.where(first < second, y, letter)
        return tokens, label(y, letter, first, second)

    return make


def attention(query, key, value, scale=1):
    return answers.softmax(query @ np.swapaxes(key, 1, 2) / scale, 2) @ value


def weights_with(divisor=None, axis=2, hide=None):
    """Chapter 5's weights of query, key and mask; each argument changes a part of them."""

    def weights_of(query, key, mask):
        scores = query @ np.swapaxes(key, 1, 2) / (divisor or key.shape[2] ** 0.5)
        if hide is not None:
            return hide(answers.softmax(scores, axis), mask)
        return answers.softmax(np.where(mask[:, None], scores, -1e9), axis)

    return weights_of


def attend_across(scores_of=None, mask="source", axis=2, sums=None):
    """Chapter 6's cross-attention; each argument changes a part of it."""

    def attend(query, states, source, target):
        masks = {"source": source[:, None], "target": target[:, :, None], "none": True}
        scores = query @ np.swapaxes(states, 1, 2)
        scores = scores if scores_of is None else scores_of(scores)
        weights = answers.softmax(np.where(masks[mask], scores, -1e9), axis)
        return (weights @ states if sums is None else sums(weights, query, states)), weights

    return attend


def additive(build):
    """A model of chapter 6's additive score: `build(query, states, units)` puts out the context."""

    def bahdanau(query_dim, dim, units):
        query, states = keras.Input((None, query_dim)), keras.Input((None, dim))
        return keras.Model([query, states], build(query, states, units))

    return bahdanau


def kernel(units, **options):
    return layers.Dense(units, use_bias=False, **options)


def additive_layer(query, states, units):
    return DEFINITIONS["seq2seq_attention"]["AdditiveAttention"](units)(query, states)[0]


def back_up_with(move, part="part.keras", before=None):
    """Chapter 8's backup: `before` the new file is written, and how it takes the old one's place."""

    def back_up(model, path):
        beside = os.path.join(os.path.dirname(path), part)
        if before is not None:
            before(path)
        model.save(beside)
        move(beside, path)

    return back_up


def removed_and_moved(beside, path):
    os.remove(path)
    os.rename(beside, path)


# However the new file then comes there, for a moment there was none.
REMOVED_FIRST = {
    "removed, then copied": lambda beside, path: (
        os.remove(path),
        shutil.copyfile(beside, path),
        os.remove(beside),
    ),
    "removed, then linked": lambda beside, path: (os.unlink(path), os.link(beside, path), os.remove(beside)),
    "removed, then made anew": lambda beside, path: (
        os.remove(path),
        Path(path).write_bytes(Path(beside).read_bytes()),
        os.remove(beside),
    ),
}


def integrated(way=lambda b, x, r: b + r * (x - b), times=lambda x, b: x - b, mean=np.mean):
    """Integrated gradients with another way, another factor or another mean of the slopes."""

    def attribution(gradient, x, baseline):
        slopes = [gradient(way(baseline, x, r)) for r in (np.arange(50) + 0.5) / 50]
        return times(x, baseline) * mean(slopes, axis=0)

    return attribution


def erased(scale, copy=True):
    def erase(weights, step):
        left = weights.copy() if copy else weights
        lost = left[:, step].copy()
        left[:, step] = 0
        return scale(left, lost, step)

    return erase


def shared_equally(left, lost, step):
    return np.where(np.arange(left.shape[1]) == step, 0, left + lost[:, None] / (left.shape[1] - 1))


def columns_with(columns, hold=lambda y: y):
    def make(num_samples, seed):
        x, y = data.get_data(num_samples, 20, 5, seed=seed)
        x[:, columns] = hold(y)
        return x, y

    return make


RISING = np.linspace(0.001, 0.02, 20)
POINTING = np.where(np.arange(20) == 10, 1.0, RISING)
FALLING = np.where(np.arange(20) == 10, 0.1, RISING[::-1])


# For each checker what is wrong, the answer, and a part of what the checker should say.
WRONG = {
    "softmax_of_any_size": [
        ("overflow", naive, "Which number became too large?"),
        ("no total", lambda s: np.exp(s - s.max()), "The weights add up to 1.25, not to 1."),
        ("mean taken away", lambda s: naive(s - s.mean()), "Which number became too large?"),
        ("scaled", lambda s: naive(s / abs(s).max()), "should be those of the first section"),
        ("clipped", lambda s: naive(np.clip(s, -500, 500)), "leave their differences as they are"),
        ("no exponential", lambda s: s / s.sum(), "A weight is not above 0"),
    ],
    "weights_of_a_batch": [
        ("one total", naive, "All 15 weights together add up to 1."),
        ("over the batch", over_the_batch, "Each column adds up to 1 over the samples."),
        ("no keepdims", lambda s: np.exp(s) / np.exp(s).sum(axis=1), "raised ValueError: operands could"),
        (
            "no keepdims, turned",
            lambda s: np.exp(s).T / np.exp(s).sum(1),
            "must have shape (3, 5), got (5,",
        ),
        (
            "wrong total for square batches",
            lambda s: (
                np.exp(s) / (np.exp(s).sum(1) if len(s) == s.shape[1] else np.exp(s).sum(1, keepdims=True))
            ),
            "Is each score divided by the total of its own sample?",
        ),
        (
            "no exponential",
            lambda s: abs(s) / abs(s).sum(1, keepdims=True),
            "not the softmax of its scores",
        ),
    ],
    "masked_weights": [
        ("upside down", lambda s, m: naive(np.where(m, -1e9, s)), "What does True mean?"),
        ("score 0", lambda s, m: naive(s * m), "Which score has the weight 0?"),
        (
            "not low enough",
            lambda s, m: naive(np.where(m, s, -5)),
            "hidden columns still have a weight of",
        ),
        ("after the softmax", hidden_after, "must share all of the weight"),
        ("hidden left out", lambda s, m: naive(s[m]), "weights must have shape (5,), got (3,)"),
        ("equal shares", lambda s, m: m / m.sum(), "are not the softmax of their scores"),
    ],
    "exactly_one": [
        ("a copy", from_bits(lambda a, b: a, copies=True), "Columns 1 and 5 depend on each other"),
        ("the first alone", from_bits(lambda a, b: a), "Column 1 alone still tells the target"),
        ("both, kept fair", from_bits(lambda a, b: a == b), "5 hold 0 and 0, y is 1 in some"),
        ("either", from_bits(lambda a, b: a + b > 0), "y is 1 in 7"),
        (
            "no noise",
            half_instead_of_noise(from_bits(lambda a, b: a != b), lambda x: np.isin(np.arange(32), [1, 5])),
            "other 30 columns should hold noise",
        ),
        (
            "noise that tells y",
            with_noise(from_bits(lambda a, b: a != b), [3], telling),
            "you can guess y",
        ),
        (
            "noise that y spreads",
            with_noise(from_bits(lambda a, b: a != b), [3], spread),
            "you can guess y",
        ),
        (
            "the same noise twice",
            same_noise_twice,
            "some of it depends on the rest",
        ),
        ("unfair bits", from_bits(lambda a, b: a != b, share=0.1), "Column 1 holds a 1 in 11% of"),
        ("other columns", from_bits(lambda a, b: a != b, (2, 6)), "Column 5 must hold 0 or 1"),
    ],
    "accurate_and_blind": [
        (
            "another input",
            keras.Sequential([keras.Input((4,)), layers.Dense(1)]),
            "take the chapter's data",
        ),
        (
            "no attention",
            keras.Sequential([keras.Input((32,)), layers.Dense(1)]),
            "a layer named 'attention'",
        ),
        (
            "no output",
            keras.Sequential([keras.Input((32,)), layers.Dense(32, name="attention")]),
            "must have shape (2000, 1), got (2000, 32)",
        ),
        ("a layer", layers.Dense(1), "must be a Keras model, not Dense"),
    ],
    "parameters_of_the_block": [
        ("a kernel a dimension", lambda t, d: d * (t * t + t), "is there more than one kernel?"),
        ("no Permute", lambda t, d: d * t + t, "Which axis does Dense see"),
        ("no bias", lambda t, d: t * t, "What does Dense have besides its kernel?"),
        ("linear in time", lambda t, d: 2 * t, "How many numbers go into each score"),
        ("a text", lambda t, d: "420", "must return a number, got '420'"),
        ("prints", lambda t, d: None, "Does it end with a return?"),
        ("right for 20 alone", lambda t, d: 420, "For 7 steps the block does not have 420"),
    ],
    "unbounded_scores": [
        ("tanh", time_block("tanh"), "What holds the scores back?"),
        ("sigmoid", time_block("sigmoid"), "What holds the scores back?"),
        ("softmax twice", time_block(twice=True), "What holds the scores back?"),
        ("over dimensions", time_block(axis=1), "They should over the steps."),
        ("no Permute", time_block(permute=False), "They should over the steps."),
        ("not turned back", lambda i: layers.Permute((2, 1))(i), "got (None, 2, 20)"),
        ("no softmax", lambda i: layers.Dense(2)(i), "must add up to 1 over the 20 steps"),
        ("always the same", lambda i: layers.Softmax(axis=1)(i * 0), "the same for all inputs"),
        ("nothing trained", lambda i: layers.Softmax(axis=1)(i), "from that step alone"),
        ("each step alone", lambda i: layers.Softmax(axis=1)(layers.Dense(2)(i)), "from that step alone"),
        ("no tensor", lambda i: "weights", "must return what its last layer puts out"),
    ],
    "wandering_answer": [
        ("at one step", lambda n, seed: wander(n, seed, fixed=10), "at step 10 in every sample"),
        ("not at the beginning", lambda n, seed: wander(n, seed, low=3), "hardly ever at step 0"),
        ("flag without target", lambda n, seed: wander(n, seed, tell=False), "holds the target in only"),
        ("flag of 2", lambda n, seed: wander(n, seed, flags=2), "Dimension 1 must hold 1"),
        ("no flag", lambda n, seed: wander(n, seed, flags=0), "Some samples have no flag"),
        ("two flags", two_flags, "more than one flag"),
        ("no noise", noiseless, "it should hold noise"),
        (
            "always 0.5",
            half_instead_of_noise(wander, lambda x: (x[:, :, 1:] == 1) | np.array([False, True])),
            "Away from the flag",
        ),
        ("noise that tells y", with_noise(wander, [4, 0], telling), "you can guess y"),
        ("no seed", lambda n, seed: wander(n, 0), "the seed is not used"),
        (
            "y flat",
            lambda n, seed: (wander(n, seed)[0], wander(n, seed)[1][:, 0]),
            "(2000, 1), got (2000,)",
        ),
        ("x alone", lambda n, seed: wander(n, seed)[0], "must return x and y"),
    ],
    "a_compromise": [
        ("the chapter's", [[3, 0], [0, 0], [0, 2]], "both point at step 0"),
        ("turned", np.ones((2, 3)), "must have shape (3, 2), got (2, 3)"),
        ("all equal", np.zeros((3, 2)), "no step has clearly the largest weight"),
        ("nearly a tie, pooled", [[2, 0], [0, 2], [1.005, 1.005]], "no step has clearly the largest"),
        (
            "nearly a tie, averaged",
            [[2, 0], [0, 2], [1.43, 1.43]],
            "averaged vector has no clearly largest",
        ),
        ("saturated", [[99, 0], [0, 98], [0, 0]], "both point at step 0"),
    ],
    "one_vector_for_all": [
        ("sum", lambda w: w.sum(axis=-1, keepdims=True), "2 dimensions the shared weights add up to 2"),
        ("mean over time", lambda w: w.mean(axis=1, keepdims=True), "shape (4, 5, 1), got (4, 1, 2)"),
        (
            "mean over time, repeated",
            lambda w: np.repeat(w.mean(axis=(1, 2), keepdims=True), 5, axis=1),
            "Over which axis is your mean?",
        ),
        ("first dimension", lambda w: w[:, :, :1], "not the average of the dimensions"),
        ("largest", lambda w: w.max(axis=-1, keepdims=True), "a sample add up to"),
        ("half for any number", lambda w: w.sum(axis=-1, keepdims=True) / 2, "add up to 1.50, not to 1"),
        ("no keepdims", lambda w: w.mean(axis=-1), "must have shape (4, 5, 1), got (4, 5)"),
    ],
    "both_bits_at_one_step": [
        ("the chapter's", per_dimension_data([5, 15]), "At step 10 dimension 0 holds noise"),
        ("one of two", per_dimension_data([10, 15]), "At step 10 dimension 1 holds noise"),
        (
            "the original's",
            lambda n, seed: data.get_data_recurrent(n, 20, 2, 10, seed=seed),
            "that is the original's task",
        ),
        ("exactly one", either_bit, "y is 1 in "),
        ("bits twice", bit_at_two_steps, "Step 5 holds a bit as well"),
        (
            "no noise",
            half_instead_of_noise(per_dimension_data([10, 10]), lambda x: np.arange(20)[:, None] == 10),
            "The other 19 steps should hold noise",
        ),
        (
            "noise that tells y",
            with_noise(per_dimension_data([10, 10]), [7, 1], telling),
            "you can guess y",
        ),
        ("three dimensions", per_dimension_data([10, 10, 10]), "must have shape (2000, 20, 2)"),
    ],
    "where_both_ways_agree": [
        ("equal", [[3, 3], [0, 0], [1, 1]], "equal in both dimensions"),
        ("shifted", [[3, 8], [0, 5], [1, 6]], "differ by a constant"),
        ("saturated", [[60, 70], [0, 3], [5, 1]], "a weight of nearly 0"),
        ("not the same", [[1, 0], [0, 2]], "not the same"),
        ("nearly mirrored", [[1, -1.1], [-1, 1]], "not the same"),
        ("nearly equal", [[1.0, 1.05], [0, 0], [0, 0]], "hardly differ"),
        ("a single step", [[1, 2]], "two or more steps and 2 dimensions"),
    ],
    "five_numbers": [
        ("a sum taken for the mean", [0, 30, 1, 0, 0], "All outputs are half of their targets."),
        ("drowned at 20 steps", [0, 3, 2, 0, 0], "With 20 steps there are samples where"),
        ("drowned at 2,000 steps", [0, 12, 2, 0, 0], "With 2,000 steps there are samples where"),
        ("value and mark mixed up", [30, 0, 0, 2, 0], "no more than 0.00 of the weight"),
        ("value scored as well", [1, 30, 2, 0, 0], "What should the score not depend on?"),
        ("marks added", [0, 30, 2, 2, 0], "The weights are right, but the squared error is 4"),
        ("a bias", [0, 30, 2, 0, 0.1], "the squared error is 0.01"),
        ("two lists", [[0, 30], [2, 0]], "must have shape (5,), got (2, 2)"),
        ("huge", [1e308, 1e308, 2, 0, 0], "of the weight together"),
    ],
    "repaired_pooling": [
        ("as copied", copied_pooling(True, -1), "How many scores does each softmax get to see?"),
        ("over the batch", copied_pooling(False, 0), "add up to 1 over the sequences of the batch"),
        ("the axis alone", copied_pooling(True, 1), "Where is the mask used?"),
        ("no mask", copied_pooling(False, 1), "Where is the mask used?"),
        (
            "mask after the softmax",
            pooling_with(lambda s, m: softmax_along_steps(s) * m),
            "the real steps share only",
        ),
        (
            "upside down",
            pooling_with(lambda s, m: softmax_along_steps(s, ~m)),
            "of a sequence's weight, in the mean",
        ),
        (
            "tanh left",
            pooling_with(lambda s, m: softmax_along_steps(np.tanh(s), m)),
            "What holds the scores back?",
        ),
        (
            "scaled scores",
            pooling_with(lambda s, m: softmax_along_steps(s / 2, m)),
            "are not the softmax of the scores",
        ),
        (
            "mean of the steps",
            pooling_with(softmax_along_steps, lambda w, v: np.einsum("bt,btd->bd", w, v) / v.shape[1]),
            "the context is not the weighted sum",
        ),
        ("context alone", lambda v, W, m: v.sum(axis=1), "must return context and weights"),
        (
            "weights of two axes too many",
            lambda v, W, m: (v.sum(axis=1), np.ones((len(v), v.shape[1], v.shape[1]))),
            "weights must have shape (3, 5, 1), got (3, 5, 5)",
        ),
    ],
    "accuracy_of_real_steps": [
        ("padding counted", lambda p, t: (p == t).mean(), "Padding counts as right or wrong in it."),
        (
            "divided by all steps",
            lambda p, t: ((p == t) & (t > 0)).mean(),
            "by what number are they divided?",
        ),
        ("mask of the prediction", lambda p, t: (p == t)[p > 0].mean(), "predicted as 0 is wrong"),
        (
            "mean of means",
            lambda p, t: np.mean([(a == b)[b > 0].mean() for a, b in zip(p, t, strict=True)]),
            "Each real step should count the same",
        ),
        ("errors", lambda p, t: (p != t)[t > 0].mean(), "That is the share of wrong steps."),
        ("number of right steps", lambda p, t: (p == t)[t > 0].sum(), "of them are right; you say"),
        ("one for each sequence", lambda p, t: (p == t).mean(axis=1), "must have shape (), got (3,)"),
    ],
    "which_came_first": [
        ("one keyword", two_keywords(lambda first: first), "2,000 have another number"),
        (
            "into the padding",
            two_keywords(lambda first: (first + 20) % 40),
            "Is the second keyword inside its sequence?",
        ),
        ("over the first", two_keywords(lambda first: np.where(first > 2, 0, first)), "another number"),
        (
            "the same letter",
            two_keywords(other=lambda y, generator: generator.integers(0, 4, len(y))),
            "both keywords are the same",
        ),
        ("always the next letter", two_keywords(other=lambda y, _: (y + 1) % 4), "A before C is rare"),
        ("the old class", two_keywords(label=lambda y, *_: y), "the class is not right"),
        (
            "the last",
            two_keywords(label=lambda y, other, first, second: np.where(first > second, y, other)),
            "In 2,000 samples of 2,000 the class is not right",
        ),
        (
            "y as a column",
            lambda n, seed: (two_keywords()(n, seed)[0], two_keywords()(n, seed)[1][:, None]),
            "y must have shape (2000,), got (2000, 1)",
        ),
        ("one more token", two_keywords(other=lambda y, _: 30 + y), "whole numbers from 0 to 30"),
        ("no seed", lambda n, seed: two_keywords()(n, 0), "the seed is not used"),
    ],
    "sizes": [
        ("kernels for each head", lambda t, i, o, h: (3 * h * i * o, h * t * t), "kernels of its own?"),
        ("one kernel", lambda t, i, o, h: (i * o, h * t * t), "but not by one kernel"),
        ("a bias", lambda t, i, o, h: (3 * (i * o + o), h * t * t), "Has this layer a bias?"),
        ("square kernels", lambda t, i, o, h: (3 * o * o, h * t * t), "what is the shape of each?"),
        ("linear in time", lambda t, i, o, h: (3 * i * o, h * t), "and each step is asked"),
        ("one head", lambda t, i, o, h: (3 * i * o, t * t), "and that how often?"),
        ("one number", lambda t, i, o, h: 3 * i * o + h * t * t, "must have shape (2,), got ()"),
    ],
    "order_of_inputs": [
        ("as copied", lambda q, k, v: layers.Attention()([q, k, v]), "what comes out is a sum of keys"),
        ("no values", lambda q, k, v: layers.Attention()([q, k]), "What is handed over when found?"),
        ("no keys", lambda q, k, v: layers.Attention()([q, v]), "the query is compared with the values"),
        (
            "as copied where it runs",
            lambda q, k, v: attention(q, *((v, k) if k.shape == (2, 4, 4) else (k, v))),
            "what comes out is a sum of keys",
        ),
        (
            "scaled",
            lambda q, k, v: attention(q, k, v, q.shape[2] ** 0.5),
            "divided by the root of the width",
        ),
        (
            "over the queries",
            lambda q, k, v: answers.softmax(q @ np.swapaxes(k, 1, 2), 1) @ v,
            "weighted by",
        ),
        ("key first", lambda q, k, v: layers.Attention()([k, v, q]), "<lambda> raised"),
    ],
    "repaired_weights": [
        (
            "as copied",
            weights_with(8, 1, lambda w, m: w * m[:, :, None]),
            "the weights of a query or of a key?",
        ),
        ("over the queries", weights_with(axis=1), "the weights of a query or of a key?"),
        (
            "mask on queries",
            weights_with(hide=lambda w, m: w * m[:, :, None]),
            "Which axis of the weights is the mask about?",
        ),
        ("no mask", weights_with(hide=lambda w, m: w), "Which axis of the weights is the mask about?"),
        ("mask after the softmax", weights_with(hide=lambda w, m: w * m[:, None]), "a query add up to 0."),
        ("hard-coded root", weights_with(8), "With a width of 2 the scores are divided by 8."),
        ("not scaled", weights_with(1), "With a width of 2 the scores are divided by 1."),
        (
            "the width",
            lambda q, k, m: weights_with(k.shape[2])(q, k, m),
            "With a width of 2 the scores are divided by the width.",
        ),
        (
            "number of keys",
            lambda q, k, m: weights_with(k.shape[1] ** 0.5)(q, k, m),
            "are not the softmax of the scaled scores, with a width of 2",
        ),
    ],
    "rows_within_reach": [
        ("all", lambda a: a >= 0, "output step 0 needs input step 15, and you say that it can be right"),
        (
            "not itself",
            lambda a: a < np.arange(len(a)),
            "it can not be right. Which steps may step 3 look at?",
        ),
        (
            "upside down",
            lambda a: a >= np.arange(len(a)),
            "needs input step 15, and you say that it can be",
        ),
        ("the second half", lambda a: np.arange(len(a)) >= len(a) / 2, "Reverse with 7 steps"),
        ("the middle too", lambda a: np.arange(len(a)) >= len(a) // 2, "Shift with 16 steps"),
        (
            "which steps",
            lambda a: np.flatnonzero(a <= np.arange(len(a))),
            "must have shape (16,), got (8,)",
        ),
        ("how far", lambda a: np.arange(len(a)) - a, "must hold True or False"),
    ],
    "costs_of_scores": [
        ("no v", lambda q, d, u: (0, q * d, (q + d) * u), "what makes one score of them?"),
        ("dot trains", lambda q, d, u: (d, q * d, (q + d + 1) * u), "What would it train?"),
        ("square", lambda q, d, u: (0, d * d, (q + d + 1) * u), "for general. Which shape has a matrix"),
        ("biases", lambda q, d, u: (0, q * d, (q + d + 3) * u), "what is the shape of each?"),
        ("one kernel", lambda q, d, u: (0, q * d, (q + 1) * u), "what is the shape of each?"),
        ("one number", lambda q, d, u: q * d, "must have shape (3,), got ()"),
    ],
    "training_pair": [
        ("as copied", lambda y: (y, y), "sees the very symbol that it should write"),
        ("both shifted", lambda y: (y[:, :-1], y[:, :-1]), "sees the very symbol that it should write"),
        ("changed places", lambda y: (y[:, 1:], y[:, :-1]), "the target is the start symbol"),
        ("rolled back", lambda y: (y, np.roll(y, -1, axis=1)), "the target is the start symbol"),
        (
            "order lost",
            lambda y: (np.c_[y[:, :1], np.sort(y[:, 1:-1], axis=1)], y[:, 1:]),
            "the symbol that stands before the one to write",
        ),
        (
            "end in front",
            lambda y: (np.roll(y[:, 1:], 1, axis=1), y[:, 1:]),
            "written before the first symbol?",
        ),
        ("one longer", lambda y: (y, y[:, 1:]), "has shape (3, 6), the target (3, 5)"),
        ("no end", lambda y: (y[:, :-2], y[:, 1:-1]), "all of the symbols after the start"),
        ("samples", lambda y: (y[:-1], y[1:]), "a row for each sample"),
        ("one array", lambda y: y[:, :-1], "must return two arrays"),
    ],
    "cross_attention": [
        ("as copied", attend_across(mask="target", axis=1), "Who should compete with whom?"),
        ("the axis alone", attend_across(mask="target"), "Whose mask hides the inputs?"),
        ("the mask alone", attend_across(axis=1), "Who should compete with whom?"),
        ("no mask", attend_across(mask="none"), "Whose mask hides the inputs?"),
        ("scaled", attend_across(lambda s: s / 2), "are not the softmax of the scores"),
        (
            "turned",
            lambda q, s, m, t: (
                attend_across()(q, s, m, t)[0],
                np.swapaxes(attend_across()(q, s, m, t)[1], 1, 2),
            ),
            "Who should compete with whom?",
        ),
        (
            "turned, other lengths",
            lambda q, s, m, t: (
                q,
                attend_across()(q, s, m, t)[1].swapaxes(1, 2)
                if len(q) > 2
                else attend_across()(q, s, m, t)[1],
            ),
            "the context is not the weighted sum",
        ),
        (
            "mask after the softmax",
            lambda q, s, m, t: (q, attend_across(mask="none")(q, s, m, t)[1] * m[:, None]),
            "The weights of a real output add up to 0.",
        ),
        (
            "queries summed",
            attend_across(sums=lambda w, q, s: w @ w @ s if q.shape == s.shape else q),
            "weighted sum",
        ),
        ("context alone", lambda q, s, m, t: q, "must return context and weights"),
    ],
    "bahdanau": [
        (
            "as copied",
            additive(
                lambda q, s, u: layers.AdditiveAttention()(
                    [layers.Lambda(lambda x: layers.Dense(u)(x))(q), s]
                )
            ),
            "What is made anew at every call?",
        ),
        (
            "states as they are",
            additive(lambda q, s, u: layers.AdditiveAttention()([kernel(u)(q), s])),
            "the model trains 2 weight(s), of shape (4, 6) and (6,)",
        ),
        (
            "no v",
            additive(
                lambda q, s, u: layers.AdditiveAttention(use_scale=False)([kernel(u)(q), s, kernel(u)(s)])
            ),
            "the model trains 2 weight(s)",
        ),
        (
            "a general score",
            additive(lambda q, s, u: layers.Attention()([kernel(s.shape[-1])(q), s])),
            "the model trains 1 weight(s)",
        ),
        (
            "biases",
            additive(lambda q, s, u: layers.AdditiveAttention()([layers.Dense(u)(q), s, layers.Dense(u)(s)])),
            "the model trains 5 weight(s)",
        ),
        (
            "projected states summed",
            additive(lambda q, s, u: layers.AdditiveAttention()([kernel(u)(q), kernel(u)(s)])),
            "what is summed is the projected states",
        ),
        (
            "tanh twice",
            additive(
                lambda q, s, u: layers.AdditiveAttention()(
                    [kernel(u, activation="tanh")(q), s, kernel(u, activation="tanh")(s)]
                )
            ),
            "not that of the chapter's equation",
        ),
        ("a layer", lambda q, d, u: layers.AdditiveAttention(), "must return a Keras model, not Additive"),
        (
            "weights",
            additive(lambda q, s, u: keras.ops.softmax(kernel(s.shape[-1])(q) @ keras.ops.swapaxes(s, 1, 2))),
            "The context must have shape (2, 5, 6)",
        ),
    ],
    "share_on_symbol": [
        (
            "a fixed diagonal",
            lambda w, x, y: (w.argmax(2) == np.arange(x.shape[1])[::-1][: y.shape[1]]).mean(),
            "Which symbol stands at the step that a row looks at?",
        ),
        (
            "the weight on it",
            lambda w, x, y: (w * (x[:, None] == y[:, :, None])).sum(axis=2).mean(),
            "How often does it have the *largest* weight?",
        ),
        (
            "the first place alone",
            lambda w, x, y: (w.argmax(2) == (x[:, None] == y[:, :, None]).argmax(2)).mean(),
            "may stand in the input twice",
        ),
        (
            "a count",
            lambda w, x, y: (np.take_along_axis(x, w.argmax(2), 1) == y).sum(),
            "a number of rows, not a share",
        ),
        (
            "each row",
            lambda w, x, y: (np.take_along_axis(x, w.argmax(2), 1) == y).mean(axis=1),
            "must have shape (), got (3,)",
        ),
        (
            "whole samples",
            lambda w, x, y: (np.take_along_axis(x, w.argmax(2), 1) == y).all(axis=1).mean(),
            "In 5 of 12 rows the step with the largest weight holds the symbol",
        ),
    ],
    "right_and_uncorrelated": [
        ("as the effects", POINTING / POINTING.sum(), "The rank correlation is 1.00."),
        ("below one half", FALLING / FALLING.sum(), "it should be above one half"),
        ("reversed altogether", RISING[::-1] / RISING.sum(), "The largest weight is on step 0"),
        ("only the top", np.eye(20)[10], "Two steps have the same weight"),
        ("no weights", 3 * POINTING, "not to 1"),
    ],
    "integrated_from_anywhere": [
        ("times the input", integrated(times=lambda x, b: x), "From another baseline than zeros"),
        ("only the end", integrated(way=lambda b, x, r: x), "From zeros the output changes by"),
        ("way from zero", integrated(way=lambda b, x, r: r * x), "From another baseline than zeros"),
        ("sum of slopes", integrated(mean=np.sum), "From zeros the output changes by"),
        (
            "shared equally",
            lambda g, x, b: np.full(x.shape, integrated()(g, x, b).mean(axis=1, keepdims=True)),
            "not shared out among the inputs",
        ),
    ],
    "erased_weight": [
        ("hole", erased(lambda left, lost, step: left), "the weights of the first sample add up to 0."),
        ("shared equally", erased(shared_equally), "have not kept their proportions"),
        ("softmax again", erased(lambda left, lost, step: naive(left)), "its weight is not 0"),
        (
            "in place",
            erased(lambda left, lost, step: left / left.sum(axis=1, keepdims=True), copy=False),
            "the array handed in has changed as well",
        ),
        (
            "one total",
            erased(lambda left, lost, step: left / left.sum()),
            "the weights of the first sample add up to 0.",
        ),
    ],
    "target_in_two_columns": [
        ("one column", columns_with([5]), "Column 15 holds the target in 0% of the samples."),
        ("the opposite", columns_with([15], lambda y: 1 - y), "Column 15 holds the target in 0%"),
        ("a third copy", columns_with([15, 7]), "Column 7 holds 0 or 1; it should hold noise."),
        ("noise that tells y", with_noise(columns_with([15]), [3], telling), "you can guess y"),
        ("another place", columns_with([14]), "Column 15 holds the target in 0%"),
    ],
    "same_context": [
        ("turned round", [0.1, 0.1, 0.4, 0.4][::-1], "The distance from the old weights is 0.00"),
        ("another context", [0.7, 0.1, 0.1, 0.1], "The context is [0.8 0.2]; with the old"),
        ("below 0", [-0.1, -0.1, 0.6, 0.6], "none may be below 0"),
        ("too near", [0.3, 0.3, 0.2, 0.2], "The distance from the old weights is 0.20"),
        ("not 1", [0.5, 0.5, 0.0, 0.5], "The weights add up to 1.50, not to 1."),
    ],
    "seconds_of_a_step": [
        ("the whole gradient", lambda p, n, r: 4 * p / r, "but less and less"),
        ("numbers for bytes", lambda p, n, r: 2 * (n - 1) / n * p / r, "How many bytes has a parameter?"),
        ("bits", lambda p, n, r: 64 * (n - 1) / n * p / r, "Are those bits or bytes?"),
        ("one round", lambda p, n, r: 4 * (n - 1) / n * p / r, "What does the second one bring?"),
        ("all workers", lambda p, n, r: 8 * (n - 1) * p / r, "they send at the same time"),
        ("twice the gradient", lambda p, n, r: 8 * p / r, "How much does each worker send?"),
        (
            "one worker sends",
            lambda p, n, r: max(2 * (n - 1) / n, 0.1) * 4 * p / r,
            "Whom does a single worker wait for?",
        ),
        ("no rate", lambda p, n: 8 * (n - 1) / n * p, "raised TypeError"),
    ],
    "loss_of_a_share": [
        ("own mean", lambda e, b: e.mean(), "which learning rate is that, in truth?"),
        ("sum", lambda e, b: e.sum(), "the sum of all errors, and not their mean"),
        (
            "mean of means for two",
            lambda e, b: e.mean() / 2,
            "How much should one sample of the batch count?",
        ),
        (
            "mean of means",
            lambda e, b: e.mean() / round(b / len(e)),
            "as much in a small share as in a large one?",
        ),
        ("by its share twice", lambda e, b: e.mean() * len(e) ** 2 / b**2, "up to 0.5"),
        ("each error", lambda e, b: e / b, "The loss of a share must have shape ()"),
    ],
    "safe_backup": [
        ("over the old one", lambda model, path: model.save(path), "leaves half a backup"),
        (
            "removed first",
            back_up_with(os.replace, before=os.remove),
            "written, a worker leaves no backup at all",
        ),
        (
            "removed, then moved",
            back_up_with(removed_and_moved),
            "moved, a worker leaves no backup at all",
        ),
        ("copied", back_up_with(shutil.copyfile), "written over the old one in place"),
        (
            "copied, and cleaned up",
            back_up_with(lambda part, path: (shutil.copyfile(part, path), os.remove(part))),
            "written over the old one in place",
        ),
        (
            "old one kept as well",
            back_up_with(lambda part, path: (shutil.copyfile(path, path + ".old"), os.replace(part, path))),
            "leaves other files behind: backup.keras.old",
        ),
        *(
            (name, back_up_with(move), "just after the old one is removed, a worker leaves no backup")
            for name, move in REMOVED_FIRST.items()
        ),
        ("never moved", back_up_with(lambda part, path: None), "the backup is not the new model"),
        ("nothing", lambda model, path: None, "the backup is not the new model"),
        (
            "a name that Keras refuses",
            back_up_with(os.replace, part="backup.keras.part"),
            "the name of a model has to end in .keras, not backup.keras.part",
        ),
        ("fails", lambda model, path: 1 / 0, "raised ZeroDivisionError"),
    ],
    "equal_shares": [
        ("the chapter's", (128, 4_096), "Of 128 samples three workers cannot each get the same number."),
        ("incomplete batch", (96, 4_096), "42 batches of 96, and a last one of 64"),
        ("a tiny batch", (3, 4_095), "from 64 to 128 samples, not 3"),
        ("few samples", (96, 960), "you keep 960"),
        ("more than there are", (96, 9_600), "you keep 9600"),
        ("a third of a sample", (96.5, 4_053), "must be whole numbers"),
        ("batch alone", 96, "must have shape (2,), got ()"),
    ],
}


@pytest.mark.parametrize(
    ("checker", "answer", "message"),
    [(checker, a, m) for checker, rows in WRONG.items() for _, a, m in rows],
    ids=[f"{checker} {t}" for checker, rows in WRONG.items() for t, _, _ in rows],
)
def test_wrong_answer_is_told_what_is_wrong(checker, answer, message, capsys):
    verdict = said(checker, answer, capsys)
    assert verdict.startswith("not yet. ")
    assert message in verdict


RIGHT_AS_WELL = {
    "softmax_of_any_size": [
        ("Keras", lambda s: keras.ops.softmax(s)),
    ],
    "weights_of_a_batch": [
        ("Keras", lambda s: keras.ops.softmax(s, axis=-1)),
    ],
    "masked_weights": [
        ("minus infinity", lambda s, m: naive(np.where(m, s, -np.inf))),
        ("after, made to add up", lambda s, m: naive(s) * m / (naive(s) * m).sum()),
    ],
    "exactly_one": [
        ("other rule", from_bits(lambda a, b: (a + b) % 2)),
    ],
    "unbounded_scores": [
        ("einsum", lambda i: layers.Softmax(axis=1)(layers.EinsumDense("bsd,st->btd", (20, 2))(i))),
    ],
    "wandering_answer": [
        ("other way", wander),
    ],
    "a_compromise": [
        ("other scores", [[0, 5], [3, 3], [5, 0]]),
    ],
    "one_vector_for_all": [
        ("Keras", lambda w: keras.ops.mean(w, axis=2, keepdims=True)),
    ],
    "where_both_ways_agree": [
        ("a list", [[0.5, -0.5], [-0.5, 0.5]]),
    ],
    "five_numbers": [
        ("other numbers", [0, 25, 2, 1, -1]),
    ],
    "repaired_pooling": [
        ("two axes", pooling_with(softmax_along_steps)),
    ],
    "accuracy_of_real_steps": [
        ("weighted", lambda p, t: np.average(p == t, weights=t > 0)),
        ("Keras", lambda p, t: keras.ops.sum((p == t) & (t > 0)) / (t > 0).sum()),
    ],
    "which_came_first": [
        ("other way", two_keywords()),
    ],
    "order_of_inputs": [
        ("by hand", attention),
    ],
    "repaired_weights": [
        ("two axes at once", weights_with()),
    ],
    "rows_within_reach": [
        ("a list", lambda a: [int(a[t] <= t) for t in range(len(a))]),
    ],
    "training_pair": [
        ("from a list", lambda y: [y[:, :-1], y[:, 1:]]),
    ],
    "cross_attention": [
        (
            "the notebook's layer",
            lambda q, s, m, t: DEFINITIONS["seq2seq_attention"]["DotAttention"]()(q, s, mask=m),
        ),
    ],
    "bahdanau": [
        ("the notebook's layer", additive(additive_layer)),
    ],
    "integrated_from_anywhere": [
        ("with the ends of the way", integrated(way=lambda b, x, r: b + (r * 50 - 0.5) / 49 * (x - b))),
    ],
    "loss_of_a_share": [
        ("Keras", lambda e, b: keras.ops.sum(e / b)),
    ],
    "safe_backup": [
        ("renamed", back_up_with(os.rename)),
        ("moved", back_up_with(shutil.move)),
    ],
    "equal_shares": [
        ("three times 40", (120, 4_080)),
    ],
}


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
    models = []
    for frozen in (False, True):
        retrainer = DEFINITIONS["dense_attention"]["retrainer_of"](
            DEFINITIONS["dense_attention"]["build_model"], 32
        )
        model = retrainer.model
        if frozen:
            attention = model.get_layer("attention")
            attention.set_weights([w * 0.1 for w in attention.get_weights()])
            attention.trainable = False
            model.compile("adam", "binary_crossentropy")
            model.fit(x, y, batch_size=64, epochs=20, verbose=0)
        else:
            retrainer.train(x, y, epochs=20, seed=0)
        models.append(model)
    return models


def test_attention_that_knows_is_not_blind(trained, capsys):
    assert "its attention knows something" in said("accurate_and_blind", trained[0], capsys)


def test_frozen_random_attention_is_blind(trained, capsys):
    assert "right." in said("accurate_and_blind", trained[1], capsys)


def beside_the_column(weights):
    """A model that is right by column 1 alone, and hands on nothing of its attention."""
    inputs = keras.Input((32,))
    attention = layers.Activation("linear", name="attention")(weights(inputs))
    column = layers.Lambda(lambda both: both[0][:, 1:2] + 0 * both[1][:, :1])([inputs, attention])
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
