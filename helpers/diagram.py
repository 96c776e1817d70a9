"""Diagrams of models, drawn from the models themselves."""

import inspect
import math
import re
from typing import NamedTuple

import keras
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from helpers import checks
from helpers.palette import FIGURE
from helpers.plots import letters
from helpers.plots.figure import WIDTH, Figure, height_of
from helpers.plots.letters import FONT_SIZE

PITCH = 0.68  # inches from one box to the next
HEIGHT = 0.48  # of a box, in inches
MODELS_IN_A_ROW = 3


class _Box(NamedTuple):
    label: str
    shape: str
    takes: list  # the rows of the boxes whose output it takes


def layer_graph(models):
    """Draw the layers of models, the input on top, an arrow from each layer to those that take its output.

    Args:
        models: a Functional or Sequential model, or a dict from a panel's title to such a model, drawn
            side by side. What does not fit into a box is cut in the picture, but not in its words.

    Returns:
        A Figure whose `alt` lists the layers with the shapes of their outputs, and for each what it
        takes beside the output of the layer above.

    Raises:
        TypeError: no Functional or Sequential model.
        ValueError: a model that is not built yet, that calls a layer more than once, or that has too
            many layers for one picture.
    """
    models = checks.dictionary("models", models if isinstance(models, dict) else {"": models})
    panels = {title: _boxes(model) for title, model in models.items()}
    alt = " ".join(f"{title}: {_said(boxes)}" if title else _said(boxes) for title, boxes in panels.items())
    across, down = min(len(panels), MODELS_IN_A_ROW), math.ceil(len(panels) / MODELS_IN_A_ROW)
    rows = max(map(len, panels.values()))
    head = 0.3 if any(panels) else 0.05
    height = height_of("models", rows * down, each=PITCH, rest=head * down)
    figure = Figure(alt, height, layout=None)
    width = WIDTH / across
    for number, (title, boxes) in enumerate(panels.items()):
        bottom = 1 - (number // across + 1) / down
        share = PITCH * rows / height
        axes = figure.add_axes((number % across / across, bottom, 1 / across, share))
        axes.set(xlim=(0, width), ylim=(PITCH * rows, 0))  # inches, from the top
        axes.set_axis_off()
        _draw(axes, boxes, min(0.82 * width, 3.2), title)
    return figure


def _boxes(model):
    """Return the layers of a model as boxes, each below all whose output it takes."""
    graph = checks.functional(model)
    outputs = [keras.tree.flatten(operation.output) for operation in graph.operations]
    # The input of an InputLayer is its own output.
    inputs = [
        [] if isinstance(operation, keras.layers.InputLayer) else keras.tree.flatten(operation.input)
        for operation in graph.operations
    ]
    made_in = {id(tensor): row for row, tensors in enumerate(outputs) for tensor in tensors}
    # Keras gives what a layer put out when it was called first, whatever came later.
    taken = {id(tensor) for tensors in [*inputs, graph.outputs] for tensor in tensors}
    if not taken <= made_in.keys():
        raise ValueError("models must call each layer once: a second call has no box of its own")
    return [
        _Box(_label(operation), _shape(tensors), sorted({made_in[id(tensor)] for tensor in takes}))
        for operation, tensors, takes in zip(graph.operations, outputs, inputs, strict=True)
    ]


def _label(operation):
    """Return what a layer is, with the activation and the name that it was given."""
    kind = type(operation).__name__.removesuffix("Layer")
    usual = inspect.signature(type(operation)).parameters.get("activation")
    activation = getattr(operation, "activation", None)
    if usual and activation is not None and _name_of(activation) != _name_of(usual.default):
        kind += f", {_name_of(activation)}"
    # Keras' own names are the class and a number that depends on all models made before.
    own = re.sub(r"_\d+$", "", operation.name).replace("_", "") == type(operation).__name__.lower()
    return kind if own else f"{operation.name}: {kind}"


def _name_of(activation):
    if activation is None:
        return "linear"
    return activation if isinstance(activation, str) else checks.name_of(activation)


def _shape(tensors):
    """Return the shapes of tensors; the first axis is the batch's, and another open one may have any size."""
    shapes = []
    for tensor in tensors:
        names = ["batch"] + ["any"] * (len(tensor.shape) - 1)
        shapes.append(
            [name if size is None else str(size) for name, size in zip(names, tensor.shape, strict=True)]
        )
    return " and ".join(f"({', '.join(shape)})" for shape in shapes)


def _said(boxes):
    """Return the layers in words, from the top down."""
    said = []
    for row, (label, shape, takes) in enumerate(boxes):
        others = [boxes[other].label for other in takes if other != row - 1]
        beside = "also takes" if row - 1 in takes else "takes"
        said.append(f"{label} {shape}" + (f", {beside} {' and '.join(others)}" if others else ""))
    return "; ".join(said) + "."


def _draw(axes, boxes, width, title):
    """Draw boxes of a width in inches, in the middle of the panel."""
    middle = axes.get_xlim()[1] / 2
    left, right = middle - width / 2, middle + width / 2
    room = width - 0.1
    axes.text(left, -0.08, _cut(title, width), color=FIGURE["muted"], fontsize=FONT_SIZE)
    for row, (label, shape, takes) in enumerate(boxes):
        top = PITCH * row + 0.02
        style = {
            "boxstyle": "round,pad=0,rounding_size=0.06",
            "edgecolor": FIGURE["muted"],
            "facecolor": "none",
        }
        axes.add_patch(FancyBboxPatch((left, top), right - left, HEIGHT, **style))
        words = {"ha": "center", "va": "center", "fontsize": FONT_SIZE}
        label, shape = _cut(label, room, "bold"), _cut(shape, room)
        axes.text(middle, top + 0.14, label, color=FIGURE["weight"], fontweight="bold", **words)
        axes.text(middle, top + 0.36, shape, color=FIGURE["muted"], **words)
        for other in takes:
            if other == row - 1:
                ends, way = ((middle, top - PITCH + HEIGHT), (middle, top)), "arc3"
            else:  # around the boxes between them
                ends = (right, top - PITCH * (row - other) + HEIGHT / 2), (right, top + HEIGHT / 2)
                way = f"arc3,rad={-0.45 / (row - other):.3f}"
            axes.add_patch(
                FancyArrowPatch(
                    *ends,
                    connectionstyle=way,
                    arrowstyle="-|>",
                    mutation_scale=11,
                    color=FIGURE["muted"],
                    shrinkA=0,
                    shrinkB=1,
                    clip_on=False,
                )
            )


def _cut(text, room, weight="normal"):
    return letters.shortened(letters.readable(text), room, weight=weight)
