"""Whatever a public function of helpers is given: a result that keeps its promise, or an error that names it.

Every function has a strategy for good arguments, which it must take, and what its result must then be.
Some of the arguments are replaced by odd ones: it may refuse these, by a TypeError or ValueError with the
name of an argument, or take them and keep the promise all the same. Nothing else may happen.
"""

import html
import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import helpers
from helpers import (
    activations,
    checks,
    data,
    dates,
    diagram,
    exercises,
    live,
    plots,
    text,
    training,
    workers,
)

# Not walked through: what these hold is reached through `exercises.check`, and through `plots` itself.
WITHIN = ("helpers.exercises.", "helpers.plots.")
# What checks nothing by itself, and who checks for it; and what only holds values.
UNCHECKED = {
    "checks.arrays": "get_activations hands it what it is given",
    "checks.built": "get_activations hands it what it is given",
    "checks.kept_masks": "a scope",
    "checks.misfit": "says what it sees",
    "palette.style_sheet": "takes nothing",
    **{
        f"controls.{name}": "reads what live.live is given, which is walked through here"
        for name in ("button", "constant", "handed", "plain", "read", "suggestion", "widget")
    },
    "trials.over_seeds": "has tests of its own in test_trials.py",
    "trials.span": "has tests of its own in test_trials.py",
    "trials.table": "has tests of its own in test_trials.py",
    "listening.Listener": "is given what get_activations checked",
    "checks.as_in_graph": "a scope",
    "exercises.check": "has tests of its own below, as it raises nothing for an answer",
    "workers.run": "has a test of its own below, as good arguments start processes",
    "fresh.Start": "takes what Retrainer is given",
    "graphs.Lookups": "takes what Retrainer has checked",
    "graphs.exact_under_xla": "takes what Retrainer has traced",
    "checks.tensorflow": "is called when a module is imported: a test of Retrainer's imports it in vain",
    "training.train_step": "runs inside a compiled function: Retrainer checks what it is given",
    "workers.Finished": "a result",
    "live.Live": "what live.live makes of what it has checked",
    "plots.Verdict": "a sentence with what it says",
    "checks.name_of": "takes what has been called",
    "workers.Workers": "takes what workers.run takes; what its methods do is in test_workers.py",
}


def public_names() -> set[str]:
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(helpers.__path__, "helpers.")
        if module.name != "helpers.worker" and not module.name.startswith(WITHIN)
    ]
    return {
        f"{module.__name__.removeprefix('helpers.')}.{name}"
        for module in modules
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        and (value.__module__ == module.__name__ or name in getattr(module, "__all__", ()))
    }


class Case(NamedTuple):
    function: Callable
    arguments: st.SearchStrategy  # of dicts that the function must take
    holds: Callable  # asserts of the arguments and the result what the function promises
    keep: tuple = ()  # arguments that no reader hands in
    names: tuple = ()  # what errors call the arguments beside their own names


ODD_VALUES = (
    *(None, True, -1, 0, 2**40, 10**400, 1.5, float("nan"), float("inf"), 1j, "", "x", "\0", b"x"),
    *([], {}, (), [[]], [None], ["x"], [1.5], [[1, 2], [3]], [2**70], {"a": None}, {None: [1]}, {"a": {}}),
    *(np.zeros(0), np.zeros((0, 3)), np.full((2, 2), np.nan), np.ones((2, 2, 2)), np.array(3)),
    *(np.array([["x"]]), np.array(["2020-01-01"], "datetime64[D]"), np.array([None, 1]), np.array([1j])),
    *([float("nan")], [10**400], (0, float("nan")), (0.0, float("-inf")), (0, 10**400), (1, 2, 3), ("a", 2)),
    *(object(), len, lambda *arguments: None, iter([1]), int, lambda: 1, [[1, "a"]], float("-inf"), -0.5),
)
ODD = st.integers(0, len(ODD_VALUES) - 1).map(ODD_VALUES.__getitem__)
WORDS = st.text("abcxyz ,.é日", min_size=1, max_size=6)
SEEDS = st.integers(0, 2**40)
LETTER = {"alphabet": "abc", "min_size": 1, "max_size": 5}


def floats(*shape, least=0.0):
    return arrays.arrays("float64", shape, elements=st.floats(least, 1, width=32))


@st.composite
def sized(draw, **makers):
    """Draw arguments one after another; a maker gets what was drawn before."""
    drawn = {}
    for name, maker in makers.items():
        drawn[name] = draw(maker(drawn) if inspect.isfunction(maker) else maker)
    return drawn


def named(values, **sizes):
    """A dict from words to arrays or the like."""
    return st.dictionaries(WORDS, values, min_size=1, max_size=3, **sizes)


# ---- tasks


def is_data(arguments, x, shape, dtype="float32"):
    assert (x.shape, x.dtype) == ((arguments["num_samples"], *shape), dtype)
    assert np.isfinite(x).all()


def holds_column(a, result):
    x, y = result
    is_data(a, x, (a["input_dim"],))
    target = 2 * y - 1 if a["signed"] else y
    assert (x[:, [a["attention_column"]]] == target).all()


def holds_step(a, result):
    x, y = result
    is_data(a, x, (a["time_steps"], a["input_dim"]))
    assert (x[:, a["attention_step"]] == y).all()


def holds_bits(a, result):
    x, y = result
    steps = list(a["attention_steps"])
    is_data(a, x, (a["time_steps"], len(steps)))
    assert (x[:, steps, range(len(steps))].min(axis=1, keepdims=True) == y).all()


def holds_sequence(a, result):
    x, y, alignment = result
    is_data(a, x, (a["time_steps"],), "int32")
    assert (y == x[:, alignment]).all()
    assert 0 <= x.min() <= x.max() < a["num_symbols"]


def holds_keyword(a, result):
    tokens, y, positions = result
    is_data(a, tokens, (a["time_steps"],), "int32")
    assert (np.take_along_axis(tokens, positions[:, np.newaxis], axis=1)[:, 0] == y + 1).all()
    assert tokens.max() <= 4 + a["num_distractors"]


def holds_sum(a, result):
    x, y, positions = result
    is_data(a, x, (a["time_steps"], 2))
    assert (positions[:, 0] < positions[:, 1]).all()
    assert np.allclose((x[..., 0] * x[..., 1]).sum(axis=1, keepdims=True), y)


def holds_dates(a, result):
    texts, targets, sources = result
    assert len(texts) == len(targets) == a["num_samples"]
    assert sources.shape == (a["num_samples"], 10, max(map(len, texts)))
    assert all(re.fullmatch(r"(19[7-9]|20[0-6])\d-\d\d-\d\d", target) for target in targets)


def below(name):
    return lambda drawn: st.integers(0, drawn[name] - 1)


SAMPLES, STEPS = st.integers(1, 9), st.integers(5, 12)
TASKS = {
    "data.get_data": Case(
        data.get_data,
        sized(
            num_samples=SAMPLES,
            input_dim=STEPS,
            attention_column=below("input_dim"),
            signed=st.booleans(),
            seed=SEEDS,
        ),
        holds_column,
    ),
    "data.get_data_recurrent": Case(
        data.get_data_recurrent,
        sized(
            num_samples=SAMPLES,
            time_steps=STEPS,
            input_dim=STEPS,
            attention_step=below("time_steps"),
            seed=SEEDS,
        ),
        holds_step,
    ),
    "data.get_data_per_dimension": Case(
        data.get_data_per_dimension,
        sized(
            num_samples=SAMPLES,
            time_steps=STEPS,
            attention_steps=lambda a: st.lists(below("time_steps")(a), min_size=1, max_size=4),
            seed=SEEDS,
        ),
        holds_bits,
    ),
    "data.get_data_sequence": Case(
        data.get_data_sequence,
        sized(
            num_samples=SAMPLES,
            time_steps=STEPS,
            task=st.sampled_from(["copy", "reverse", "shift", "every_second"]),
            num_symbols=STEPS,
            shift=st.integers(0, 99),
            seed=SEEDS,
        ),
        holds_sequence,
    ),
    "data.get_data_keyword": Case(
        data.get_data_keyword,
        sized(
            num_samples=SAMPLES,
            time_steps=STEPS,
            max_length=lambda a: st.none() | st.integers(5, a["time_steps"]),
            num_distractors=STEPS,
            padding=st.sampled_from(["after", "before"]),
            seed=SEEDS,
        ),
        holds_keyword,
    ),
    "data.get_data_addition": Case(
        data.get_data_addition, sized(num_samples=SAMPLES, time_steps=STEPS, seed=SEEDS), holds_sum
    ),
    "dates.get_dates": Case(
        dates.get_dates,
        sized(num_samples=SAMPLES, locale=st.sampled_from(dates.LOCALES), seed=SEEDS),
        holds_dates,
    ),
}


# ---- figures


def says_something(arguments, said):
    assert isinstance(said, str)
    assert not re.search(r"\b(nan|inf|None|object|array)\b|[<>{}\[\]]", said), said


def is_figure(arguments, figure):
    says_something(arguments, figure.alt)
    figure.set(dpi=8, layout_engine="none")  # quickly: that it can be drawn is all that is asked
    assert figure.png().startswith(b"\x89PNG")


BARS = sized(
    panels=floats(6) | floats(3, 6) | named(floats(6)),
    answer=st.integers(0, 5),
    axis=st.sampled_from(["step"]),
)
GRID = st.fixed_dictionaries({"before": floats(6), "after": floats(2, 6)})
FIGURES = {
    "plots.Figure": Case(plots.Figure, sized(alt=WORDS, height=st.floats(0.5, 5)), is_figure),
    "plots.attention_bars": Case(plots.attention_bars, BARS, is_figure),
    "plots.attention_grid": Case(
        plots.attention_grid, sized(rows=named(GRID), answer=st.integers(0, 5), axis=WORDS), is_figure
    ),
    "plots.sample_bars": Case(
        plots.sample_bars,
        sized(panels=named(floats(6, least=-1)), answer=st.integers(0, 5), axis=WORDS),
        is_figure,
    ),
    "plots.heatmap": Case(
        plots.heatmap,
        sized(
            weights=floats(3, 4),
            answers=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=4),
            row=WORDS,
            column=WORDS,
        ),
        is_figure,
    ),
    "plots.text_alignment": Case(
        plots.text_alignment,
        sized(
            source=st.text(**LETTER),
            target=st.text(**LETTER),
            weights=lambda a: floats(len(a["target"]), len(a["source"])),
            sources=lambda a: st.none() | arrays.arrays("bool", (len(a["target"]), len(a["source"]))),
        ),
        is_figure,
    ),
    "plots.keyword_verdict": Case(
        plots.keyword_verdict,
        sized(
            weights=floats(3, 4),
            answers=st.lists(st.integers(0, 3), min_size=3, max_size=3),
            padding=arrays.arrays("bool", (3, 4)),
        ),
        says_something,
    ),
    "plots.token_weights": Case(
        plots.token_weights,
        sized(
            tokens=st.lists(st.lists(st.just("") | WORDS, min_size=4, max_size=4), min_size=2, max_size=2),
            weights=floats(2, 4),
            answers=st.none() | st.lists(st.none() | st.integers(0, 3), min_size=2, max_size=2),
            top=st.floats(0.1, 1),
            alt=st.none() | WORDS,
        ),
        is_figure,
    ),
    "plots.query_key_heatmap": Case(
        plots.query_key_heatmap,
        sized(
            panels=floats(3, 4) | named(floats(3, 4)),
            alignment=st.lists(st.integers(0, 3), min_size=3, max_size=3),
            query=WORDS,
            key=WORDS,
        ),
        is_figure,
    ),
    "plots.mechanism": Case(
        plots.mechanism,
        sized(
            scores=floats(3, least=-1),
            values=floats(3, least=-1) | floats(3, 2, least=-1),
            query=st.none() | floats(2),
            keys=st.none() | floats(3, 2, least=-1),
            mask=st.none() | st.just([True, False, True]),
            names=st.none() | st.lists(WORDS, min_size=3, max_size=3),
            added=st.booleans(),
        ),
        is_figure,
    ),
    "plots.learning_curve": Case(plots.learning_curve, sized(history=named(floats(4))), is_figure),
    "plots.losses_and_attention": Case(
        plots.losses_and_attention,
        sized(
            history=named(floats(4) | st.just([1.0, np.inf])),
            weights=lambda a: st.fixed_dictionaries({name: floats(5) for name in a["history"]}),
            answer=st.integers(0, 4),
            axis=WORDS,
        ),
        is_figure,
    ),
    "plots.weight_and_effect": Case(
        plots.weight_and_effect,
        sized(
            rows=named(st.tuples(floats(5), floats(5), st.integers(0, 4))),
            axis=WORDS,
            ablated=st.none() | st.integers(0, 4),
        ),
        is_figure,
    ),
    "plots.dots": Case(
        plots.dots,
        sized(
            panels=named(st.fixed_dictionaries({"one": floats(4, least=-1), "two": floats(3)})),
            quantity=WORDS,
            alt=WORDS,
        ),
        is_figure,
    ),
    "plots.scaling": Case(
        plots.scaling,
        sized(
            panels=named(st.dictionaries(st.integers(1, 64), st.floats(0, 9), min_size=1, max_size=4)),
            quantity=WORDS,
        ),
        is_figure,
    ),
    "plots.power_laws": Case(
        plots.power_laws,
        sized(
            panels=named(
                named(st.dictionaries(st.integers(1, 64), st.floats(0.01, 9), min_size=1, max_size=4))
            ),
            size=WORDS,
        ),
        is_figure,
    ),
}


# ---- models


def dense_model():
    x = keras.Input((4,), name="x")
    weights = keras.layers.Dense(4, activation="softmax", name="attention")(x)
    output = keras.layers.Dense(1, activation="sigmoid")(keras.layers.Multiply()([x, weights]))
    model = keras.Model(x, output)
    model.compile("adam", "binary_crossentropy")
    return model


MODEL = dense_model()
RETRAINER = training.Retrainer(dense_model, batch_size=4)


def is_of_all_layers(a, result):
    named_one = a["layer_name"] is not None
    assert list(result) == [a["layer_name"]] if named_one else "attention" in result
    assert all(len(array) == len(a["inputs"]) and np.isfinite(array).all() for array in result.values())


def trains_the_model(a, retrainer):
    assert retrainer.model.count_params() == MODEL.count_params()
    assert retrainer.batch_size == a["batch_size"]


def fell_and_counted(a, history):
    assert list(history) == ["loss"]
    assert len(history["loss"]) == min(a["epochs"], 3)
    assert np.isfinite(history["loss"]).all()


def is_model_or_not(a, result):
    assert result is (a["model"] is MODEL) or result is MODEL


def are_inputs(a, inputs):
    assert [array.shape for array in inputs] == [(len(a["value"]), 4)]


TARGETS = arrays.arrays("float32", (6, 1), elements=st.sampled_from([0.0, 1.0]))
TRAINING = sized(
    x=floats(6, 4, least=-1),
    y=TARGETS,
    epochs=st.integers(1, 3),
    seed=st.integers(0, 2**32 - 1),
    validation_data=st.none(),  # with some it would be compiled once more
)


def train(**arguments):
    # Nobody waits for so many epochs, but they are allowed.
    epochs = arguments["epochs"]
    return RETRAINER.train(**arguments | {"epochs": 3 if type(epochs) is int and epochs > 3 else epochs})


MODELS = {
    "activations.get_activations": Case(
        activations.get_activations,
        sized(
            model=st.just(MODEL),
            inputs=floats(6, 4, least=-1),
            layer_name=st.none() | st.just("attention"),
            batch_size=st.integers(1, 9),
        ),
        is_of_all_layers,
    ),
    "diagram.layer_graph": Case(
        diagram.layer_graph,
        sized(models=st.just(MODEL) | st.just({"a": MODEL})),
        is_figure,
        names=("model",),
    ),
    "training.Retrainer": Case(
        training.Retrainer,
        sized(build_model=st.just(dense_model), batch_size=st.integers(1, 99)),
        trains_the_model,
        names=("model",),
    ),
    "training.Retrainer.train": Case(train, TRAINING, fell_and_counted),
    "checks.is_graph": Case(checks.is_graph, sized(model=st.just(MODEL)), is_model_or_not),
    "checks.functional": Case(checks.functional, sized(model=st.just(MODEL)), is_model_or_not),
    "checks.model_inputs": Case(
        partial(checks.model_inputs, "value", MODEL), sized(value=floats(2, 4, least=-1)), are_inputs
    ),
}


# ---- the rest


def equals_value(a, value):
    assert value == a["value"]
    assert type(value) in (int, bool, str, dict)


def is_finite(a, array):
    assert array.dtype.kind in "biuf"
    assert array.size
    assert np.isfinite(array).all()
    assert a["dimensions"] is None or array.ndim in a["dimensions"]


def is_config(a, config):
    config = json.loads(config)
    worker = config["cluster"]["worker"][config["task"]["index"]]
    assert worker == a["addresses"][a["index"]]


def come_back(a, texts):
    assert texts == list(a["texts"])


def encode_and_decode(characters, texts, length):
    tokenizer = text.CharacterTokenizer(characters)
    return tokenizer.decode(tokenizer.encode(texts, length))


def slide(default, offer, lab):
    return live.live(lambda amount=default: plots.Figure("Words.", 1), lab=lab, amount=offer)


def offered(default, offer):
    return sized(default=default, offer=st.just(offer), lab=st.none() | WORDS)


def starts_at_its_default(a, lab):
    (widget,) = lab.sliders.values()
    assert widget.value == a["default"]
    page = lab._repr_mimebundle_().get("text/html")
    if page:  # JavaScript, which reads the controls, knows no NaN and no infinity
        (control,) = json.loads(html.unescape(re.search(r' controls="([^"]*)"', page)[1]), parse_constant=int)
        assert control["value"] == a["default"]


def is_free(a, ports):
    assert len(set(ports)) == len(ports) == a["count"]


NAMED = "value"
REST = {
    "checks.integer": Case(partial(checks.integer, NAMED), sized(value=st.integers(1, 2**70)), equals_value),
    "checks.boolean": Case(partial(checks.boolean, NAMED), sized(value=st.booleans()), equals_value),
    "checks.text": Case(partial(checks.text, NAMED), sized(value=WORDS), equals_value),
    "checks.choice": Case(
        partial(checks.choice, NAMED, allowed=("a", "b")), sized(value=st.sampled_from("ab")), equals_value
    ),
    "checks.dictionary": Case(
        partial(checks.dictionary, NAMED), sized(value=named(st.integers())), equals_value
    ),
    "checks.finite_array": Case(
        lambda value, dimensions: checks.finite_array(NAMED, value, dimensions),
        sized(value=floats(2, 3) | floats(4), dimensions=st.none() | st.just((1, 2))),
        is_finite,
        keep=("dimensions",),
    ),
    "checks.same_length": Case(
        partial(checks.same_length, NAMED),
        sized(arrays=st.lists(floats(3), min_size=1, max_size=3)),
        lambda a, nothing: None,
        keep=("arrays",),
    ),
    "checks.sizes": Case(
        lambda value: checks.sizes(value=value, times=2),
        sized(value=st.integers(1, 2**27)),
        lambda a, nothing: None,
        keep=("value",),
    ),
    "live.live": Case(
        slide,
        offered(st.integers(0, 9), (0, 9))
        | offered(st.floats(0, 1), (0.0, 1.0))
        | offered(st.just("b"), ["a", "b"])
        | offered(st.booleans(), True)
        | offered(WORDS, str),
        starts_at_its_default,
        names=("amount",),
    ),
    "text.CharacterTokenizer": Case(
        encode_and_decode,
        sized(
            characters=st.just("abc"),
            texts=st.lists(st.text("abc", max_size=5), min_size=1, max_size=4),
            length=st.integers(7, 12),
        ),
        come_back,
    ),
    "workers.tf_config": Case(
        workers.tf_config,
        sized(addresses=st.just(["a:1", "b:2"]), index=st.integers(0, 1)),
        is_config,
    ),
    "workers.free_ports": Case(workers.free_ports, sized(count=st.integers(1, 5)), is_free),
}
CASES = TASKS | FIGURES | MODELS | REST


def test_every_public_name_has_a_strategy():
    assert sorted(public_names() - CASES.keys() - UNCHECKED.keys()) == []


def outcome(function, arguments):
    try:
        return function(**arguments), None
    except (TypeError, ValueError) as error:
        return None, error


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_result_that_keeps_its_promise_or_an_error_that_names_it(name):
    case = CASES[name]

    @settings(max_examples=20 if name in FIGURES else 100)
    @given(st.data())
    def check(draw):
        good = draw.draw(case.arguments)
        odd = st.sampled_from([key for key in good if key not in case.keep] or [None])
        changed = draw.draw(st.sets(odd, max_size=2)) - {None}
        arguments = good | {key: draw.draw(ODD) for key in sorted(changed)}
        result, error = outcome(case.function, arguments)
        if error is None:
            case.holds(arguments, result)
        else:
            assert changed, f"good arguments are refused: {error}"
            # Of the wrong kind an argument is in itself; out of range it may be only beside another one.
            blamed = changed if isinstance(error, TypeError) else good
            named = re.search(rf"\b({'|'.join((*blamed, *case.names))})\b", str(error))
            assert named, f"no argument is named: {error}"

    check()


@pytest.mark.parametrize("number", sorted(exercises.CHECKERS))
def test_any_answer_to_an_exercise_gets_a_message(number, capsys):
    for answer in ODD_VALUES:
        exercises.check(number, answer)
        assert f"Exercise {number}: not yet." in capsys.readouterr().out


@given(ODD)
def test_exercise_that_is_not_there(number):
    with pytest.raises((TypeError, ValueError), match="number must be"):
        exercises.check(number, 0)


@given(ODD, ODD)
def test_script_that_is_not_there_starts_no_worker(script, count):
    with pytest.raises((TypeError, ValueError, FileNotFoundError), match=r"(script|count) must be"):
        workers.run(script, count=count)
