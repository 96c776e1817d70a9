"""Chapter 4's own: the numbers of AttentionPooling, and its models."""

import keras
import numpy as np
import pytest
from keras import layers

from helpers import activations, data
from tools import chapters

CHAPTER = "attention_pooling"
NAMES = chapters.definitions(CHAPTER)
AttentionPooling = NAMES["AttentionPooling"]

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((4, 7, 3)).astype("float32")
MASK = np.arange(7) < np.array([[7], [4], [1], [0]])  # the last sample has no real step


def expected(x, mask, kernel):
    """Compute context and weights as the chapter's equation says, sample by sample."""
    contexts, weights = np.zeros((len(x), x.shape[2])), np.zeros(x.shape[:2])
    for row, (steps, real) in enumerate(zip(x.astype("float64"), mask, strict=True)):
        scores = steps[real] @ kernel[:, 0]
        exponentials = np.exp(scores - scores.max(initial=-np.inf))
        weights[row, real] = exponentials / max(exponentials.sum(), 1e-300)
        contexts[row] = weights[row] @ steps
    return contexts, weights


@pytest.mark.parametrize("mask", [MASK, np.ones_like(MASK), RANDOM.random((4, 7)) < 0.5])
def test_context_and_weights_are_those_of_the_equation(mask):
    pooling = AttentionPooling()
    outputs = pooling(X, mask=mask)
    for ours, right in zip(outputs, expected(X, mask, pooling.W.numpy()), strict=True):
        np.testing.assert_allclose(ours, right, atol=1e-6)
    np.testing.assert_array_equal(np.array(outputs[1])[~mask], 0)


@pytest.mark.parametrize("jit_compile", [True, False])
def test_trains_alike_with_and_without_jit(jit_compile):
    keras.utils.set_random_seed(3)
    model = NAMES["build_model"]()
    tokens, y, _ = data.get_data_keyword(64, 12, seed=0)
    tokens[0] = 0  # a sample of nothing but padding
    optimizer = keras.optimizers.Adam(0.01)
    model.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=jit_compile)
    losses = model.fit(tokens, y, batch_size=16, epochs=3, shuffle=False, verbose=0).history["loss"]
    keras.utils.set_random_seed(3)
    again = NAMES["build_model"]()
    again.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", run_eagerly=True)
    eagerly = again.fit(tokens, y, batch_size=16, epochs=3, shuffle=False, verbose=0).history["loss"]
    np.testing.assert_allclose(losses, eagerly, rtol=1e-4)


def test_its_initializer_is_kept():
    pooling = AttentionPooling(keras.initializers.Constant(0.5))
    twin = AttentionPooling.from_config(pooling.get_config())
    twin.build((None, None, 3))
    np.testing.assert_array_equal(twin.W, np.full((3, 1), 0.5))
    with pytest.raises(ValueError, match="no initializer"):
        AttentionPooling("no initializer")


def test_it_counts_one_weight_a_dimension():
    for dimensions in (1, 5):
        pooling = AttentionPooling()
        pooling.build((None, None, dimensions))
        assert pooling.count_params() == dimensions


def test_it_has_keras_attention_as_its_twin():
    pooling = AttentionPooling()
    mask = MASK[:3]  # Keras spreads the weight of a sample without a real step; here it is nothing
    context, weights = pooling(X[:3], mask=mask)
    query = np.broadcast_to(pooling.W.numpy().T, (3, 1, 3))
    theirs = layers.Attention()([query, X[:3]], mask=[None, mask], return_attention_scores=True)
    for ours, twin in zip((context, weights), theirs, strict=True):
        np.testing.assert_allclose(ours, twin[:, 0], atol=1e-6)


@pytest.mark.parametrize("mask", [True, False])
def test_model_hides_padding_if_it_is_told_to(mask):
    model = NAMES["build_model"](mask, vocabulary=7, classes=3)
    tokens = np.array([[1, 6, 2, 0, 0], [5, 0, 0, 0, 0]])
    _, weights = activations.get_activations(model, tokens)["attention"]
    assert ((weights == 0) == (tokens == 0)).all() if mask else (weights > 0).all()
    assert model.output.shape == (None, 3)
    assert model.get_layer("embedding").input_dim == 7


def test_model_is_made_for_the_chapters_task_and_hides_padding_unless_it_is_told_otherwise():
    model = NAMES["build_model"]()
    tokens, y, _ = data.get_data_keyword(100, 40, seed=0)
    _, weights = activations.get_activations(model, tokens)["attention"]
    assert ((weights == 0) == (tokens == 0)).all()
    assert (model.output.shape[1], model.get_layer("embedding").input_dim) == (y.max() + 1, tokens.max() + 1)


@pytest.mark.parametrize("padding", ["after", "before"])
def test_notebooks_model_finds_the_keyword(padding):
    retrainer = NAMES["retrainer_for"](True)
    model = retrainer.model
    tokens, y, positions = data.get_data_keyword(2_048, 40, padding=padding, seed=7)
    retrainer.train(tokens[:1_024], y[:1_024], epochs=6, seed=7)
    tokens, y, positions = tokens[1_024:], y[1_024:], positions[1_024:]
    _, weights = model.get_layer("attention")(model.get_layer("embedding")(tokens))
    weights = np.array(weights)
    assert (np.array(model(tokens)).argmax(axis=1) == y).mean() >= 0.99
    assert (weights.argmax(axis=1) == positions).mean() >= 0.99
    np.testing.assert_array_equal(weights[tokens == 0], 0)
