"""`get_activations` computes what `predict` does, wherever a layer runs, and leaves no trace in the model."""

import threading

import keras
import numpy as np
import pytest
from keras import layers

from helpers.activations import get_activations
from tests.helpers import random_models

RANDOM = np.random.default_rng(0)


def noise(*shape):
    return RANDOM.standard_normal(shape).astype("float32")


def agree(model, inputs, name, **options):
    """Check that a layer puts out what the model says; return all that was heard."""
    activations = get_activations(model, inputs, **options)
    expected = model.predict(inputs, verbose=0)
    keras.tree.map_structure(
        lambda ours, theirs: np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6),
        activations[name],
        expected,
    )
    return activations


# ---- shapes and structures of inputs


def test_neither_the_number_of_samples_nor_the_length_that_came_first_is_a_demand():
    model = keras.Sequential([layers.Dense(3, name="each"), layers.LSTM(2, name="last")])
    model.predict(np.zeros((64, 4, 5)), verbose=0)
    assert agree(model, noise(5, 6, 5), "last")["each"].shape == (5, 6, 3)
    with pytest.raises(ValueError, match=r"inputs must have shape \(None, 4, 5\), got \(5, 6, 4\)"):
        get_activations(model, noise(5, 6, 4))


# The key of a list cannot be the name of an input too.
@pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict")
def test_inputs_in_a_dict_of_lists():
    a, b, c = (keras.Input((2,), name=name) for name in "abc")
    gap = layers.Subtract(name="gap")([layers.Add()([a, b]), c])
    model = keras.Model({"p": [a, b], "q": c}, gap)
    x = {"p": [noise(3, 2), noise(3, 2)], "q": noise(3, 2)}
    np.testing.assert_allclose(agree(model, x, "gap")["gap"], sum(x["p"]) - x["q"], rtol=1e-5)


def test_an_input_that_may_be_missing():
    x, extra = keras.Input((2,), name="x"), keras.Input((2,), name="extra", optional=True)

    class Sum(layers.Layer):
        def call(self, x, extra):
            return x if extra is None else x + extra

    model = keras.Model({"x": x, "extra": extra}, Sum(name="sum")(x, extra))
    inputs = noise(3, 2)
    np.testing.assert_array_equal(get_activations(model, {"x": inputs, "extra": None})["sum"], inputs)


def test_texts():
    lookup = layers.StringLookup(vocabulary=["cold", "warm"], name="lookup")
    model = keras.Sequential([keras.Input((2,), dtype="string"), lookup, layers.Embedding(3, 2, name="e")])
    words = [["cold", "hot"], ["warm", "cold"]]
    np.testing.assert_array_equal(get_activations(model, words)["lookup"], [[1, 0], [2, 1]])


def test_floats_and_integers_come_as_in_predict():
    class Watch(keras.Model):
        def call(self, x):
            seen.append([x["a"].dtype, x["b"].dtype])
            return x["a"]

    model, seen = Watch(), []
    x = {"a": np.zeros((2, 3)), "b": np.zeros((2, 3), "int64")}
    model.predict(x, verbose=0)
    get_activations(model, x)
    assert seen[0] == seen[-1] == ["float32", "int64"]


# ---- masks


@pytest.fixture
def half_precision():
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy("float32")


# Keras warns that a nested model drops the mask; its layers do see it.
@pytest.mark.filterwarnings("ignore:Layer 'inner' .* was passed an input with a mask")
def test_a_mask_reaches_a_nested_model_in_half_precision(half_precision):
    class Weights(layers.Layer):
        supports_masking = True

        def call(self, x, mask=None):
            scores = keras.ops.zeros_like(x[..., 0])
            return keras.ops.softmax(scores if mask is None else keras.ops.where(mask, scores, -1e4))

    tokens = keras.Input((4,), dtype="int32")
    embedded = layers.Embedding(9, 3, mask_zero=True, dtype="float32")(tokens)
    inside = keras.Input((4, 3))
    inner = keras.Model(inside, Weights(name="weights", dtype="mixed_float16")(inside), name="inner")
    model = keras.Model(tokens, inner(embedded))
    x = np.array([[1, 2, 0, 0], [1, 2, 3, 0]])
    expected = [[1 / 2, 1 / 2, 0, 0], [1 / 3, 1 / 3, 1 / 3, 0]]
    np.testing.assert_allclose(agree(model, x, "inner")["inner/weights"], expected, atol=1e-3)


# ---- wrappers


class Half(layers.Layer):
    def call(self, x):
        return x / 2


def test_the_layer_in_a_time_distributed():
    inner = keras.Sequential([Half(name="half"), layers.Dense(3, name="dense")], name="inner")
    model = keras.Sequential([layers.TimeDistributed(inner, name="each"), layers.Flatten(name="flat")])
    x = noise(5, 4, 2)
    model(x[:2])
    activations = agree(model, x, "flat", batch_size=3)
    assert list(activations) == ["each", "each/inner", "each/inner/half", "each/inner/dense", "flat"]
    np.testing.assert_array_equal(activations["each/inner/half"], x / 2)
    np.testing.assert_array_equal(activations["each/inner/dense"], activations["each"])
    assert not {"call", "layer"} & set(vars(inner)), "the layer is as it was"


def test_both_directions_of_a_bidirectional():
    both = layers.Bidirectional(layers.GRU(3, return_sequences=True, name="gru"), name="both")
    model = keras.Sequential([keras.Input((4, 2)), both])
    activations = agree(model, noise(5, 4, 2), "both")
    forward, backward = (activations[f"both/{name}_gru"] for name in ("forward", "backward"))
    np.testing.assert_allclose(activations["both"], np.concatenate([forward, backward[:, ::-1]], axis=-1))


@pytest.mark.parametrize("unroll", [False, True])
def test_the_cell_in_an_rnn_comes_by_its_name(unroll):
    lstm = layers.LSTM(3, return_sequences=True, unroll=unroll, name="lstm")
    model = keras.Sequential([keras.Input((4, 2)), lstm, layers.Dense(1, name="dense")])
    x = noise(5, 4, 2)
    assert list(agree(model, x, "dense")) == ["lstm", "dense"]
    [(output, (hidden, carry))] = get_activations(model, x, "lstm/lstm_cell", batch_size=3).values()
    np.testing.assert_allclose(output, get_activations(model, x)["lstm"], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(hidden, output)
    assert carry.shape == (5, 4, 3)
    with pytest.raises(
        ValueError, match="layer_name must be one of lstm, lstm/lstm_cell, dense; got 'lstm/x'"
    ):
        get_activations(model, x, "lstm/x")


class AskingCell(layers.Layer):
    """A cell of a reader's own, with an attention layer inside."""

    state_size = 2

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.ask = layers.MultiHeadAttention(1, 2, name="ask")

    def build(self, shape):
        self.ask.build((None, 1, 2), (None, 3, 2))

    def call(self, x, states):
        output = self.ask(x[:, None], keras.ops.stack([x, states[0], -x], axis=1))[:, 0]
        return output, [output]


def test_a_layer_in_a_cell_of_stacked_ones():
    cells = [layers.SimpleRNNCell(2, name="first"), AskingCell(name="asking")]
    rnn = layers.RNN(cells, return_sequences=True, name="rnn")
    model = keras.Sequential([keras.Input((4, 2)), rnn])
    x = noise(5, 4, 2)
    agree(model, x, "rnn")
    name = f"rnn/{rnn.cell.name}/asking/ask"
    assert get_activations(model, x, name)[name].shape == (5, 4, 1, 2)
    [weights] = get_activations(model, x, name, attention=True).values()
    assert weights.shape == (5, 4, 1, 1, 3)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)


def test_a_table_and_a_number_inside_a_step():
    class Odd(layers.Layer):
        def __init__(self):
            super().__init__()
            self.number = layers.Lambda(lambda x: keras.ops.convert_to_tensor(3.0), name="number")

        def call(self, x):
            return x * self.number(x)

    model = keras.Sequential([keras.Input((4, 2)), layers.TimeDistributed(Odd(), name="each")])
    activations = agree(model, noise(5, 4, 2), "each", batch_size=3)
    np.testing.assert_array_equal(activations["each/odd/number"], [3, 3, 3, 3])


# ---- nothing is left behind


def stateful_model():
    return keras.Sequential([keras.Input(batch_shape=(2, 3, 1)), layers.LSTM(2, stateful=True, name="lstm")])


def test_the_state_of_a_stateful_layer_is_put_back():
    model, x = stateful_model(), noise(2, 3, 1)
    model.predict(noise(2, 3, 1), batch_size=2, verbose=0)
    states = [np.array(state) for state in model.layers[0].states]
    first, second = (get_activations(model, x)["lstm"] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(model.layers[0].states, states)
    np.testing.assert_allclose(model.predict(x, batch_size=2, verbose=0), first, rtol=1e-5)


def test_a_state_is_carried_from_batch_to_batch_as_in_predict():
    model, x = stateful_model(), noise(6, 3, 1)
    ours = get_activations(model, x, batch_size=2)["lstm"]
    np.testing.assert_allclose(ours, model.predict(x, batch_size=2, verbose=0), rtol=1e-5)


class Sampling(layers.Layer):
    """Draws, counts, keeps a metric and a loss, and moves Keras's generator of all."""

    def __init__(self):
        super().__init__(name="sampling")
        self.seeds = keras.random.SeedGenerator(1)
        self.mean = keras.metrics.Mean()

    def build(self, _):
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.count.assign_add(1)
        self.mean.update_state(x)
        self.add_loss(keras.ops.sum(x))
        shape = keras.ops.shape(x)
        return x + keras.random.normal(shape, seed=self.seeds) + keras.random.normal(shape)


def test_seeds_weights_metrics_and_losses_are_put_back():
    x = keras.Input((3,))
    model, inputs = keras.Model(x, Sampling()(x)), noise(4, 3)
    model(inputs)

    def state():
        return [np.array(value).tolist() for value in (*model.variables, *model.losses)]

    before = state()
    first, second = (get_activations(model, inputs)["sampling"] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert state()[: len(model.variables)] == before[: len(model.variables)]
    np.testing.assert_allclose(model.predict(inputs, verbose=0), first, rtol=1e-5)


def test_a_model_that_is_not_built_to_the_end_says_so():
    class Late(keras.Model):
        def build(self, shape):
            self.dense = layers.Dense(2)
            self.built = True

        def call(self, x):
            return self.dense(x)

    model = Late(name="late")
    model.build((None, 3))
    with pytest.raises(ValueError, match="model 'late' was not built to the end: call it once"):
        get_activations(model, noise(2, 3))


def test_nothing_listens_afterwards_even_on_an_error():
    class Failing(layers.Layer):
        def call(self, x):
            if fail:
                raise RuntimeError("out of order")
            return x

    call = vars(keras.Operation)["__call__"]
    fail = False
    each = layers.TimeDistributed(Failing())
    model = keras.Sequential([keras.Input((2, 3)), each])
    get_activations(model, noise(2, 2, 3))
    fail = True
    with pytest.raises(
        ValueError, match=r"model 'sequential.*' cannot run on these inputs: (.|\n)*out of order"
    ):
        get_activations(model, noise(2, 2, 3))
    assert vars(keras.Operation)["__call__"] is call
    assert "call" not in vars(each.layer)


def test_the_calls_of_another_thread_are_not_heard():
    class Waiting(layers.Layer):
        def call(self, x):
            other = threading.Thread(target=lambda: others.append(dense(np.ones((2, 3)))))
            other.start()
            other.join()
            return x

    x, others, dense = keras.Input((3,)), [], layers.Dense(3, name="dense")
    model = keras.Model(x, Waiting(name="waiting")(dense(x)))
    others.clear()
    assert list(get_activations(model, noise(2, 3))) == ["dense", "waiting"]
    assert len(others) == 1


def test_threads_that_listen_at_once_hear_each_their_own():
    inner = keras.Sequential([layers.Dense(3, name="leaf")], name="inner")
    model = keras.Sequential([keras.Input((4, 3)), layers.TimeDistributed(inner, name="each")])
    inputs = [noise(n + 2, 4, 3) for n in range(6)]
    heard = {}

    def listen(number):
        heard[number] = [get_activations(model, inputs[number]) for _ in range(5)]

    threads = [threading.Thread(target=listen, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, results in heard.items():
        for activations in results:
            assert list(activations) == ["each", "each/inner", "each/inner/leaf"]
            np.testing.assert_allclose(
                activations["each/inner/leaf"], model(inputs[number]), rtol=1e-5, atol=1e-6
            )


def test_what_a_function_of_the_readers_own_runs_is_not_heard():
    import tensorflow as tf

    class Compiled(layers.Layer):
        def __init__(self):
            super().__init__(name="compiled")
            self.dense = layers.Dense(2)

        def build(self, shape):
            self.dense.build(shape)
            self.run = tf.function(self.dense)

        def call(self, x):
            return self.run(x)

    x = keras.Input((3,))
    model, inputs = keras.Model(x, Compiled()(x)), noise(2, 3)
    for _ in range(2):
        assert list(agree(model, inputs, "compiled")) == ["compiled"]


def test_what_a_model_writes_into_its_outputs_later_is_not_seen():
    class Pair(layers.Layer):
        def call(self, x):
            return {"a": x, "b": -x}

    class Writing(keras.Model):
        def __init__(self):
            super().__init__()
            self.pair = Pair(name="pair")

        def call(self, x):
            outputs = self.pair(x)
            outputs["a"] = outputs["a"] + 1
            return outputs

    model, x = Writing(), noise(2, 3)
    model(x)
    np.testing.assert_array_equal(get_activations(model, x)["pair"]["a"], x)


def test_own_layers_from_the_random_models_keep_their_names():
    x = keras.Input((3, 4))
    model = keras.Model(x, random_models.SelfAttention(name="self")(x))
    names = list(get_activations(model, noise(2, 3, 4)))
    assert names[:2] == ["self", "self/heads"]
    assert {"self/heads/query", "self/heads/key", "self/heads/value"} < set(names)
