"""What `get_activations` says a layer puts out is what Keras itself computes there."""

import os

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from helpers.activations import get_activations
from tests.helpers import random_models

RANDOM = np.random.default_rng(0)


def noise(*shape):
    return RANDOM.standard_normal(shape).astype("float32")


def compare_with_keras(model, inputs, **expected_tensors):
    """Compare activations, by layer name, with sub-models that end at the given tensors."""
    activations = get_activations(model, inputs)
    for name, tensor in expected_tensors.items():
        expected = keras.Model(model.inputs, tensor).predict(inputs, verbose=0)
        np.testing.assert_allclose(activations[name], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        list(activations.values())[-1], model.predict(inputs, verbose=0), rtol=1e-5, atol=1e-6
    )
    return activations


def test_functional_model_in_the_models_order():
    x = keras.Input((4,))
    weights = layers.Dense(4, activation="softmax", name="weights")(x)
    context = layers.Multiply(name="context")([x, weights])
    output = layers.Dense(1, name="output")(context)
    activations = compare_with_keras(keras.Model(x, output), noise(7, 4), weights=weights, context=context)
    assert list(activations) == ["weights", "context", "output"]
    assert activations["weights"].shape == (7, 4)


class Table(layers.Layer):
    def build(self, _):
        self.table = self.add_weight(shape=(4, 3), name="table")

    def call(self, x):
        return keras.ops.convert_to_tensor(self.table)


@pytest.mark.parametrize(("samples", "batch_size"), [(50, 20), (8, 4), (7, 4), (4, 9), (9, 1), (5, 3)])
def test_what_does_not_depend_on_the_samples_comes_as_it_is(samples, batch_size):
    x = keras.Input((3,))
    model = keras.Model(x, [layers.Dense(1, name="dense")(x), Table(name="table")(x)])
    activations = get_activations(model, noise(samples, 3), batch_size=batch_size)
    np.testing.assert_array_equal(activations["table"], model.get_layer("table").table)
    assert activations["dense"].shape == (samples, 1)


def fold(heads_first):
    """Return a model that folds four heads into the axis of samples."""

    def folded(x):
        x = keras.ops.reshape(x, (-1, 5, 4, 4))
        x = keras.ops.transpose(x, (2, 0, 1, 3) if heads_first else (0, 2, 1, 3))
        return keras.ops.reshape(x, (-1, 5, 4))

    x = keras.Input((5, 16))
    return keras.Model(x, layers.Lambda(folded, name="folded", output_shape=(5, 4))(x))


@pytest.mark.parametrize("heads_first", [False, True])
def test_heads_folded_into_the_samples_come_whole_or_not_at_all(heads_first):
    model, x = fold(heads_first), noise(30, 5, 16)
    whole = get_activations(model, x)["folded"]
    np.testing.assert_allclose(whole, model(x), rtol=1e-6)
    assert whole.shape == (120, 5, 4)
    with pytest.raises(
        ValueError, match=r"layer 'folded' puts out .* set batch_size to 30, for a single batch"
    ):
        get_activations(model, x, batch_size=10)


def test_what_changes_with_the_batch_is_refused_by_name():
    x = keras.Input((3,))
    mean = layers.Lambda(lambda x: keras.ops.mean(x, axis=0), name="mean", output_shape=())(x)
    model, inputs = keras.Model(x, [layers.Dense(1, name="dense")(x), mean]), noise(50, 3)
    np.testing.assert_allclose(get_activations(model, inputs)["mean"], inputs.mean(axis=0), rtol=1e-5)
    with pytest.raises(ValueError, match="layer 'mean' puts out"):
        get_activations(model, inputs, batch_size=20)
    assert get_activations(model, inputs, "dense", batch_size=20)["dense"].shape == (50, 1)


def test_sequential_model():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(5, name="a"), layers.Dense(2, name="b")])
    activations = compare_with_keras(model, noise(6, 3), a=model.layers[0].output)
    assert list(activations) == ["a", "b"]


def test_one_layer_alone():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(5, name="a"), layers.Dense(2, name="b")])
    x = noise(6, 3)
    alone = get_activations(model, x, "a")
    assert list(alone) == ["a"]
    np.testing.assert_array_equal(alone["a"], get_activations(model, x)["a"])


def test_nested_models_on_two_levels():
    inner_input = keras.Input((4,))
    inner = keras.Model(inner_input, layers.Dense(3, name="leaf")(inner_input), name="inner")
    middle = keras.Sequential([keras.Input((4,)), inner, layers.Dense(2, name="twig")], name="middle")
    outer_input = keras.Input((4,))
    # `training=False` on a nested model is how a frozen part is used; it must be opened all the same.
    model = keras.Model(outer_input, layers.Dense(1, name="root")(middle(outer_input, training=False)))
    x = noise(5, 4)
    activations = compare_with_keras(model, x)
    assert list(activations) == ["middle", "middle/inner", "middle/inner/leaf", "middle/twig", "root"]
    np.testing.assert_allclose(activations["middle/inner/leaf"], inner.predict(x, verbose=0), rtol=1e-5)
    np.testing.assert_allclose(activations["middle"], middle.predict(x, verbose=0), rtol=1e-5)
    np.testing.assert_array_equal(activations["middle"], activations["middle/twig"])


def test_nested_model_with_inputs_by_name():
    # The names are in another order than the inputs: a sorted dict would swap them.
    first, second = keras.Input((2,), name="beta"), keras.Input((2,), name="alpha")
    inner = keras.Model([first, second], layers.Subtract(name="gap")([first, second]), name="inner")
    left, right = keras.Input((2,)), keras.Input((2,))
    model = keras.Model([left, right], inner({"alpha": left, "beta": right}))
    activations = compare_with_keras(model, [noise(3, 2), noise(3, 2)])
    np.testing.assert_array_equal(activations["inner"], activations["inner/gap"])


class Opaque(keras.Model):
    """A subclassed model: a layer called twice, a layer with one inside, a model."""

    def __init__(self):
        super().__init__(name="opaque")
        self.hidden = layers.Dense(3, name="hidden")
        self.parts = [random_models.Pooling(name="pooling")]
        self.inner = keras.Sequential([layers.Dense(3, name="leaf")], name="inner")

    def call(self, x, training=False):
        x = self.inner(self.hidden(self.hidden(x)))
        return self.parts[0](keras.ops.stack([x, -x], axis=1))


@pytest.mark.parametrize("nested", [False, True])
def test_layers_of_a_subclassed_model_are_heard(nested):
    model = Opaque()
    model(noise(1, 3))
    prefix = ""
    if nested:
        x = keras.Input((3,))
        model, prefix = keras.Model(x, model(x)), "opaque/"
    inputs = noise(4, 3)
    activations = get_activations(model, inputs, batch_size=3)
    names = ["hidden", "hidden (call 2)", "inner", "inner/leaf", "pooling", "pooling/score"]
    assert list(activations) == ["opaque"] * nested + [prefix + name for name in names]
    np.testing.assert_allclose(activations[prefix + "pooling"], model.predict(inputs, verbose=0), rtol=1e-5)


def two_inputs():
    # The names are in another order than the inputs: a sorted dict would swap them.
    first, second = keras.Input((2,), name="beta"), keras.Input((2,), name="alpha")
    return keras.Model([first, second], layers.Subtract(name="gap")([first, second]))


def test_several_inputs_as_a_list():
    first, second = noise(3, 2), noise(3, 2)
    np.testing.assert_allclose(get_activations(two_inputs(), [first, second])["gap"], first - second)


def test_several_inputs_as_a_dict():
    first, second = noise(3, 2), noise(3, 2)
    activations = get_activations(two_inputs(), {"alpha": second, "beta": first})
    np.testing.assert_allclose(activations["gap"], first - second)


# Keras wants the keys to be the inputs' names too; where they are not, the keys count.
@pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict")
def test_model_made_with_a_dict_of_inputs():
    inputs = {"minuend": keras.Input((2,), name="away"), "away": keras.Input((2,), name="minuend")}
    model = keras.Model(inputs, layers.Subtract(name="gap")([inputs["minuend"], inputs["away"]]))
    first, second = noise(3, 2), noise(3, 2)
    activations = get_activations(model, {"minuend": first, "away": second})
    np.testing.assert_allclose(activations["gap"], first - second)


def test_layer_with_several_outputs():
    x = keras.Input((4, 2))
    sequence, state, memory = layers.LSTM(3, return_sequences=True, return_state=True, name="lstm")(x)
    model = keras.Model(x, [sequence, state, memory])
    x = noise(5, 4, 2)
    # A batch smaller than the data: each of the outputs has to be put together.
    for got, expected in zip(
        get_activations(model, x, "lstm", batch_size=2)["lstm"], model.predict(x, verbose=0), strict=True
    ):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_shared_layer_is_seen_at_every_call():
    shared = layers.Dense(3, name="shared")
    x = keras.Input((3,))
    once = shared(x)
    twice = shared(once)
    thrice = shared(twice)
    activations = compare_with_keras(
        keras.Model(x, thrice), noise(4, 3), **{"shared": once, "shared (call 2)": twice}
    )
    assert list(activations) == ["shared", "shared (call 2)", "shared (call 3)"]


def test_layer_first_used_in_another_model():
    shared = layers.Dense(3, name="shared")
    keras.Model(elsewhere := keras.Input((3,)), shared(elsewhere))
    x = keras.Input((3,))
    doubled = layers.Rescaling(2.0, name="doubled")(x)
    here = shared(doubled)
    activations = compare_with_keras(keras.Model(x, here), noise(4, 3), doubled=doubled, shared=here)
    assert list(activations) == ["doubled", "shared"]


def test_operations_without_a_layer():
    x = keras.Input((3,))
    weights = keras.ops.softmax(x)
    context = keras.ops.sum(weights * x, axis=1)
    model = keras.Model(x, context)
    inputs = noise(4, 3)
    softmax, product, total = get_activations(model, inputs).values()
    np.testing.assert_allclose(softmax.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(product, softmax * inputs, rtol=1e-5)
    np.testing.assert_allclose(total, model.predict(inputs, verbose=0), rtol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 3, 10, 64])
def test_batches_equal_one_batch(batch_size):
    x = keras.Input((3,))
    model = keras.Model(x, layers.Dense(2, activation="tanh", name="dense")(x))
    inputs = noise(10, 3)
    whole, parts = get_activations(model, inputs), get_activations(model, inputs, batch_size=batch_size)
    np.testing.assert_allclose(parts["dense"], whole["dense"], rtol=1e-5)


def test_batches_are_no_larger_than_asked():
    seen = []

    class Watch(layers.Layer):
        def call(self, x):
            seen.append(x.shape[0])
            return x

    model = keras.Sequential([keras.Input((3,)), Watch()])
    seen.clear()
    get_activations(model, noise(7, 3), batch_size=3)
    assert max(seen) == 3


def model_with_dropout_and_batch_statistics():
    x = keras.Input((3,))
    normal = layers.BatchNormalization(name="normal")(x)
    # A layer told to drop always, as `predict` overrules it too, and an ordinary one.
    always = layers.Dropout(0.5, name="always")(normal, training=True)
    return keras.Model(x, layers.Dropout(0.5, name="usual")(always))


def test_inference_mode():
    inputs = noise(50, 3)
    activations = get_activations(model_with_dropout_and_batch_statistics(), inputs)
    # Fresh batch statistics are mean 0 and variance 1.
    np.testing.assert_allclose(activations["normal"], inputs / np.sqrt(1.001), rtol=1e-5)
    np.testing.assert_array_equal(activations["always"], activations["normal"])
    np.testing.assert_array_equal(activations["usual"], activations["normal"])


def test_model_is_left_as_it_was():
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3)])
    x = keras.Input((3,))
    model = keras.Model(x, inner(model_with_dropout_and_batch_statistics()(x)))

    def state():
        operations = [*model.operations, *model.layers[1].operations, *inner.layers]
        nodes = [(len(one._inbound_nodes), len(one._outbound_nodes)) for one in [model, *operations]]
        return [np.array(variable).tolist() for variable in model.variables], nodes, model.outputs[:]

    before = state()
    get_activations(model, noise(5, 3))
    get_activations(model, noise(5, 3), model.layers[-1].name)
    after = state()
    assert before[:2] == after[:2]
    assert all(one is other for one, other in zip(before[2], after[2], strict=True))


# Keras warns that a nested model drops the mask; its layers do see it, and so they must here.
@pytest.mark.filterwarnings("ignore:Layer 'inner' .* was passed an input with a mask")
@pytest.mark.parametrize("nested", [False, True])
def test_mask_of_an_embedding_reaches_the_lstm(nested):
    tokens = np.array([[1, 2, 0, 0], [3, 0, 0, 0], [1, 2, 3, 1]])
    x = keras.Input((4,), dtype="int32")
    embedded = layers.Embedding(4, 3, mask_zero=True, name="embedding")(x)
    lstm = layers.LSTM(2, name="lstm")
    if nested:
        inner_input = keras.Input((4, 3))
        output = keras.Model(inner_input, lstm(inner_input), name="inner")(embedded)
    else:
        output = lstm(embedded)
    model = keras.Model(x, output)
    activations = compare_with_keras(model, tokens, embedding=embedded)
    # Padding changes nothing, so the mask was used.
    name = "inner/lstm" if nested else "lstm"
    np.testing.assert_allclose(activations[name], np.array(model(tokens)), rtol=1e-5)
    unmasked = lstm(np.array(activations["embedding"]))
    assert not np.allclose(activations[name][:2], np.array(unmasked)[:2], rtol=1e-3)


@pytest.fixture(scope="module")
def small():
    return keras.Sequential([keras.Input((3,)), layers.Dense(2, name="a"), layers.Dense(1, name="b")])


def test_unknown_layer_name_lists_those_there_are(small):
    with pytest.raises(ValueError, match="layer_name must be one of a, b; got 'attention'"):
        get_activations(small, noise(2, 3), "attention")


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        (noise(2, 4), ValueError, r"inputs must have shape \(None, 3\), got \(2, 4\)"),
        (noise(3), ValueError, r"inputs must have shape \(None, 3\), got \(3,\)"),
        (np.full((2, 3), np.nan), ValueError, "inputs must be finite, got 6 NaN"),
        (np.zeros((0, 3)), ValueError, "inputs must not be empty"),
        ([noise(2, 3), noise(2, 3)], ValueError, r"inputs must have shape \(None, 3\)"),
        ("words", TypeError, "inputs must be an array of numbers, got str"),
    ],
)
def test_inputs_that_do_not_fit(small, inputs, error, message):
    with pytest.raises(error, match=message):
        get_activations(small, inputs)


@pytest.mark.parametrize(("batch_size", "error"), [(0, ValueError), (2.5, TypeError)])
def test_bad_batch_size(small, batch_size, error):
    with pytest.raises(error, match="batch_size must be"):
        get_activations(small, noise(2, 3), batch_size=batch_size)


@pytest.mark.parametrize("model", [layers.Dense(1), "model", None])
def test_what_is_no_model(model):
    with pytest.raises(TypeError, match=r"model must be a keras\.Model, got"):
        get_activations(model, noise(2, 3))


def test_sequential_model_without_an_input_says_so():
    with pytest.raises(ValueError, match="model 'bare' is not built yet: give it an Input"):
        get_activations(keras.Sequential([layers.Dense(1)], name="bare"), noise(2, 3))
    with pytest.raises(ValueError, match="model 'opaque' is not built yet: give it an Input or call it once"):
        get_activations(Opaque(), noise(2, 3))


# Keras warns where a layer drops a mask, and where a dict's keys are no names.
@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=int(os.environ.get("RANDOM_MODELS", 200)))
@given(st.data())
def test_random_models(data):
    model, tensors = random_models.draw_model(data.draw)
    inputs = random_models.samples(model, 5, seed=0)
    activations = get_activations(model, inputs, batch_size=4)
    predicted = keras.Model(model.input, tensors).predict(inputs, verbose=0)
    for name, expected in predicted.items():
        calls = [
            activations[name],
            *(activations[f"{name} (call {n + 2})"] for n in range(len(expected) - 1)),
        ]
        assert f"{name} (call {len(expected) + 1})" not in activations
        for value in expected:  # in which order two branches come is the model's affair
            assert any(np.allclose(call, value, rtol=1e-4, atol=1e-5) for call in calls), name
