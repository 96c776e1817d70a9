"""Diagrams of models: every layer a box, every tensor an arrow, and the same in words."""

import functools
import itertools

import keras
import numpy as np
import pytest
from keras import layers
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from helpers import diagram
from tests.helpers.drawn import overlaps, pixels, words


def block():
    inputs = keras.Input((4,))
    weights = layers.Dense(4, "softmax", name="attention")(inputs)
    context = layers.Multiply()([inputs, weights])
    return keras.Model(inputs, layers.LSTM(2)(layers.Reshape((4, 1))(context)))


SAID = (
    "Input (batch, 4); attention: Dense, softmax (batch, 4); Multiply (batch, 4), also takes Input; "
    "Reshape (batch, 4, 1); LSTM (batch, 2)."
)


def drawn(axes, kind):
    return [patch for patch in axes.patches if isinstance(patch, kind)]


def texts(axes):
    """What stands in the boxes, without the title above them."""
    return [text.get_text() for text in axes.texts[1:]]


def test_layers_are_said_with_shapes_and_what_they_take_from_further_up():
    assert diagram.layer_graph(block()).alt == SAID


def test_a_second_model_of_the_same_layers_has_the_same_names():
    """Keras counts on; the diagram does not."""
    block()
    assert diagram.layer_graph(block()).alt == SAID


def test_boxes_hold_what_is_said_and_arrows_go_down():
    [axes] = diagram.layer_graph(block()).axes
    boxes = drawn(axes, FancyBboxPatch)
    assert [box.get_y() for box in boxes] == sorted(box.get_y() for box in boxes)
    assert "; ".join(
        f"{a} {b}" for a, b in zip(texts(axes)[::2], texts(axes)[1::2], strict=True)
    ) == SAID.replace(", also takes Input", "").removesuffix(".")
    assert len(drawn(axes, FancyArrowPatch)) == 5


def test_several_models_stand_side_by_side_on_one_scale():
    small = keras.Sequential([keras.Input((None, 3)), layers.GRU(2, name="reader")])
    figure = diagram.layer_graph({"one": small, "two": block()})
    assert figure.alt == f"one: Input (batch, any, 3); reader: GRU (batch, 2). two: {SAID}"
    assert [axes.texts[0].get_text() for axes in figure.axes] == ["one", "two"]
    first, second = (drawn(axes, FancyBboxPatch)[0].get_window_extent() for axes in figure.axes)
    assert first.height == pytest.approx(second.height)
    assert first.x1 < second.x0


def test_words_fit_into_their_boxes():
    figure = diagram.layer_graph({"before": block(), "after": block()})
    figure.draw_without_rendering()
    for axes in figure.axes:
        boxes = [box.get_window_extent() for box in drawn(axes, FancyBboxPatch)]
        for text, box in zip(axes.texts[1:], [box for box in boxes for _ in range(2)], strict=True):
            words = text.get_window_extent()
            assert box.x0 < words.x0 < words.x1 < box.x1
            assert box.y0 < words.y0 < words.y1 < box.y1


def test_a_layer_that_is_called_twice_is_refused():
    inputs = keras.Input((4,))
    shared = layers.Dense(4)
    for outputs in (shared(shared(inputs)), layers.Add()([shared(inputs), shared(inputs)])):
        with pytest.raises(ValueError, match="models must call each layer once"):
            diagram.layer_graph(keras.Model(inputs, outputs))


def test_what_is_no_model_is_refused():
    with pytest.raises(TypeError, match="model must be a Functional or Sequential"):
        diagram.layer_graph("a model")
    with pytest.raises(TypeError, match="models must be a dict with strings as keys, not empty"):
        diagram.layer_graph({})


def test_arrows_point_down_and_the_one_around_the_block_into_it():
    figure = diagram.layer_graph(block())
    picture = pixels(figure)[..., 3] > 0.5
    [axes] = figure.axes
    boxes = [box.get_window_extent() for box in drawn(axes, FancyBboxPatch)]

    def ink(x, y):
        """How many pixels are drawn in a square that ends at a place."""
        return picture[round(y) : round(y) + 16, round(x) : round(x) + 16].sum()

    for upper, lower in itertools.pairwise(boxes):
        middle = round((upper.x0 + upper.x1) / 2)
        between = slice(round(lower.y1) + 2, round(upper.y0) - 2)
        widths = picture[between, middle - 12 : middle + 12].sum(axis=1)  # from the lower box up
        widest = widths.argmax()
        assert widths[widest] > 3 * widths[-1] > 0
        assert (np.diff(widths[: widest + 1]) >= 0).all(), "the head is pointed towards the lower box"
        assert widest > 5
    tail, head = boxes[0], boxes[2]  # the block's input, and what multiplies by it
    at_tail, at_head = (ink(box.x1 + 3, (box.y0 + box.y1) / 2 + up) for box, up in ((tail, -16), (head, 0)))
    assert at_head > 1.5 * at_tail > 0
    beside = picture[round(boxes[3].y0) : round(boxes[3].y1), round(boxes[3].x1) + 3 :]
    assert not beside.any(), "no arrow goes on to the next layer"


def half(x):
    return x / 2


def test_any_activation_has_a_name():
    class Sharp:
        def __call__(self, x):
            return 9 * x

    activations = {
        "LeakyReLU": layers.LeakyReLU(),
        "half": half,
        "leaky_relu": functools.partial(keras.ops.leaky_relu, negative_slope=0.1),
        "lambda": lambda x: x,
        "Sharp": Sharp(),
        "relu": "relu",
    }
    model = keras.Sequential([keras.Input((2,)), *(layers.Dense(2, each) for each in activations.values())])
    said = diagram.layer_graph(model).alt
    assert said == f"Input (batch, 2); {'; '.join(f'Dense, {name} (batch, 2)' for name in activations)}."


def test_the_activation_that_a_layer_has_anyway_goes_without_saying():
    model = keras.Sequential(
        [
            keras.Input((3, 2)),
            layers.LSTM(2, return_sequences=True),
            layers.LSTM(2, activation=None),
            layers.Dense(1, "linear"),
            layers.Activation("tanh"),
        ]
    )
    said = diagram.layer_graph(model).alt
    assert said == (
        "Input (batch, 3, 2); LSTM (batch, 3, 2); LSTM, linear (batch, 2); Dense (batch, 1); "
        "Activation, tanh (batch, 1)."
    )


def test_what_does_not_fit_into_a_box_is_cut_there_but_said():
    name = "the_attention_over_all_steps_of_the_first_block"
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2, "softmax", name=name)])
    figure = diagram.layer_graph({title: model for title in ("one", "two", "three", "four", "$five$")})
    figure.png()
    assert figure.alt.count(f"{name}: Dense, softmax (batch, 2)") == 5
    assert not overlaps(figure)
    assert "$five$" in [text.get_text() for text in words(figure)]
    for axes in figure.axes:
        box = drawn(axes, FancyBboxPatch)[1].get_window_extent()
        label = axes.texts[3].get_window_extent()
        assert axes.texts[3].get_text().startswith("the_attention")
        assert box.x0 < label.x0 < label.x1 < box.x1


def test_a_model_of_too_many_layers_is_refused():
    model = keras.Sequential([keras.Input((2,)), *(layers.Dense(2) for _ in range(99))])
    with pytest.raises(ValueError, match=r"^models must fill at most \d+ rows of a picture, got 100"):
        diagram.layer_graph(model)
