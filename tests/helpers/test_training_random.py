"""Whatever model Hypothesis builds, a Retrainer trains it as `model.fit` does.

CI builds 200, in minutes; RANDOM_MODELS sets another number.
"""

import os

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.training import Retrainer
from tests.helpers import random_models
from tests.helpers.trained_models import built_after, compiled

NUM_SAMPLES, BATCH_SIZE = 6, 2


# Keras warns where a layer drops a mask, and where a dict's keys are no names.
@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=int(os.environ.get("RANDOM_MODELS", 200 if os.environ.get("CI") else 40)))
@given(st.data())
def test_random_models(data):
    drawn, _ = random_models.draw_model(data.draw, size=4)
    seed = data.draw(st.integers(0, 2**32 - 1), label="seed")

    def build():
        return compiled(keras.models.clone_model(drawn), keras.optimizers.SGD(0.01, momentum=0.9), "mse")

    x = random_models.samples(drawn, NUM_SAMPLES, seed)
    noise = np.random.default_rng(seed).standard_normal
    y = keras.tree.map_structure(lambda output: noise((NUM_SAMPLES, *output.shape[1:])), drawn.output)
    expected = built_after(seed, build)
    history = expected.fit(x, y, batch_size=BATCH_SIZE, epochs=2, shuffle=False, verbose=0).history
    retrainer = Retrainer(build, batch_size=BATCH_SIZE)
    losses = retrainer.train(x, y, epochs=2, seed=seed)["loss"]
    np.testing.assert_allclose(losses, history["loss"], rtol=1e-4)
    for got, wanted in zip(retrainer.model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-4)
