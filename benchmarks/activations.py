"""What it costs to see all layers, against `model.predict`, on few samples and on many.

Both times of both are of a fresh model: the first call of `predict` compiles, that of `get_activations`
compiles what is recurrent. Samples are in Python's memory, and all that layers put out comes back.
"""

import statistics
import time
from collections.abc import Iterator

import keras
import numpy as np
from keras import layers

from helpers import activations

FEW, MANY, TIMES = 32, 4_096, 3


def dense_blocks():
    """Two blocks of Dense attention over 32 columns, as in chapter 1."""
    x = inputs = keras.Input((32,))
    for _ in range(2):
        x = layers.Multiply()([x, layers.Dense(32, "softmax")(x)])
    return keras.Model(inputs, layers.Dense(1, "sigmoid")(x))


def recurrent():
    """Attention after an LSTM over 20 steps, as in chapter 2."""
    inputs = keras.Input((20, 1))
    states = layers.LSTM(32, return_sequences=True)(inputs)
    weights = layers.Softmax(axis=1)(layers.Dense(1)(states))
    context = layers.Flatten()(layers.Dot(axes=1)([weights, states]))
    return keras.Model(inputs, layers.Dense(1, "sigmoid")(context))


def transformer():
    """Two blocks with residuals over 16 steps of width 32."""
    x = inputs = keras.Input((16, 32))
    for _ in range(2):
        x = layers.LayerNormalization()(x + layers.MultiHeadAttention(4, 8)(x, x))
        x = layers.LayerNormalization()(x + layers.Dense(32)(layers.Dense(64, "relu")(x)))
    return keras.Model(inputs, layers.Dense(10, "softmax")(x))


def measure() -> Iterator[tuple[str, float, str, str]]:
    """Yield rows: a name, a figure, its bar, its unit."""
    _both(recurrent, FEW)  # what Keras and TensorFlow set up at the very first time is nobody's
    for model in (dense_blocks, recurrent, transformer):
        for number, size in ((FEW, "few"), (MANY, "many")):
            trials = [_both(model, number) for _ in range(TIMES)]
            predict, ours, predict_again, ours_again = map(statistics.median, zip(*trials, strict=True))
            name = f"all layers of {model.__name__}, {size} samples"
            yield name, ours, "", "s"
            yield f"  {name}: first time, share of predict", ours / predict, "at most 1.5", "×"
            yield f"  {name}: again, share of predict", ours_again / predict_again, "", "×"


def _both(make, number):
    """Return seconds: predict and all activations of a fresh model, and of each once more."""
    predicted, heard = make(), make()
    x = np.random.default_rng(0).random((number, *predicted.input_shape[1:]), "float32")

    def predict():
        predicted.predict(x, verbose=0)

    def hear():
        activations.get_activations(heard, x)

    return [_seconds(run) for run in (predict, hear, predict, hear)]


def _seconds(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
