"""Chapter 5's layers, imported from the notebook: saved and loaded, in every precision, with every mask."""

import re

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops

from tools import chapters

NAMES = chapters.definitions("self_attention")
SelfAttention, MultiHeadSelfAttention, Positions = (
    NAMES[name] for name in ("SelfAttention", "MultiHeadSelfAttention", "Positions")
)
MAKERS = {
    "SelfAttention": lambda **options: SelfAttention(8, **options),
    "one head": lambda **options: MultiHeadSelfAttention(8, **options),
    "two heads, causal": lambda **options: MultiHeadSelfAttention(8, 2, True, **options),
}


@pytest.fixture(params=MAKERS)
def make(request):
    return MAKERS[request.param]


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def model_of(make, time_steps=None):
    inputs = keras.Input((time_steps, 4))
    context, weights = make(name="attention")(inputs)
    return keras.Model(inputs, [context, weights])


def outputs_of(layer, inputs, **options):
    return [ops.convert_to_numpy(output) for output in layer(inputs, **options)]


def causal(queries, keys):
    return np.tri(queries, keys, dtype=bool)


def test_saved_and_loaded_it_gives_the_same(make, tmp_path):
    inputs = keras.Input((5, 4))
    context, _ = make()(Positions()(inputs))
    model = keras.Model(inputs, context)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x = noise(3, 5, 4)
    np.testing.assert_array_equal(model.predict(x, verbose=0), loaded.predict(x, verbose=0))


def test_config_holds_every_option():
    layer = MultiHeadSelfAttention(8, heads=2, causal=True, name="mine", dtype="float16")
    twin = MultiHeadSelfAttention.from_config(layer.get_config())
    assert twin.get_config() == layer.get_config()
    assert (twin.output_dim, twin.heads, twin.causal, twin.name) == (8, 2, True, "mine")
    assert SelfAttention.from_config(SelfAttention(3).get_config()).output_dim == 3


def test_kernels_are_one_weight(make):
    layer = make()
    layer.build((None, 5, 4))
    assert [tuple(weight.shape) for weight in layer.weights] == [(3, 4, 8)]


@pytest.mark.parametrize("heads", [3, 0, -2])
def test_heads_that_do_not_fit_are_refused_by_name(heads):
    with pytest.raises(ValueError, match=rf"^heads must divide output_dim, got output_dim=8, heads={heads}$"):
        MultiHeadSelfAttention(8, heads)


def test_inputs_without_steps_are_refused(make):
    with pytest.raises(ValueError, match=r"expected ndim=3, found ndim=2"):
        make()(noise(5, 4))


@pytest.mark.parametrize("shape", [(5,), (2, 5, 5)])
def test_a_mask_of_another_shape_is_refused_by_name(shape):
    message = r"mask must have shape \(batch, time_steps\), got " + re.escape(str(shape))
    with pytest.raises(ValueError, match=message):
        MultiHeadSelfAttention(8, 2)(noise(2, 5, 4), mask=np.ones(shape, bool))


@pytest.mark.parametrize(("precision", "close"), [("mixed_float16", 0.01), ("mixed_bfloat16", 0.08)])
def test_mixed_precision_comes_close_to_float32_and_masks_as_exactly(precision, close):
    x, mask = noise(2, 6, 4), np.arange(6) < [[4], [6]]
    exact = MultiHeadSelfAttention(8, 2)
    rough = MultiHeadSelfAttention(8, 2, dtype=precision)
    rough.build(x.shape)
    exact_outputs = outputs_of(exact, x, mask=mask)
    rough.set_weights(exact.get_weights())
    assert rough.kernel.dtype == "float32"
    outputs = rough(x, mask=mask)
    assert {output.dtype.name for output in outputs} == {precision.removeprefix("mixed_")}
    for output, wanted in zip(outputs, exact_outputs, strict=True):
        np.testing.assert_allclose(ops.cast(output, "float32"), wanted, atol=close)
    weights = ops.convert_to_numpy(ops.cast(outputs[1], "float32"))
    assert (weights[0, :, :, 4:] == 0).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("size", [1, 1_000])
def test_masked_weights_are_0_and_the_others_add_up_to_1_in_every_precision(dtype, size):
    scores = ops.cast(size * noise(5, 6), dtype)
    attend = causal(5, 6)
    attend[2] = False
    weights = ops.convert_to_numpy(ops.cast(NAMES["masked_softmax"](scores, attend), "float32"))
    assert (weights[~attend] == 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), attend.any(axis=1), atol=0.02)


@pytest.mark.parametrize("jit", [False, True])
def test_compiled_or_not_it_gives_the_same_and_trains(make, jit):
    x, y = noise(16, 5, 4), noise(16, 5, 8, seed=1)
    inputs = keras.Input((5, 4))
    model = keras.Model(inputs, make()(inputs)[0])
    model.compile("adam", "mse", jit_compile=jit)
    np.testing.assert_allclose(model.predict(x, verbose=0), model(x), atol=1e-6)
    losses = model.fit(x, y, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


@settings(deadline=None, max_examples=15)
@given(st.sampled_from(sorted(MAKERS)), st.integers(1, 3), st.integers(1, 12))
def test_any_batch_and_length(name, batch, time_steps):
    model = model_of(MAKERS[name])
    x = noise(batch, time_steps, 4)
    context, weights = (ops.convert_to_numpy(output) for output in model(x))
    assert context.shape == (batch, time_steps, 8)
    assert weights.shape[-2:] == (time_steps, time_steps)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(context[:1], model(x[:1])[0], atol=1e-5)


@pytest.mark.parametrize("jit", [False, True])
def test_empty_mask_gives_zeros_and_gradients_without_nan(jit):
    import tensorflow as tf

    layer = MultiHeadSelfAttention(8, 2)
    x, mask = tf.constant(noise(2, 5, 4)), np.array([[False] * 5, [True] * 5])
    layer.build(x.shape)

    @tf.function(jit_compile=jit)
    def run():
        with tf.GradientTape() as tape:
            tape.watch(x)
            context, weights = layer(x, mask=mask)
            loss = tf.reduce_sum(context**2)
        return context, weights, *tape.gradient(loss, [x, layer.kernel.value])

    context, weights, by_inputs, by_kernel = (output.numpy() for output in run())
    assert (context[0] == 0).all()
    assert (weights[0] == 0).all()
    assert (by_inputs[0] == 0).all()
    assert np.isfinite(by_inputs).all()
    assert np.isfinite(by_kernel).all()
    assert abs(by_kernel).max() > 0


def test_gradients_are_those_of_finite_differences(make):
    import tensorflow as tf

    layer = make(dtype="float64")
    x = noise(2, 5, 4).astype("float64")
    target = noise(2, 5, 8, seed=1)
    options = {} if type(layer) is SelfAttention else {"mask": np.arange(5) < [[3], [5]]}

    def loss():
        return tf.reduce_sum(layer(x, **options)[0] * target)

    layer.build(x.shape)
    with tf.GradientTape() as tape:
        value = loss()
    gradient = tape.gradient(value, layer.kernel.value).numpy()
    kernel = layer.get_weights()[0]
    for index in np.ndindex(3, 4, 2):
        step = np.zeros_like(kernel)
        step[index] = 1e-5
        above, below = (layer.set_weights([kernel + s]) or float(loss()) for s in (step, -step))
        assert (above - below) / 2e-5 == pytest.approx(gradient[index], abs=1e-6)


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


def test_without_masks_padding_and_future_do_change_something():
    layer = MultiHeadSelfAttention(8)
    x, other = noise(1, 6, 4), noise(1, 6, 4)
    other[:, 4:] = 3
    assert abs(outputs_of(layer, x)[0] - outputs_of(layer, other)[0])[:, :4].max() > 1e-3


@pytest.mark.parametrize("use_causal_mask", [False, True])
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("heads", [1, 2, 4])
def test_same_numbers_as_multi_head_attention_in_context_and_weights(heads, padded, use_causal_mask):
    layer = MultiHeadSelfAttention(8, heads, use_causal_mask)
    x, mask = noise(3, 6, 4), np.arange(6) < [[4], [6], [1]]
    context, weights = outputs_of(layer, x, mask=mask if padded else None)
    peer = layers.MultiHeadAttention(heads, 8 // heads, use_bias=False, output_shape=8)
    peer.build(x.shape, x.shape)
    kernels = layer.get_weights()[0].reshape(3, 4, heads, -1)
    peer.set_weights([*kernels, np.eye(8).reshape(heads, -1, 8)])
    peer_context, peer_weights = peer(
        x,
        x,
        attention_mask=mask[:, np.newaxis] if padded else None,
        use_causal_mask=use_causal_mask,
        return_attention_scores=True,
    )
    np.testing.assert_allclose(context, peer_context, atol=1e-5)
    np.testing.assert_allclose(weights, peer_weights, atol=1e-5)


def test_keras_mask_arrives_and_goes_on_with_the_context_alone():
    tokens = np.array([[3, 1, 2, 0, 0]])
    embedded = layers.Embedding(4, 4, mask_zero=True)(tokens)
    context, weights = MultiHeadSelfAttention(8)(embedded)
    assert (ops.convert_to_numpy(weights)[..., 3:] == 0).all()
    pooled = layers.GlobalAveragePooling1D()(context)
    np.testing.assert_allclose(pooled, ops.mean(context[:, :3], axis=1), atol=1e-6)
    assert getattr(weights, "_keras_mask", None) is None


def test_positions_tell_equal_steps_apart():
    plain, placed = np.ones((1, 3, 4), "float32"), Positions()(np.ones((1, 3, 4), "float32"))
    context, _ = outputs_of(MultiHeadSelfAttention(8), plain)
    assert np.ptp(context, axis=1).max() < 1e-6
    assert np.ptp(ops.convert_to_numpy(placed), axis=1).max() > 0.01
