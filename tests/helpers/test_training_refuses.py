"""What a Retrainer would do otherwise than `model.fit` it refuses, and says what and why."""

import functools
import os
import subprocess
import sys
import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from helpers.training import Retrainer
from tests.helpers.trained_models import BATCH_SIZE, CASES, NOISE, TARGETS, TOKENS, compiled, dense, embedded


@pytest.fixture(scope="module")
def retrainer():
    return Retrainer(dense, batch_size=BATCH_SIZE)


WITH_NAN = np.where(NOISE > 2, np.nan, NOISE)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs must be at least 1, got 0"),
        ({"epochs": 1.5}, TypeError, "epochs must be an integer, got 1.5"),
        ({"seed": -1}, ValueError, "seed must be from 0 to 4294967295, got -1"),
        ({"seed": "x"}, TypeError, "seed must be an integer, got 'x'"),
        ({"x": WITH_NAN}, ValueError, r"x must be finite, got \d+ NaN .*, the first in row 19"),
        ({"y": TARGETS - np.inf}, ValueError, "y must be finite, got 50"),
        ({"x": NOISE[:, :3]}, ValueError, r"x must have shape \(None, 4\), got \(50, 3\)"),
        ({"y": None}, TypeError, "y must be an array of numbers, got NoneType"),
        ({"x": tf.data.Dataset.range(3)}, TypeError, "x must be an array of numbers, got .*Dataset"),
        ({"x": "noise"}, TypeError, "x must be an array of numbers, got str"),
        ({"y": TARGETS[:49]}, ValueError, r"x and y must have equal numbers of samples, got \[49, 50\]"),
        ({"validation_data": NOISE}, TypeError, r"validation_data must be a pair \(x, y\), got a ndarray"),
        (
            {"validation_data": (NOISE,)},
            ValueError,
            r"validation_data must be a pair \(x, y\), got a tuple of 1",
        ),
        (
            {"validation_data": (NOISE, TARGETS, TARGETS)},
            ValueError,
            r"validation_data must be a pair \(x, y\), got a tuple of 3",
        ),
        (
            {"validation_data": (NOISE, np.zeros((50, 3)))},
            ValueError,
            "^validation_data y does not fit what the model puts out: ",
        ),
        ({"validation_data": (WITH_NAN, TARGETS)}, ValueError, "validation_data x must be finite"),
        ({"validation_data": (NOISE, WITH_NAN)}, ValueError, "validation_data y must be finite"),
        ({"validation_data": (NOISE, TARGETS[:3])}, ValueError, r"validation_data x and .*equal.*\[3, 50\]"),
    ],
)
def test_bad_arguments_are_refused_at_once(retrainer, changed, error, message):
    arguments = {"x": NOISE, "y": TARGETS, "epochs": 1, "seed": 0} | changed
    with pytest.raises(error, match=message):
        # Not iterated over: the error must not wait for that.
        retrainer.epochs(**arguments)


def test_several_inputs_are_told_apart():
    build, x, y, _ = CASES["several inputs"]
    retrainer = Retrainer(build, batch_size=BATCH_SIZE)
    with pytest.raises(ValueError, match=r"x .*equal numbers of samples"):
        retrainer.epochs({**x, "beta": NOISE[:3]}, y, epochs=1, seed=0)


def changed(array, place, value):
    return np.where(
        np.arange(array.size).reshape(array.shape) == np.ravel_multi_index(place, array.shape), value, array
    )


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (
            changed(TOKENS, (40, 2), 6),
            TOKENS,
            "x must give embedding.*embeddings ids from 0 to 5, got 6 in row 40",
        ),
        (TOKENS, changed(TOKENS, (17, 0), 9), "y must give the loss ids from 0 to 5, got 9 in row 17"),
        (TOKENS, changed(TOKENS, (3, 3), -1), "y must give the loss ids from 0 to 5, got -1 in row 3"),
    ],
    ids=["id beyond the vocabulary", "label beyond the classes", "negative label"],
)
def test_ids_that_no_table_holds_are_named(x, y, message):
    retrainer = Retrainer(embedded, batch_size=BATCH_SIZE)
    with pytest.raises(ValueError, match=message):
        retrainer.epochs(x, y, epochs=1, seed=0)
    with pytest.raises(ValueError, match="validation_data " + message):
        retrainer.epochs(TOKENS, TOKENS, epochs=1, seed=0, validation_data=(x, y))


class Table(layers.Layer):
    """A table of one's own, looked up by ids that are computed, in TensorFlow's words."""

    def __init__(self, look_up):
        super().__init__()
        self.look_up = look_up

    def build(self, shape):
        self.rows = self.add_weight(shape=(7, 2), name="rows")

    def call(self, ids):
        return self.look_up(self.rows, ids + 1)


LOOK_UPS = {
    "take": lambda rows, ids: ops.take(rows, ids, axis=0),
    "gather": lambda rows, ids: tf.gather(rows.value, ids),
    "gather_nd": lambda rows, ids: tf.gather_nd(rows.value, tf.stack([ids, ids % 2], axis=-1)),
    "take_along_axis": lambda rows, ids: ops.take_along_axis(
        ops.ones_like(ids[..., None], "float32") * rows[:, 0], ids[..., None], axis=-1
    ),
}


@pytest.mark.parametrize("look_up", LOOK_UPS.values(), ids=LOOK_UPS)
def test_ids_are_found_wherever_they_are_looked_up(look_up):
    def build():
        tokens = {"a": keras.Input((4,), dtype="int32"), "b": keras.Input((4,), dtype="int32")}
        inner = keras.Sequential([keras.Input((4,), dtype="int32"), Table(look_up)])
        parts = [layers.Flatten()(part) for part in (inner(tokens["b"]), ops.cast(tokens["a"], "float32"))]
        return compiled(keras.Model(tokens, layers.Dense(1)(layers.Concatenate()(parts))), "adam", "mse")

    retrainer = Retrainer(build, batch_size=BATCH_SIZE)
    first, beyond = np.minimum(TOKENS, 1), changed(np.minimum(TOKENS, 1), (33, 1), 6)
    with pytest.raises(ValueError, match=r"x\['b'\] must give .* from 0 to \d, got 7 in row 33"):
        retrainer.epochs({"a": first, "b": beyond}, TARGETS, epochs=1, seed=0)
    assert retrainer.train({"a": beyond, "b": first}, TARGETS, epochs=1, seed=0)


class InALoop(layers.Layer):
    """A cell that looks its input up, within the loop over the steps."""

    state_size = 2

    def build(self, shape):
        self.rows = self.add_weight(shape=(6, 2), name="rows")

    def call(self, ids, states):
        state = states[0] + ops.take(self.rows, ids[:, 0], axis=0)
        return state, [state]


def test_ids_that_a_loop_looks_up_are_refused_by_tensorflow():
    def build():
        steps = layers.RNN(InALoop())
        return compiled(
            keras.Sequential([keras.Input((4, 1), dtype="int32"), steps, layers.Dense(1)]), "adam", "mse"
        )

    retrainer = Retrainer(build, batch_size=BATCH_SIZE)
    with pytest.raises(tf.errors.InvalidArgumentError, match="9 is not in"):
        retrainer.train(changed(TOKENS, (40, 2), 9)[..., None], TARGETS, epochs=1, seed=0)


def test_rows_without_a_loss_are_named():
    def build():
        return dense(loss=lambda targets, outputs: ops.mean(ops.log(targets) * outputs, axis=-1))

    retrainer = Retrainer(build, batch_size=BATCH_SIZE)
    message = "x and y must give a finite loss with fresh weights, but row 42 does not"
    with pytest.raises(ValueError, match=message):
        retrainer.train(NOISE, changed(TARGETS * 0 + 1, (42, 0), -1), epochs=2, seed=0)
    with pytest.raises(
        ValueError, match="validation_data " + message.replace("and", "and validation_data", 1)
    ):
        retrainer.train(
            NOISE,
            TARGETS * 0 + 1,
            epochs=2,
            seed=0,
            validation_data=(NOISE, changed(TARGETS * 0 + 1, (42, 0), -1)),
        )


def test_two_trainings_at_once_are_refused(retrainer):
    with pytest.raises(ValueError, match="another training of this Retrainer has begun"):
        list(zip(*(retrainer.epochs(NOISE, TARGETS, epochs=3, seed=seed) for seed in (0, 1)), strict=True))
    course = retrainer.epochs(NOISE, TARGETS, epochs=3, seed=0)
    next(course)
    retrainer.train(NOISE, TARGETS, epochs=1, seed=1)
    with pytest.raises(ValueError, match="another training of this Retrainer has begun"):
        next(course)


def test_a_training_within_another_is_refused():
    inner, errors = [], []

    def build():
        return dense(keras.optimizers.SGD(0.1), own_loss)

    def own_loss(targets, outputs):
        loss = ops.mean(ops.square(targets - outputs), axis=-1)
        return tf.ensure_shape(tf.py_function(look_around, [loss], "float32"), loss.shape)

    def look_around(loss):
        if inner:
            thread = threading.Thread(target=train_again)
            thread.start()
            thread.join()
        return loss

    def train_again():
        try:
            retrainer.train(NOISE, TARGETS, epochs=1, seed=0)
        except ValueError as error:
            errors.append(str(error))

    retrainer = Retrainer(build, batch_size=50)
    retrainer.train(NOISE, TARGETS, epochs=1, seed=0)
    inner.append(True)
    retrainer.train(NOISE, TARGETS, epochs=1, seed=0)
    assert errors
    assert all("is training already, in another thread" in error for error in errors)


CHANGES = {
    "compiled": lambda model: model.compile("sgd", "mae"),
    "compiled with the same optimizer": lambda model: model.compile(model.optimizer, "mae"),
    "frozen": lambda model: setattr(model.layers[1], "trainable", False),
    "another optimizer": lambda model: setattr(model, "optimizer", keras.optimizers.SGD()),
    "the optimizer's settings": lambda model: setattr(model.optimizer, "beta_1", 0.5),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_changed_between_trainings_is_noticed(change):
    retrainer = Retrainer(dense, batch_size=BATCH_SIZE)
    retrainer.train(NOISE, TARGETS, epochs=1, seed=0)
    change(retrainer.model)
    with pytest.raises(ValueError, match="model must stay as build_model made it"):
        retrainer.epochs(NOISE, TARGETS, epochs=1, seed=0)


def test_another_schedule_is_noticed():
    decay = functools.partial(keras.optimizers.schedules.ExponentialDecay, 0.1, 10)
    retrainer = Retrainer(lambda: dense(keras.optimizers.SGD(decay(0.9))), batch_size=BATCH_SIZE)
    retrainer.model.optimizer._learning_rate = decay(0.5)
    with pytest.raises(ValueError, match="model must stay as build_model made it"):
        retrainer.epochs(NOISE, TARGETS, epochs=1, seed=0)


class Subclassed(keras.Model):
    def call(self, x):
        return x


class OwnStep(keras.Model):
    def train_step(self, data):
        return {"loss": 0.0}


class OwnTest(keras.Sequential):
    def test_step(self, data):
        return {"loss": 0.0}


def own_step():
    x = keras.Input((4,))
    return compiled(OwnStep(x, layers.Dense(1)(x)), "adam", "mse")


def own_step_of_the_instance():
    model = dense()
    model.train_step = lambda data: {"loss": 0.0}
    return model


class Unseeded(layers.Layer):
    """Draws in training what no seed of the model's reaches."""

    def __init__(self, draw):
        super().__init__()
        self.draw = draw

    def call(self, x):
        return x + self.draw(ops.shape(x))


class InitialNoise(layers.Layer):
    def build(self, shape):
        self.noise = self.add_weight(
            shape=shape[1:],
            initializer=lambda shape, dtype=None: np.random.default_rng().random(shape),
            name="noise",
        )

    def call(self, x):
        return x + self.noise


def with_layer(layer, optimizer="adam"):
    return compiled(keras.Sequential([keras.Input((4,)), layer, layers.Dense(1)]), optimizer, "mse")


MODEL, ADAM, DENSE = dense(), keras.optimizers.Adam(), layers.Dense(1)
HIDDEN = layers.Dense(1)
HIDDEN.build((None, 4))


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: "model", TypeError, "model must be a Functional or Sequential keras.Model, got str"),
        (
            MODEL,
            TypeError,
            "build_model must be a function that returns a compiled model, .* got a Functional",
        ),
        (None, TypeError, "build_model must be a function .* got a NoneType"),
        (with_layer, TypeError, "build_model must take no arguments: missing a required argument: 'layer'"),
        (Subclassed, TypeError, "model must be a Functional .*, got Subclassed"),
        (lambda: keras.Sequential([layers.Dense(1)]), ValueError, "model .* is not built yet: give it an"),
        (lambda: keras.Sequential([keras.Input((1,)), layers.Dense(1)]), ValueError, "must be compiled"),
        (lambda: MODEL, ValueError, "build_model must make its model and optimizer anew"),
        (lambda: with_layer(layers.Dense(2), ADAM), ValueError, "build_model must make .* optimizer anew"),
        (lambda: with_layer(DENSE), ValueError, "build_model must make what it trains anew .*kernel again"),
        (lambda: with_layer(DROPOUT), ValueError, "make what it trains anew .*seed_generator_state again"),
        (lambda: with_layer(InitialNoise()), ValueError, "built twice with one seed, .*noise differs"),
        (own_step, ValueError, "model must train as keras.Model does, got a train_step of its own"),
        (own_step_of_the_instance, ValueError, "got a train_step of its own"),
        (
            lambda: compiled(OwnTest([keras.Input((4,)), layers.Dense(1)]), "adam", "mse"),
            ValueError,
            "got a test_step of its own",
        ),
    ],
)
def test_models_that_cannot_be_trained(build, error, message):
    with pytest.raises(error, match=message):
        Retrainer(build, batch_size=8)


DROPOUT = layers.Dropout(0.5)


@pytest.mark.skipif(not hasattr(keras.optimizers, "ScheduleFreeAdamW"), reason="this Keras is older")
def test_optimizers_that_start_from_the_weights_are_refused():
    with pytest.raises(ValueError, match="optimizer must not start from the weights, as ScheduleFreeAdamW's"):
        Retrainer(lambda: dense(keras.optimizers.ScheduleFreeAdamW()), batch_size=8)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            lambda: Unseeded(tf.random.normal),
            "model must draw with keras.random .* tf.random's RandomStandard",
        ),
        (
            lambda: Unseeded(keras.random.normal),
            "model must own the variables it uses, .*seed_generator_state",
        ),
        (lambda: layers.Lambda(lambda x: HIDDEN(x)), "model must own the variables it uses, .*(kernel|bias)"),
    ],
    ids=["tf.random", "keras.random without a generator", "layer in a Lambda"],
)
def test_what_would_not_start_anew_is_refused(layer, message):
    retrainer = Retrainer(lambda: with_layer(layer()), batch_size=BATCH_SIZE)
    with pytest.raises(ValueError, match=message):
        retrainer.epochs(NOISE, TARGETS, epochs=1, seed=0)


@pytest.mark.parametrize("batch_size", [0, None])
def test_bad_batch_sizes_are_refused(batch_size):
    with pytest.raises((ValueError, TypeError), match="batch_size must be"):
        Retrainer(dense, batch_size=batch_size)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_is_told_what_is_needed(backend):
    pytest.importorskip(backend)
    done = subprocess.run(
        [sys.executable, "-c", "import helpers.training"],
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert done.stderr.splitlines()[-1] == (
        f"ImportError: helpers.training needs Keras on TensorFlow, not on {backend}: set the environment "
        "variable KERAS_BACKEND to tensorflow before keras is first imported"
    )
