"""Functional models that Hypothesis puts together: branches, shared and nested layers, masks of every origin.

All vectors are (batch, WIDTH) and all sequences (batch, STEPS, WIDTH), so any layer fits anywhere.
"""

from typing import NamedTuple

import keras
import numpy as np
from hypothesis import strategies as st
from keras import layers

WIDTH = 4
STEPS = 3
TOKENS = 6

VECTOR, SEQUENCE = "vector", "sequence"


@keras.saving.register_keras_serializable("random_models")
class Pooling(layers.Layer):
    """A layer of a reader's own: sublayers, and a mask that it needs."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.score = layers.Dense(1, name="score")

    def build(self, shape):
        self.score.build(shape)

    def call(self, inputs, mask=None):
        scores = self.score(inputs)[..., 0]
        if mask is not None:
            scores = keras.ops.where(mask, scores, keras.ops.cast(-1e4, scores.dtype))
        return keras.ops.einsum("bt,btd->bd", keras.ops.softmax(scores), inputs)

    def compute_mask(self, inputs, mask=None):
        return None


@keras.saving.register_keras_serializable("random_models")
class SelfAttention(layers.Layer):
    """A layer of a reader's own around one of Keras's that takes masks from its tensors."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.heads = layers.MultiHeadAttention(2, 2, name="heads")

    def build(self, shape):
        self.heads.build(shape, shape)

    def call(self, inputs):
        return inputs + self.heads(inputs, inputs)


# What takes what: name → (what it takes, what it gives, how it is made).
LAYERS = {
    "dense": ([VECTOR], VECTOR, lambda: layers.Dense(WIDTH, "tanh")),
    "normal": ([VECTOR], VECTOR, layers.BatchNormalization),
    "dropout": ([VECTOR], VECTOR, lambda: layers.Dropout(0.3)),
    "repeat": ([VECTOR], SEQUENCE, lambda: layers.RepeatVector(STEPS)),
    "add": ([VECTOR, VECTOR], VECTOR, layers.Add),
    "multiply": ([VECTOR, VECTOR], VECTOR, layers.Multiply),
    "each": ([SEQUENCE], SEQUENCE, lambda: layers.Dense(WIDTH, "relu")),
    "wrapped": ([SEQUENCE], SEQUENCE, lambda: layers.TimeDistributed(layers.Dense(WIDTH))),
    "layer_normal": ([SEQUENCE], SEQUENCE, layers.LayerNormalization),
    "masking": ([SEQUENCE], SEQUENCE, layers.Masking),
    "convolution": ([SEQUENCE], SEQUENCE, lambda: layers.Conv1D(WIDTH, 2, padding="causal")),
    "recurrent": ([SEQUENCE], SEQUENCE, lambda: layers.GRU(WIDTH, return_sequences=True)),
    "both_ways": ([SEQUENCE], SEQUENCE, lambda: layers.Bidirectional(_half_rnn())),
    "heads": ([SEQUENCE], SEQUENCE, SelfAttention),
    "sum": ([SEQUENCE, SEQUENCE], SEQUENCE, layers.Add),
    "largest": ([SEQUENCE, SEQUENCE], SEQUENCE, layers.Maximum),
    "dot": ([SEQUENCE, SEQUENCE], SEQUENCE, lambda: _Listed(layers.Attention())),
    "additive": ([SEQUENCE, SEQUENCE], SEQUENCE, lambda: _Listed(layers.AdditiveAttention())),
    "cross": ([SEQUENCE, SEQUENCE], SEQUENCE, lambda: layers.MultiHeadAttention(2, 2)),
    "mean": ([SEQUENCE], VECTOR, layers.GlobalAveragePooling1D),
    "pooling": ([SEQUENCE], VECTOR, Pooling),
    "last": ([SEQUENCE], VECTOR, lambda: layers.LSTM(WIDTH)),
}


class RandomModel(NamedTuple):
    model: keras.Model
    tensors: dict[str, list]  # what each outer layer gives at each of its calls, by its name


class _Listed(NamedTuple):
    layer: layers.Layer  # that takes its inputs in one list


class _Layer(NamedTuple):
    takes: list[str]
    gives: str
    layer: object

    def __call__(self, tensors):
        if isinstance(self.layer, _Listed):
            return self.layer.layer(list(tensors))
        if isinstance(self.layer, layers.MultiHeadAttention):
            return self.layer(*tensors)
        return self.layer(list(tensors) if len(tensors) > 1 else tensors[0])


def _half_rnn():
    return layers.SimpleRNN(WIDTH // 2, return_sequences=True)


def _input(kind):
    return keras.Input((WIDTH,) if kind == VECTOR else (STEPS, WIDTH))


def _grow(draw, pool, made, names, size, depth):
    """Put `size` layers on top of the tensors in `pool`: pairs (tensor, kind)."""
    tensors = {}
    for _ in range(size):
        kinds = {kind for _, kind in pool}
        if made and draw(st.integers(0, 3)) == 0:
            chosen = draw(st.sampled_from(made))  # shared
        elif depth and draw(st.integers(0, 4)) == 0:
            chosen = _nested(draw, draw(st.sampled_from(sorted(kinds))), names, depth - 1)
            made.append(chosen)
        else:
            fitting = [name for name in names if kinds >= set(LAYERS[name][0])]
            takes, gives, make = LAYERS[draw(st.sampled_from(fitting))]
            chosen = _Layer(takes, gives, make())
            made.append(chosen)
        if not kinds >= set(chosen.takes):
            continue
        taken = [
            draw(st.sampled_from([tensor for tensor, there in pool if there == kind]))
            for kind in chosen.takes
        ]
        tensor = chosen(taken)
        pool.append((tensor, chosen.gives))
        layer = chosen.layer.layer if isinstance(chosen.layer, _Listed) else chosen.layer
        tensors.setdefault(layer.name, []).append((tensor, taken))
    return tensors


def _nested(draw, kind, names, depth):
    """Return a layer that is a model of its own."""
    inner = _input(kind)
    pool = [(inner, kind)]
    _grow(draw, pool, [], names, draw(st.integers(1, 3)), depth)
    output, gives = pool[-1]
    if output is inner:
        output = layers.Activation("tanh")(inner)
    return _Layer([kind], gives, keras.Model(inner, output))


def draw_model(draw, *, without=(), size=6):
    """Draw a built Functional model, and what its layers give.

    Args:
        draw: the `draw` of `st.data()`, in the test itself: Keras's weights take their seeds from Python's
            generator, which Hypothesis sets for each test and guards in strategies.
        without: names of LAYERS that it must not have, such as "dropout".
        size: at most so many layers, those in nested models apart.
    """
    names = [name for name in LAYERS if name not in without]
    inputs, pool = [], []
    tensors = {}
    for number in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["tokens", VECTOR, SEQUENCE]))
        if kind == "tokens":
            tensor = keras.Input((STEPS,), dtype="int32", name=f"input{number}")
            embedding = layers.Embedding(TOKENS, WIDTH, mask_zero=draw(st.booleans()))
            pool.append((embedding(tensor), SEQUENCE))
            tensors[embedding.name] = [(pool[-1][0], [tensor])]
        else:
            tensor = keras.Input(_input(kind).shape[1:], name=f"input{number}")
            pool.append((tensor, kind))
        inputs.append(tensor)
    tensors |= _grow(draw, pool, [], names, draw(st.integers(1, size)), depth=2)
    taken = {id(tensor) for calls in tensors.values() for _, used in calls for tensor in used}
    ends = [tensor for calls in tensors.values() for tensor, _ in calls if id(tensor) not in taken]
    # An input that nothing takes cannot be one.
    inputs = [tensor for tensor in inputs if id(tensor) in taken]
    model = keras.Model(_structured(draw, inputs), ends[0] if len(ends) == 1 else ends)
    return RandomModel(model, {name: [tensor for tensor, _ in calls] for name, calls in tensors.items()})


def _structured(draw, inputs):
    structure = draw(st.sampled_from(["list", "dict", "nested"]))
    if structure == "dict":
        return {tensor.name: tensor for tensor in inputs}
    if structure == "nested" and len(inputs) > 1:
        return {inputs[0].name: inputs[0], "others": inputs[1:]}
    return inputs if len(inputs) > 1 else inputs[0]


def samples(model, num_samples, seed):
    """Return inputs for a random model, in its own structure; 0 pads tokens, never a whole row."""
    random = np.random.default_rng(seed)

    def array(tensor):
        if tensor.dtype == "int32":
            tokens = random.integers(1, TOKENS, (num_samples, STEPS))
            lengths = random.integers(1, STEPS + 1, (num_samples, 1))
            return np.where(np.arange(STEPS) < lengths, tokens, 0)
        values = random.standard_normal((num_samples, *tensor.shape[1:])).astype("float32")
        if values.ndim == 3:
            values[random.random(values.shape[:2]) < 0.2] = 0  # what a Masking layer masks
            values[:, 0] = 1
        return values

    return keras.tree.map_structure(array, model.input)
