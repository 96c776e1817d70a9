"""Chapter 7's own functions, against numbers that are known without it."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import chapters

CHAPTER = "attention_as_explanation"
BOOK = chapters.definitions(CHAPTER)
rank_correlation, distance = BOOK["rank_correlation"], BOOK["distance"]


def run_of(parts, change=lambda model: None, seed=0):
    """Return an untrained model of the chapter, changed, with ten samples of noise."""
    keras.utils.set_random_seed(seed)
    BOOK["build"].cache_clear()  # whoever comes next gets an unchanged model
    models = BOOK["build"](BOOK[parts])
    change(models.model)
    x = np.random.default_rng(seed).normal(size=(10, *models.model.input.shape[1:])).astype("float32")
    return BOOK["Run"](models, models.model.get_weights(), x, np.zeros(10, int), np.zeros(10, int))


def deaf_but_for(*columns):
    """Make the dense model's weights equal, and its readout deaf to all columns but some."""

    def change(model):
        model.get_layer("attention").set_weights([np.zeros((20, 20)), np.zeros(20)])
        hidden = model.layers[-1].layers[0]
        kernel, bias = hidden.get_weights()
        kernel[np.setdiff1d(np.arange(20), columns)] = 0
        hidden.set_weights([kernel, bias])

    return change


def test_rank_correlation_on_small_cases():
    a = np.array([[1.0, 2.0, 3.0, 4.0]])
    for b, expected in (([10, 20, 30, 900], 1), ([4, 3, 2, 1], -1), ([2, 1, 4, 3], 0.6), ([1, 2, 4, 3], 0.8)):
        np.testing.assert_allclose(rank_correlation(a, np.array([b])), [expected])


@given(
    st.lists(st.floats(-3, 3).map(lambda x: round(x, 3)), min_size=3, max_size=9, unique=True), st.randoms()
)
def test_rank_correlation_knows_the_order_alone(values, random):
    a = np.array([values])
    others = list(range(len(values)))
    random.shuffle(others)
    b = np.array([others])
    np.testing.assert_allclose(rank_correlation(np.exp(a), b**3), rank_correlation(a, b))
    np.testing.assert_allclose(rank_correlation(-a, b), -rank_correlation(a, b), atol=1e-12)


def test_distance_is_0_for_the_same_and_1_for_other_classes():
    p, q = np.array([[1.0, 0, 0], [0.5, 0.5, 0]]), np.array([[0, 0.5, 0.5], [0.5, 0.25, 0.25]])
    np.testing.assert_allclose(distance(p, p), [0, 0])
    np.testing.assert_allclose(distance(p, q), [1, 0.25])


def test_only_what_is_read_has_an_effect_and_an_attribution():
    run = run_of("dense", deaf_but_for(3, 8))
    for method in ("effects", "gradient_times_input", "integrated_gradients"):
        found = np.abs(BOOK[method](run)).max(axis=0)
        assert found[[3, 8]].min() > 1e-3, method
        assert np.delete(found, [3, 8]).max() < 1e-6, method


def test_effect_is_the_mean_over_eight_other_samples():
    run = run_of("dense", deaf_but_for(3))
    usual = BOOK["probabilities"](run.models.model, run.x)
    moved = []
    for k in range(1, 9):
        changed = run.x.copy()
        changed[0, 3] = run.x[-k, 3]
        moved.append(np.abs(BOOK["probabilities"](run.models.model, changed) - usual)[0].sum() / 2)
    np.testing.assert_allclose(BOOK["effects"](run)[0, 3], np.mean(moved), rtol=1e-4)


@pytest.mark.parametrize("parts", ["dense", "before", "after", "after_rnn"])
@pytest.mark.parametrize("baseline", [0.0, 0.7])
def test_integrated_gradients_add_up_from_any_baseline(parts, baseline):
    """To half a percent with the chapter's 16 points, which takes the middle of each piece of the way."""
    run = run_of(parts)
    model = run.models.model
    z = [np.array(model(x)) for x in (run.x, np.full_like(run.x, baseline))]
    predicted = z[0].argmax(axis=1)[:, None]
    change = np.take_along_axis(z[0] - z[1], predicted, axis=1)[:, 0]
    found = BOOK["integrated_gradients"](run, baseline).sum(axis=1)
    np.testing.assert_allclose(found, change, atol=0.005 * np.abs(change).mean())


@pytest.mark.parametrize("parts", ["dense", "before", "after", "after_rnn", "pooling", "self_attention"])
def test_opened_models_say_the_same_and_weights_add_up_over_the_steps(parts):
    run = run_of(parts)
    model, given_model, both = run.models
    output, weights = map(np.array, both(run.x))
    np.testing.assert_allclose(model(run.x), output, atol=1e-6)
    np.testing.assert_allclose(given_model([run.x, weights]), output, atol=1e-5)
    np.testing.assert_allclose(np.sum(weights, axis=1), 1, atol=1e-5)
    shares = BOOK["step_weights"](run)
    assert shares.shape == run.x.shape[:2]
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    other = np.roll(weights, 1, axis=1)
    assert np.abs(given_model([run.x, other]) - output).max() > 1e-4


def test_tasks_say_where_their_answer_is():
    for name in ("columns", "steps"):
        x, y, answers = BOOK[name](50, seed=0, step=7)
        at_answer = x.reshape(50, 20)[np.arange(50), answers]
        np.testing.assert_array_equal(at_answer, y)
    x, y, answers = BOOK["keyword"](50, seed=0)
    tokens = x.argmax(axis=2)
    np.testing.assert_array_equal(tokens[np.arange(50), answers], y + 1)
    assert ((tokens >= 1) & (tokens <= 4)).sum() == 50, "no padding, and one keyword each"
    x, y, answers = BOOK["reverse"](50, seed=0)
    np.testing.assert_array_equal(x.argmax(axis=2)[np.arange(50), answers], y[:, BOOK["ASKED"]])


def test_divergence_is_0_for_what_is_wanted_and_else_above():
    wanted = np.array([[0.9, 0.05, 0.05]], "float32")
    other = np.array([[0.05, 0.9, 0.05]], "float32")
    np.testing.assert_allclose(BOOK["divergence"](wanted, wanted), [0], atol=1e-6)
    np.testing.assert_allclose(BOOK["divergence"](wanted, other), [0.85 * np.log(18)], rtol=1e-4)


def test_ablating_in_the_lab_trains_nothing():
    calls = []
    weights = np.eye(20)[[4] * 10]

    def train(case, seed):
        calls.append(seed)
        return seed

    names = chapters.definitions(CHAPTER)
    names |= {"train": train, "step_weights": lambda run: weights, "effects": lambda run: 0.3 * weights}
    retrain, _, _ = chapters.lab(CHAPTER, names)
    said = [retrain(model="dense", attention_step=4, ablate=step, seed=5).alt for step in (0, 4, 19)]
    assert calls == [5]
    assert [float(words.split(" by ")[1][:3]) for words in said] == [0.0, 0.3, 0.0]
    retrain(model="dense", attention_step=5, ablate=4, seed=5)
    retrain(model="after LSTM", attention_step=5, ablate=4, seed=6)
    assert calls == [5, 5, 6]
