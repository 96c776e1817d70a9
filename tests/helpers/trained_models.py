"""Models and data that `model.fit` trains, each for something that a Retrainer could get wrong."""

import functools

import keras
import numpy as np
from keras import layers, ops

RANDOM = np.random.default_rng(0)
# 50 samples in batches of 16: three whole ones, and a rest of 2. For validation 16 and a rest of 5.
NOISE = RANDOM.standard_normal((50, 4)).astype("float32")
TARGETS = (NOISE[:, 1:2] > 0).astype("float32")
SEQUENCES = RANDOM.standard_normal((50, 4, 2)).astype("float32")
TOKENS = RANDOM.integers(0, 6, (50, 4))
BATCH_SIZE = 16


def compiled(model, optimizer, loss):
    model.compile(optimizer=optimizer, loss=loss)
    return model


def dense(optimizer="adam", loss="binary_crossentropy", **options):
    """Attention as in chapter 1, small."""
    x = keras.Input((4,))
    weights = layers.Dense(4, activation="softmax", **options)(x)
    context = layers.Multiply()([x, weights])
    return compiled(keras.Model(x, layers.Dense(1, activation="sigmoid")(context)), optimizer, loss)


def recurrent():
    model = keras.Sequential([keras.Input((4, 2)), layers.LSTM(3), layers.Dense(1)])
    return compiled(model, keras.optimizers.SGD(0.1, momentum=0.9), "mse")


def embedded():
    # The padding 0 is masked, at every step: the loss then depends on what shares a batch.
    x = keras.Input((4,), dtype="int32")
    vectors = layers.Embedding(6, 3, mask_zero=True)(x)
    steps = layers.LSTM(3, return_sequences=True)(vectors)
    return compiled(
        keras.Model(x, layers.Dense(6, activation="softmax")(steps)),
        "adam",
        "sparse_categorical_crossentropy",
    )


def two_inputs():
    # The names are in another order than the inputs: a sorted dict would swap them.
    return [keras.Input((4,), name="beta"), keras.Input((4,), name="alpha")]


def several_inputs():
    inputs = two_inputs()
    gap = layers.Subtract()([layers.Dense(3)(x) for x in inputs])
    return compiled(keras.Model(inputs, layers.Dense(1)(gap)), "rmsprop", "mse")


def several_inputs_and_outputs():
    first, second = two_inputs()
    outputs = [layers.Dense(1)(first), layers.Dense(1, activation="sigmoid")(second)]
    return compiled(keras.Model([first, second], outputs), "adam", ["mse", "binary_crossentropy"])


def batch_normalized():
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(5), layers.BatchNormalization(), layers.Dense(1)]
    )
    return compiled(model, keras.optimizers.SGD(0.1), "mse")


def summed_loss_and_own_layers():
    """What Keras cannot look up by name, and a loss that depends on the size of a batch."""

    class Doubled(layers.Dense):
        def call(self, x):
            return 2 * super().call(x)

    def squares(targets, predictions):
        return keras.ops.sum(keras.ops.square(targets - predictions))

    inner = keras.Sequential([keras.Input((4,)), Doubled(3)])
    model = keras.Sequential([keras.Input((4,)), inner, layers.Lambda(lambda x: x + 1), layers.Dense(1)])
    return compiled(model, keras.optimizers.SGD(0.001), squares)


def clipped_and_scheduled():
    schedule = keras.optimizers.schedules.ExponentialDecay(1.0, decay_steps=2, decay_rate=0.5)
    return dense(keras.optimizers.SGD(schedule, clipnorm=0.05))


def scaled_loss():
    return dense(keras.optimizers.SGD(0.1, loss_scale_factor=8.0))


def own_functions():
    """A schedule, an activation and a regularizer that Keras does not know by name."""

    class Harmonic(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.1 / (1 + keras.ops.cast(step, "float32"))

        def get_config(self):
            return {}

    class Squares(keras.regularizers.Regularizer):
        def __call__(self, weights):
            return keras.ops.sum(weights**2)

        def get_config(self):
            return {}

    def halved(x):
        return x / 2

    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(3, lambda x: x / 3),
            layers.Lambda(halved),
            layers.Dense(1, halved, kernel_regularizer=Squares()),
        ]
    )
    return compiled(model, keras.optimizers.SGD(Harmonic()), "mse")


def pretrained():
    """Two layers that are not trained: one whose weights are set, and one from outside, with its statistics."""
    tokens = keras.Input((4,), dtype="int32")
    vectors = layers.Flatten()(layers.Embedding(6, 3, trainable=False, name="embedding")(tokens))
    model = keras.Model(tokens, layers.Dense(1)(OUTSIDE(vectors)))
    model.get_layer("embedding").set_weights([np.arange(18.0).reshape(6, 3)])
    return compiled(model, "adam", "mse")


OUTSIDE = keras.Sequential([keras.Input((12,)), layers.Dense(3), layers.BatchNormalization()])
OUTSIDE.trainable = False


def adapted():
    normalized = layers.Normalization()
    normalized.adapt(NOISE + 3)
    return compiled(
        keras.Sequential([keras.Input((4,)), normalized, layers.SpectralNormalization(layers.Dense(1))]),
        "adam",
        "mse",
    )


def drawn_in_another_order():
    """Wrappers and attention, whose weights Keras draws in another order than that of `layers`."""
    x = keras.Input((4, 2))
    last = layers.Dense(1)
    both = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
    attended = layers.MultiHeadAttention(2, 3)(both, both)
    added = layers.AdditiveAttention()([attended, both])
    return compiled(keras.Model(x, last(layers.Flatten()(added))), "adam", "mse")


class TransformerBlock(layers.Layer):
    """As in many a tutorial: no options for the base class, nothing to write a config from."""

    def __init__(self, width, rate=0.1):
        super().__init__()
        self.attention = layers.MultiHeadAttention(2, width)
        self.forward = keras.Sequential([layers.Dense(4, "relu"), layers.Dense(width)])
        self.norm = layers.LayerNormalization()
        self.dropout = layers.Dropout(rate)

    def call(self, x, training=False):
        attended = self.attention(x, x)
        return self.norm(x + self.dropout(self.forward(attended), training=training))


def transformer_with_dropout():
    block = TransformerBlock(2)
    return compiled(
        keras.Sequential([keras.Input((4, 2)), block, layers.Flatten(), layers.Dense(1)]), "adam", "mse"
    )


class OwnCell(layers.Layer):
    state_size = 3

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1] + 3, 3))

    def call(self, x, states):
        state = ops.tanh(ops.concatenate([x, states[0]], axis=-1) @ self.kernel)
        return state, [state]


def functions_one_level_down():
    return compiled(
        keras.Sequential(
            [
                keras.Input((4, 2)),
                layers.TimeDistributed(layers.Dense(3, lambda x: x / 2)),
                layers.RNN([OwnCell(), layers.GRUCell(2)]),
                layers.Dense(1, functools.partial(ops.leaky_relu, negative_slope=0.1)),
            ]
        ),
        keras.optimizers.AdamW(0.01, weight_decay=0.1),
        "mse",
    )


def what_xla_does_not_know():
    """A table of words, and random turns."""
    words, pictures = keras.Input((4,), dtype="int64"), keras.Input((4, 4, 1))
    known = layers.IntegerLookup(vocabulary=[2, 3, 5], output_mode="multi_hot")(words)
    turned = layers.Flatten()(layers.RandomRotation(0.2)(pictures))
    both = layers.Concatenate()([known, turned])
    return compiled(keras.Model({"words": words, "pictures": pictures}, layers.Dense(1)(both)), "adam", "mse")


def half_precision():
    wide = {"dtype": "float32"}
    half = {"dtype": "mixed_bfloat16"}
    model = keras.Sequential([keras.Input((4,)), layers.Dense(8, "relu", **half), layers.Dense(1, **wide)])
    return compiled(model, keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()), "mse")


def frozen():
    model = dense()
    model.trainable = False
    return compiled(model, "adam", "mse")


class Counting(layers.Layer):
    """A layer with a state that training changes, and random numbers of its own."""

    def build(self, shape):
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)
        self.seeds = keras.random.SeedGenerator()

    def call(self, x, training=False):
        if training:
            self.calls.assign_add(1.0)
        return x * self.calls + keras.random.normal(ops.shape(x), seed=self.seeds)


def own_state():
    return compiled(keras.Sequential([keras.Input((4,)), Counting(), layers.Dense(1)]), "adam", "mse")


class OwnLoss(keras.Model):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return ops.mean(ops.abs(y - y_pred)) + (0.1 if training else 0.0)


def own_loss():
    x = keras.Input((4,))
    return compiled(OwnLoss(x, layers.Dense(1)(x)), "sgd", "mse")


def in_a_list():
    model = dense()
    return compiled(keras.Model(model.inputs, model.outputs), "adam", "binary_crossentropy")


def averaged():
    return dense(keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.9))


def regularized():
    return dense(kernel_regularizer="l2", activity_regularizer="l1")


def head(data, count):
    return keras.tree.map_structure(lambda array: array[:count], data)


# Model, data, and how many samples to validate on. XLA compiles the rest of an epoch on its own, so
# the slow recurrent cases have none.
CASES = {
    "dense": (dense, NOISE, TARGETS, 21),
    "recurrent": (recurrent, SEQUENCES[:32], TARGETS[:32], 16),
    "embedded": (embedded, TOKENS[:32], TOKENS[:32], 32),
    "several inputs": (several_inputs, {"alpha": NOISE, "beta": NOISE[::-1]}, TARGETS, 21),
    "several outputs": (several_inputs_and_outputs, [NOISE, NOISE[::-1]], [TARGETS, 1 - TARGETS], 21),
    "regularized": (regularized, NOISE, TARGETS, 21),
    "batch normalized": (batch_normalized, NOISE, TARGETS, 21),
    "clipped and scheduled": (clipped_and_scheduled, NOISE, TARGETS, 7),
    "scaled loss": (scaled_loss, NOISE, TARGETS, 21),
    "own functions": (own_functions, NOISE, TARGETS, 21),
    "in a list of one": (in_a_list, [NOISE], TARGETS, 21),
    "summed loss, own layers": (summed_loss_and_own_layers, NOISE, TARGETS, 21),
    "averaged": (averaged, NOISE, TARGETS, 21),
    "pretrained": (pretrained, TOKENS, TARGETS, 21),
    "adapted": (adapted, NOISE, TARGETS, 21),
    "drawn in another order": (drawn_in_another_order, SEQUENCES[:32], TARGETS[:32], 16),
    "transformer with dropout": (transformer_with_dropout, SEQUENCES, TARGETS, 21),
    "functions one level down": (functions_one_level_down, SEQUENCES[:32], TARGETS[:32], 16),
    "what XLA does not know": (
        what_xla_does_not_know,
        {"words": TOKENS, "pictures": NOISE[:, :, None, None] * np.ones((1, 4, 1))},
        TARGETS,
        21,
    ),
    "half precision": (half_precision, NOISE, TARGETS, 21),
    "frozen": (frozen, NOISE, TARGETS, 21),
    "own state": (own_state, NOISE, TARGETS, 21),
    "own loss": (own_loss, NOISE, TARGETS, 21),
}


def built_after(seed, build):
    keras.utils.set_random_seed(seed)
    return build()
