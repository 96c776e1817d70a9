"""Diagrams of models: every layer a box, every tensor an arrow, and the same in words."""

import keras
import pytest
from keras import layers
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from helpers import diagram


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
    arrows = drawn(axes, FancyArrowPatch)
    assert len(arrows) == 5
    ends = [arrow._posA_posB for arrow in arrows]
    assert all(start[1] < end[1] for start, end in ends)
    around = [(start, end) for start, end in ends if end[1] - start[1] > diagram.PITCH]
    assert len(around) == 1, "one arrow passes the block"


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
