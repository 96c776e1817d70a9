"""What the notebooks ask for: each slider something else, and no trial is judged on what it was trained on.

Nothing is trained here. A notebook's functions run with a `data` and a `Retrainer` that write down what is asked
of them.
"""

import collections
import inspect
import json
import re
import types

import keras
import numpy as np
import pytest

from helpers import activations, data
from tools import chapters

CHAPTERS = [chapters.name_of(path) for path in chapters.NOTEBOOKS]
# It trains nothing: the effects of all steps are known, and one of them is drawn.
DRAWN_ALONE = {("attention_as_explanation", "ablate")}


class Asked:
    """A notebook's definitions whose data, trainings and judgements are written down.

    Attributes:
        names: the definitions.
        orders: what was asked of `data` and of each training: the model, the data's shapes, epochs, seed, rate.
        trained, judged: the arrays of samples that a training got, and that a model was judged on.
        drawn: the plain keywords of each figure.
    """

    def __init__(self, chapter, judges=()):
        self.orders, self.trained, self.judged, self.drawn = [], [], [], []
        self.names = names = chapters.definitions(chapter)
        names["data"] = types.SimpleNamespace(
            **{name: self._ordered(make) for name, make in inspect.getmembers(data, inspect.isfunction)}
        )
        names["training"] = types.SimpleNamespace(
            Retrainer=lambda *made, **options: Untrained(self, *made, **options)
        )
        names["activations"] = types.SimpleNamespace(
            get_activations=judging(activations.get_activations, 1, self.judged)
        )
        for name, place in judges:
            names[name] = judging(names[name], place, self.judged)
        plots = names["plots"]
        kinds = {name: getattr(plots, name) for name in dir(plots) if not name.startswith("_")}
        names["plots"] = types.SimpleNamespace(**{name: self._drawing(kind) for name, kind in kinds.items()})

    def _ordered(self, make):
        def ordered(*values, **options):
            self.orders.append((make.__name__, repr((values, sorted(options.items())))))
            return make(*values, **options)

        return ordered

    def _drawing(self, kind):
        def drawing(*values, **options):
            self.drawn.append(sorted((k, v) for k, v in options.items() if isinstance(v, (int, str))))
            return kind(*values, **options)

        return drawing if inspect.isfunction(kind) else kind


def judging(judge, place, judged):
    """Return the function `judge`, which now writes down what it judges on, its argument at `place`."""

    def judge_and_write(*values, **options):
        judged.append(values[place])
        return judge(*values, **options)

    return judge_and_write


class Untrained:
    """A Retrainer that writes its orders down and leaves the model as it is."""

    def __init__(self, asked, build_model, *, batch_size):
        self.model = build_model()
        self._asked, self._batch_size = asked, batch_size

    def epochs(self, x, y, *, epochs, seed):
        config = json.dumps(self.model.get_config(), default=str)
        kind = re.sub(r"_\d+\b", "", config)  # Keras numbers the layers of all models
        shapes = [np.shape(array) for array in keras.tree.flatten((x, y))]
        rate = float(np.array(self.model.optimizer.learning_rate))
        self._asked.orders.append(("train", kind, shapes, epochs, seed, rate, self._batch_size))
        self._asked.trained.append(x)
        yield {"loss": 1.0}

    def train(self, x, y, *, epochs, seed):
        list(self.epochs(x, y, epochs=epochs, seed=seed))
        return {"loss": [1.0] * epochs}


def values_of(offer, default):
    """Return what a slider offers: every choice, or its ends and its default."""
    if isinstance(offer, bool):
        return [False, True]
    return offer if isinstance(offer, list) else sorted({*offer, default})


def ask(chapter, **settings):
    """Return what a lab with these settings asks for, and what it draws."""
    asked = Asked(chapter)
    retrain, _, _ = chapters.lab(chapter, asked.names)
    result = retrain(**settings)
    if inspect.isgenerator(result):
        list(result)
    return asked.orders, asked.drawn


def sliders():
    for chapter in CHAPTERS:
        retrain, _, offers = chapters.lab(chapter)
        for name, offer in offers.items():
            yield pytest.param(
                chapter,
                name,
                offer,
                inspect.signature(retrain).parameters[name].default,
                id=f"{chapter}-{name}",
            )


@pytest.mark.parametrize(("chapter", "name", "offer", "default"), sliders())
def test_every_slider_changes_the_data_the_model_or_the_training(chapter, name, offer, default):
    asked = [ask(chapter, **{name: value}) for value in values_of(offer, default)]
    orders, drawn = ([json.dumps(each[part]) for each in asked] for part in (0, 1))
    if (chapter, name) in DRAWN_ALONE:
        assert len(set(orders)) == 1
        assert len(set(drawn)) == len(drawn)
    else:
        assert len(set(orders)) == len(orders)
    if name == "seed":  # of both: the samples and the fresh weights
        for training in (True, False):
            of_one = [json.dumps([o for o in each[0] if (o[0] == "train") == training]) for each in asked]
            assert len(set(of_one)) == len(of_one)


def drawn_with(names):
    """Chapter 3's trial on the data of its lab."""
    x, y = data.get_data_per_dimension(5_120, 20, [5, 15], seed=0)
    names["trial"](names["averaged"], x, y, seed=0)


def case_of(names, train):
    """Train a case of chapter 7, and judge it as the chapter does."""
    run = train(names["CASES"]["pooling"])
    names["weights_of"](run.models.model, run.x)


# Every function of the notebooks that trains and then judges, and what it judges with, if not get_activations: the
# name of a function, and which of its arguments is what is judged on.
WRITTEN = (("greedy", 2), ("alignment_of", 2), ("with_another_start", 2))
PROBABLE = (("probabilities", 1),)
TRIALS = {
    "dense_attention, lab": ("dense_attention", (), lambda names: names["retrain"]()),
    "recurrent_attention": (
        "recurrent_attention",
        (),
        lambda names: names["trial"](names["retrainer_for"]("before", "LSTM", 4_096, 1), seed=0, epochs=1),
    ),
    "shared_and_per_dimension": ("shared_and_per_dimension", (), drawn_with),
    "attention_pooling, a keyword": ("attention_pooling", (), lambda names: list(names["trial"](True, 0))),
    "attention_pooling, adding": (
        "attention_pooling",
        (),
        lambda names: names["add"]("attention", 20, 0),
    ),
    "self_attention": ("self_attention", (), lambda names: names["trial"]("reverse", 0)),
    "self_attention, two jobs": (
        "self_attention",
        (),
        lambda names: names["two_jobs"](names["retrainer_for"](2, jobs=2), 0),
    ),
    "self_attention, lab": ("self_attention", (), lambda names: list(names["retrain"]())),
    "seq2seq_attention": (
        "seq2seq_attention",
        WRITTEN,
        lambda names: names["trial"](
            names["retrainer_for"]("dot", "reverse", 12), "reverse", 12, 0, 1, 4_096
        ),
    ),
    "seq2seq_attention, lab": ("seq2seq_attention", WRITTEN, lambda names: list(names["retrain"](length=12))),
    "attention_as_explanation": (
        "attention_as_explanation",
        (),
        lambda names: case_of(names, lambda case: names["train"](case, 0)),
    ),
    "attention_as_explanation, an order": (
        "attention_as_explanation",
        (),
        lambda names: case_of(names, lambda case: names["order"](case, 3, 0)),
    ),
    "attention_as_explanation, frozen weights": (
        "attention_as_explanation",
        PROBABLE,
        lambda names: names["with_frozen"](names["CASES"]["pooling"], 0.05, 0, 1),
    ),
    "beyond_one_machine, lab": ("beyond_one_machine", (), lambda names: names["retrain"]()),
}


def rows(x):
    """Return the samples of what a model takes, those of its first input."""
    return {np.ascontiguousarray(row).tobytes() for row in np.asarray(keras.tree.flatten(x)[0])}


@pytest.mark.parametrize("trial", TRIALS)
def test_nothing_is_judged_on_what_it_was_trained_on(trial):
    chapter, judges, run = TRIALS[trial]
    asked = Asked(chapter, judges)
    run(asked.names)
    trained, judged = (set().union(*map(rows, arrays)) for arrays in (asked.trained, asked.judged))
    assert len(trained) > 1_000
    assert len(judged) > 100
    assert not trained & judged


FITTED = (
    "dense_attention",
    "recurrent_attention",
    "shared_and_per_dimension",
    "attention_pooling",
    "self_attention",
    "seq2seq_attention",
)


@pytest.mark.parametrize("chapter", FITTED)
def test_the_first_fit_of_a_chapter_is_judged_on_other_samples(chapter, monkeypatch):
    trained, judged = [], []

    def fit(self, x, y, *options, validation_data=None, **others):
        trained.append(x)
        judged.extend([validation_data[0]] if validation_data else [])
        return types.SimpleNamespace(history=collections.defaultdict(lambda: [0.0]))

    def evaluate(self, x, y, *options, **others):
        judged.append(x)
        return 0.0, 0.0

    monkeypatch.setattr(keras.Model, "fit", fit)
    monkeypatch.setattr(keras.Model, "evaluate", evaluate)
    names = {"__name__": chapter}
    for cell in chapters.cells(chapter):
        if cell.cell_type == "code" and cell.id != "setup":
            exec(cell.source, names)
            if "def greedy(" in cell.source:  # how chapter 6 judges
                names["greedy"] = judging(names["greedy"], 2, judged)
        if trained and judged:
            break
    trained, judged = (set().union(*map(rows, arrays)) for arrays in (trained, judged))
    assert len(trained) > 1_000
    assert len(judged) > 100
    assert not trained & judged


def test_what_is_asked_and_judged_is_written_down():
    """Without it the tests above would pass on anything."""
    asked = Asked("recurrent_attention")
    asked.names["trial"](
        asked.names["retrainer_for"]("before", "LSTM", 1_024, 1), seed=3, epochs=2, size=1_024
    )
    (made, trained) = asked.orders
    assert made[0] == "get_data_recurrent"
    assert trained[2:] == ([(1_024, 20, 1), (1_024, 1)], 2, 3, pytest.approx(0.01), 64)
    assert [len(array) for array in (*asked.trained, *asked.judged)] == [1_024, 1_024]
