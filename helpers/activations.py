"""What each layer of a Keras 3 model puts out, and the attention weights of layers that can return them."""

import functools

import keras
import numpy as np

from helpers import checks, listening


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

    listener = listening.Listener(model, attention, within_rnns="/" in str(layer_name))
    num_samples = len(next(array for array in keras.tree.flatten(inputs) if array is not None))
    activations, start, before = {}, 0, 0
    # Within this scope Keras keeps apart what is assigned to variables, and forgets it at the end.
    with keras.StatelessScope():
        while start < num_samples:
            size = min(batch_size, num_samples - start)
            heard = listener.run(inputs, slice(start, start + size))
            if attention and not heard:
                raise ValueError(f"attention: no layer of model {model.name!r} can return attention weights")
            if layer_name is not None:
                heard = {layer_name: heard[checks.choice("layer_name", layer_name, heard)]}
            if start == 0 and num_samples > size and not listener.stateful:
                before = 1 if size > 1 else 2  # a batch unlike all others shows what grows with the samples
                with keras.StatelessScope():
                    activations = _arrays(listener.run(inputs, slice(before)))
            if before and not heard.keys() <= activations.keys():
                raise ValueError(f"model {model.name!r} runs other layers on one batch than on the next")
            for name, values in (parts := _arrays(heard)).items():
                if before:
                    join = functools.partial(_joined, name, before, start, size, num_samples)
                    parts[name] = keras.tree.map_structure(join, activations[name], values)
            activations = parts
            start += size
            before = num_samples if before else start  # what has grown once has room for all
    return activations


def _arrays(heard):
    """Return what was heard as arrays; what is no tensor, such as None, stays."""
    convert = lambda value: keras.ops.convert_to_numpy(value) if hasattr(value, "shape") else value  # noqa: E731
    return {name: keras.tree.map_structure(convert, values) for name, values in heard.items()}


def _joined(name, before, start, size, num_samples, total, part):
    """Return `total`, what a layer put out for `before` samples, with what it put out for the next batch."""
    if not isinstance(part, np.ndarray):
        return part
    grows = part.shape[:1] == (size,) and total.shape[:1] == (before,)
    if grows and total.shape[1:] == part.shape[1:]:
        if len(total) < num_samples:
            rows = np.empty((num_samples, *part.shape[1:]), part.dtype)
            rows[:start] = total[:start]
            total = rows
        total[start : start + size] = part
    elif not np.array_equal(total, part):
        raise ValueError(
            f"layer {name!r} puts out {part.shape} for {size} samples, so its batches cannot be joined: "
            f"set batch_size to {num_samples}, for a single batch"
        )
    return total
