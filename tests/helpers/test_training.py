"""A Retrainer's trainings are those of `model.fit`, however often and in whatever order they come."""

import random

import keras
import numpy as np
import pytest
from keras import layers

from helpers.training import EPOCHS_A_CALL, Retrainer, train_step

RANDOM = np.random.default_rng(0)
# 50 samples in batches of 16: three whole ones, and a rest of 2. For validation 16 and a rest of 5.
NOISE = RANDOM.standard_normal((50, 4)).astype("float32")
TARGETS = (NOISE[:, 1:2] > 0).astype("float32")
SEQUENCES = RANDOM.standard_normal((50, 4, 2)).astype("float32")
TOKENS = RANDOM.integers(0, 6, (50, 4))
BATCH_SIZE = 16


def compiled(model, optimizer, loss):
    model.compile(optimizer=optimizer, loss=loss)
    return model


def dense(optimizer="adam", loss="binary_crossentropy", **options):
    """Attention as in chapter 1, small."""
    x = keras.Input((4,))
    weights = layers.Dense(4, activation="softmax", **options)(x)
    context = layers.Multiply()([x, weights])
    return compiled(keras.Model(x, layers.Dense(1, activation="sigmoid")(context)), optimizer, loss)


def recurrent():
    model = keras.Sequential([keras.Input((4, 2)), layers.LSTM(3), layers.Dense(1)])
    return compiled(model, keras.optimizers.SGD(0.1, momentum=0.9), "mse")


def embedded():
    # The padding 0 is masked, at every step: the loss then depends on what shares a batch.
    x = keras.Input((4,), dtype="int32")
    vectors = layers.Embedding(6, 3, mask_zero=True)(x)
    steps = layers.LSTM(3, return_sequences=True)(vectors)
    return compiled(
        keras.Model(x, layers.Dense(6, activation="softmax")(steps)),
        "adam",
        "sparse_categorical_crossentropy",
    )


def two_inputs():
    # The names are in another order than the inputs: a sorted dict would swap them.
    return [keras.Input((4,), name="beta"), keras.Input((4,), name="alpha")]


def several_inputs():
    inputs = two_inputs()
    gap = layers.Subtract()([layers.Dense(3)(x) for x in inputs])
    return compiled(keras.Model(inputs, layers.Dense(1)(gap)), "rmsprop", "mse")


def several_inputs_and_outputs():
    first, second = two_inputs()
    outputs = [layers.Dense(1)(first), layers.Dense(1, activation="sigmoid")(second)]
    return compiled(keras.Model([first, second], outputs), "adam", ["mse", "binary_crossentropy"])


def batch_normalized():
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(5), layers.BatchNormalization(), layers.Dense(1)]
    )
    return compiled(model, keras.optimizers.SGD(0.1), "mse")


def summed_loss_and_own_layers():
    """What Keras cannot look up by name, and a loss that depends on the size of a batch."""

    class Doubled(layers.Dense):
        def call(self, x):
            return 2 * super().call(x)

    def squares(targets, predictions):
        return keras.ops.sum(keras.ops.square(targets - predictions))

    inner = keras.Sequential([keras.Input((4,)), Doubled(3)])
    model = keras.Sequential([keras.Input((4,)), inner, layers.Lambda(lambda x: x + 1), layers.Dense(1)])
    return compiled(model, keras.optimizers.SGD(0.001), squares)


def clipped_and_scheduled():
    schedule = keras.optimizers.schedules.ExponentialDecay(1.0, decay_steps=2, decay_rate=0.5)
    return dense(keras.optimizers.SGD(schedule, clipnorm=0.05))


def scaled_loss():
    return dense(keras.optimizers.SGD(0.1, loss_scale_factor=8.0))


def own_functions():
    """A schedule, an activation and a regularizer that Keras does not know by name."""

    class Harmonic(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.1 / (1 + keras.ops.cast(step, "float32"))

        def get_config(self):
            return {}

    class Squares(keras.regularizers.Regularizer):
        def __call__(self, weights):
            return keras.ops.sum(weights**2)

        def get_config(self):
            return {}

    def halved(x):
        return x / 2

    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(3, lambda x: x / 3),
            layers.Lambda(halved),
            layers.Dense(1, halved, kernel_regularizer=Squares()),
        ]
    )
    return compiled(model, keras.optimizers.SGD(Harmonic()), "mse")


def in_a_list():
    model = dense()
    return compiled(keras.Model(model.inputs, model.outputs), "adam", "binary_crossentropy")


def averaged():
    return dense(keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.9))


def regularized():
    return dense(kernel_regularizer="l2", activity_regularizer="l1")


def head(data, count):
    return keras.tree.map_structure(lambda array: array[:count], data)


# Model, data, and how many samples to validate on. XLA compiles the rest of an epoch on its own, so
# the slow recurrent cases have none.
CASES = {
    "dense": (dense, NOISE, TARGETS, 21),
    "recurrent": (recurrent, SEQUENCES[:32], TARGETS[:32], 16),
    "embedded": (embedded, TOKENS[:32], TOKENS[:32], 32),
    "several inputs": (several_inputs, {"alpha": NOISE, "beta": NOISE[::-1]}, TARGETS, 21),
    "several outputs": (several_inputs_and_outputs, [NOISE, NOISE[::-1]], [TARGETS, 1 - TARGETS], 21),
    "regularized": (regularized, NOISE, TARGETS, 21),
    "batch normalized": (batch_normalized, NOISE, TARGETS, 21),
    "clipped and scheduled": (clipped_and_scheduled, NOISE, TARGETS, 7),
    "scaled loss": (scaled_loss, NOISE, TARGETS, 21),
    "own functions": (own_functions, NOISE, TARGETS, 21),
    "in a list of one": (in_a_list, [NOISE], TARGETS, 21),
    "summed loss, own layers": (summed_loss_and_own_layers, NOISE, TARGETS, 21),
}


def built_after(seed, build):
    keras.utils.set_random_seed(seed)
    return build()


@pytest.mark.parametrize("case", CASES)
def test_losses_are_those_of_fit(case):
    build, x, y, count = CASES[case]
    validation_data = head((x, y), count)
    expected = built_after(3, build).fit(
        x, y, batch_size=BATCH_SIZE, epochs=3, shuffle=False, validation_data=validation_data, verbose=0
    )
    # Another seed at first, so that the Retrainer has to draw the weights itself.
    retrainer = Retrainer(built_after(4, build), batch_size=BATCH_SIZE)
    history = retrainer.train(x, y, epochs=3, seed=3, validation_data=validation_data)
    assert list(history) == ["loss", "val_loss"]
    for name, losses in history.items():
        np.testing.assert_allclose(losses, expected.history[name], rtol=1e-4)
    # Learning shows, or a training that does nothing would pass.
    assert history["loss"][-1] != history["loss"][0]


def test_step_is_that_of_keras_and_returns_the_loss_before_it():
    ours, theirs = built_after(7, dense), built_after(7, dense)
    for _ in range(3):
        before = theirs.evaluate(NOISE, TARGETS, batch_size=50, verbose=0)
        assert float(train_step(ours, NOISE, TARGETS)) == pytest.approx(before, rel=1e-5)
        theirs.train_on_batch(NOISE, TARGETS)
    for got, wanted in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-6)


@pytest.fixture(scope="module")
def retrainer():
    return Retrainer(dense(), batch_size=BATCH_SIZE)


def losses(retrainer, epochs=3, seed=0):
    return retrainer.train(NOISE, TARGETS, epochs=epochs, seed=seed)["loss"]


def test_losses_without_validation_data_are_those_of_fit(retrainer):
    expected = built_after(5, dense).fit(
        NOISE, TARGETS, batch_size=BATCH_SIZE, epochs=2, shuffle=False, verbose=0
    )
    history = retrainer.train(NOISE, TARGETS, epochs=2, seed=5)
    assert list(history) == ["loss"]
    np.testing.assert_allclose(history["loss"], expected.history["loss"], rtol=1e-4)


@pytest.mark.parametrize("count", [7, 16])
def test_data_of_one_batch_or_less(count):
    x, y = head((NOISE, TARGETS), count)
    expected = built_after(1, dense).fit(x, y, batch_size=BATCH_SIZE, epochs=2, shuffle=False, verbose=0)
    history = Retrainer(dense(), batch_size=BATCH_SIZE).train(x, y, epochs=2, seed=1)
    np.testing.assert_allclose(history["loss"], expected.history["loss"], rtol=1e-4)


@pytest.mark.parametrize("build", [dense, averaged])
def test_model_is_left_trained(build):
    expected = built_after(6, build)
    expected.fit(NOISE, TARGETS, batch_size=BATCH_SIZE, epochs=2, shuffle=False, verbose=0)
    retrainer = Retrainer(build(), batch_size=BATCH_SIZE)
    for train in (retrainer.train, lambda *data, **options: list(retrainer.epochs(*data, **options))):
        train(NOISE, TARGETS, epochs=2, seed=6)
        for got, wanted in zip(retrainer.model.get_weights(), expected.get_weights(), strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-5)


def test_integers_of_numpy_will_do(retrainer):
    assert losses(retrainer, epochs=np.int64(2), seed=np.uint8(6)) == losses(retrainer, epochs=2, seed=6)


@pytest.mark.parametrize("build", [dense, recurrent, summed_loss_and_own_layers])
def test_weights_are_drawn_as_if_built_anew(build):
    drawing = Retrainer(built_after(8, build), batch_size=BATCH_SIZE)
    drawing._reset(9)
    for got, wanted in zip(drawing.model.get_weights(), built_after(9, build).get_weights(), strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_same_seed_same_losses_and_other_seed_others(retrainer):
    first, other, again = (losses(retrainer, seed=seed) for seed in (1, 2, 1))
    assert first == again
    assert not np.isclose(first, other, rtol=1e-3).any()


def test_optimizer_starts_anew_at_every_training():
    # With Nadam, whose state starts at ones too; and after a fit, which must not leak in either.
    model = dense("nadam")
    model.fit(NOISE, TARGETS, epochs=2, verbose=0)
    retrainer = Retrainer(model, batch_size=BATCH_SIZE)
    assert losses(retrainer) == losses(retrainer)
    expected = built_after(0, lambda: dense("nadam")).fit(
        NOISE, TARGETS, batch_size=BATCH_SIZE, epochs=3, shuffle=False, verbose=0
    )
    np.testing.assert_allclose(losses(retrainer), expected.history["loss"], rtol=1e-4)


def test_batch_statistics_start_anew_at_every_training():
    retrainer = Retrainer(batch_normalized(), batch_size=BATCH_SIZE)
    first, again = (
        retrainer.train(NOISE, TARGETS, epochs=1, seed=0, validation_data=(NOISE, TARGETS)) for _ in range(2)
    )
    assert first == again


def test_learning_rate_may_change_between_trainings():
    retrainer = Retrainer(dense(keras.optimizers.SGD(0.01)), batch_size=BATCH_SIZE)
    slow = losses(retrainer)
    retrainer.model.optimizer.learning_rate = 0.5
    assert losses(retrainer) == pytest.approx(
        losses(Retrainer(dense(keras.optimizers.SGD(0.5)), batch_size=BATCH_SIZE)), rel=1e-6
    )
    retrainer.model.optimizer.learning_rate = 0.01
    assert losses(retrainer) == slow


def test_dropout_is_drawn_from_the_seed():
    model = keras.Sequential([keras.Input((4,)), layers.Dropout(0.5), layers.Dense(1)])
    retrainer = Retrainer(compiled(model, keras.optimizers.SGD(0.0), "mse"), batch_size=BATCH_SIZE)
    first, again = losses(retrainer), losses(retrainer)
    assert first == again
    # With nothing learned only what is dropped can differ.
    assert len(set(first)) == len(first)


def test_global_random_state_is_left_alone(retrainer):
    def state():
        return random.getstate(), np.random.get_state()[1].tolist()

    before = state()
    losses(retrainer, seed=12345)
    assert state() == before


def test_epochs_reports_as_it_goes(retrainer):
    reports = retrainer.epochs(NOISE, TARGETS, epochs=3, seed=2)
    first = next(reports)
    after_one_epoch = retrainer.model.get_weights()
    rest = list(reports)
    assert [first["loss"], *(logs["loss"] for logs in rest)] == losses(retrainer, seed=2)
    assert all(type(logs["loss"]) is float for logs in rest)
    list(retrainer.epochs(NOISE, TARGETS, epochs=1, seed=2))
    for got, wanted in zip(retrainer.model.get_weights(), after_one_epoch, strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_leaving_the_loop_stops_the_training(retrainer):
    expected = losses(retrainer, epochs=5, seed=3)
    for count, _ in enumerate(retrainer.epochs(NOISE, TARGETS, epochs=5, seed=3), start=1):
        if count == 2:
            break
    stopped = retrainer.model.get_weights()
    losses(retrainer, epochs=2, seed=3)
    for got, wanted in zip(stopped, retrainer.model.get_weights(), strict=True):
        np.testing.assert_array_equal(got, wanted)
    assert losses(retrainer, epochs=5, seed=3) == expected


def interrupt(retrainer):
    for _ in retrainer.epochs(NOISE, TARGETS, epochs=5, seed=1):
        raise KeyboardInterrupt


def test_training_after_an_interrupted_one_is_right(retrainer):
    expected = losses(retrainer)
    with pytest.raises(KeyboardInterrupt):
        interrupt(retrainer)
    assert losses(retrainer) == expected


def test_epoch_is_traced_once_over_many_trainings():
    traces = []

    def counting_loss(targets, predictions):
        traces.append("Python runs this while tracing, and never after")
        return keras.losses.binary_crossentropy(targets, predictions)

    retrainer = Retrainer(dense(loss=counting_loss), batch_size=BATCH_SIZE)
    losses(retrainer)
    after_the_first = len(traces)
    assert after_the_first
    for seed in range(5):
        retrainer.model.optimizer.learning_rate = 0.1 * seed
        retrainer.train(NOISE[::-1], TARGETS, epochs=seed + 1, seed=seed)
    assert len(traces) == after_the_first
    assert retrainer._compiled_epochs.experimental_get_tracing_count() == 1


def test_more_epochs_than_one_call_takes(retrainer):
    """What the loop between the calls keeps: every loss, and where the training had come to."""
    long = retrainer.train(NOISE, TARGETS, epochs=EPOCHS_A_CALL + 1, seed=0)["loss"]
    one_by_one = [logs["loss"] for logs in retrainer.epochs(NOISE, TARGETS, epochs=EPOCHS_A_CALL + 1, seed=0)]
    assert long == pytest.approx(one_by_one)
    assert len(long) == EPOCHS_A_CALL + 1


def test_many_retrainers_in_one_notebook_do_not_make_tensorflow_warn(caplog):
    for _ in range(6):
        Retrainer(dense(), batch_size=BATCH_SIZE).train(NOISE[:16], TARGETS[:16], epochs=1, seed=0)
    assert "retracing" not in caplog.text


@pytest.mark.parametrize(
    "data", [(NOISE[:40], TARGETS[:40]), (NOISE, TARGETS[:, 0])], ids=["fewer samples", "other targets"]
)
def test_another_shape_says_how_to_build_anew(retrainer, data):
    losses(retrainer)
    with pytest.raises(ValueError, match=r"x and y must have the shapes .*\(50, 4\).*Retrainer\(model"):
        retrainer.train(*data, epochs=1, seed=0)


def test_data_that_failed_binds_nobody():
    # Several outputs, as Keras then makes variables of its own at the first loss.
    build, x, y, _ = CASES["several outputs"]
    retrainer = Retrainer(build(), batch_size=BATCH_SIZE)
    with pytest.raises(ValueError, match=r"^y does not fit what the model puts out: .*same shape"):
        retrainer.epochs(x, [TARGETS, np.zeros((50, 3))], epochs=1, seed=0)
    assert retrainer.train(x, y, epochs=1, seed=0)


WITH_NAN = np.where(NOISE > 2, np.nan, NOISE)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs must be at least 1, got 0"),
        ({"epochs": 1.5}, TypeError, "epochs must be an integer, got 1.5"),
        ({"seed": -1}, ValueError, "seed must be from 0 to 4294967295, got -1"),
        ({"seed": "x"}, TypeError, "seed must be an integer, got 'x'"),
        ({"x": WITH_NAN}, ValueError, "x must be finite, got"),
        ({"y": TARGETS - np.inf}, ValueError, "y must be finite, got 50"),
        ({"x": NOISE[:, :3]}, ValueError, r"x must have shape \(None, 4\), got \(50, 3\)"),
        ({"x": "noise"}, TypeError, "x must be an array of numbers, got str"),
        ({"y": TARGETS[:49]}, ValueError, r"x and y must have equal numbers of samples, got \[49, 50\]"),
        ({"validation_data": NOISE}, TypeError, r"validation_data must be a pair \(x, y\), got a ndarray"),
        (
            {"validation_data": (NOISE,)},
            ValueError,
            r"validation_data must be a pair \(x, y\), got a tuple of 1",
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


class Subclassed(keras.Model):
    def call(self, x):
        return x


@pytest.mark.parametrize(
    ("make", "batch_size", "error", "message"),
    [
        (dense, 0, ValueError, "batch_size must be at least 1, got 0"),
        (dense, None, TypeError, "batch_size must be an integer, got None"),
        (lambda: "model", 8, TypeError, "model must be a Functional or Sequential keras.Model, got str"),
        (Subclassed, 8, TypeError, "model must be a Functional .*, got Subclassed"),
        (lambda: keras.Sequential([layers.Dense(1)]), 8, ValueError, "model .* is not built yet: give it an"),
        (lambda: keras.Sequential([keras.Input((1,)), layers.Dense(1)]), 8, ValueError, "must be compiled"),
    ],
)
def test_models_that_cannot_be_trained(make, batch_size, error, message):
    with pytest.raises(error, match=message):
        Retrainer(make(), batch_size=batch_size)
