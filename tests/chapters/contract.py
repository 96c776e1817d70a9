"""The layers of the book, a row each, and what a test needs to put one to use: sequences, a mask, a model, gradients.

Nothing here may need TensorFlow: a gradient is read off one step of plain descent, which every backend takes.
"""

from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops

from tools import chapters

NOTEBOOKS = (
    "attention_pooling",
    "self_attention",
    "seq2seq_attention",
    "attention_as_explanation",
)
ELSEWHERE = ("helpers", "psutil", "tensorflow")  # not installed beside every backend
NAMES = {chapter: chapters.definitions(chapter, without=ELSEWHERE) for chapter in NOTEBOOKS}
# They show a mistake, or take part in one experiment; nobody is to use them.
DEMONSTRATIONS = {"Double", "DoubleWithMask"}


class Case(NamedTuple):
    """A layer, its options, and what it takes.

    Attributes:
        takes: how many sequences: inputs (batch, 5, 4), or a query (batch, 3, 4) and states (batch, 5, 4).
        mask: whether it takes a mask of the steps that may be attended to.
        passes_on: whether its (first) output has the steps of its inputs, and so their mask.
        any_length: whether it takes other lengths than the one that it was built for.
        gives_weights: whether it puts out (context, weights).
    """

    chapter: str
    name: str
    options: dict = {}  # noqa: RUF012 — nobody changes it
    takes: int = 1
    mask: bool = True
    passes_on: bool = False
    any_length: bool = True
    gives_weights: bool = True

    @property
    def layer(self):
        return NAMES[self.chapter][self.name]

    def make(self, **options):
        return self.layer(**self.options, **options)


_, SELF, BETWEEN, _ = NOTEBOOKS
CASES = {
    "AttentionPooling": Case(NOTEBOOKS[0], "AttentionPooling"),
    "SelfAttention": Case(SELF, "SelfAttention", {"output_dim": 6}, mask=False),
    "one head": Case(SELF, "MultiHeadSelfAttention", {"output_dim": 6}, passes_on=True),
    "two heads, causal": Case(
        SELF, "MultiHeadSelfAttention", {"output_dim": 6, "heads": 2, "causal": True}, passes_on=True
    ),
    "two heads, mixed": Case(
        SELF, "MultiHeadSelfAttention", {"output_dim": 6, "heads": 2, "mix": True}, passes_on=True
    ),
    "DotAttention": Case(BETWEEN, "DotAttention", takes=2),
    "GeneralAttention": Case(BETWEEN, "GeneralAttention", takes=2),
    "AdditiveAttention": Case(BETWEEN, "AdditiveAttention", {"units": 3}, takes=2),
    **{
        f"Positions of {chapter}": Case(
            chapter, "Positions", mask=False, passes_on=True, any_length=False, gives_weights=False
        )
        for chapter in (SELF, NOTEBOOKS[3])
    },
}

# The blocks of the first chapters, functions from Keras tensors to Keras tensors.
BLOCKS = {
    "attention_block": chapters.definitions("recurrent_attention", without=ELSEWHERE)["attention_block"],
    **{
        way.__name__: way
        for way in chapters.definitions("shared_and_per_dimension", without=ELSEWHERE)["WAYS"]
    },
}

STEPS, WIDTH = 5, 4
MASK = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [0, 1, 0, 1, 0]], bool)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def sequences(case, batch=3, steps=STEPS):
    """Return what a layer takes, as arrays: the last one is what a mask is about."""
    return [noise(batch, 3, WIDTH), noise(batch, steps, WIDTH, seed=1)][-case.takes :]


def outputs(layer, arrays, **options):
    """Return what a layer puts out, in float64, the context first."""
    return [numbers(output) for output in keras.tree.flatten(layer(*arrays, **options))]


def numbers(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float32")).astype("float64")


def call(layer, inputs, case):
    """Call a layer with sequences and, where it takes one, a mask behind them."""
    return layer(*inputs[: case.takes], **({"mask": inputs[case.takes]} if case.mask else {}))


def given(case, arrays, mask=MASK):
    """Return the sequences and, where the layer takes one, a mask."""
    return [*arrays, mask] if case.mask else arrays


def model_of(case, layer, any_length=False):
    """Return a model of one layer, which takes what `given` returns."""
    inputs = [
        keras.Input([None if any_length else array.shape[1], *array.shape[2:]], dtype=array.dtype.name)
        for array in given(case, sequences(case))
    ]
    return keras.Model(inputs, call(layer, inputs, case))


class Trained:
    """A layer under a loss of its context; its sequences come out of embeddings, so that they are trained as well."""

    def __init__(self, case):
        arrays = sequences(case)
        places = [np.arange(array[..., 0].size).reshape(array.shape[:2]) for array in arrays]
        self.data = given(case, places)
        inputs = [keras.Input(array.shape[1:], dtype=array.dtype.name) for array in self.data]
        embed = [layers.Embedding(place.size, WIDTH) for place in places]
        layer = case.make()
        vectors = [each(place) for each, place in zip(embed, inputs, strict=False)]
        results = call(layer, vectors + inputs[case.takes :], case)
        self.model = keras.Model(inputs, keras.tree.flatten(results)[0])
        self.model.compile(keras.optimizers.SGD(1.0), "mse")
        self.target = noise(*self.model(self.data).shape, seed=3)
        self.parts = [*(each.embeddings for each in embed), *layer.weights]
        self.start = [*(array.reshape(-1, WIDTH) for array in arrays), *map(numbers, layer.weights)]

    def loss(self, values):
        """Return the loss with these values for the sequences and the weights."""
        for part, value in zip(self.parts, values, strict=True):
            part.assign(value)
        return float(self.model.test_on_batch(self.data, self.target))

    def gradients(self, mask=MASK):
        """Return the gradient for each sequence (samples · steps, width), and for each weight."""
        if self.data[-1].dtype == bool:
            self.data[-1] = mask
        self.loss(self.start)
        self.model.train_on_batch(self.data, self.target)
        return [old - numbers(new) for old, new in zip(self.start, self.parts, strict=True)]
