"""Chapter 6's own: its three scores, its encoder and decoder, what they write, and the reader of dates."""

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
from helpers.exercises.answers import softmax
from tools import chapters

CHAPTER = "seq2seq_attention"
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


def scores_of(layer, query, states):
    """Compute the scores as the chapter's equations say."""
    weights = layer.get_weights()
    if type(layer).__name__ == "DotAttention":
        return query @ states.swapaxes(1, 2)
    if type(layer).__name__ == "GeneralAttention":
        return query @ weights[0] @ states.swapaxes(1, 2)
    of_query, of_states, v = weights
    return np.tanh((query @ of_query)[:, :, None] + (states @ of_states)[:, None]) @ v


def test_weights_are_a_softmax_of_the_scores_over_the_source_without_its_padding(layer):
    query, states, mask = example()
    context, weights = map(np.array, layer(query, states, mask=mask))
    right = softmax(np.where(mask[:, None], scores_of(layer, query, states), -1e9), 2)
    np.testing.assert_allclose(weights, right, atol=1e-5)
    np.testing.assert_allclose(context, right @ states, atol=1e-5)


def test_one_step_at_a_time_is_the_same_as_all_at_once(layer):
    query, states, mask = example()
    context, _ = layer(query, states, mask=mask)
    for step in range(4):
        one, _ = layer(query[:, step : step + 1], states, mask=mask)
        np.testing.assert_allclose(one[:, 0], context[:, step], atol=1e-6)


def test_there_are_as_many_weights_as_the_formula_says(layer):
    layer(*example()[:2])
    counts = {"DotAttention": 0, "GeneralAttention": 36, "AdditiveAttention": 2 * 6 * 32 + 32}
    assert layer.count_params() == counts[type(layer).__name__]


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


def test_what_is_written_depends_on_the_states_through_the_context_alone(notebook):
    _, decoder = parts(notebook)
    states, mask = random(2, 7, 32), np.ones((2, 7), bool)
    start = [random(2, 32, seed=seed) for seed in (1, 2)]
    decode = notebook["compiled"](decoder)
    written = tokens(batch=2, length=5)
    logits, weights, *last = decode([written, states, mask, *start])
    changed, _, *same = decode([written, states + 1, mask, *start])
    assert np.abs(logits - changed).max(axis=(0, 2)).min() > 1e-3, "every step reads its context"
    np.testing.assert_array_equal(last, same)
    assert weights.shape == (2, 5, 7)


def test_a_beam_wide_enough_finds_all_the_likeliest_in_order_and_none_twice(notebook):
    keras.utils.set_random_seed(5)
    encoder = notebook["build_encoder"](6)
    decoder = notebook["build_decoder"](notebook["LAYERS"]["dot"](), 6)
    x = np.array([[3, 4, 5], [5, 5, 0]], "int32")
    everything = np.stack(np.meshgrid(*[range(6)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    decode = notebook["compiled"](decoder)
    for row in range(2):
        encoded = [np.repeat(part, 216, axis=0) for part in encoder(x[row : row + 1])]
        logs = tf.nn.log_softmax(decode([notebook["shifted"](everything), *encoded])[0]).numpy()
        likely = np.take_along_axis(logs, everything[:, :, None], axis=2).sum(axis=(1, 2))
        best = np.argsort(-likely)[:36]
        # Among 36 beams stand all beginnings of two symbols, so none is lost.
        beams, probabilities = notebook["beam_search"](encoder, decoder, x, 3, width=36)
        np.testing.assert_allclose(probabilities[row], np.exp(likely[best]), rtol=1e-4)
        assert {*map(tuple, beams[36 * row : 36 * row + 36])} == {*map(tuple, everything[best])}
    beams, _ = notebook["beam_search"](encoder, decoder, x, 3, width=3)
    assert len({tuple(beam) for beam in beams[:3]}) == len({tuple(beam) for beam in beams[3:]}) == 3


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
notebook = chapters.definitions("seq2seq_attention")
for folder in sys.argv[1:]:
    encoder, decoder = (keras.models.load_model(f"{folder}/{name}.keras") for name in ("encoder", "decoder"))
    np.save(f"{folder}/written.npy", notebook["greedy"](encoder, decoder, np.load(f"{folder}/x.npy"), 6))
"""


def test_saved_and_loaded_in_a_new_process(notebook, tmp_path):
    expected = {}
    for score in SCORES:
        encoder, decoder = parts(notebook, score)
        folder = tmp_path / score
        folder.mkdir()
        encoder.save(folder / "encoder.keras")
        decoder.save(folder / "decoder.keras")
        np.save(folder / "x.npy", tokens())
        expected[folder] = notebook["greedy"](encoder, decoder, tokens(), 6)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", NEW_PROCESS, *map(str, expected)]
    subprocess.run(command, check=True, env=environment, timeout=300, stderr=subprocess.DEVNULL)
    for folder, written in expected.items():
        assert np.load(folder / "written.npy").tolist() == written.tolist()
