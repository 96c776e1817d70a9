"""One contract for every layer that the notebooks define: on TensorFlow here, on JAX and torch in processes of their own."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops

from tests.chapters.contract import (
    BLOCKS,
    CASES,
    DEMONSTRATIONS,
    MASK,
    NAMES,
    NOTEBOOKS,
    STEPS,
    WIDTH,
    Trained,
    given,
    model_of,
    noise,
    numbers,
    outputs,
    sequences,
)
from tools import chapters

BACKEND = keras.backend.backend()
ALL = BACKEND == "tensorflow"  # a backend that is tried beside it gets a few precisions, to be quick


@pytest.fixture(scope="module", params=CASES)
def case(request):
    return CASES[request.param]


@pytest.fixture(scope="module")
def trained(case):
    return Trained(case)


def of(wanted):
    """Run a test for the layers of which something is true."""
    names = [name for name, case in CASES.items() if wanted(case)]
    return pytest.mark.parametrize("case", names, indirect=True, scope="module")


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


def test_every_layer_of_the_notebooks_is_here_or_a_demonstration():
    if not ALL:
        pytest.skip("the other chapters' definitions need TensorFlow")
    found = {
        (chapter, name)
        for chapter in map(chapters.name_of, chapters.NOTEBOOKS)
        for name, value in chapters.definitions(chapter).items()
        if isinstance(value, type) and issubclass(value, layers.Layer) and value.__module__ == chapter
    }
    tested = {(case.chapter, case.name) for case in CASES.values()}
    assert tested <= found
    assert {name for _, name in found - tested} == DEMONSTRATIONS


def test_config_makes_the_same_layer(case):
    layer = case.make(name="mine", trainable=False, dtype="mixed_float16")
    json.dumps(keras.saving.serialize_keras_object(layer))
    twin = case.layer.from_config(layer.get_config())
    assert twin.get_config() == layer.get_config()
    assert {name: getattr(twin, name) for name in case.options} == case.options
    assert (twin.name, twin.trainable, twin.compute_dtype) == ("mine", False, "float16")


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"] if ALL else ["float32"])
def test_saved_and_loaded_it_gives_the_same(case, policy, tmp_path):
    model = model_of(case, case.make(dtype=policy, name="mine"))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.get_layer("mine")).__name__ == case.name
    assert loaded.get_layer("mine").dtype_policy.name == policy
    data = given(case, sequences(case))
    for ours, theirs in zip(outputs(model, [data]), outputs(loaded, [data]), strict=True):
        np.testing.assert_array_equal(ours, theirs)


PRECISIONS = {"float32": 1e-6, "mixed_float16": 0.01, "mixed_bfloat16": 0.08}
PRECISIONS |= {"float16": 0.01, "bfloat16": 0.08} if ALL else {}
KINDS = ["int32", "bool", "float64"] + (["int64", "uint8", "float16", "float32"] if ALL else [])


@pytest.mark.parametrize("policy", PRECISIONS)
def test_every_precision_is_near_float32_and_hides_what_is_masked_as_exactly(case, policy):
    exact, rough = case.make(), case.make(dtype=policy)
    options = {"mask": MASK} if case.mask else {}
    right = outputs(exact, sequences(case), **options)
    rough(*sequences(case))  # builds it
    rough.set_weights(exact.get_weights())
    attributes = [name for name, value in vars(rough).items() if isinstance(value, keras.Variable)]
    assert [weight.name for weight in rough.weights] == attributes
    results = keras.tree.flatten(rough(*sequences(case), **options))
    compute = policy.removeprefix("mixed_")
    assert {keras.backend.standardize_dtype(result.dtype) for result in results} == {compute}
    kept = "float32" if policy.startswith("mixed") else compute
    assert all(keras.backend.standardize_dtype(weight.dtype) == kept for weight in rough.weights)
    for ours, theirs in zip(results, right, strict=True):
        np.testing.assert_allclose(numbers(ours), theirs, atol=PRECISIONS[policy])
        np.testing.assert_array_equal(numbers(ours) == 0, theirs == 0)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"] if ALL else ["mixed_float16"])
@pytest.mark.parametrize("dtype", KINDS)
def test_numbers_of_any_kind_give_what_floats_give_in_the_dtype_of_the_layer(case, dtype, policy):
    layer = case.make(dtype=policy)
    arrays = [(abs(array) > 0.7).astype(dtype) for array in sequences(case)]
    results = keras.tree.flatten(layer(*arrays))
    assert {keras.backend.standardize_dtype(result.dtype) for result in results} == {layer.compute_dtype}
    right = outputs(layer, [array.astype("float32") for array in arrays])
    for ours, theirs in zip(results, right, strict=True):
        np.testing.assert_array_equal(numbers(ours), theirs)


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("name", BLOCKS)
def test_blocks_of_keras_layers_take_numbers_of_any_kind(name, dtype):
    if BACKEND == "torch" and name == "own_kernels":
        pytest.skip("Keras's EinsumDense takes floats alone there, and says so")
    x = (noise(3, STEPS, WIDTH) > 0.7).astype(dtype)
    results = []
    for kind in (dtype, "float32"):
        keras.utils.set_random_seed(0)
        inputs = keras.Input((STEPS, WIDTH), dtype=kind)
        results += [keras.Model(inputs, BLOCKS[name](inputs))(x.astype(kind))]
    assert keras.backend.standardize_dtype(results[0].dtype) == "float32"
    np.testing.assert_array_equal(*map(numbers, results))
    assert numbers(results[0]).std() > 0.01


# torch's compiler takes minutes.
@pytest.mark.parametrize("jit", {"tensorflow": [False, True], "jax": [True], "torch": [False]}[BACKEND])
def test_compiled_it_gives_the_same(case, jit):
    layer = case.make()
    model = model_of(case, layer)
    model.compile(jit_compile=jit)
    arrays, options = sequences(case), {"mask": MASK} if case.mask else {}
    predicted = keras.tree.flatten(model.predict(given(case, arrays), verbose=0))
    for ours, theirs in zip(predicted, outputs(layer, arrays, **options), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_every_weight_has_a_gradient_and_it_is_that_of_small_differences(trained):
    for part, gradient in enumerate(trained.gradients()):
        assert np.abs(gradient).max() > 1e-4
        way = noise(*gradient.shape, seed=4)
        ends = []
        for step in (0.01, -0.01):
            moved = list(trained.start)
            moved[part] = moved[part] + step * way
            ends.append(trained.loss(moved))
        assert (gradient * way).sum() == pytest.approx((ends[0] - ends[1]) / 0.02, rel=0.02, abs=2e-4)


@pytest.mark.filterwarnings("ignore:You are using a softmax")  # over one step; here it is meant
def test_any_length_and_a_batch_of_one(case):
    layer = case.make()
    model = model_of(case, layer, case.any_length)
    batches = (1, 3) if ALL else (1,)
    for batch, steps in zip(batches, (9, 1) if case.any_length else (STEPS, STEPS), strict=False):
        arrays = sequences(case, batch, steps)
        mask = noise(batch, steps, seed=2) < 0.5
        together = outputs(model, [given(case, arrays, mask)])
        for sample in range(batch):
            one = slice(sample, sample + 1)
            options = {"mask": mask[one]} if case.mask else {}
            alone = outputs(layer, [array[one] for array in arrays], **options)
            for ours, theirs in zip(together, alone, strict=True):
                np.testing.assert_allclose(ours[one], theirs, atol=1e-6)
    if case.any_length:
        return
    for steps in (1, STEPS + 1):
        with pytest.raises(
            ValueError, match=rf"expected shape=\(None, {STEPS}, {WIDTH}\), found shape=\(3, "
        ):
            layer(*sequences(case, steps=steps))


def test_inputs_without_steps_are_refused(case):
    with pytest.raises(ValueError, match="expected ndim=3, found ndim=2"):
        case.make()(*(array[0] for array in sequences(case)))


@of(lambda case: case.gives_weights)
def test_weights_are_a_softmax_of_what_may_be_attended_to(case):
    arrays, options = sequences(case), {"mask": MASK} if case.mask else {}
    # However large the scores are, and however far below 0.
    for scale in (1, 1_000, -1_000):
        _, weights = outputs(case.make(), [*arrays[:-1], scale * arrays[-1]], **options)
        real = MASK.reshape(3, *[1] * (weights.ndim - 2), STEPS) if case.mask else np.ones_like(weights, bool)
        real = np.broadcast_to(real, weights.shape)
        if case.options.get("causal"):
            real = real & np.tri(STEPS, dtype=bool)
        np.testing.assert_allclose(weights.sum(axis=-1), real.any(axis=-1), atol=1e-5)
        assert (weights[~real] == 0).all()
        assert (weights >= 0).all()


@of(lambda case: case.mask)
def test_without_a_mask_every_step_counts(case):
    layer = case.make()
    usual = outputs(layer, sequences(case))
    everything = np.ones_like(MASK)
    for options in ({"mask": None}, {"mask": everything}, {"mask": everything.astype("int32")}):
        for ours, theirs in zip(outputs(layer, sequences(case), **options), usual, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@of(lambda case: case.mask)
def test_one_step_that_is_left_has_all_the_weight(case):
    for step in range(STEPS):
        mask = np.tile(np.arange(STEPS) == step, (3, 1))
        _, weights = outputs(case.make(), sequences(case), mask=mask)
        wanted = np.broadcast_to(mask[0].astype(float), weights.shape)
        if case.options.get("causal"):
            wanted = wanted * np.tri(STEPS)  # who comes before that step sees nothing
        np.testing.assert_array_equal(weights, wanted)


@of(lambda case: case.mask)
def test_where_nothing_is_real_there_is_nothing_and_no_gradient(case, trained):
    mask = MASK.copy()
    mask[0] = False
    for output in outputs(case.make(), sequences(case), mask=mask):
        assert (output[0] == 0).all()
    found = trained.gradients(mask)
    assert all(np.isfinite(gradient).all() for gradient in found)
    assert (found[case.takes - 1].reshape(3, STEPS, WIDTH)[0] == 0).all()
    assert all((gradient == 0).all() for gradient in trained.gradients(np.zeros_like(mask)))


@of(lambda case: case.mask)
@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"] if ALL else ["float32"])
def test_what_is_masked_never_influences_what_comes_out(case, policy):
    layer = case.make(dtype=policy)
    *queries, states = sequences(case)
    usual = outputs(layer, [*queries, states], mask=MASK)
    real = MASK if case.passes_on else np.full(usual[0].shape[:2], True)
    padded = np.pad(states, ((0, 0), (0, 3), (0, 0)), constant_values=50)
    variants = {
        "large": (np.where(MASK[..., np.newaxis], states, 100), MASK),
        "noise": (np.where(MASK[..., np.newaxis], states, 20 * noise(*states.shape, seed=5)), MASK),
        "longer": (padded, np.pad(MASK, ((0, 0), (0, 3)))),
    }
    for name, (other, mask) in variants.items():
        context, weights = outputs(layer, [*queries, other], mask=mask)
        kept = context[:, :STEPS] if case.passes_on else context
        tolerance = 1e-6 if policy == "float32" else 0.02
        np.testing.assert_allclose(kept[real], usual[0][real], atol=tolerance, err_msg=name)
        assert (weights[..., STEPS:] == 0).all()
    # And what is not masked does.
    changed = np.where(MASK[..., np.newaxis], 20 * noise(*states.shape, seed=5), states)
    assert np.abs(outputs(layer, [*queries, changed], mask=MASK)[0] - usual[0]).max() > 0.1


@of(lambda case: case.mask)
def test_the_mask_of_the_layer_before_arrives(case):
    """A mask that Keras hides on a tensor counts like one that is handed over."""
    layer = case.make()
    *queries, states = sequences(case)
    states = np.where(MASK[..., np.newaxis], states, 0)
    inputs = [keras.Input(array.shape[1:]) for array in (*queries, states)]
    hidden = layer(*inputs[:-1], layers.Masking()(inputs[-1]))
    by_keras = outputs(keras.Model(inputs, hidden), [[*queries, states]])
    for ours, theirs in zip(by_keras, outputs(layer, [*queries, states], mask=MASK), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert np.abs(by_keras[0] - outputs(layer, [*queries, states])[0]).max() > 1e-3


@of(lambda case: case.mask or case.passes_on)  # of another one Keras says that the mask is lost
def test_a_mask_goes_on_where_the_steps_are_those_of_the_inputs_and_ends_elsewhere(case):
    layer = case.make()
    *queries, states = sequences(case)
    states = 9 * np.where(MASK[..., np.newaxis], states, 0)
    inputs = [keras.Input(array.shape[1:]) for array in (*queries, states)]
    context = keras.tree.flatten(layer(*inputs[:-1], layers.Masking()(inputs[-1])))[0]
    if len(context.shape) == 2:
        context = context[:, None]
    # A mean that heeds the mask, or for want of one takes all steps.
    model = keras.Model(inputs, [layers.GlobalAveragePooling1D()(context), context])
    mean, context = outputs(model, [[*queries, states]])
    rows = MASK if case.passes_on else np.full(context.shape[:2], True)
    wanted = [steps[real].mean(axis=0) for steps, real in zip(context, rows, strict=True)]
    np.testing.assert_allclose(mean, wanted, atol=1e-5)
    if case.passes_on:
        assert np.abs(wanted - context.mean(axis=1)).max() > 0.1, "masked or not, the means would be the same"


@of(lambda case: case.mask)
@pytest.mark.parametrize("shape", [(STEPS,), (3, STEPS, STEPS), (3, STEPS, 1)])
def test_a_mask_of_another_shape_is_refused_by_name(case, shape):
    expected = "inputs" if case.takes == 2 else "time_steps"
    message = rf"mask must have shape \(batch, {expected}\), got \({', '.join(map(str, shape))},?\)"
    with pytest.raises(ValueError, match=message):
        case.make()(*sequences(case), mask=np.ones(shape, bool))


@pytest.mark.parametrize("chapter", [chapter for chapter in NOTEBOOKS if "masked_softmax" in NAMES[chapter]])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_masked_softmax_is_that_of_the_real_scores_whatever_they_are(chapter, dtype):
    masked_softmax = NAMES[chapter]["masked_softmax"]
    mask = noise(6, 500, seed=2) < 0.5
    mask[0] = False
    # The last one: no real score may be as low as what stands for a masked one.
    for low, size in ((0, 1), (0, 1_000), (-6e4, 1_000)):
        scores = ops.cast(low + size * noise(6, 500), dtype)
        exact = np.where(mask, numbers(scores), -np.inf)
        exponentials = np.exp(exact - exact.max(axis=1, initial=-1e30, keepdims=True))
        right = exponentials / np.maximum(exponentials.sum(axis=1, keepdims=True), 1e-300)
        weights = masked_softmax(scores, mask)
        # Half precision would have rounded each exponential, and their sum.
        assert keras.backend.standardize_dtype(weights.dtype) == "float32"
        np.testing.assert_allclose(numbers(weights), right, rtol=2e-5, atol=1e-30)
        np.testing.assert_array_equal(numbers(weights)[~mask], 0)
        np.testing.assert_array_equal(
            numbers(masked_softmax(scores)), numbers(masked_softmax(scores, np.ones_like(mask)))
        )


@pytest.mark.skipif(not ALL, reason="this is such a process")
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_contract_holds_on_another_backend(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    plain = ["-m", "pytest", "-q", "-x", "-p", "no:xdist", "-p", "no:cacheprovider"]
    # JAX compiles each operation by itself, which is all that takes time here.
    quickly = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    options = {
        "cwd": Path(__file__).parents[2],
        "env": {**os.environ, "KERAS_BACKEND": backend, "XLA_FLAGS": quickly},
    }
    done = subprocess.run(
        [sys.executable, *plain, __file__], **options, capture_output=True, text=True, timeout=1_200
    )
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-1_000:]
