"""What each layer of a Keras 3 model puts out, and the attention weights of layers that can return them."""

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


def get_activations(model, inputs, layer_name=None, *, attention=False, batch_size=1024):
    """Run `model` on `inputs` as `predict` does, and return what its layers put out.

    The model computes by its own call, in inference mode, with its own masks; each layer is heard
    where it runs, in nested and in subclassed models too. What a call changes, the state of a
    stateful layer or a seed, is not kept: the model is left as it was.

    Args:
        model: any `keras.Model` that is built.
        inputs: an array (num_samples, …), or lists and dicts of arrays as the model takes them.
        layer_name: one layer's name, for that layer alone; None for all.
        attention: True gives, instead of outputs, the attention weights of each layer that has
            `return_attention_scores`, as Keras's own four do, also where the model does not ask for
            them: (num_samples, heads if there are some, steps that ask, steps that are asked).
        batch_size: how many samples are run at a time. It only bounds memory.

    Returns:
        A dict from name to array (num_samples, …), in the model's order, each layer before those
        inside it; tuples, lists or dicts of arrays where a layer has several outputs. What does not
        depend on the samples comes as it is. A layer inside another one is called `outer/inner`, the
        second call of a shared layer `layer (call 2)`. The layer in a TimeDistributed, which runs once
        a step, comes as one array (num_samples, time_steps, …). So does what is in an RNN, if its name
        is asked for: `lstm/lstm_cell`. Nothing is heard within a `tf.function`.

    Raises:
        TypeError: `model` is no Keras model, the inputs are no arrays, `layer_name` is no string.
        ValueError: a model that is not built; inputs it cannot run on, or with NaN; a `layer_name` that
            is not there (the message lists those that are); an output whose batches cannot be joined,
            as heads are folded into them; with `attention`, no layer that can return weights, or one
            with flash attention, which never has any.
    """
    checks.built(model)
    inputs = checks.arrays("inputs", inputs, model)
    attention = checks.boolean("attention", attention)
    batch_size = checks.integer("batch_size", batch_size)

    listener = _Listener(model, attention, within_rnns="/" in str(layer_name))
    num_samples = len(next(array for array in keras.tree.flatten(inputs) if array is not None))
    activations, start = {}, 0
    # Within this scope Keras keeps apart what is assigned to variables, and forgets it at the end.
    with keras.StatelessScope():
        while start < num_samples:
            size = min(batch_size, num_samples - start)
            if start == batch_size and num_samples % batch_size == 0 and not listener.stateful:
                size = batch_size - 1 or 2  # a batch of another size shows what grows with the samples
            heard = listener.run(inputs, slice(start, start + size))
            if attention and not heard:
                raise ValueError(f"attention: no layer of model {model.name!r} can return attention weights")
            if layer_name is not None:
                heard = {layer_name: heard[checks.choice("layer_name", layer_name, heard)]}
            if start and heard.keys() != activations.keys():
                raise ValueError(f"model {model.name!r} runs other layers on one batch than on the next")
            for name, values in heard.items():
                join = functools.partial(_joined, name, start, size, num_samples)
                activations[name] = keras.tree.map_structure(join, activations.get(name, values), values)
            start += size
    return activations


def _joined(name, start, size, num_samples, total, part):
    """Return `total`, what a layer put out for the samples before `start`, with the part of a batch."""
    if not hasattr(part, "shape"):
        return part
    part = keras.ops.convert_to_numpy(part)
    if start == 0:
        return part
    grows = part.shape[:1] == (size,) and total.shape[:1] in ((start,), (num_samples,))
    if grows and total.shape[1:] == part.shape[1:]:
        if len(total) == start:
            total = np.concatenate([total, np.empty((num_samples - start, *part.shape[1:]), part.dtype)])
        total[start : start + size] = part
    elif not np.array_equal(total, part):
        raise ValueError(
            f"layer {name!r} puts out {part.shape} for {size} samples, so its batches cannot be joined: "
            f"set batch_size to {num_samples}, for a single batch"
        )
    return total


class _Listener:
    """Runs a model and hears each call of each layer."""

    def __init__(self, model, attention, within_rnns):
        self.model, self.attention, self.within_rnns = model, attention, within_rnns
        self.stateful = False  # whether a layer hands a state from batch to batch, so wants them alike
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
        with _PATCHING, mock.patch.object(keras.Operation, "__call__", call):
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
    return tf.TensorSpec((None, *value.shape[1:]), value.dtype) if tf.is_tensor(value) else value


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
