"""The page of old listings: what it says fails does fail, and what it says works does."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from helpers import activations

PAGE = (Path(__file__).parents[2] / "book" / "listings.md").read_text()
ROWS = re.findall(r"(?m)^\| `([^`]+)` \| `([^`]+)` \|$", PAGE)


def names():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(1, name="first")(inputs))
    model.compile("adam", "mse")
    x = np.ones((8, 4), "float32")
    return {
        "keras": keras,
        "layers": layers,
        "activations": activations,
        "model": model,
        "x": x,
        "y": np.ones((8, 1), "float32"),
        "tensor": keras.ops.convert_to_tensor(x),
        "kernel": keras.ops.ones((4, 1)),
        "a": inputs,
        "b": inputs,
    }


def test_the_table_was_read():
    assert len(ROWS) > 10


@pytest.mark.parametrize("then", [then for then, _ in ROWS])
def test_the_old_way_fails(then):
    with pytest.raises((ImportError, AttributeError, TypeError, ValueError)):
        exec(then, names())


@pytest.mark.parametrize("now", [now for _, now in ROWS])
def test_the_new_way_works(now):
    exec(now, names())


def test_add_weight_still_takes_the_shape_first():
    layer = layers.Layer()
    assert layer.add_weight((4, 1), initializer="glorot_uniform", name="W").shape == (4, 1)


def test_a_saved_python_lambda_is_refused(tmp_path):
    model = keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: 2 * x)])
    model.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="safe_mode"):
        keras.models.load_model(tmp_path / "model.keras")
