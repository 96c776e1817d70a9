"""The browser's models are Keras' models: same losses, same gradients, same weights after training."""

import numpy as np
import pytest

from tests.labs.watched import FIXTURES, assert_close, assert_gradients, named_weights, run_harness
from tools import chapters

folder, site, watched = FIXTURES

STEPS = 100

# What the notebooks build; a layer's name is what the browser calls it.


def dense_model(input_dim: int):
    import keras
    from keras import layers

    inputs = keras.Input((input_dim,))
    weights = layers.Dense(input_dim, activation="softmax", name="attention")(inputs)
    context = layers.Multiply()([inputs, weights])
    hidden = layers.Dense(64, name="hidden")(context)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid", name="output")(hidden))


def two_blocks_model(input_dim: int):
    import keras
    from keras import layers

    inputs = keras.Input((input_dim,))
    weights = layers.Dense(input_dim, activation="softmax", use_bias=False, name="attention")(inputs)
    values = layers.Dense(16, name="hidden")(layers.Multiply()([inputs, weights]))
    weights = layers.Dense(16, activation="softmax", use_bias=False, name="hiddenAttention")(values)
    context = layers.Multiply()([values, weights])
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid", name="output")(context))


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


def make_data(num_samples: int, shape: tuple[int, ...]):
    """Noise, with the target in one place."""
    x = np.random.default_rng(0).standard_normal((num_samples, *shape)).astype("float32")
    y = np.random.default_rng(1).integers(0, 2, (num_samples, 1)).astype("float32")
    x[:, 1] = y if len(shape) == 2 else y[:, 0]
    return x, y


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
    return x, y


def make_sequences(num_samples: int, time_steps: int):
    """Symbols to be reversed."""
    x = np.random.default_rng(0).integers(0, 10, (num_samples, time_steps))
    return x, x[:, ::-1]


def make_job(model, x, y, /, **job) -> dict:
    return {
        "shape": list(x.shape[1:]),
        "targets": y.size // len(y),
        "epochs": 1,
        "data": {"x": x.ravel().tolist(), "y": y.ravel().tolist()},
        "weights": named_weights(model),
        **job,
    }


BINARY, CATEGORICAL = "binary_crossentropy", "sparse_categorical_crossentropy"


def compare_training(watched, model, x, y, /, *, learning_rate: float, loss: str = BINARY, **job) -> None:
    """Train both for a hundred steps from the same weights on the same batches.

    At the notebooks' rates, from 0.003 to 0.01, the loss soon falls so steeply that rounding parts
    even Keras from Keras under XLA; at 0.001 it does not.
    """
    import keras

    size = len(x) // STEPS
    job = make_job(model, x, y, batchSize=size, learningRate=learning_rate, **job)
    model.compile(keras.optimizers.Adam(learning_rate), loss)
    losses = []
    for start in range(0, len(x), size):
        model.reset_metrics()
        losses.append(float(model.train_on_batch(x[start : start + size], y[start : start + size])))
    result = run_harness(watched, job)
    np.testing.assert_allclose(result["losses"], losses, rtol=1e-3, atol=1e-6)
    assert_close(result["weights"], named_weights(model), atol=1e-2)


def compare_gradients(watched, model, x, y, /, *, loss: str = BINARY, **job) -> None:
    """Compare one batch's gradients, with no weight at zero, where a wrong factor would not show."""
    import keras
    import tensorflow as tf

    generator = np.random.default_rng(0)
    model.set_weights([w + 0.3 * generator.standard_normal(w.shape) for w in model.get_weights()])
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(getattr(keras.losses, loss)(y, model(x)))
    gradients = tape.gradient(value, [variable.value for variable in model.trainable_variables])
    # An embedding's gradient comes as a list of rows.
    expected = named_weights(model, [tf.convert_to_tensor(gradient) for gradient in gradients])

    job = make_job(model, x, y, batchSize=len(x), learningRate=0, **job)
    result = run_harness(watched, {**job, "steps": 1})
    assert_gradients(result, float(value), expected)


@pytest.mark.parametrize(
    ("kind", "input_dim", "batch_size", "parameters"), [("dense", 32, 64, 3233), ("two_blocks", 4, 128, 369)]
)
def test_the_first_hundred_steps_of_chapter_1_are_those_of_keras(
    watched, kind, input_dim, batch_size, parameters
):
    import keras

    keras.utils.set_random_seed(0)
    model = (dense_model if kind == "dense" else two_blocks_model)(input_dim)
    assert model.count_params() == parameters
    data = make_data(STEPS * batch_size, (input_dim,))
    compare_training(watched, model, *data, learning_rate=0.001, model=kind)


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_the_first_hundred_steps_of_chapter_2_are_those_of_keras(watched, cell, place):
    import keras

    keras.utils.set_random_seed(0)
    model = recurrent_model(place, cell, own_dense, 1)
    job = {"model": "recurrent", "cell": cell, "place": place}
    compare_training(watched, model, *make_data(STEPS * 64, (20, 1)), learning_rate=0.001, **job)


@pytest.mark.parametrize("mask", [True, False])
def test_the_first_hundred_steps_of_chapter_4_are_those_of_keras(watched, mask):
    import keras

    keras.utils.set_random_seed(0)
    data = make_tokens(STEPS * 64)
    job = {"model": "pooling", "mask": mask, "loss": CATEGORICAL}
    compare_training(watched, pooling_model(mask), *data, learning_rate=0.001, **job)


@pytest.mark.parametrize("heads", [1, 2])
def test_the_first_hundred_steps_of_chapter_5_are_those_of_keras(watched, heads):
    import keras

    keras.utils.set_random_seed(0)
    data = make_sequences(STEPS * 64, 16)
    job = {"model": "self_attention", "heads": heads, "loss": CATEGORICAL}
    compare_training(watched, self_attention_model(heads, 16), *data, learning_rate=0.001, **job)


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
def test_gradients_around_a_recurrent_layer_are_those_of_keras(watched, cell, way, place):
    import keras

    keras.utils.set_random_seed(0)
    model = recurrent_model(place, cell, way, 3)
    kind = {"model": "recurrent", "cell": cell} if way is own_dense else {"model": "per_dimension"}
    job = {**kind, "shared": way is averaged, "place": place}
    compare_gradients(watched, model, *make_data(16, (20, 3)), **job)


@pytest.mark.parametrize("mask", [True, False])
def test_gradients_of_attention_pooling_are_those_of_keras(watched, mask):
    import keras

    keras.utils.set_random_seed(0)
    job = {"model": "pooling", "mask": mask, "loss": CATEGORICAL}
    compare_gradients(watched, pooling_model(mask), *make_tokens(64), **job)


@pytest.mark.parametrize(("time_steps", "heads"), [(16, 1), (16, 2), (5, 2)])
def test_gradients_of_self_attention_are_those_of_keras(watched, time_steps, heads):
    import keras

    keras.utils.set_random_seed(0)
    job = {"model": "self_attention", "heads": heads, "loss": CATEGORICAL}
    data = make_sequences(16, time_steps)
    compare_gradients(watched, self_attention_model(heads, time_steps), *data, **job)
