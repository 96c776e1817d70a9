"""A Retrainer's trainings are those of `model.fit`, however often and in whatever order they come."""

import random

import keras
import numpy as np
import pytest
from keras import layers

from helpers.fresh import Start
from helpers.training import EPOCHS_A_CALL, Retrainer, train_step
from tests.helpers.trained_models import (
    BATCH_SIZE,
    CASES,
    NOISE,
    OUTSIDE,
    SEQUENCES,
    TARGETS,
    TOKENS,
    averaged,
    batch_normalized,
    built_after,
    compiled,
    dense,
    head,
    pretrained,
    transformer_with_dropout,
)


@pytest.mark.parametrize("case", CASES)
def test_losses_are_those_of_fit(case):
    build, x, y, count = CASES[case]
    validation_data = head((x, y), count)
    expected = built_after(3, build).fit(
        x, y, batch_size=BATCH_SIZE, epochs=3, shuffle=False, validation_data=validation_data, verbose=0
    )
    retrainer = Retrainer(build, batch_size=BATCH_SIZE)
    # Twice: what the first training leaves must not show in the second.
    for epochs in (1, 3):
        history = retrainer.train(x, y, epochs=epochs, seed=3, validation_data=validation_data)
    assert list(history) == ["loss", "val_loss"]
    for name, losses in history.items():
        np.testing.assert_allclose(losses, expected.history[name], rtol=1e-4)
    # Learning shows, or a training that does nothing would pass.
    assert case == "frozen" or history["loss"][-1] != history["loss"][0]


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
    return Retrainer(dense, batch_size=BATCH_SIZE)


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
    history = Retrainer(dense, batch_size=BATCH_SIZE).train(x, y, epochs=2, seed=1)
    np.testing.assert_allclose(history["loss"], expected.history["loss"], rtol=1e-4)


@pytest.mark.parametrize("build", [dense, averaged])
def test_model_is_left_trained(build):
    expected = built_after(6, build)
    expected.fit(NOISE, TARGETS, batch_size=BATCH_SIZE, epochs=2, shuffle=False, verbose=0)
    retrainer = Retrainer(build, batch_size=BATCH_SIZE)
    for train in (retrainer.train, lambda *data, **options: list(retrainer.epochs(*data, **options))):
        train(NOISE, TARGETS, epochs=2, seed=6)
        for got, wanted in zip(retrainer.model.get_weights(), expected.get_weights(), strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-5)


def test_integers_of_numpy_will_do(retrainer):
    assert losses(retrainer, epochs=np.int64(2), seed=np.uint8(6)) == losses(retrainer, epochs=2, seed=6)


@pytest.mark.parametrize("case", CASES)
def test_weights_are_drawn_as_if_built_anew(case):
    start = Start(CASES[case][0])
    start.reset(9)
    anew = built_after(9, CASES[case][0])
    for got, wanted in zip(start.model.variables, anew.variables, strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_same_seed_same_losses_and_other_seed_others(retrainer):
    first, other, again = (losses(retrainer, seed=seed) for seed in (1, 2, 1))
    assert first == again
    assert not np.isclose(first, other, rtol=1e-3).any()


def test_optimizer_starts_anew_at_every_training():
    # With Nadam, whose state starts at ones too; and after a fit, which must not leak in either.
    retrainer = Retrainer(lambda: dense("nadam"), batch_size=BATCH_SIZE)
    retrainer.model.fit(NOISE, TARGETS, epochs=2, verbose=0)
    assert losses(retrainer) == losses(retrainer)
    expected = built_after(0, lambda: dense("nadam")).fit(
        NOISE, TARGETS, batch_size=BATCH_SIZE, epochs=3, shuffle=False, verbose=0
    )
    np.testing.assert_allclose(losses(retrainer), expected.history["loss"], rtol=1e-4)


def test_batch_statistics_start_anew_at_every_training():
    retrainer = Retrainer(batch_normalized, batch_size=BATCH_SIZE)
    first, again = (
        retrainer.train(NOISE, TARGETS, epochs=1, seed=0, validation_data=(NOISE, TARGETS)) for _ in range(2)
    )
    assert first == again


def test_learning_rate_may_change_between_trainings():
    retrainer = Retrainer(lambda: dense(keras.optimizers.SGD(0.01)), batch_size=BATCH_SIZE)
    slow = losses(retrainer)
    retrainer.model.optimizer.learning_rate = 0.5
    assert losses(retrainer) == pytest.approx(
        losses(Retrainer(lambda: dense(keras.optimizers.SGD(0.5)), batch_size=BATCH_SIZE)), rel=1e-6
    )
    retrainer.model.optimizer.learning_rate = 0.01
    assert losses(retrainer) == slow


def test_numbers_drawn_in_training_follow_the_seed():
    retrainer = Retrainer(transformer_with_dropout, batch_size=BATCH_SIZE)
    first, other, again = (
        retrainer.train(SEQUENCES, TARGETS, epochs=2, seed=seed)["loss"] for seed in (0, 1, 0)
    )
    assert first == again
    assert not np.isclose(first, other, rtol=1e-3).any()


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


@pytest.mark.parametrize("build", [dense, averaged])
def test_a_loop_that_is_left_leaves_the_model_as_fit_of_so_many_epochs(build):
    retrainer = Retrainer(build, batch_size=BATCH_SIZE)
    whole = losses(retrainer, epochs=5, seed=3)
    course = retrainer.epochs(NOISE, TARGETS, epochs=5, seed=3)
    for count, _ in enumerate(course, start=1):
        if count == 2:
            break
    # `course` is kept, as in a notebook: nothing tells it that nobody will go on.
    expected = built_after(3, build)
    expected.fit(NOISE, TARGETS, batch_size=BATCH_SIZE, epochs=2, shuffle=False, verbose=0)
    for got, wanted in zip(retrainer.model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-6)
    assert [logs["loss"] for logs in course] == pytest.approx(whole[2:], rel=1e-6)


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

    retrainer = Retrainer(lambda: dense(loss=counting_loss), batch_size=BATCH_SIZE)
    losses(retrainer)
    after_the_first = len(traces)
    assert after_the_first
    for seed in range(5):
        retrainer.model.optimizer.learning_rate = 0.1 * seed
        retrainer.train(NOISE[::-1], TARGETS, epochs=seed + 1, seed=seed)
    assert len(traces) == after_the_first


def test_more_epochs_than_one_call_takes(retrainer):
    """What the loop between the calls keeps: every loss, and where the training had come to."""
    long = retrainer.train(NOISE, TARGETS, epochs=EPOCHS_A_CALL + 1, seed=0)["loss"]
    one_by_one = [logs["loss"] for logs in retrainer.epochs(NOISE, TARGETS, epochs=EPOCHS_A_CALL + 1, seed=0)]
    assert long == pytest.approx(one_by_one)
    assert len(long) == EPOCHS_A_CALL + 1


def test_many_retrainers_in_one_notebook_do_not_make_tensorflow_warn(caplog):
    for _ in range(6):
        Retrainer(dense, batch_size=BATCH_SIZE).train(NOISE[:16], TARGETS[:16], epochs=1, seed=0)
    assert "retracing" not in caplog.text


@pytest.mark.parametrize(
    "data", [(NOISE[:40], TARGETS[:40]), (NOISE, TARGETS[:, 0])], ids=["fewer samples", "other targets"]
)
def test_another_shape_says_how_to_build_anew(retrainer, data):
    losses(retrainer)
    with pytest.raises(ValueError, match=r"x and y must have the shapes .*\(50, 4\).*Retrainer\(build_model"):
        retrainer.train(*data, epochs=1, seed=0)


def test_data_that_failed_binds_nobody():
    # Several outputs, as Keras then makes variables of its own at the first loss.
    build, x, y, _ = CASES["several outputs"]
    retrainer = Retrainer(build, batch_size=BATCH_SIZE)
    with pytest.raises(ValueError, match=r"^y does not fit what the model puts out: .*same shape"):
        retrainer.epochs(x, [TARGETS, np.zeros((50, 3))], epochs=1, seed=0)
    assert retrainer.train(x, y, epochs=1, seed=0)


def test_what_comes_from_outside_and_is_not_trained_is_left_alone():
    before = [np.array(variable) for variable in OUTSIDE.variables]
    retrainer = Retrainer(pretrained, batch_size=BATCH_SIZE)
    for seed in (0, 1):
        retrainer.train(TOKENS, TARGETS, epochs=1, seed=seed)
    for variable, value in zip(OUTSIDE.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)
    np.testing.assert_array_equal(
        retrainer.model.get_layer("embedding").get_weights()[0], np.arange(18.0).reshape(6, 3)
    )


def test_a_diverging_training_is_that_of_fit_too():
    def build():
        model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
        return compiled(model, keras.optimizers.SGD(1e6), "mse")

    expected = built_after(0, build).fit(
        NOISE, TARGETS, batch_size=BATCH_SIZE, epochs=4, shuffle=False, verbose=0
    )
    history = Retrainer(build, batch_size=BATCH_SIZE).train(NOISE, TARGETS, epochs=4, seed=0)
    np.testing.assert_array_equal(np.isfinite(history["loss"]), np.isfinite(expected.history["loss"]))
    assert not np.isfinite(history["loss"][-1])
