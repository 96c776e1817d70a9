"""Chapter 5's own: who asks whom, what a mask hides wherever it stands, Keras's numbers, and the models."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops

from helpers import activations
from helpers.exercises.answers import softmax
from tools import chapters

NAMES = chapters.definitions("self_attention")
SelfAttention, MultiHeadSelfAttention, Positions = (
    NAMES[name] for name in ("SelfAttention", "MultiHeadSelfAttention", "Positions")
)


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def outputs_of(layer, inputs, **options):
    return [ops.convert_to_numpy(output) for output in layer(inputs, **options)]


def causal(queries, keys):
    return np.tri(queries, keys, dtype=bool)


def test_a_step_asks_with_its_query_for_keys_and_is_handed_values():
    layer = SelfAttention(6)
    x = 3 * noise(2, 5, 4)
    context, weights = outputs_of(layer, x)
    (kernels,) = layer.get_weights()
    assert kernels.shape == (3, 4, 6)
    query, key, value = (x @ kernel for kernel in kernels)
    scores = query @ key.swapaxes(1, 2)
    np.testing.assert_allclose(weights, softmax(scores, 2), atol=1e-5)
    np.testing.assert_allclose(context, softmax(scores, 2) @ value, atol=1e-5)
    assert np.abs(weights - softmax(scores.swapaxes(1, 2), 2)).max() > 0.1, "who asks whom makes a difference"


@pytest.mark.parametrize("heads", [3, 0, -2])
def test_heads_that_do_not_fit_are_refused_by_name(heads):
    with pytest.raises(ValueError, match=rf"^heads must divide output_dim, got output_dim=8, heads={heads}$"):
        MultiHeadSelfAttention(8, heads)


@st.composite
def masked(draw):
    batch, time_steps = draw(st.integers(1, 3)), draw(st.integers(2, 9))
    lengths = draw(st.lists(st.integers(0, time_steps), min_size=batch, max_size=batch))
    mask = np.arange(time_steps) < np.array(lengths)[:, np.newaxis]
    return mask[:, ::-1] if draw(st.booleans()) else mask


@settings(deadline=None, max_examples=25)
@given(masked(), st.booleans(), st.sampled_from([1, 2]))
def test_padding_changes_nothing_wherever_it_stands(mask, is_causal, heads):
    layer = MultiHeadSelfAttention(8, heads, is_causal)
    x = noise(*mask.shape, 4)
    other = np.where(mask[:, :, np.newaxis], x, 7 * noise(*mask.shape, 4, seed=1))
    (context, weights), (other_context, _) = (outputs_of(layer, array, mask=mask) for array in (x, other))
    np.testing.assert_allclose(context[mask], other_context[mask], atol=1e-6)
    assert (weights.swapaxes(1, 3)[~mask] == 0).all()


@settings(deadline=None, max_examples=25)
@given(masked(), st.integers(1, 9), st.sampled_from([1, 2]))
def test_future_changes_nothing(mask, now, heads):
    layer = MultiHeadSelfAttention(8, heads, causal=True)
    x = noise(*mask.shape, 4)
    other = x.copy()
    other[:, now:] = noise(*mask.shape, 4, seed=1)[:, now:]
    (context, weights), (other_context, _) = (outputs_of(layer, array, mask=mask) for array in (x, other))
    np.testing.assert_allclose(context[:, :now], other_context[:, :now], atol=1e-6)
    assert (weights[:, :, ~causal(*weights.shape[-2:])] == 0).all()


def late_changes(layer):
    return NAMES["future_seen"](lambda x: layer(x)[0], noise(3, 6, 4), noise(3, 6, 4, seed=1))


def test_the_test_for_a_look_into_the_future_is_passed_by_a_causal_layer_alone():
    assert late_changes(MultiHeadSelfAttention(8, 2, causal=True)) == 0
    assert late_changes(MultiHeadSelfAttention(8, 2)) > 0.01

    def first_step_looks_ahead(x):  # and no other step
        context, _ = MultiHeadSelfAttention(8, causal=True)(x)
        return np.concatenate([context[:, :1] + x[:, 1:2, :1], context[:, 1:]], axis=1)

    assert NAMES["future_seen"](first_step_looks_ahead, noise(3, 6, 4), noise(3, 6, 4, seed=1)) > 0.01


def test_the_spread_that_is_repaired_is_that_of_three_kernels():
    copied, repaired = (
        NAMES["build_model"](spread=spread).get_layer("attention").get_weights()[0]
        for spread in (1.0, 3**0.5)
    )
    glorot = (6 / (32 + 32)) ** 0.5  # the limit of a uniform kernel (32, 32)
    assert np.abs(repaired).max() == pytest.approx(glorot, rel=0.02)
    assert np.abs(copied).max() == pytest.approx(glorot / 3**0.5, rel=0.02)


def test_without_masks_padding_and_future_do_change_something():
    layer = MultiHeadSelfAttention(8)
    x, other = noise(1, 6, 4), noise(1, 6, 4)
    assert [output.shape for output in outputs_of(layer, x)] == [(1, 6, 8), (1, 1, 6, 6)], "one head"
    other[:, 4:] = 3
    assert abs(outputs_of(layer, x)[0] - outputs_of(layer, other)[0])[:, :4].max() > 1e-3


@pytest.mark.parametrize("use_causal_mask", [False, True])
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("mix", [False, True])
def test_same_numbers_as_multi_head_attention_in_context_and_weights(mix, heads, padded, use_causal_mask):
    layer = MultiHeadSelfAttention(8, heads, use_causal_mask, mix)
    x, mask = noise(3, 6, 4), np.arange(6) < [[4], [6], [1]]
    context, weights = outputs_of(layer, x, mask=mask if padded else None)
    peer = layers.MultiHeadAttention(heads, 8 // heads, use_bias=False, output_shape=8)
    peer.build(x.shape, x.shape)
    kernel, *mixed = layer.get_weights()
    assert len(mixed) == mix
    output = mixed[0] if mix else np.eye(8)
    peer.set_weights([*kernel.reshape(3, 4, heads, -1), output.reshape(heads, -1, 8)])
    peer_context, peer_weights = peer(
        x,
        x,
        attention_mask=mask[:, np.newaxis] if padded else None,
        use_causal_mask=use_causal_mask,
        return_attention_scores=True,
    )
    np.testing.assert_allclose(context, peer_context, atol=1e-5)
    np.testing.assert_allclose(weights, peer_weights, atol=1e-5)


def test_positions_tell_equal_steps_apart():
    plain, placed = np.ones((1, 3, 4), "float32"), Positions()(np.ones((1, 3, 4), "float32"))
    context, _ = outputs_of(MultiHeadSelfAttention(8), plain)
    assert np.ptp(context, axis=1).max() < 1e-6
    assert np.ptp(ops.convert_to_numpy(placed), axis=1).max() > 0.01


def test_each_option_of_the_model_reaches_its_layers():
    usual = NAMES["build_model"]()
    assert usual.input.shape == (None, 16)
    assert usual.output.shape == (None, 16, 10)
    assert [type(layer).__name__ for layer in usual.layers].count("Positions") == 1
    assert (usual.get_layer("attention").heads, usual.get_layer("attention").causal) == (1, False)
    model = NAMES["build_model"](heads=2, positions=False, time_steps=7, causal=True, jobs=2)
    assert [output.shape for output in model.outputs] == [(None, 7, 10)] * 2
    assert "Positions" not in {type(layer).__name__ for layer in model.layers}
    assert (model.get_layer("attention").heads, model.get_layer("attention").causal) == (2, True)


@pytest.mark.parametrize("is_causal", [False, True])
def test_a_causal_model_and_no_other_keeps_the_future_from_its_outputs(is_causal):
    model = NAMES["build_model"](time_steps=9, causal=is_causal)
    x = np.random.default_rng(0).integers(0, 10, (4, 9))
    other = np.where(np.arange(9) < 5, x, (x + 1) % 10)
    change = np.abs(ops.convert_to_numpy(model(x)) - ops.convert_to_numpy(model(other))).max(axis=(0, 2))
    assert (change[:5] < 1e-6).all() == is_causal
    assert (change[5:] > 1e-6).all()


def test_the_mended_classifier_looks_at_no_padding_and_takes_its_mean_without():
    classifier = NAMES["build_classifier"](pool=True)
    # With its small first weights all contexts are nearly equal, and so would both means be.
    classifier.set_weights([9 * weight for weight in classifier.get_weights()])
    tokens = np.array([[3, 1, 4, 1, 5] + 15 * [0], list(range(1, 21))])
    outputs = activations.get_activations(classifier, tokens)
    context, weights = outputs["attention"]
    np.testing.assert_array_equal(weights == 0, np.broadcast_to((tokens == 0)[:, None, None], weights.shape))
    mean = next(outputs[layer.name] for layer in classifier.layers if "pooling" in layer.name)
    for steps, row, pooled in zip(context, tokens, mean, strict=True):
        np.testing.assert_allclose(pooled, steps[row > 0].mean(axis=0), atol=1e-6)
    assert np.abs(mean - context.mean(axis=1)).max() > 0.1
