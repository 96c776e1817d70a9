"""Hears what each layer of a Keras model computes, while the model runs by its own call."""

import collections
import functools
import inspect
import threading
from unittest import mock

import keras
import numpy as np
import tensorflow as tf

from helpers import checks

_PATCHING = threading.RLock()  # two threads that put one method back would do it in the wrong order


class Listener:
    """Runs a model as `predict` does, and hears each call of each layer.

    Args:
        model: a built `keras.Model`.
        attention: whether to hear attention weights, and nothing else.
        within_rnns: whether to hear the cells of RNNs, which then run step by step.

    Attributes:
        stateful: whether a layer was heard that hands a state from batch to batch, so wants them alike.
    """

    def __init__(self, model, attention, within_rnns):
        self.model, self.attention, self.within_rnns = model, attention, within_rnns
        self.stateful = False
        self.thread = threading.get_ident()
        self.trouble = f"model {model.name!r} cannot run on these inputs"
        self.calls = []  # in the layer that runs now: pairs (layer inside it, what was heard, by name)
        self.functions = {}

    def run(self, inputs, part):
        """Return what all layers put out for a part of the samples, by name."""
        batch = keras.tree.map_structure(lambda x: x if x is None else tf.convert_to_tensor(x[part]), inputs)
        original = keras.Operation.__call__

        def call(operation, *args, **kwargs):
            return self.heard(operation, functools.partial(original, operation))(*args, **kwargs)

        self.calls = []
        num_variables = len(self.model.variables)
        with _PATCHING, checks.as_in_graph(), mock.patch.object(keras.Operation, "__call__", call):
            try:
                self.model.predict_step((batch,))
            except Exception as error:
                misfit = checks.misfit("inputs", batch, self.model)
                raise ValueError(misfit or f"{self.trouble}: {error}") from error
        if len(self.model.variables) > num_variables:
            raise ValueError(f"model {self.model.name!r} was not built to the end: call it once")
        return _named(self.calls)

    def heard(self, operation, compute):
        """Return `compute`, what `operation` runs when it is called, so that it is heard."""

        def call(*args, **kwargs):
            # In a function that is being traced, tensors have no values. What is neither a layer nor part
            # of a graph is an operation within a layer, made anew at every call.
            ours = threading.get_ident() == self.thread and tf.executing_eagerly()
            known = isinstance(operation, keras.Layer) or hasattr(operation, "output")
            if operation is self.model or not (ours and known):
                return compute(*args, **kwargs)
            self.stateful |= getattr(operation, "stateful", False)
            outer, self.calls = self.calls, []
            try:
                values = self.weights(operation, compute, args, kwargs) if self.attention else {}
                self.calls = []
                outputs = self.outputs(operation, compute, args, kwargs)
                inner = self.inner(operation, args, kwargs)
            finally:
                self.calls = outer
            if not self.attention:  # a copy, as the model may go on writing into a list or dict
                values = {"": keras.tree.map_structure(lambda value: value, outputs)}
            self.calls.append((operation, values | {f"/{name}": value for name, value in inner.items()}))
            return outputs

        return call

    def outputs(self, operation, compute, args, kwargs):
        """Compute what a layer puts out."""
        if isinstance(operation, keras.layers.TimeDistributed):
            inner = operation.layer  # whose `__call__` it goes past
            with mock.patch.object(inner, "call", self.heard(inner, inner.call)):
                return compute(*args, **kwargs)
        if not isinstance(operation, keras.layers.RNN) or self.within_rnns or self.stateful:
            return compute(*args, **kwargs)

        def function(args, kwargs):
            with keras.StatelessScope():  # what it assigns has no value outside
                return compute(*args, **kwargs)

        # Step by step, many steps would take longer than all of `predict`.
        function = self.functions.setdefault(operation, tf.function(function, autograph=False))
        return function.get_concrete_function(*keras.tree.map_structure(_spec, (args, kwargs)))(args, kwargs)

    def inner(self, operation, args, kwargs):
        """Return what was heard inside a layer, by name; what it ran once a step as one array."""
        if isinstance(operation, keras.layers.TimeDistributed):
            once_a_step, shapes_only = operation.layer, ()
        elif isinstance(operation, keras.layers.RNN):
            # Before all steps Keras runs cells once more, stacked ones one by one, to learn their shapes.
            once_a_step, shapes_only = operation.cell, getattr(operation.cell, "cells", ())
        else:
            return _named(self.calls)
        time_steps = inspect.signature(operation.call).bind(*args, **kwargs).args[0].shape[1]
        steps = [values for layer, values in self.calls if layer is once_a_step][-time_steps:]
        calls = [call for call in self.calls if call[0] is not once_a_step and call[0] not in shapes_only]
        if steps and (self.within_rnns or not isinstance(operation, keras.layers.RNN)):
            calls.append((once_a_step, keras.tree.map_structure(_stacked, *steps)))
        return _named(calls)

    def weights(self, operation, compute, args, kwargs):
        """Return the attention weights of a layer that has some, as what is heard in it."""
        if "return_attention_scores" not in inspect.signature(operation.call).parameters:
            return {}
        trouble, self.trouble = self.trouble, f"layer {operation.name!r} returns no attention weights"
        with checks.kept_masks((args, kwargs)):
            *_, weights = compute(*args, **kwargs | {"return_attention_scores": True})
        self.trouble = trouble
        return {"": weights}


def _spec(value):
    if not tf.is_tensor(value) or not value.shape.rank:
        return value
    return tf.TensorSpec((None, *value.shape[1:]), value.dtype)


def _stacked(*steps):
    return np.stack(steps, axis=min(1, np.ndim(steps[0])))


def _named(calls):
    """Return all that was heard in the calls, by the names of their layers."""
    counts, named = collections.Counter(), {}
    for operation, values in calls:
        counts[operation.name] += 1
        count = counts[operation.name]
        name = operation.name if count == 1 else f"{operation.name} (call {count})"
        named |= {name + rest: value for rest, value in values.items()}
    return named
