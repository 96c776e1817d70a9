"""The browser's models are Keras' models: same losses, same gradients, same weights after training."""

import numpy as np
import pytest
import watched_labs
from watched_labs import assert_close, named_weights, run_harness

browser, folder, site, watched = (
    watched_labs.browser,
    watched_labs.folder,
    watched_labs.site,
    watched_labs.watched,
)

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


def make_data(num_samples: int, shape: tuple[int, ...]):
    """Noise, with the target in one place."""
    x = np.random.default_rng(0).standard_normal((num_samples, *shape)).astype("float32")
    y = np.random.default_rng(1).integers(0, 2, (num_samples, 1)).astype("float32")
    x[:, 1] = y if len(shape) == 2 else y[:, 0]
    return x, y


def make_job(model, x, y, /, **job) -> dict:
    return {
        "shape": list(x.shape[1:]),
        "epochs": 1,
        "data": {"x": x.ravel().tolist(), "y": y.ravel().tolist()},
        "weights": named_weights(model),
        **job,
    }


def compare_training(watched, model, shape, /, *, batch_size: int, learning_rate: float, **job) -> None:
    """Train both for a hundred steps from the same weights on the same batches."""
    import keras

    x, y = make_data(STEPS * batch_size, shape)
    job = make_job(model, x, y, batchSize=batch_size, learningRate=learning_rate, **job)
    model.compile(keras.optimizers.Adam(learning_rate), "binary_crossentropy")
    losses = []
    for step in range(STEPS):
        batch = slice(step * batch_size, (step + 1) * batch_size)
        model.reset_metrics()
        losses.append(float(model.train_on_batch(x[batch], y[batch])))
    result = run_harness(watched, job)
    np.testing.assert_allclose(result["losses"], losses, rtol=1e-3)
    assert_close(result["weights"], named_weights(model), atol=1e-2)


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
    compare_training(watched, model, (input_dim,), batch_size=batch_size, learning_rate=0.001, model=kind)


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_the_first_hundred_steps_of_chapter_2_are_those_of_keras(watched, cell, place):
    import keras

    keras.utils.set_random_seed(0)
    model = recurrent_model(place, cell, own_dense, 1)
    job = {"model": "recurrent", "cell": cell, "place": place}
    # At the notebook's 0.01 the loss falls so steeply that rounding parts even Keras from Keras under XLA.
    compare_training(watched, model, (20, 1), batch_size=64, learning_rate=0.001, **job)


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
def test_gradients_are_those_of_keras(watched, cell, way, place):
    """With no weight at zero, where a wrong factor would not show."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    model = recurrent_model(place, cell, way, 3)
    generator = np.random.default_rng(0)
    model.set_weights([w + 0.3 * generator.standard_normal(w.shape) for w in model.get_weights()])
    x, y = make_data(16, (20, 3))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.binary_crossentropy(y, model(x)))
    expected = tape.gradient(loss, [variable.value for variable in model.trainable_variables])

    kind = {"model": "recurrent", "cell": cell} if way is own_dense else {"model": "per_dimension"}
    job = {**kind, "shared": way is averaged, "place": place, "batchSize": 16, "learningRate": 0, "steps": 0}
    result = run_harness(watched, make_job(model, x, y, **job))
    for layer, gradients in named_weights(model, expected).items():
        for name, values in gradients.items():
            largest = np.abs(values).max()
            assert largest > 1e-4
            found = result["gradients"][layer][name]
            np.testing.assert_allclose(found, values, atol=1e-4 * largest, err_msg=f"{layer} {name}")
