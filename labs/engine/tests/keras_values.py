"""Writes keras_values.json, what Keras' layers make of drawn inputs: python labs/engine/tests/keras_values.py."""

import json
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

SAMPLES, TIME_STEPS, INPUT_DIM, UNITS = 2, 4, 3, 2

LAYERS = {
    "Dense": lambda: layers.Dense(UNITS),
    "gelu": lambda: layers.Dense(UNITS, activation="gelu"),
    "LayerNormalization": lambda: layers.LayerNormalization(),
    "LSTM": lambda: layers.LSTM(UNITS, return_sequences=True),
    "GRU": lambda: layers.GRU(UNITS, return_sequences=True),
    "SimpleRNN": lambda: layers.SimpleRNN(UNITS, return_sequences=True),
    "Bidirectional": lambda: layers.Bidirectional(layers.LSTM(UNITS, return_sequences=True)),
    "backwards": lambda: layers.LSTM(UNITS, go_backwards=True),
}


def record(layer: keras.Layer, rng: np.random.Generator) -> dict[str, list]:
    """Inputs, weights, outputs, and the gradients of the sum of output · factor by inputs and weights."""
    inputs = tf.constant(rng.normal(size=(SAMPLES, TIME_STEPS, INPUT_DIM)), tf.float32)
    layer.build(inputs.shape)
    layer.set_weights([rng.normal(size=weight.shape) for weight in layer.weights])
    variables = [weight.value for weight in layer.weights]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs)
        factors = tf.constant(rng.normal(size=outputs.shape), tf.float32)
        total = tf.reduce_sum(outputs * factors)
    gradients = tape.gradient(total, [inputs, *variables])
    return {
        "shape": list(inputs.shape),
        "inputs": flat(inputs),
        "weights": [flat(variable) for variable in variables],
        "outputs": flat(outputs),
        "factors": flat(factors),
        "gradients": [flat(gradient) for gradient in gradients],
    }


def flat(tensor: tf.Tensor) -> list[float]:
    """All numbers, to the digits that single precision has."""
    return [float(f"{value:.8g}") for value in tensor.numpy().ravel()]


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    values = {name: record(make(), rng) for name, make in LAYERS.items()}
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(values, indent=None, separators=(",", ":")) + "\n", encoding="utf-8")
