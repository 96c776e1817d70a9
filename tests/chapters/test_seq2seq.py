"""Chapter 6's layers and models, as the notebook defines them: attention between two sequences."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from helpers import plots, text
from tools import chapters

CHAPTER = "06_seq2seq_attention"
SCORES = ("dot", "general", "additive")


@pytest.fixture(scope="module")
def notebook():
    return chapters.definitions(CHAPTER)


@pytest.fixture(params=SCORES)
def layer(request, notebook):
    return notebook["LAYERS"][request.param]()


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def example(batch=2):
    mask = np.arange(5) < np.array([[3], [5]])[:batch]
    return random(batch, 4, 6), random(batch, 5, 6, seed=1), mask


def test_weights_are_a_softmax_over_the_source_without_its_padding(layer):
    query, states, mask = example()
    context, weights = map(np.array, layer(query, states, mask=mask))
    assert context.shape == (2, 4, 6)
    assert weights.shape == (2, 4, 5)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-6)
    assert (weights[0, :, 3:] == 0).all()
    np.testing.assert_allclose(context, weights @ states, atol=1e-5)


def test_a_query_for_one_step_is_refused(layer):
    _, states, mask = example()
    with pytest.raises(ValueError, match=r"expected ndim=3, found ndim=2"):
        layer(random(2, 6), states, mask=mask)


def test_a_mask_without_samples_is_refused_by_name(layer):
    query, states, mask = example()
    with pytest.raises(ValueError, match=r"mask must have shape \(batch, inputs\), got \(5,\)"):
        layer(query, states, mask=mask[0])


def test_padding_changes_nothing(layer):
    query, states, mask = example()
    context, weights = layer(query, states, mask=mask)
    longer = np.concatenate([states, random(2, 3, 6, seed=7)], axis=1)
    longer[0, 3:5] = 99
    padded = np.pad(mask, ((0, 0), (0, 3)))
    again, more = layer(query, longer, mask=padded)
    np.testing.assert_allclose(again, context, atol=1e-6)
    np.testing.assert_allclose(np.array(more)[:, :, :5], weights, atol=1e-6)


def test_a_source_that_is_all_padding_gives_zeros_and_finite_gradients(layer):
    query, states, _ = example()
    states = tf.constant(states)
    with tf.GradientTape() as tape:
        tape.watch(states)
        context, weights = layer(query, states, mask=np.zeros((2, 5), bool))
        total = tf.reduce_sum(context)
    assert (np.array(weights) == 0).all()
    assert (np.array(context) == 0).all()
    assert np.isfinite(tape.gradient(total, states)).all()


def test_one_step_at_a_time_is_the_same_as_all_at_once(layer):
    query, states, mask = example()
    context, _ = layer(query, states, mask=mask)
    for step in range(4):
        one, _ = layer(query[:, step : step + 1], states, mask=mask)
        np.testing.assert_allclose(one[:, 0], context[:, step], atol=1e-6)


@pytest.mark.parametrize("batch", [1, 2])
def test_jit_and_not_agree(layer, batch):
    query, states, mask = example(batch)
    plain = layer(query, states, mask=mask)
    fast = tf.function(lambda q, s, m: layer(q, s, mask=m), jit_compile=True)(query, states, mask)
    for ours, theirs in zip(plain, fast, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_stays_finite_with_large_scores(notebook, policy):
    for name in SCORES:
        made = notebook["LAYERS"][name]
        layer = made(dtype=policy)
        query, states, mask = example()
        context, weights = layer(10 * query, 10 * states, mask=mask)
        assert context.dtype == weights.dtype == layer.compute_dtype
        assert np.isfinite(np.array(context, "float32")).all(), name
        assert (np.array(weights, "float32")[0, :, 3:] == 0).all()


def test_gradients_are_those_of_small_differences(layer):
    query, states, mask = example()
    layer(query, states, mask=mask)
    target = random(2, 4, 6, seed=3)

    def loss(query):
        return tf.reduce_sum(layer(query, states, mask=mask)[0] * target)

    start, way = tf.constant(query), tf.constant(random(2, 4, 6, seed=4))
    with tf.GradientTape() as tape:
        tape.watch(start)
        value = loss(start)
    slope = tf.reduce_sum(tape.gradient(value, start) * way)
    numeric = (loss(start + 1e-2 * way) - loss(start - 1e-2 * way)) / 2e-2
    np.testing.assert_allclose(slope, numeric, rtol=2e-2)


def test_every_weight_gets_a_gradient_and_there_are_as_many_as_the_formula_says(layer):
    query, states, mask = example()
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(query, states, mask=mask)[0] ** 2)
    counts = {"DotAttention": 0, "GeneralAttention": 36, "AdditiveAttention": 2 * 6 * 32 + 32}
    assert layer.count_params() == counts[type(layer).__name__]
    if layer.trainable_weights:
        gradients = tape.gradient(total, [w.value for w in layer.trainable_weights])
        assert all(np.abs(gradient).max() > 0 for gradient in gradients)


def test_config_round_trip(layer):
    query, states, mask = example()
    expected = layer(query, states, mask=mask)
    twin = type(layer).from_config(layer.get_config())
    twin(query, states, mask=mask)  # builds it
    twin.set_weights(layer.get_weights())
    for ours, theirs in zip(expected, twin(query, states, mask=mask), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def parts(notebook, score="additive"):
    keras.utils.set_random_seed(3)
    encoder = notebook["build_encoder"](13)
    decoder = notebook["build_decoder"](notebook["LAYERS"][score](), 13)
    return encoder, decoder


def tokens(batch=3, length=7, padding=0):
    x = np.random.default_rng(0).integers(3, 13, (batch, length)).astype("int32")
    return np.pad(x, ((0, 0), (0, padding)))


def test_what_is_written_does_not_depend_on_the_padding(notebook):
    encoder, decoder = parts(notebook)
    short, long = (notebook["greedy"](encoder, decoder, tokens(padding=p), 6) for p in (0, 9))
    assert short.tolist() == long.tolist()


def test_teacher_forcing_sees_the_past_alone(notebook):
    encoder, decoder = parts(notebook)
    y = tokens(length=6)
    encoded = encoder(tokens())
    changed = y.copy()
    changed[:, 4] = 3 + (changed[:, 4] - 3 + 1) % 10
    decode = notebook["compiled"](decoder)
    first, second = (decode([notebook["shifted"](target), *encoded])[0].numpy() for target in (y, changed))
    np.testing.assert_allclose(first[:, :5], second[:, :5], atol=1e-6)
    assert np.abs(first[:, 5] - second[:, 5]).max() > 1e-4


def test_a_beam_of_one_is_greedy_and_a_wider_one_is_never_less_likely(notebook):
    encoder, decoder = parts(notebook, "dot")
    x = tokens(batch=20)
    greedy = notebook["greedy"](encoder, decoder, x, 5)
    one, alone = notebook["beam_search"](encoder, decoder, x, 5, width=1)
    assert one.tolist() == greedy.tolist()
    beams, probabilities = notebook["beam_search"](encoder, decoder, x, 5, width=4)
    assert beams.shape == (80, 5)
    assert probabilities.shape == (20, 4)
    assert (np.diff(probabilities, axis=1) <= 1e-9).all()
    assert (probabilities[:, 0] >= alone[:, 0] - 1e-6).all()


def test_the_likelihood_of_a_beam_is_the_product_of_its_characters(notebook):
    encoder, decoder = parts(notebook, "general")
    x = tokens(batch=2)
    beams, probabilities = notebook["beam_search"](encoder, decoder, x, 4, width=3)
    encoded = [np.repeat(t, 3, axis=0) for t in encoder(x)]
    logits = notebook["compiled"](decoder)([notebook["shifted"](beams), *encoded])[0]
    logs = np.take_along_axis(tf.nn.log_softmax(logits).numpy(), beams[:, :, None], axis=2)
    np.testing.assert_allclose(probabilities.ravel(), np.exp(logs.sum(axis=(1, 2))), rtol=1e-4)


def test_the_bottleneck_has_the_same_parameters_and_nothing_to_choose(notebook):
    encoder = notebook["build_encoder"](13, bottleneck=True)
    assert encoder.count_params() == notebook["build_encoder"](13).count_params()
    states, _, h, _ = encoder(tokens())
    for step in range(7):
        np.testing.assert_allclose(states[:, step], h, atol=1e-6)


def test_listing_in_a_lambda_has_no_weights(notebook):
    function = notebook["general_score"]
    query, states = keras.Input((8, 32)), keras.Input((8, 32))
    model = keras.Model([query, states], layers.Lambda(function)([query, states]))
    assert model.trainable_weights == []


@pytest.fixture(scope="module")
def reader():
    """Return `read_date` over an untrained model: it must cope with whatever such a one writes."""
    names = chapters.definitions(CHAPTER)
    keras.utils.set_random_seed(0)
    letters = text.CharacterTokenizer("0123456789/-., MayJune")
    digits = text.CharacterTokenizer("-0123456789")
    encoder = names["build_encoder"](letters.num_tokens)
    decoder = names["build_decoder"](names["LAYERS"]["additive"](), digits.num_tokens)
    names.update(letters=letters, digits=digits, encoder=encoder, decoder=decoder)
    names["known_words"] = {"may", "june"}
    return names


@settings(deadline=None, max_examples=40)
@given(
    typed=st.one_of(
        st.text(max_size=60),
        st.text("0123456789/-., ", max_size=40),
        st.lists(st.sampled_from(["May", "june", "5", "2025", "/", ", "]), max_size=9).map("".join),
    )
)
def test_whatever_is_typed_gets_a_message_or_a_picture_and_never_a_crash(reader, typed):
    assert isinstance(reader["read_date"](typed), (str, plots.Figure))


def test_a_message_names_what_cannot_be_read(reader):
    assert reader["read_date"]("May Day 5").endswith("has the word Day.")
    assert "got '!' in 'May!'" in reader["read_date"]("May!")
    assert "at most 36 characters, got 50" in reader["read_date"]("5" * 50)


@pytest.mark.parametrize(
    ("written", "answer", "expected"),
    [
        ("5/6/25", "2025-05-06", True),
        ("5/6/25", "2025-06-05", True),
        ("5/6/25", "2025-06-06", False),
        ("13/13/2025", "2025-03-13", False),
        ("May 6, 2025", "2025-05-06", True),
        ("May 6, 2025", "2024-05-06", False),
        ("2025年5月6日", "2025-05-06", True),
        ("hello", "2025-05-06", False),
        ("5/6/25", "2025-13-06", False),
        ("5/6/25", "", False),
    ],
)
def test_says_knows_which_answers_the_text_allows(notebook, written, answer, expected):
    assert notebook["says"](written, answer) is expected


NEW_PROCESS = """
import sys
import keras, numpy as np
from tools import chapters
notebook = chapters.definitions("06_seq2seq_attention")
folder = sys.argv[1]
encoder, decoder = (keras.models.load_model(f"{folder}/{name}.keras") for name in ("encoder", "decoder"))
x = np.load(f"{folder}/x.npy")
np.save(f"{folder}/written.npy", notebook["greedy"](encoder, decoder, x, 6))
"""


@pytest.mark.parametrize("score", SCORES)
def test_saved_and_loaded_in_a_new_process(notebook, score, tmp_path):
    encoder, decoder = parts(notebook, score)
    encoder.save(tmp_path / "encoder.keras")
    decoder.save(tmp_path / "decoder.keras")
    np.save(tmp_path / "x.npy", tokens())
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", NEW_PROCESS, str(tmp_path)]
    subprocess.run(command, check=True, env=environment, timeout=300, stderr=subprocess.DEVNULL)
    expected = notebook["greedy"](encoder, decoder, tokens(), 6)
    assert np.load(tmp_path / "written.npy").tolist() == expected.tolist()
