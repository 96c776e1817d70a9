"""Chapter 4's own: the numbers of AttentionPooling, its models, and the notebook's cells on real files."""

import json

import keras
import numpy as np
import pytest
from keras import layers

from helpers import activations, data, training
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


@pytest.mark.parametrize("padding", ["after", "before"])
def test_notebooks_model_finds_the_keyword(padding):
    build_model = NAMES["build_model"]
    model = build_model()
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
    retrainer = training.Retrainer(model, batch_size=64)
    tokens, y, positions = data.get_data_keyword(2_048, 40, padding=padding, seed=7)
    retrainer.train(tokens[:1_024], y[:1_024], epochs=6, seed=7)
    tokens, y, positions = tokens[1_024:], y[1_024:], positions[1_024:]
    _, weights = model.get_layer("attention")(model.get_layer("embedding")(tokens))
    weights = np.array(weights)
    assert (np.array(model(tokens)).argmax(axis=1) == y).mean() >= 0.99
    assert (weights.argmax(axis=1) == positions).mean() >= 0.99
    np.testing.assert_array_equal(weights[tokens == 0], 0)


# Files of the form that keras.datasets.imdb downloads: rows of word numbers, as objects, and an index.
GOOD, BAD, OTHERS = ["fine", "great"], ["poor", "awful"], ["the", "film", "was", "to", "me", "and", "long"]
IMDB_INDEX = {word: number for number, word in enumerate([*OTHERS, *GOOD, *BAD, "rare"], 1)}


def write_imdb(folder, rows=160):
    generator = np.random.default_rng(0)
    y = generator.integers(0, 2, rows)
    x = np.empty(rows, dtype=object)
    for row in range(rows):
        words = generator.choice(OTHERS, generator.integers(3, 300)).tolist()
        words[generator.integers(min(len(words), 200))] = generator.choice(GOOD if y[row] else BAD)
        x[row] = [IMDB_INDEX[word] for word in words]
    half = rows // 2
    np.savez(folder / "imdb.npz", x_train=x[:half], y_train=y[:half], x_test=x[half:], y_test=y[half:])
    (folder / "imdb_word_index.json").write_text(json.dumps(IMDB_INDEX))


@pytest.fixture
def imdb(tmp_path, monkeypatch):
    """Put files in the place of the download; anything else that would be fetched fails."""
    write_imdb(tmp_path)
    monkeypatch.setattr("keras.src.datasets.imdb.get_file", lambda fname, **options: str(tmp_path / fname))
    return tmp_path


def test_real_reviews_are_numbered_as_keras_numbers_them(imdb):
    (x_train, y_train), (x_test, _), words = NAMES["load_reviews"](True)
    assert len(x_train) == len(y_train) == len(x_test) == 80
    assert x_train[0][0] == 1
    assert words[:2] == ["", "…"]
    assert {words[number] for row in [*x_train, *x_test] for number in row[1:]} <= set(IMDB_INDEX)
    known = keras.datasets.imdb.get_word_index()
    assert all(words[number + 3] == word for word, number in known.items())


def test_cells_of_the_notebook_read_real_reviews_when_the_switch_is_on(imdb, capsys):
    names = chapters.definitions(CHAPTER)
    for cell in chapters._code_cells(CHAPTER):
        if cell.id.startswith("reviews-"):
            source = cell.source.replace("DOWNLOAD = False", "DOWNLOAD = True")
            *lines, last = source.splitlines()
            exec("\n".join([*lines, f"figure = {last}" if last.startswith("plots.") else last]), names)
    assert names["DOWNLOAD"] is True
    assert "train (80, 200)  held out (80, 200)" in capsys.readouterr().out
    assert names["figure"].alt.startswith("Row 1: largest weight on “")
    assert names["reader"].get_layer("embedding").input_dim == len(names["words"])


def test_made_reviews_hold_one_judging_word_each_and_no_sentence_twice():
    (x_train, y_train), (x_test, y_test), words = NAMES["load_reviews"](False)
    assert len(x_train) == len(y_train) == 100
    assert len(x_test) == len(y_test) == 50
    sentences = [tuple(row) for row in [*x_train, *x_test]]
    assert len(set(sentences)) == 150
    for row, label in zip(sentences, [*y_train, *y_test], strict=True):
        [judging] = {words[number] for number in row} & set(NAMES["WORDS"])
        assert label == (NAMES["WORDS"].index(judging) >= 3)
        assert min(row) >= 3
