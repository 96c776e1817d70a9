"""`get_activations(…, attention=True)` gives what Keras's layers return when the model asks them."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from helpers.activations import get_activations

RANDOM = np.random.default_rng(0)

LAYERS = {
    "Attention": lambda **name: layers.Attention(**name),
    "Attention, scaled": lambda **name: layers.Attention(use_scale=True, dropout=0.4, **name),
    "Attention, by concatenation": lambda **name: layers.Attention(score_mode="concat", **name),
    "AdditiveAttention": lambda **name: layers.AdditiveAttention(**name),
    "MultiHeadAttention": lambda **name: layers.MultiHeadAttention(2, 3, **name),
    "MultiHeadAttention, dropout": lambda **name: layers.MultiHeadAttention(2, 3, dropout=0.4, **name),
    "GroupQueryAttention": lambda **name: layers.GroupQueryAttention(3, 4, 2, **name),
}
MASKS = {  # inputs that carry one, and the layer's own
    "none": "",
    "query": "query",
    "value": "value",
    "both": "query value",
    "key": "query key",
    "causal": "causal",
    "causal_both": "causal query value",
    "explicit": "explicit",
    "everything": "explicit causal query value key",
}
# In its last row all is padding.
TOKENS = np.array([[1, 2, 3, 4], [5, 1, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0]])


def around(made, **options):
    """Return a model of inputs query, value, key and allowed, with each layer behind its mask."""
    inputs = [keras.Input((4,), dtype="int32") for _ in range(3)]
    allowed = keras.Input((4, 4), dtype="bool")
    outputs = {}
    for mask, layer in made.items():
        names = ("query", "value", "key") if "key" in MASKS[mask] else ("query", "value")
        tensors = [
            embeddings[name in MASKS[mask]](tensor) for name, tensor in zip(names, inputs, strict=False)
        ]
        asked = dict(options)
        if "causal" in MASKS[mask]:
            asked["use_causal_mask"] = True
        if "explicit" in MASKS[mask]:
            asked["attention_mask"] = allowed
        listed = isinstance(layer, layers.Attention)
        outputs[mask] = layer(tensors, **asked) if listed else layer(*tensors, **asked)
    return keras.Model([*inputs, allowed], outputs)


embeddings = {mask_zero: layers.Embedding(6, 6, mask_zero=mask_zero) for mask_zero in (False, True)}


@pytest.fixture
def policy(request):
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy("float32")


@pytest.mark.filterwarnings("ignore:Layer '.*' .* was passed an input with a mask")
@pytest.mark.parametrize("policy", ["float32", "mixed_float16"], indirect=True)
@pytest.mark.parametrize("name", LAYERS)
def test_weights_are_those_a_model_gets_that_asks_for_them(name, policy):
    made, twins = ({mask: LAYERS[name](name=mask) for mask in MASKS} for _ in range(2))
    if "attention_mask" not in inspect.signature(made["none"].call).parameters:
        del made["explicit"], made["everything"]  # they take masks of their inputs alone
    # Keras cannot put one layer into two graphs with and without the question.
    model, asking = around(made), around({mask: twins[mask] for mask in made}, return_attention_scores=True)
    for mask, layer in made.items():
        twins[mask].set_weights(layer.get_weights())
    x = [np.roll(TOKENS, n, axis=0) for n in range(3)]
    x.append(RANDOM.integers(0, 2, (4, 4, 4)).astype(bool) | np.eye(4, dtype=bool))

    expected, plain = asking(x, training=False), model(x, training=False)
    for batch_size in (3, 9):
        weights = get_activations(model, x, attention=True, batch_size=batch_size)
        assert sorted(weights) == sorted(made)
        for mask in made:
            np.testing.assert_allclose(weights[mask], expected[mask][1], rtol=0, atol=1e-6, err_msg=mask)
    # That some were asked changes nothing.
    activations = get_activations(model, x)
    for mask in made:
        np.testing.assert_allclose(activations[mask], plain[mask], atol=1e-5 if policy == "float32" else 2e-3)


def test_asking_takes_no_mask_from_the_layers_that_come_after():
    class Watch(layers.Layer):
        supports_masking = True

        def call(self, x, mask=None):
            return x if mask is None else ops.where(mask[..., None], x, 0)

    x = keras.Input((4,), dtype="int32")
    attended = layers.MultiHeadAttention(2, 3, name="heads")(embedded := embeddings[True](x), embedded)
    model = keras.Model(x, [Watch(name="after")(attended), Watch(name="beside")(embedded)])
    expected = model.predict(TOKENS, verbose=0)
    seen = []

    class Ear(layers.Layer):
        supports_masking = True

        def call(self, tensors):
            seen.append([np.array(tensor) for tensor in tensors] if tf.executing_eagerly() else None)
            return tensors[0]

    watched = keras.Model(x, Ear()(model.outputs))
    get_activations(watched, TOKENS, attention=True)
    for got, wanted in zip(seen[-1], expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


def test_over_two_axes():
    x = keras.Input((3, 2, 4))
    grid = layers.MultiHeadAttention(2, 3, attention_axes=(1, 2), name="grid")
    model = keras.Model(x, grid(x, x))
    inputs = RANDOM.standard_normal((5, 3, 2, 4)).astype("float32")
    _, expected = grid(inputs, inputs, return_attention_scores=True)
    weights = get_activations(model, inputs, attention=True)["grid"]
    assert weights.shape == (5, 2, 3, 2, 3, 2)
    np.testing.assert_allclose(weights, expected, atol=1e-6)


@pytest.mark.skipif(
    "sliding_window" not in inspect.signature(layers.MultiHeadAttention).parameters, reason="an older Keras"
)
def test_in_a_window():
    x = keras.Input((6, 4))
    window = layers.MultiHeadAttention(2, 3, sliding_window=2, name="window")
    inputs = RANDOM.standard_normal((5, 6, 4)).astype("float32")
    model = keras.Model(x, window(x, x, use_causal_mask=True))
    weights = get_activations(model, inputs, attention=True)["window"]
    _, expected = window(inputs, inputs, use_causal_mask=True, return_attention_scores=True)
    np.testing.assert_allclose(weights, expected, atol=1e-6)
    assert (weights > 0).sum() == 5 * 2 * 11


class Block(keras.Model):
    """A subclassed model that keeps its attention to itself."""

    def __init__(self):
        super().__init__(name="block")
        self.heads = layers.MultiHeadAttention(2, 3, name="heads")
        self.cross = layers.AdditiveAttention(name="cross")
        self.out = layers.Dense(2, name="out")

    def call(self, x):
        return self.out(self.cross([x, self.heads(x, x)]))

    def compute_output_shape(self, shape):
        return (*shape[:-1], 2)


def test_in_a_subclassed_model_and_in_one_that_is_nested():
    block, x = Block(), RANDOM.standard_normal((5, 4, 3)).astype("float32")
    block(x)
    weights = get_activations(block, x, attention=True, batch_size=3)
    assert {name: array.shape for name, array in weights.items()} == {
        "heads": (5, 2, 4, 4),
        "cross": (5, 4, 4),
    }
    inputs = keras.Input((2, 4, 3))
    nested = keras.Model(inputs, layers.TimeDistributed(block, name="each")(inputs))
    pairs = np.stack([x, x + 1], axis=1)
    each = get_activations(nested, pairs, "each/block/heads", attention=True)["each/block/heads"]
    np.testing.assert_allclose(each[:, 0], weights["heads"], atol=1e-6)
    assert each.shape == (5, 2, 2, 4, 4)


def test_a_layer_of_the_readers_own_that_can_be_asked():
    class Own(layers.Layer):
        def call(self, x, return_attention_scores=False):
            weights = ops.softmax(x, axis=1)
            context = ops.sum(weights * x, axis=1)
            return (context, weights) if return_attention_scores else context

    model = keras.Sequential([keras.Input((4, 3)), Own(name="own")])
    x = RANDOM.standard_normal((5, 4, 3)).astype("float32")
    np.testing.assert_allclose(get_activations(model, x, attention=True)["own"].sum(axis=1), 1, rtol=1e-5)


def test_what_has_no_weights_is_said_plainly():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1, name="dense")])
    with pytest.raises(ValueError, match=r"attention: no layer of model 'sequential.*' can return attention"):
        get_activations(model, np.zeros((2, 3)), attention=True)
    block, x = Block(), np.zeros((2, 4, 3))
    block(x)
    with pytest.raises(ValueError, match="layer_name must be one of heads, cross; got 'out'"):
        get_activations(block, x, "out", attention=True)
    with pytest.raises(TypeError, match="attention must be True or False, got 1"):
        get_activations(block, x, attention=1)


def test_flash_attention_has_no_weights_to_give():
    # TensorFlow has no flash attention; over two axes Keras does without, and still cannot be asked.
    flash = layers.MultiHeadAttention(2, 3, attention_axes=(1, 2), flash_attention=True, name="flash")
    x = keras.Input((3, 2, 4))
    model = keras.Model(x, flash(x, x))
    inputs = np.ones((5, 3, 2, 4))
    assert get_activations(model, inputs)["flash"].shape == (5, 3, 2, 4)
    message = "layer 'flash' returns no attention weights: (.|\n)*flash attention is enabled"
    with pytest.raises(ValueError, match=message):
        get_activations(model, inputs, attention=True)
