"""The labs of chapters 6 and 8 in a real Chromium, and their models beside Keras'."""

import re

import numpy as np
import pytest
import watched_labs
from playwright.sync_api import Locator, expect
from test_labs_keras import dense_model, make_data
from watched_labs import (
    as_weights,
    assert_close,
    assert_reads_well,
    defaults,
    first_report,
    marked,
    named_weights,
    numbers,
    run_harness,
    the_lab,
    verdict,
)

browser, folder, site, watched = (
    watched_labs.browser,
    watched_labs.folder,
    watched_labs.site,
    watched_labs.watched,
)

SCORES = ("dot", "general", "additive")


# ---- Chapter 6's model is that of Keras -------------------------------------------------------------


def seq2seq_model(score: str):
    """A bidirectional encoder, a decoder that starts from its end, attention after the decoder's LSTM."""
    import keras
    from keras import layers, ops

    class Attention(layers.Layer):
        def build(self, query_shape, states_shape):
            names = {"dot": {}, "general": {"W": 2}, "additive": {"W_q": 2, "W_k": 2, "v": 1}}[score]
            self.w = {name: self.add_weight(shape=[32] * rank, name=name) for name, rank in names.items()}

        def call(self, query, states):
            if score == "additive":
                pairs = ops.expand_dims(query @ self.w["W_q"], 2) + ops.expand_dims(states @ self.w["W_k"], 1)
                scores = ops.sum(ops.tanh(pairs) * self.w["v"], axis=-1)
            else:
                query = query @ self.w["W"] if score == "general" else query
                scores = query @ ops.swapaxes(states, 1, 2)
            return ops.softmax(scores) @ states

    tokens, previous = keras.Input((None,)), keras.Input((None,))
    options = {"return_sequences": True, "return_state": True}
    embedded = layers.Embedding(13, 16, name="inputs")(tokens)
    forward, h, c = layers.LSTM(16, **options, name="forward")(embedded)
    backward, h_back, c_back = layers.LSTM(16, **options, go_backwards=True, name="backward")(embedded)
    states = layers.Concatenate()([forward, ops.flip(backward, axis=1)])
    start = [layers.Concatenate()(pair) for pair in ([h, h_back], [c, c_back])]
    embedded = layers.Embedding(13, 16, name="outputs")(previous)
    query = layers.LSTM(32, return_sequences=True, name="decoder")(embedded, initial_state=start)
    context = Attention(name="attention")(query, states)
    logits = layers.Dense(13, name="output")(layers.Concatenate()([context, query]))
    model = keras.Model([tokens, previous], logits)
    return model


def make_sequences(num_samples: int, length: int):
    """Every second symbol, backwards: x, what the decoder has before it, y."""
    x = np.random.default_rng(0).integers(3, 13, (num_samples, length))
    y = x[:, ::-2]
    return x, np.concatenate([np.ones_like(y[:, :1]), y[:, :-1]], axis=1), y


def make_job(model, x, y, **job) -> dict:
    return {
        "model": "seq2seq",
        "shape": [x.shape[1]],
        "targets": y.shape[1],
        "epochs": 1,
        "data": {"x": x.ravel().tolist(), "y": y.ravel().tolist()},
        "weights": named_weights(model),
        **job,
    }


@pytest.mark.parametrize("score", SCORES)
def test_gradients_of_chapter_6_are_those_of_keras(watched, score):
    import keras
    import tensorflow as tf

    model = seq2seq_model(score)
    generator = np.random.default_rng(0)
    model.set_weights([w + 0.3 * generator.standard_normal(w.shape) for w in model.get_weights()])
    x, previous, y = make_sequences(16, 7)
    with tf.GradientTape() as tape:
        losses = keras.losses.sparse_categorical_crossentropy(y, model([x, previous]), from_logits=True)
        value = tf.reduce_mean(losses)
    gradients = tape.gradient(value, [variable.value for variable in model.trainable_variables])
    expected = named_weights(model, [tf.convert_to_tensor(gradient) for gradient in gradients])

    result = run_harness(watched, make_job(model, x, y, score=score, batchSize=16, learningRate=0, steps=1))
    assert result["losses"] == [pytest.approx(float(value), rel=1e-5)]
    for layer, weights in expected.items():
        for name, values in weights.items():
            largest = np.abs(values).max()
            assert largest > 1e-4
            found = result["gradients"][layer][name]
            np.testing.assert_allclose(found, values, atol=1e-4 * largest, err_msg=f"{layer} {name}")


@pytest.mark.parametrize("score", SCORES)
def test_the_first_fifty_steps_of_chapter_6_are_those_of_keras(watched, score):
    import keras

    keras.utils.set_random_seed(0)
    model = seq2seq_model(score)
    x, previous, y = make_sequences(50 * 64, 8)
    job = make_job(model, x, y, score=score, batchSize=64, learningRate=0.001)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.001), loss)
    losses = []
    for start in range(0, len(x), 64):
        model.reset_metrics()
        batch = slice(start, start + 64)
        losses.append(float(model.train_on_batch([x[batch], previous[batch]], y[batch])))
    result = run_harness(watched, job)
    np.testing.assert_allclose(result["losses"], losses, rtol=1e-3)
    assert_close(result["weights"], named_weights(model), atol=1e-2)
    assert losses[-1] < losses[0] - 0.05, "it has learned something in the meantime"


# ---- Chapter 6's lab --------------------------------------------------------------------------------

ALIGNMENTS = {
    "reverse": lambda length: list(range(length))[::-1],
    "copy": lambda length: list(range(length)),
    "shift": lambda length: [(i + 1) % length for i in range(length)],
    "every_second": lambda length: list(range(0, length, 2)),
}


def says_found(lab: Locator, task: str, length: int) -> None:
    """The verdict, the table and the outlines agree that all answers are found."""
    alignment = ALIGNMENTS[task](length)
    steps = len(alignment)
    assert verdict(lab) == (
        f"Heatmap of {steps} by {length} weights, output step by input step. "
        f"Answers found, as the largest weights of their output step: {steps} of {steps}."
    )
    expect(lab.locator(".lab-verdict")).to_have_attribute("data-found", "true")
    rows = numbers(lab)
    weights = as_weights(rows) if steps >= length else as_weights(rows).T
    assert weights.shape == (steps, length)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=0.01)
    assert weights.argmax(axis=1).tolist() == alignment
    assert marked(lab) == [i * length + input_step for i, input_step in enumerate(alignment)]


def test_seq2seq_lab_finds_the_alignment_at_its_defaults(watched):
    lab = the_lab(watched.open("seq2seq.html"))
    says_found(lab, "reverse", 8)
    expect(lab.locator(".lab-metrics")).to_have_text(re.compile(r"Held-out accuracy (0\.9\d|1\.00)"))


@pytest.mark.parametrize(
    ("task", "score"),
    [("copy", "dot"), ("shift", "additive"), ("every_second", "general"), ("reverse", "dot")],
)
def test_seq2seq_lab_finds_the_alignment_of_every_task_and_with_every_score(watched, task, score):
    lab = the_lab(watched.open(f"seq2seq.html#seq2seq?task={task}&score={score}&length=7"))
    says_found(lab, task, 7)


def test_seq2seq_lab_at_both_ends_of_each_slider(watched):
    lab = the_lab(watched.open("seq2seq.html#seq2seq?score=dot&length=4"))
    verdict(lab)
    for label, low, high in (("length", 4, 12), ("epochs", 1, 20), ("seed", 0, 9)):
        slider = lab.get_by_role("slider", name=label)
        before = slider.input_value()
        for key, value in (("Home", low), ("End", high)):
            slider.press(key)
            words = verdict(lab)
            assert slider.input_value() == str(value)
            length = value if label == "length" else 4
            assert words.startswith(f"Heatmap of {length} by {length} weights, output step by input step. ")
            epochs = value if label == "epochs" else 5
            expect(lab.locator(".lab-progress-text")).to_have_text(
                re.compile(rf"{epochs} epochs? in \d+\.\d s")
            )
            if (label, key) != ("epochs", "Home"):
                says_found(lab, "reverse", length)
        slider.fill(before)


def test_seq2seq_lab_dragged_by_the_mouse_ends_on_the_last_value(watched):
    page = watched.open("seq2seq.html#seq2seq?length=4")
    lab = the_lab(page)
    verdict(lab)
    slider = lab.get_by_role("slider", name="length")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
    page.mouse.down()
    for share in np.linspace(0, 0.5, 20):
        page.mouse.move(box["x"] + 8 + share * (box["width"] - 16), box["y"] + box["height"] / 2)
        page.wait_for_timeout(10)
    page.mouse.up()
    length = int(slider.input_value())
    assert 7 <= length <= 9
    says_found(lab, "reverse", length)


# ---- Chapter 8's lab --------------------------------------------------------------------------------


def test_gradient_descent_is_that_of_keras(watched):
    import keras

    keras.utils.set_random_seed(0)
    model = dense_model(32)
    x, y = make_data(50 * 64, (32,))
    job = {
        "model": "dense",
        "shape": [32],
        "sgd": True,
        "batchSize": 64,
        "epochs": 1,
        "learningRate": 0.3,
        "data": {"x": x.ravel().tolist(), "y": y.ravel().tolist()},
        "weights": named_weights(model),
    }
    model.compile(keras.optimizers.SGD(0.3), "binary_crossentropy")
    losses = []
    for start in range(0, len(x), 64):
        model.reset_metrics()
        losses.append(float(model.train_on_batch(x[start : start + 64], y[start : start + 64])))
    result = run_harness(watched, job)
    np.testing.assert_allclose(result["losses"], losses, rtol=1e-3)
    assert_close(result["weights"], named_weights(model), atol=1e-3)


def losses_and_weights(lab: Locator) -> tuple[np.ndarray, np.ndarray]:
    """The table's halves, each with a column a training."""
    rows = numbers(lab)
    losses = [row for row in rows if row[0].startswith("loss, epoch")]
    weights = [row for row in rows if row[0].startswith("weight, column")]
    assert len(losses) + len(weights) == len(rows)
    assert weights[1][0] == "weight, column 1 (answer)"
    return as_weights(losses), as_weights(weights)


def points(lab: Locator) -> list[list[list[float]]]:
    """The corners of each curve in the chart, which is 1 wide and 1 high, from above."""
    drawn = lab.locator("polyline.lab-loss-line").evaluate_all(
        "lines => lines.map(line => line.getAttribute('points'))"
    )
    return [[[float(value) for value in point.split(",")] for point in line.split()] for line in drawn]


def test_workers_lab_shows_two_trainings_at_its_defaults(watched):
    lab = the_lab(watched.open("workers.html"))
    assert re.fullmatch(
        r"1 worker: loss 0\.0\d after 10 epochs, found\. 4 workers: loss 0\.0\d after 10 epochs, found\.",
        verdict(lab),
    )
    losses, weights = losses_and_weights(lab)
    assert losses.shape == (10, 2)
    assert weights.shape == (32, 2)
    assert (losses[-1] < 0.1).all()
    assert (weights.argmax(axis=0) == 1).all()
    np.testing.assert_allclose(weights.sum(axis=0), 1, atol=0.02)
    assert lab.locator(".lab-loss-name").all_inner_texts() == ["1 worker", "4 workers"]
    assert [title for title in lab.locator(".lab-panel-title").all_inner_texts() if title] == [
        "1 worker",
        "4 workers",
    ]
    expect(lab.locator(".lab-loss")).to_be_hidden()
    top = 1.2 * losses[0].min()
    for line, values in zip(points(lab), losses.T, strict=True):
        assert line[0] == line[1], "drawn even where there is but one"
        np.testing.assert_allclose(line[1:], np.c_[(np.arange(10) + 0.5) / 10, 1 - values / top], atol=2e-3)


def test_workers_lab_with_one_worker_is_one_training(watched):
    lab = the_lab(watched.open("workers.html#workers?workers=1&epochs=1"))
    assert re.fullmatch(r"1 worker: loss 0\.\d\d after 1 epoch, (not )?found\.", verdict(lab))
    losses, weights = losses_and_weights(lab)
    assert (losses.shape, weights.shape) == ((1, 1), (32, 1))
    assert len(points(lab)) == 1


def test_workers_lab_at_the_same_rate_is_slower_with_more_workers(watched):
    lab = the_lab(watched.open("workers.html#workers?workers=8&scaled=false"))
    assert verdict(lab).startswith("1 worker: loss 0.0")
    losses, _ = losses_and_weights(lab)
    assert losses[-1, 1] > losses[-1, 0] + 0.1


def test_workers_lab_shows_a_training_that_diverges(watched):
    page = watched.open("workers.html#workers?workers=8&learning_rate=1")
    lab = the_lab(page)
    assert verdict(lab).endswith(" 8 workers: diverged, not found.")
    losses, weights = losses_and_weights(lab)
    assert not np.isfinite(losses[-1, 1])
    assert (weights[:, 1] == 0).all()
    assert np.isfinite(points(lab)[1]).all()
    drawn = lab.locator(".lab-losses").evaluate("svg => getComputedStyle(svg).overflow")
    assert drawn == "hidden", "a curve that leaves the chart is cut off there"
    lab.get_by_label("scaled").click()
    assert "diverged" not in verdict(lab).split("8 workers")[1]


def test_workers_lab_with_every_choice(watched):
    page = watched.open("workers.html#workers?epochs=2")
    lab = the_lab(page)
    seen = set()
    for group in ("workers", "batch size", "learning rate"):
        for radio in lab.get_by_role("radiogroup", name=group).get_by_role("radio").all():
            radio.check()
            words = verdict(lab)
            workers = (
                lab.get_by_role("radiogroup", name="workers").locator("label:has(:checked)").inner_text()
            )
            assert words.count("after 2 epochs") + words.count("diverged") == (1 if workers == "1" else 2)
            seen.add(words + str(losses_and_weights(lab)))
    assert len(seen) >= 9


def test_workers_lab_at_both_ends_of_each_slider(watched):
    lab = the_lab(watched.open("workers.html#workers?epochs=3"))
    verdict(lab)
    for label, low, high in (("epochs", 1, 20), ("seed", 0, 9)):
        slider = lab.get_by_role("slider", name=label)
        before = slider.input_value()
        for key, value in (("Home", low), ("End", high)):
            slider.press(key)
            words = verdict(lab)
            assert slider.input_value() == str(value)
            epochs = value if label == "epochs" else 3
            assert words.count(f"after {epochs} epoch") == 2
            assert len(losses_and_weights(lab)[0]) == epochs
        slider.fill(before)


# ---- Both -------------------------------------------------------------------------------------------

LABS = ("seq2seq", "workers")


@pytest.mark.parametrize("name", LABS)
def test_a_first_picture_shows_a_model_that_knows_nothing(watched, name):
    progress, findings = first_report(watched, name, defaults(name))
    assert len(progress["losses"]) == 1, "it comes before the first epoch is over"
    assert max(np.max(panel["weights"]) for panel in findings["picture"]["panels"]) < 0.3
    assert not findings["found"]


@pytest.mark.parametrize("name", LABS)
def test_they_read_well_in_light_and_dark_wide_and_narrow(watched, name):
    assert_reads_well(watched.open(f"{name}.html"))
