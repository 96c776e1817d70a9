"""Every layer of Keras that can stand in a model: what is heard of it is what `predict` says.

The test of the table fails when Keras adds a layer: give it a line.
"""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from helpers.activations import get_activations

RANDOM = np.random.default_rng(0)


@dataclasses.dataclass(frozen=True)
class Takes:
    """One input of a layer."""

    shape: tuple
    dtype: str = "float32"

    def input(self):
        return keras.Input(self.shape, dtype=self.dtype)

    def samples(self, number):
        shape = (number, *self.shape)
        if self.dtype == "float32":
            return RANDOM.random(shape, "float32")
        if self.dtype == "string":
            return tf.constant(RANDOM.choice(["cold", "warm", "hot"], shape))
        return RANDOM.integers(0, 9, shape)


VECTOR, SEQUENCE, IMAGE, VOLUME = map(Takes, [(6,), (6, 4), (8, 8, 3), (4, 4, 4, 2)])
SOUND, TOKENS = Takes((64,)), Takes((6,), "int32")
WORDS, WORD = Takes((3,), "string"), Takes((1,), "string")

WITHOUT = {
    "InputLayer": "computes nothing",
    "Layer": "is what the others are made of",
    "Wrapper": "is what wrappers are made of",
    "Equalization": "says that it puts out its input itself, which makes a circle of a graph",
    "FlaxLayer": "needs Flax",
    "JaxLayer": "needs JAX",
    "TorchModuleWrapper": "needs torch",
    "TFSMLayer": "needs a saved model",
}
# TensorFlow has no half precision for them on a processor.
NOT_IN_HALF = {
    f"{kind}3D" for kind in ("AveragePooling", "MaxPooling", "AdaptiveAveragePooling", "AdaptiveMaxPooling")
}
PLAIN = {
    VECTOR: "ActivityRegularization BatchNormalization ELU Flatten "
    "Identity LayerNormalization LeakyReLU Masking Normalization PReLU RMSNormalization ReLU Softmax "
    "UnitNormalization",
    SEQUENCE: "GlobalAveragePooling1D GlobalMaxPooling1D Cropping1D UpSampling1D ZeroPadding1D MaxPooling1D",
    IMAGE: "GlobalAveragePooling2D GlobalMaxPooling2D Cropping2D UpSampling2D ZeroPadding2D MaxPooling2D "
    "AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization "
    "RandAugment RandomColorJitter RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale "
    "RandomInvert RandomPerspective Solarization RandomElasticTransform",
    VOLUME: "GlobalAveragePooling3D GlobalMaxPooling3D Cropping3D UpSampling3D ZeroPadding3D MaxPooling3D",
}
ARGUMENTS = {
    "Activation": (VECTOR, "tanh"),
    "Dense": (VECTOR, 3),
    "Dropout": (VECTOR, 0.5),
    "AlphaDropout": (VECTOR, 0.5),
    "GaussianDropout": (VECTOR, 0.5),
    "GaussianNoise": (VECTOR, 0.5),
    "Lambda": (VECTOR, keras.ops.negative),
    "Rescaling": (VECTOR, 2.0),
    "RepeatVector": (VECTOR, 3),
    "Reshape": (VECTOR, (2, 3)),
    "Discretization": (VECTOR, [-1.0, 0.0, 1.0]),
    "GroupNormalization": (VECTOR, 2),
    "SpatialDropout1D": (SEQUENCE, 0.5),
    "SpatialDropout2D": (IMAGE, 0.5),
    "SpatialDropout3D": (VOLUME, 0.5),
    "AveragePooling1D": (SEQUENCE, 2),
    "AveragePooling2D": (IMAGE, 2),
    "AveragePooling3D": (VOLUME, 2),
    "RandomSharpness": (IMAGE, 0.5),
    "Permute": (SEQUENCE, (2, 1)),
    "EinsumDense": (SEQUENCE, "btd,de->bte", (None, 3)),
    "AdaptiveAveragePooling1D": (SEQUENCE, 3),
    "AdaptiveMaxPooling1D": (SEQUENCE, 3),
    "Conv1D": (SEQUENCE, 3, 2),
    "Conv1DTranspose": (SEQUENCE, 3, 2),
    "DepthwiseConv1D": (SEQUENCE, 2),
    "SeparableConv1D": (SEQUENCE, 3, 2),
    "GRU": (SEQUENCE, 3),
    "LSTM": (SEQUENCE, 3),
    "SimpleRNN": (SEQUENCE, 3),
    "AdaptiveAveragePooling2D": (IMAGE, 3),
    "AdaptiveMaxPooling2D": (IMAGE, 3),
    "Conv2D": (IMAGE, 3, 2),
    "Conv2DTranspose": (IMAGE, 3, 2),
    "DepthwiseConv2D": (IMAGE, 2),
    "SeparableConv2D": (IMAGE, 3, 2),
    "CenterCrop": (IMAGE, 5, 5),
    "Resizing": (IMAGE, 5, 5),
    "RandomCrop": (IMAGE, 5, 5),
    "RandomBrightness": (IMAGE, 0.2),
    "RandomColorDegeneration": (IMAGE, 0.2),
    "RandomContrast": (IMAGE, 0.2),
    "RandomHue": (IMAGE, 0.2),
    "RandomPosterization": (IMAGE, 4),
    "RandomRotation": (IMAGE, 0.2),
    "RandomSaturation": (IMAGE, 0.2),
    "RandomShear": (IMAGE, 0.2, 0.2),
    "RandomTranslation": (IMAGE, 0.2, 0.2),
    "RandomZoom": (IMAGE, 0.2),
    "AdaptiveAveragePooling3D": (VOLUME, 2),
    "AdaptiveMaxPooling3D": (VOLUME, 2),
    "Conv3D": (VOLUME, 3, 2),
    "Conv3DTranspose": (VOLUME, 3, 2),
    "ConvLSTM1D": (Takes((3, 6, 2)), 3, 2),
    "ConvLSTM2D": (VOLUME, 3, 2),
    "ConvLSTM3D": (Takes((2, 3, 3, 3, 2)), 3, 2),
    "MelSpectrogram": (SOUND, 16, 8, 16),
    "STFTSpectrogram": (Takes((64, 1)), "log", 16, 8),
    "CategoryEncoding": (TOKENS, 9),
    "Embedding": (TOKENS, 9, 3),
    "ReversibleEmbedding": (TOKENS, 9, 3),
}
MADE = {
    "Add": ([SEQUENCE] * 2, lambda **name: layers.Add(**name)),
    "Average": ([SEQUENCE] * 2, lambda **name: layers.Average(**name)),
    "Concatenate": ([SEQUENCE] * 2, lambda **name: layers.Concatenate(**name)),
    "Maximum": ([SEQUENCE] * 2, lambda **name: layers.Maximum(**name)),
    "Minimum": ([SEQUENCE] * 2, lambda **name: layers.Minimum(**name)),
    "Multiply": ([SEQUENCE] * 2, lambda **name: layers.Multiply(**name)),
    "Subtract": ([SEQUENCE] * 2, lambda **name: layers.Subtract(**name)),
    "Dot": ([SEQUENCE] * 2, lambda **name: layers.Dot(axes=2, **name)),
    "Attention": ([SEQUENCE] * 2, lambda **name: layers.Attention(**name)),
    "AdditiveAttention": ([SEQUENCE] * 2, lambda **name: layers.AdditiveAttention(**name)),
    "MultiHeadAttention": ((SEQUENCE,) * 2, lambda **name: layers.MultiHeadAttention(2, 3, **name)),
    "GroupedQueryAttention": ((SEQUENCE,) * 2, lambda **name: layers.GroupQueryAttention(3, 4, 2, **name)),
    "Bidirectional": (SEQUENCE, lambda **name: layers.Bidirectional(layers.LSTM(3), **name)),
    "TimeDistributed": (SEQUENCE, lambda **name: layers.TimeDistributed(layers.Dense(3), **name)),
    "SpectralNormalization": (VECTOR, lambda **name: layers.SpectralNormalization(layers.Dense(3), **name)),
    "RNN": (SEQUENCE, lambda **name: layers.RNN(layers.SimpleRNNCell(3), **name)),
    "SimpleRNNCell": (SEQUENCE, lambda **name: layers.RNN(layers.SimpleRNNCell(3), **name)),
    "GRUCell": (SEQUENCE, lambda **name: layers.RNN(layers.GRUCell(3), return_sequences=True, **name)),
    "LSTMCell": (SEQUENCE, lambda **name: layers.RNN(layers.LSTMCell(3), return_state=True, **name)),
    "StackedRNNCells": (
        SEQUENCE,
        lambda **name: layers.RNN(
            layers.StackedRNNCells([layers.GRUCell(3), layers.LSTMCell(2, dropout=0.2)]), **name
        ),
    ),
    "HashedCrossing": ([WORD] * 2, lambda **name: layers.HashedCrossing(5, **name)),
    "Hashing": (WORDS, lambda **name: layers.Hashing(5, **name)),
    "StringLookup": (WORDS, lambda **name: layers.StringLookup(vocabulary=["cold", "warm"], **name)),
    "TextVectorization": (WORD, lambda **name: layers.TextVectorization(vocabulary=["cold"], **name)),
    "IntegerLookup": (TOKENS, lambda **name: layers.IntegerLookup(vocabulary=[1, 3, 5], **name)),
    "Pipeline": (IMAGE, lambda **name: layers.Pipeline([layers.Rescaling(2.0), layers.RandomFlip()], **name)),
    "CutMix": ({"images": IMAGE, "labels": VECTOR}, lambda **name: layers.CutMix(**name)),
    "MixUp": ({"images": IMAGE, "labels": VECTOR}, lambda **name: layers.MixUp(**name)),
    "MaxNumBoundingBoxes": (
        {"images": IMAGE, "bounding_boxes": {"boxes": Takes((2, 4)), "labels": Takes((2,))}},
        lambda **name: layers.MaxNumBoundingBoxes(3, bounding_box_format="xyxy", **name),
    ),
}


def table():
    """Return a dict from a layer's name to what it takes and how it is made."""

    def maker(name, *arguments):
        return lambda **options: getattr(layers, name)(*arguments, **options)

    rows = {name: (takes, maker(name)) for takes, names in PLAIN.items() for name in names.split()}
    rows |= {name: (takes, maker(name, *arguments)) for name, (takes, *arguments) in ARGUMENTS.items()}
    return rows | MADE


def layers_of_keras():
    return {
        value.__name__
        for value in vars(layers).values()
        if isinstance(value, type) and issubclass(value, keras.Layer)
    }


def test_the_table_has_every_layer():
    assert sorted(layers_of_keras() - table().keys() - WITHOUT.keys()) == []


def call(layer, inputs):
    """Call a layer with its inputs: those in a tuple one by one."""
    return layer(*inputs) if isinstance(inputs, tuple) else layer(inputs)


def inputs_for(takes):
    return keras.tree.map_structure(Takes.input, takes)


@pytest.fixture
def policy(request):
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy("float32")


ROWS = sorted(table().keys() & layers_of_keras())


# Keras says of layers for images that they want numbers up to 255, and of masks that they go.
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("policy", ["float32", "mixed_float16"], indirect=True)
@pytest.mark.parametrize("part", range(6))
def test_what_is_heard_is_what_predict_says_alone_and_nested(part, policy):
    without = NOT_IN_HALF if policy == "mixed_float16" else set()
    rows = {name: table()[name] for name in ROWS[part::6] if name not in without}
    # One model for many layers, as to predict is to compile.
    inputs = {name: inputs_for(takes) for name, (takes, _) in rows.items()}
    outputs = {}
    for name, (takes, make) in rows.items():
        inside = inputs_for(takes)
        inner = keras.Model(inside, call(make(name=f"inner_{name}"), inside), name=f"nested_{name}")
        outputs[name] = [call(make(name=name), inputs[name]), inner(inputs[name])]
    model = keras.Model(inputs, outputs)
    samples = keras.tree.map_structure(
        lambda takes: takes.samples(5), {name: row[0] for name, row in rows.items()}
    )
    predicted = model.predict(samples, verbose=0)
    activations = get_activations(model, samples)

    tolerance = {"rtol": 1e-4, "atol": 1e-5} if policy == "float32" else {"rtol": 1e-2, "atol": 1e-2}
    for name, (alone, nested) in predicted.items():
        heard = {name: alone, f"nested_{name}": nested, f"nested_{name}/inner_{name}": nested}
        for key, expected in heard.items():
            for ours, theirs in zip(*map(keras.tree.flatten, (activations[key], expected)), strict=True):
                assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype), key
                if ours.dtype.kind == "f":
                    np.testing.assert_allclose(ours, theirs, **tolerance, err_msg=key)
                else:
                    np.testing.assert_array_equal(ours, theirs, err_msg=key)
