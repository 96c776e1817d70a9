"""What each layer of a Keras 3 model puts out, attention weights above all."""

import keras
import numpy as np

from helpers import checks


def get_activations(model, inputs, layer_name=None, *, batch_size=1024):
    """Run `model` on `inputs` in inference mode and return what its layers put out.

    The model is left as it was: no layer is called anew symbolically, no weight is touched. Every
    call of a shared layer is seen, also where `layer.output` only reaches the first one.

    Args:
        model: a built Functional or Sequential model; models nested in it are opened up.
        inputs: an array (num_samples, …); for several inputs a list or dict as the model takes it.
        layer_name: one layer's name, for that layer alone; None for all.
        batch_size: how many samples are run at a time.

    Returns:
        A dict from layer name to array (num_samples, …), in the model's order, without the inputs.
        A layer with several outputs gives several arrays, in a tuple, list or dict as it does
        itself. What has no axis of samples comes as it is. A layer inside a nested model is called
        `outer/inner`; the second call of a shared layer is called `layer (call 2)`.

    Raises:
        TypeError: `model` is no Functional or Sequential model, the inputs are no numbers, or `layer_name`
            is no string.
        ValueError: inputs of another number or shape than the model's, NaN in them, or a
            `layer_name` that is not there (the message lists those that are).

    The function of the same name in the listings of 2017 was built on `K.function` with the
    learning phase set to training; this one has dropout off and batch statistics frozen.
    """
    graph = checks.functional(model)
    arrays = checks.model_inputs("inputs", graph, inputs)
    batch_size = checks.integer("batch_size", batch_size)
    if layer_name is not None:
        checks.text("layer_name", layer_name)

    batches = []
    for start in range(0, len(arrays[0]), batch_size):
        batch = [array[start : start + batch_size] for array in arrays]
        recorded = {}
        _run(graph, batch, recorded)
        if layer_name is not None and layer_name not in recorded:
            raise ValueError(f"layer_name must be one of {', '.join(recorded)}; got {layer_name!r}")
        wanted = recorded if layer_name is None else {layer_name: recorded[layer_name]}
        batches.append(keras.tree.map_structure(keras.ops.convert_to_numpy, wanted))
    return keras.tree.map_structure(lambda *parts: _joined(parts, len(arrays[0])), *batches)


def _joined(parts, num_samples):
    """Return what all batches put out; what has no axis of samples is the same for each."""
    has_samples = all(part.ndim for part in parts) and sum(map(len, parts)) == num_samples
    return np.concatenate(parts) if has_samples else parts[0]


def _run(graph, inputs, recorded, prefix=""):
    """Compute `graph` operation by operation and write each output into `recorded`."""

    def recording(operation):
        def call(*args, **kwargs):
            name = prefix + operation.name
            calls = sum(key == name or key.startswith(f"{name} (call ") for key in recorded)
            if calls:
                name = f"{name} (call {calls + 1})"
            recorded[name] = None  # holds the place: an outer model comes before what is inside it
            if kwargs.get("training"):  # a layer may be told to train always; `predict` overrules that too
                kwargs["training"] = False
            if checks.is_graph(operation) and len(args) == 1:
                inner = checks.functional(operation)
                outputs = _run(inner, inner._standardize_inputs(args[0]), recorded, f"{name}/")
            else:
                outputs = operation(*args, **kwargs)
            recorded[name] = outputs
            return outputs

        return call

    # Private methods, because Keras has no public way to see every call of every layer without
    # calling the layers again, which would change the model.
    tensors = [keras.ops.convert_to_tensor(array) for array in inputs]
    return graph._run_through_graph(tensors, operation_fn=recording)
