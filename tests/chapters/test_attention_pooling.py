"""AttentionPooling of chapter 4: weights, masks, gradients, saving; and the notebook's cells on real files."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from helpers import data
from tools import chapters

CHAPTER = "04_attention_pooling"
NAMES = chapters.definitions(CHAPTER)
AttentionPooling = NAMES["AttentionPooling"]
masked_softmax = NAMES["masked_softmax"]

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((4, 7, 3)).astype("float32")
MASK = np.arange(7) < np.array([[7], [4], [1], [0]])  # the last sample has no real step
DTYPES = ["float16", "bfloat16", "float32", "float64"]
POLICIES = ["mixed_float16", "mixed_bfloat16", *DTYPES]


def numbers(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float64"))


def expected(x, mask, kernel):
    """Compute context and weights as the chapter's equation says, sample by sample."""
    contexts, weights = np.zeros((len(x), x.shape[2])), np.zeros(x.shape[:2])
    for row, (steps, real) in enumerate(zip(x.astype("float64"), mask, strict=True)):
        scores = steps[real] @ kernel[:, 0]
        exponentials = np.exp(scores - scores.max(initial=-np.inf))
        weights[row, real] = exponentials / max(exponentials.sum(), 1e-300)
        contexts[row] = weights[row] @ steps
    return contexts, weights


def model_with_mask(dtype=None):
    x, mask = keras.Input((None, 3)), keras.Input((None,), dtype="bool")
    context, weights = AttentionPooling(name="attention", dtype=dtype)(x, mask=mask)
    return keras.Model([x, mask], [context, weights])


@pytest.mark.parametrize("mask", [MASK, np.ones_like(MASK), RANDOM.random((4, 7)) < 0.5])
def test_context_and_weights_are_those_of_the_equation(mask):
    pooling = AttentionPooling()
    outputs = pooling(X, mask=mask)
    for ours, right in zip(outputs, expected(X, mask, pooling.W.numpy()), strict=True):
        np.testing.assert_allclose(ours, right, atol=1e-6)
    np.testing.assert_array_equal(np.array(outputs[1])[~mask], 0)


def test_without_a_mask_every_step_counts():
    pooling = AttentionPooling()
    context, weights = pooling(X)
    masked_context, masked_weights = pooling(X, mask=np.ones_like(MASK))
    np.testing.assert_array_equal(context, masked_context)
    np.testing.assert_array_equal(weights, masked_weights)


@pytest.mark.parametrize("dtype", POLICIES)
def test_every_precision_is_right_and_keeps_its_type(dtype):
    pooling = AttentionPooling(dtype=dtype)
    context, weights = pooling(X, mask=MASK)
    compute = dtype.replace("mixed_", "")
    assert context.dtype == weights.dtype == compute
    assert pooling.W.dtype == ("float32" if dtype.startswith("mixed") else compute)
    right = expected(X, MASK, numbers(pooling.W))
    digits = {"float16": 5e-3, "bfloat16": 4e-2}.get(compute, 1e-6)
    for ours, theirs in zip((context, weights), right, strict=True):
        np.testing.assert_allclose(numbers(ours), theirs, atol=digits)
    np.testing.assert_array_equal(numbers(weights)[~MASK], 0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_large_scores_stay_finite_and_padding_with_the_largest_gets_nothing(dtype):
    scores = ops.cast([[6e4, -6e4, 6e4, 100.0], [-6e4, -5.9e4, 6e4, 6e4]], dtype)
    weights = numbers(masked_softmax(scores, np.array([[1, 1, 0, 1], [1, 1, 0, 0]], "bool")))
    np.testing.assert_array_equal(weights, [[1, 0, 0, 0], [0, 1, 0, 0]])


@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_of_half_precision_scores_is_not_rounded_on_the_way(dtype):
    scores = ops.cast(RANDOM.standard_normal((2, 500)), dtype)
    mask = RANDOM.random((2, 500)) < 0.8
    right = np.exp(numbers(scores)) * mask
    np.testing.assert_allclose(
        numbers(masked_softmax(scores, mask)), right / right.sum(axis=1, keepdims=True), rtol=1e-5
    )


@pytest.mark.parametrize("dtype", POLICIES)
def test_samples_without_a_real_step_give_zeros_and_no_gradient(dtype):
    pooling = AttentionPooling(dtype=dtype)
    x = tf.cast(X, pooling.compute_dtype)
    for mask in (MASK, np.zeros_like(MASK)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            context, weights = pooling(x, mask=mask)
            loss = tf.reduce_sum(context**2) + tf.reduce_sum(weights**2)
        gradients = [numbers(g) for g in tape.gradient(loss, [x, pooling.W.value])]
        assert all(np.isfinite(gradient).all() for gradient in gradients)
        np.testing.assert_array_equal(gradients[0][~mask], 0)
        np.testing.assert_array_equal(numbers(context)[~mask.any(axis=1)], 0)
        np.testing.assert_array_equal(numbers(weights)[~mask], 0)
    np.testing.assert_array_equal(gradients[1], 0)


def test_gradients_are_finite_differences():
    pooling = AttentionPooling(dtype="float64")
    x = X.astype("float64")
    pooling.build(x.shape)
    kernel = numbers(pooling.W)
    target = RANDOM.standard_normal((4, 3))

    def loss_of(x, kernel):
        pooling.W.assign(kernel)
        context, weights = pooling(x, mask=MASK)
        return tf.reduce_sum((context - target) ** 2) + tf.reduce_sum(weights**3)

    x_variable = tf.Variable(x)
    with tf.GradientTape() as tape:
        loss = loss_of(x_variable, kernel)
    gradients = [numbers(g) for g in tape.gradient(loss, [x_variable, pooling.W.value])]
    for argument, gradient in enumerate(gradients):
        for index in np.ndindex(gradient.shape):
            losses = []
            for step in (1e-5, -1e-5):
                moved = [x.copy(), kernel.copy()]
                moved[argument][index] += step
                losses.append(float(loss_of(*moved)))
            difference = (losses[0] - losses[1]) / 2e-5
            assert gradient[index] == pytest.approx(difference, abs=1e-7)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_padding_changes_nothing(dtype):
    pooling = AttentionPooling(dtype=dtype)
    usual = [numbers(output) for output in pooling(X, mask=MASK)]
    tolerance = 1e-6 if dtype == "float32" else 1e-2
    noise = np.where(MASK[..., np.newaxis], X, 100 * RANDOM.standard_normal(X.shape))
    variants = {
        "other numbers": (noise, MASK, slice(None)),
        "twice as long": (np.pad(X, ((0, 0), (0, 7), (0, 0))), np.pad(MASK, ((0, 0), (0, 7))), slice(7)),
        "before": (X[:, ::-1], MASK[:, ::-1], slice(None, None, -1)),
    }
    for name, (x, mask, steps) in variants.items():
        context, weights = (numbers(output) for output in pooling(x, mask=mask))
        np.testing.assert_allclose(context, usual[0], atol=tolerance, err_msg=name)
        np.testing.assert_allclose(weights[:, steps], usual[1], atol=tolerance, err_msg=name)
        np.testing.assert_array_equal(weights[~mask], 0, err_msg=name)


@pytest.mark.filterwarnings("ignore:You are using a softmax")  # over one step; here it is meant
def test_any_number_of_steps_and_one_sample():
    model = model_with_mask()
    kernel = model.get_layer("attention").W.numpy()
    for samples, steps in ((1, 1), (1, 9), (3, 2), (2, 40)):
        x = RANDOM.standard_normal((samples, steps, 3)).astype("float32")
        mask = RANDOM.random((samples, steps)) < 0.6
        for ours, right in zip(model([x, mask]), expected(x, mask, kernel), strict=True):
            np.testing.assert_allclose(ours, right, atol=1e-6)


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


@pytest.mark.parametrize("dtype", [None, "mixed_float16", "mixed_bfloat16"])
def test_saved_and_loaded_it_gives_equal_outputs(tmp_path, dtype):
    model = model_with_mask(dtype)
    model.save(tmp_path / "pooling.keras")
    loaded = keras.saving.load_model(tmp_path / "pooling.keras")
    assert type(loaded.get_layer("attention")).__name__ == "AttentionPooling"
    assert loaded.get_layer("attention").dtype_policy.name == (dtype or "float32")
    for ours, theirs in zip(model([X, MASK]), loaded([X, MASK]), strict=True):
        np.testing.assert_array_equal(numbers(ours), numbers(theirs))


def test_config_makes_the_same_layer():
    initializer = keras.initializers.Constant(0.5)
    pooling = AttentionPooling(initializer, name="pool", dtype="mixed_float16", trainable=False)
    config = pooling.get_config()
    json.dumps(keras.saving.serialize_keras_object(pooling))
    twin = AttentionPooling.from_config(config)
    assert twin.get_config() == config
    assert (twin.name, twin.trainable, twin.compute_dtype) == ("pool", False, "float16")
    twin.build((None, None, 3))
    np.testing.assert_array_equal(twin.W, np.full((3, 1), 0.5))
    assert [variable.name for variable in twin.weights] == ["W"]


def test_it_takes_the_mask_of_the_layer_before_and_hands_none_on():
    tokens = np.array([[3, 1, 0, 0]])
    embedding = layers.Embedding(5, 3, mask_zero=True)
    pooling = AttentionPooling()
    assert pooling.supports_masking
    context, weights = pooling(embedding(tokens))
    np.testing.assert_array_equal(np.array(weights)[0, 2:], 0)
    assert getattr(context, "_keras_mask", None) is None
    assert getattr(weights, "_keras_mask", None) is None
    # So a loss over the context is that of all samples, and no layer behind it sees a mask over time.
    inputs = keras.Input((4,), dtype="int32")
    model = keras.Model(inputs, layers.Dense(1)(AttentionPooling()(embedding(inputs))[0]))
    model.compile("sgd", "mse")
    assert np.isfinite(model.evaluate(tokens, np.ones((1, 1)), verbose=0))


def test_it_counts_one_weight_a_dimension():
    for dimensions in (1, 5):
        pooling = AttentionPooling()
        pooling.build((None, None, dimensions))
        assert pooling.count_params() == dimensions


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: AttentionPooling()(X[0]), "expected ndim=3, found ndim=2"),
        (
            lambda: AttentionPooling()(X, mask=MASK[..., np.newaxis]),
            r"mask must have shape .* got \(4, 7, 1\)",
        ),
        (lambda: AttentionPooling()(X, mask=MASK[0]), r"mask must have shape .* got \(7,\)"),
        (lambda: AttentionPooling("no initializer"), "no initializer"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_it_has_keras_attention_as_its_twin():
    pooling = AttentionPooling()
    mask = MASK[:3]  # Keras spreads the weight of a sample without a real step; here it is nothing
    context, weights = pooling(X[:3], mask=mask)
    query = np.broadcast_to(pooling.W.numpy().T, (3, 1, 3))
    theirs = layers.Attention()([query, X[:3]], mask=[None, mask], return_attention_scores=True)
    for ours, twin in zip((context, weights), theirs, strict=True):
        np.testing.assert_allclose(ours, twin[:, 0], atol=1e-6)


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
