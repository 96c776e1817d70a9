"""The browser's models are Keras' models: same losses, same gradients, same weights after training."""

from pathlib import Path

import numpy as np
import pytest

from tests.labs.in_node import assert_close, flat, names_of, train_handed
from tools import chapters

STEPS = 100
SCORES = ("dot", "general", "additive")
CATEGORICAL = "sparse_categorical_crossentropy"
# Of chapter 6's tasks the one with half as many outputs as inputs.
EVERY_SECOND = {"task": "every_second"}

# What the notebooks build, or as they build it: weights are handed over in the order of `get_weights`.


def dense_model(scale: bool = False):
    """Chapter 1's own."""
    return chapters.definitions("dense_attention")["build_model"](32, scale=scale)


def two_blocks_model():
    """Chapter 1's own, too."""
    return chapters.definitions("dense_attention")["build_listing"]()


def own_dense(inputs):
    """Chapter 2's block, one Dense for all dimensions."""
    from keras import layers

    attend = layers.Dense(inputs.shape[1], activation="softmax", name="attend")
    return layers.Permute((2, 1))(attend(layers.Permute((2, 1))(inputs)))


def averaged(inputs):
    """Chapter 3's shared vector."""
    from keras import layers

    attend = layers.Dense(inputs.shape[1], activation="softmax", name="attend")
    mean = layers.GlobalAveragePooling1D()(attend(layers.Permute((2, 1))(inputs)))
    return layers.Reshape((inputs.shape[1], 1))(mean)


def own_kernels(inputs):
    """Chapter 3's vector for each dimension."""
    from keras import layers

    shape = tuple(inputs.shape[1:])
    score = layers.EinsumDense("bsd,dst->btd", shape, bias_axes="td", name="attend")
    return layers.Softmax(axis=1)(score(inputs))


def recurrent_model(place: str, cell: str, way, input_dim: int):
    import keras
    from keras import layers

    inputs = keras.Input((20, input_dim))
    layer = getattr(layers, cell)
    if place == "before":
        summary = layer(32, name="states")(layers.Multiply()([inputs, way(inputs)]))
    else:
        states = layer(32, return_sequences=True, name="states")(inputs)
        summary = layers.Flatten()(layers.Multiply()([states, way(states)]))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid", name="output")(summary))


def pooling_model(mask: bool):
    """Chapter 4's own."""
    model = chapters.definitions("attention_pooling")["build_model"](mask)
    # Keras' first embeddings are so small that rounding decides where a training goes.
    embedding = model.get_layer("embedding")
    embedding.set_weights([10 * weight for weight in embedding.get_weights()])
    return model


def self_attention_model(heads: int, time_steps: int):
    """Chapter 5's own."""
    return chapters.definitions("self_attention")["build_model"](heads=heads, time_steps=time_steps)


def seq2seq_model(score: str):
    """Chapter 6's own, encoder and decoder in one."""
    notebook = chapters.definitions("seq2seq_attention")
    encoder = notebook["build_encoder"](13)
    decoder = notebook["build_decoder"](notebook["LAYERS"][score](), 13)
    return notebook["build_model"](encoder, decoder, 0.001)


def from_logits(y, logits):
    import keras

    return keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)


def make_data(num_samples: int, shape: tuple[int, ...]):
    """Noise, with the target in one place."""
    x = np.random.default_rng(0).standard_normal((num_samples, *shape)).astype("float32")
    y = np.random.default_rng(1).integers(0, 2, (num_samples, 1)).astype("float32")
    x[:, 1] = y if len(shape) == 2 else y[:, 0]
    return {"x": x, "y": y}


def make_tokens(num_samples: int):
    """Sequences of 5 to 20 tokens, padded to 40 after or before, with a keyword in each; and an empty one."""
    generator = np.random.default_rng(0)
    x = generator.integers(5, 31, (num_samples, 40))
    y = generator.integers(0, 4, num_samples)
    lengths = generator.integers(5, 21, num_samples)
    x[np.arange(num_samples), generator.integers(0, lengths)] = y + 1
    x[np.arange(40) >= lengths[:, None]] = 0
    x[1::2] = x[1::2, ::-1]
    x[2] = 0
    return {"x": x, "y": y}


def make_sequences(num_samples: int, time_steps: int):
    """Symbols to be reversed."""
    x = np.random.default_rng(0).integers(0, 10, (num_samples, time_steps))
    return {"x": x, "y": x[:, ::-1]}


def make_pairs(num_samples: int, length: int):
    """Every second symbol, backwards: x, what the decoder has before it, y."""
    x = np.random.default_rng(0).integers(3, 13, (num_samples, length))
    y = x[:, ::-2]
    return {"x": x, "previous": np.concatenate([np.ones_like(y[:, :1]), y[:, :-1]], axis=1), "y": y}


BINARY = "binary_crossentropy"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("programs")


def make_job(model, lab: str, options: dict, data: dict, **job) -> dict:
    arrays = {name: np.ravel(values).tolist() for name, values in data.items()}
    return {
        "lab": lab,
        "options": options,
        "rule": "adam",
        "data": arrays,
        "weights": flat(model.get_weights()),
        **job,
    }


def inputs_of(data: dict) -> list:
    """What the Keras model is called with: all but the targets."""
    inputs = [values for name, values in data.items() if name != "y"]
    return inputs if len(inputs) > 1 else inputs[0]


def compare_training(
    folder, model, lab: str, data: dict, /, *, loss=BINARY, rule="adam", rate=0.001, to=1e-3, **options
):
    """Train both for a hundred steps from the same weights on the same batches.

    At the notebooks' rates, from 0.003 to 0.01, the loss soon falls so steeply that rounding parts
    even Keras from Keras under XLA; at 0.001 it does not.
    """
    import keras

    size = len(data["y"]) // STEPS
    job = make_job(model, lab, options, data, rule=rule, batchSize=size, learningRate=rate)
    optimizer = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}[rule](rate)
    model.compile(optimizer, loss)
    losses = []
    for start in range(0, len(data["y"]), size):
        model.reset_metrics()
        batch = {name: values[start : start + size] for name, values in data.items()}
        losses.append(float(np.ravel(model.train_on_batch(inputs_of(batch), batch["y"]))[0]))
    found = train_handed(folder, job)
    np.testing.assert_allclose(found["losses"], losses, rtol=1e-4, atol=1e-7)
    assert_close(found["weights"], flat(model.get_weights()), names_of(model), atol=to)
    moved = [np.abs(np.subtract(*pair)).max() for pair in zip(found["weights"], job["weights"], strict=True)]
    assert max(moved) > 0.05, "it has gone somewhere in the meantime"
    slowly = train_handed(folder, job, "javascript")
    np.testing.assert_allclose(slowly["losses"], found["losses"], rtol=1e-4, atol=1e-7)


def compare_gradients(folder, model, lab: str, data: dict, /, *, loss=BINARY, **options):
    """Compare one batch's gradients, with no weight at zero, where a wrong factor would not show."""
    import keras
    import tensorflow as tf

    generator = np.random.default_rng(0)
    model.set_weights([w + 0.3 * generator.standard_normal(w.shape) for w in model.get_weights()])
    with tf.GradientTape() as tape:
        losses = keras.losses.get(loss)(data["y"], model(inputs_of(data)))
        value = tf.reduce_mean(losses)
    gradients = tape.gradient(value, [variable.value for variable in model.trainable_variables])
    # An embedding's gradient comes as a list of rows.
    expected = flat([tf.convert_to_tensor(gradient) for gradient in gradients])

    job = make_job(model, lab, options, data, batchSize=len(data["y"]), learningRate=0)
    found = train_handed(folder, job)
    assert found["losses"] == [pytest.approx(float(value), rel=1e-5)]
    for name, one, other in zip(names_of(model), found["gradients"], expected, strict=True):
        largest = np.abs(other).max()
        assert largest > 1e-4
        np.testing.assert_allclose(one, other, atol=1e-4 * largest, err_msg=name)


@pytest.mark.parametrize("scale", [False, True])
def test_the_first_hundred_steps_of_chapter_1_are_those_of_keras(folder, scale):
    import keras

    keras.utils.set_random_seed(0)
    model = dense_model(scale)
    assert model.count_params() == 3233
    data = make_data(STEPS * 64, (32,))
    compare_training(folder, model, "dense", data, input_dim=32, scale=scale)


def test_the_first_hundred_steps_of_two_blocks_are_those_of_keras(folder):
    import keras

    keras.utils.set_random_seed(0)
    model = two_blocks_model()
    assert model.count_params() == 369
    compare_training(folder, model, "two_blocks", make_data(STEPS * 128, (4,)))


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("cell", ["LSTM", "GRU", "SimpleRNN"])
def test_the_first_hundred_steps_of_chapter_2_are_those_of_keras(folder, cell, place):
    import keras

    keras.utils.set_random_seed(0)
    model = recurrent_model(place, cell, own_dense, 1)
    data = make_data(STEPS * 64, (20, 1))
    compare_training(folder, model, "recurrent", data, cell=cell, place=place)


@pytest.mark.parametrize("block", ["steps", "cells"])
def test_the_first_hundred_steps_of_the_planted_series_are_those_of_keras(folder, block):
    import keras

    keras.utils.set_random_seed(0)
    notebook = chapters.definitions("recurrent_attention")
    model = notebook["build_forecast"](notebook["BLOCKS"][block])
    x = np.random.default_rng(0).standard_normal((STEPS * 64, 20, 4)).astype("float32")
    options = {"task": f"planted, {block}", "cell": "LSTM"}
    compare_training(folder, model, "recurrent", {"x": x, "y": x[:, 10:13, 2]}, loss="mse", **options)


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("way", [averaged, own_kernels])
def test_the_first_hundred_steps_of_chapter_3_are_those_of_keras(folder, way, place):
    import keras

    keras.utils.set_random_seed(0)
    model = recurrent_model(place, "LSTM", way, 2)
    data = make_data(STEPS * 64, (20, 2))
    compare_training(folder, model, "per_dimension", data, place=place, shared=way is averaged, dimensions=2)


@pytest.mark.parametrize("mask", [True, False])
def test_the_first_hundred_steps_of_chapter_4_are_those_of_keras(folder, mask):
    import keras

    keras.utils.set_random_seed(0)
    data = make_tokens(STEPS * 64)
    # A unit that is hardly ever on has a gradient of rounding alone, and Adam takes full steps by it.
    compare_training(folder, pooling_model(mask), "pooling", data, mask=mask, loss=CATEGORICAL, to=2e-3)


@pytest.mark.parametrize("heads", [1, 2])
def test_the_first_hundred_steps_of_chapter_5_are_those_of_keras(folder, heads):
    import keras

    keras.utils.set_random_seed(0)
    options = {"heads": heads, "time_steps": 16, "positions": True}
    model = self_attention_model(heads, 16)
    data = make_sequences(STEPS * 64, 16)
    compare_training(folder, model, "self_attention", data, loss=CATEGORICAL, **options)


@pytest.mark.parametrize("score", SCORES)
def test_the_first_hundred_steps_of_chapter_6_are_those_of_keras(folder, score):
    import keras

    keras.utils.set_random_seed(0)
    data = make_pairs(STEPS * 64, 8)
    options = {"score": score, **EVERY_SECOND, "length": 8}
    compare_training(folder, seq2seq_model(score), "seq2seq", data, loss=from_logits, **options)


def test_gradient_descent_is_that_of_keras(folder):
    import keras

    keras.utils.set_random_seed(0)
    data = make_data(STEPS * 64, (32,))
    compare_training(folder, dense_model(), "dense", data, rule="sgd", rate=0.3, input_dim=32, scale=False)


def test_the_last_batch_may_be_smaller_and_is_trained_on(folder):
    import keras

    keras.utils.set_random_seed(0)
    model = dense_model()
    data = make_data(100, (32,))
    job = make_job(model, "dense", {"input_dim": 32, "scale": False}, data, batchSize=64, learningRate=0.01)
    model.compile(keras.optimizers.Adam(0.01), BINARY)
    model.fit(data["x"], data["y"], batch_size=64, shuffle=False, verbose=0)
    found = train_handed(folder, job)
    assert len(found["losses"]) == 2
    assert_close(found["weights"], flat(model.get_weights()), names_of(model), atol=1e-5)


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize(
    ("cell", "way"),
    [
        ("LSTM", own_dense),
        ("GRU", own_dense),
        ("SimpleRNN", own_dense),
        ("LSTM", averaged),
        ("LSTM", own_kernels),
    ],
)
def test_gradients_around_a_recurrent_layer_are_those_of_keras(folder, cell, way, place):
    import keras

    keras.utils.set_random_seed(0)
    model = recurrent_model(place, cell, way, 3)
    chapter_2 = ("recurrent", {"cell": cell, "input_dim": 3})
    chapter_3 = ("per_dimension", {"shared": way is averaged, "dimensions": 3})
    lab, options = chapter_2 if way is own_dense else chapter_3
    compare_gradients(folder, model, lab, make_data(16, (20, 3)), place=place, **options)


@pytest.mark.parametrize("mask", [True, False])
def test_gradients_of_attention_pooling_are_those_of_keras(folder, mask):
    import keras

    keras.utils.set_random_seed(0)
    compare_gradients(folder, pooling_model(mask), "pooling", make_tokens(64), mask=mask, loss=CATEGORICAL)


@pytest.mark.parametrize(("time_steps", "heads"), [(16, 1), (16, 2), (5, 2)])
def test_gradients_of_self_attention_are_those_of_keras(folder, time_steps, heads):
    import keras

    keras.utils.set_random_seed(0)
    options = {"heads": heads, "time_steps": time_steps, "positions": True}
    model = self_attention_model(heads, time_steps)
    data = make_sequences(16, time_steps)
    compare_gradients(folder, model, "self_attention", data, loss=CATEGORICAL, **options)


@pytest.mark.parametrize("score", SCORES)
def test_gradients_of_chapter_6_are_those_of_keras(folder, score):
    options = {"score": score, **EVERY_SECOND, "length": 7}
    compare_gradients(folder, seq2seq_model(score), "seq2seq", make_pairs(16, 7), loss=from_logits, **options)
