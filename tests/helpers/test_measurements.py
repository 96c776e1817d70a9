"""Curves of trainings and of measurements show and say every number."""

import numpy as np
import pytest

from helpers import plots
from tests.helpers.drawn import heights


def test_scaling_shows_and_says_every_measurement():
    figure = plots.scaling(
        {"time steps": {20: 0.4, 10: 0.2}, "samples": {512: 0.1, 2048: 0.5}}, quantity="seconds an epoch"
    )
    assert figure.alt == (
        "seconds an epoch: 0.20 at 10 time steps, 0.40 at 20. 0.10 at 512 samples, 0.50 at 2048."
    )
    for axes, name, x, y in zip(
        figure.axes, ("time steps", "samples"), ([10, 20], [512, 2048]), ([0.2, 0.4], [0.1, 0.5]), strict=True
    ):
        assert axes.get_xlabel() == name
        assert axes.lines[0].get_xdata().tolist() == x
        assert axes.lines[0].get_ydata().tolist() == y
        # From zero, so that twice as high is twice as long.
        assert axes.get_ylim()[0] == axes.get_xlim()[0] == 0
        assert axes.get_ylim()[1] > 0.5
    assert figure.axes[0].get_title(loc="left") == "seconds an epoch"


def test_learning_curve_shows_and_says_every_curve():
    history = {name: [4.0 + shift, 2.0, 1.0 + shift] for shift, name in enumerate("abcde")}
    figure = plots.learning_curve(history)
    assert figure.alt.startswith(
        "Loss by epoch. a: from 4.00 to 1.00 in 3 epochs. b: from 5.00 to 2.00 in 3 epochs."
    )
    [axes] = figure.axes
    for line, (name, values) in zip(axes.lines, history.items(), strict=True):
        assert line.get_label() == name
        assert line.get_xdata().tolist() == [1, 2, 3]
        assert line.get_ydata().tolist() == values
    # Told apart without colour too.
    assert len({line.get_linestyle() for line in axes.lines[:4]}) == 4
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(history)


@pytest.mark.parametrize("losses", [[1.0, -2.0], [-1.0, -2.0]])
def test_learning_curve_below_zero_is_not_upside_down(losses):
    [axes] = plots.learning_curve({"loss": losses, "val_loss": [2.0, 1.0]}).axes
    assert axes.get_ylim()[0] < -2
    assert axes.get_ylim()[1] > 2
    [axes] = plots.learning_curve({"loss": losses}).axes
    assert axes.get_ylim()[0] < min(losses) < max(losses) < axes.get_ylim()[1]


def test_losses_and_attention_says_loss_and_verdict_of_each_training():
    history = {"one": [0.7, 0.01], "two": [0.6, 0.5], "three": [0.8, np.nan], "four": [np.inf, np.inf]}
    lost = np.full(3, np.nan)
    weights = {"one": [0.1, 0.8, 0.1], "two": [0.6, 0.2, 0.2], "three": lost, "four": lost}
    figure = plots.losses_and_attention(history, weights, answer=1)
    assert figure.alt == (
        "one: loss 0.01 after 2 epochs, found. two: loss 0.50 after 2 epochs, not found. "
        "three: diverged, not found. four: diverged, not found."
    )
    losses, *bars = figure.axes
    assert [line.get_label() for line in losses.lines] == list(history)
    assert losses.get_ylim()[1] == pytest.approx(0.72)
    assert [axes.get_ylabel() for axes in bars] == list(history)
    for axes, values in zip(bars, [*weights.values()][:2], strict=False):
        assert heights(axes) == values
    assert len(figure.png()) > 1_000


@pytest.mark.parametrize(
    ("history", "weights", "error", "message"),
    [
        ([0.5], {"a": [1.0]}, TypeError, r"history must be a dict .* got \[0.5\]"),
        ({}, {}, TypeError, "history must be a dict"),
        ({"a": [0.5]}, [1.0], TypeError, r"weights must be a dict .* got \[1.0\]"),
        ({"a": [0.5]}, {"b": [1.0]}, ValueError, "weights must have the keys a; got b"),
        ({"a": [0.5]}, {"a": [np.nan]}, ValueError, "panels must be finite"),
        ({"a": [0.5]}, {"a": [1.0]}, ValueError, "answer must be from 0 to 0, got 1"),
    ],
)
def test_losses_and_attention_refuses_what_does_not_fit(history, weights, error, message):
    with pytest.raises(error, match=message):
        plots.losses_and_attention(history, weights, answer=1)


def test_power_laws_are_straight_lines_on_logarithmic_axes():
    curves = {"linear": {1: 3, 8: 24, 64: 192}, "square": {1: 1, 8: 64, 64: 4096}}
    figure = plots.power_laws({"bytes": curves, "seconds": curves}, size="steps")
    assert len(figure.axes) == 2
    for axes in figure.axes:
        assert axes.get_xscale() == axes.get_yscale() == "log"
        assert axes.get_xlabel() == "steps"
        assert axes.get_xticks().tolist() == [1, 8, 64]
        for line, power in zip(axes.lines, (1, 2), strict=True):
            slope = np.diff(np.log(line.get_ydata())) / np.diff(np.log(line.get_xdata()))
            np.testing.assert_allclose(slope, power)
    assert figure.alt.startswith(
        "By steps. bytes, linear: 3 at 1, 190 at 64. bytes, square: 1 at 1, 4100 at 64."
    )
    assert len({line.get_linestyle() for line in figure.axes[0].lines}) == 2


def test_power_laws_refuse_what_has_no_logarithm():
    with pytest.raises(ValueError, match=r"^panels must hold numbers above 0, got 0 in 'bytes'"):
        plots.power_laws({"bytes": {"LSTM": {1: 0, 2: 1}}}, size="steps")
    with pytest.raises(TypeError, match=r"^panels must be a dict with strings as keys"):
        plots.power_laws([1, 2], size="steps")


def test_dots_are_one_a_repetition_the_first_row_on_top():
    panels = {"weights": {"LSTM": [0.1, 0.3], "GRU": [-0.2]}, "gradients": {"LSTM": [0.5], "GRU": [1.0]}}
    figure = plots.dots(panels, quantity="correlation", alt="Some dots.")
    left, right = figure.axes
    drawn = [line.get_xydata().tolist() for line in left.lines if line.get_marker() == "o"]
    assert drawn == [[[0.1, 0], [0.3, 0]], [[-0.2, 1]]]
    assert [label.get_text() for label in left.get_yticklabels()] == ["LSTM", "GRU"]
    assert left.get_ylim()[0] > left.get_ylim()[1]
    assert right.get_xlim() == left.get_xlim()
    assert figure.alt == "Some dots."
