"""What TensorFlow's graph of a training tells before it runs: ids that no table holds, numbers drawn."""

import itertools
import warnings

import keras
import tensorflow as tf

# Operations whose indices XLA does not check, by where they can be read off and where they cannot.
LOOKUPS = {
    "GatherV2",
    "GatherNd",
    "ResourceGather",
    "ResourceGatherNd",
    "SparseSoftmaxCrossEntropyWithLogits",
}
SCATTERS = ("ScatterNd", "TensorScatter", "Segment", "UnsortedSegment", "SparseSegment")
# XLA draws other numbers, and leaves assertions out.
OTHERWISE = (
    "StatelessRandom",
    "StatelessTruncated",
    "StatelessParameterized",
    "StatelessMultinomial",
    "Assert",
)
UNSEEDED = ("Random", "TruncatedNormal", "ParameterizedTruncatedNormal", "Multinomial")
# It rounds halves more rarely, and breaks down over texts.
TYPES_OTHERWISE = {dtype.as_datatype_enum for dtype in (tf.float16, tf.bfloat16, tf.string)}


def exact_under_xla(traced, model):
    """Say whether XLA computes the same as TensorFlow, as far as layers and operations tell.

    Args:
        traced: a concrete function of TensorFlow, which trains `model`.
        model: a compiled Keras model.

    Raises:
        ValueError: it draws numbers that no seed reaches, or uses variables that are not the model's.
    """
    nodes = [*itertools.chain(*_nodes(traced.graph))]
    variables = model.variables + model.metrics_variables + model.optimizer.variables
    known = {id(variable.value) for variable in variables}
    strange = [variable.name for variable in traced.variables if id(variable) not in known]
    if strange:
        raise ValueError(
            f"model must own the variables it uses, as attributes of its layers, got {strange[0]} besides, "
            "which would not start anew"
        )
    unseeded = [node.op for node in nodes if node.op.startswith(UNSEEDED)]
    if unseeded:
        raise ValueError(
            "model must draw with keras.random and a SeedGenerator that its layer keeps, got tf.random's "
            f"{unseeded[0]}, which no seed reaches"
        )
    return _supports_xla(model) and not any(
        node.op.startswith(OTHERWISE) or any(value.type in TYPES_OTHERWISE for value in node.attr.values())
        for node in nodes
    )


def _supports_xla(model):
    """Say whether all layers have `supports_jit`: Keras takes a model's `jit_compile` back otherwise."""
    before = model.jit_compile
    try:
        with warnings.catch_warnings(action="ignore"):
            model.jit_compile = True
        return model.jit_compile
    finally:
        model.jit_compile = before


def _nodes(graph):
    """Return the operations of a graph, and those of all its functions, such as the bodies of loops."""
    definition = graph.as_graph_def()
    return definition.node, [node for each in definition.library.function for node in each.node_def]


class Lookups:
    """The ids that a model looks up in tables, and the labels that its loss picks out.

    XLA takes the nearest entry for an id that a table does not hold, and makes a loss of NaN of a
    label without a class, where TensorFlow on a CPU raises. This computes the ids alone: the rest of
    the model is cut off its graph, so that it costs next to nothing.

    Args:
        loss: a function of x and y that calls the model and returns its loss.
        variables: the Keras variables of the model; a table is called by its path.

    Attributes:
        readable: False once a model was seen to use indices where they cannot be read off: in a loop,
            in an operation that scatters, or where it does not take all samples at once.
    """

    def __init__(self, loss, variables):
        self._loss = loss
        self._variables = {id(variable.value.handle): variable for variable in variables}
        self._traced = {}
        self.readable = True

    def check(self, names, pair):
        """Raise ValueError where a row asks for an entry that a table does not hold.

        Args:
            names: how the caller calls x and y.
            pair: x and y, structures of tensors (num_samples, …).
        """
        places, ranges = self._trace(pair)
        if not places:
            return
        for place, (low, high, size) in enumerate(ranges(pair)):
            if low < 0 or high >= size:
                positions, table = places[place]
                paths = [
                    name + "".join(f"[{part!r}]" for part in path)
                    for name, part in zip(names, pair, strict=True)
                    for path, _ in keras.tree.flatten_with_path(part)
                ]
                row = self._row(place, pair)
                raise ValueError(
                    f"{' and '.join(paths[position] for position in positions)} must give {table} "
                    f"ids from 0 to {size - 1}, got {low if low < 0 else high}"
                    + ("" if row is None else f" in row {row}")
                )

    def _row(self, place, pair):
        """Return the first row that asks for too much by itself, or None."""
        for row in range(len(keras.tree.flatten(pair)[0])):
            alone = keras.tree.map_structure(lambda array, row=row: array[row : row + 1], pair)
            low, high, size = self._trace(alone)[1](alone)[place]
            if low < 0 or high >= size:
                return row
        return None

    def _trace(self, pair):
        """Return the places where `pair` decides what is looked up, and a function that gives their ranges.

        The places are pairs: the positions of the arrays that decide, and the name of the table. The
        function returns the lowest index, the highest, and the table's size: int64 (places, 3).
        """
        arrays = keras.tree.flatten(pair)
        signature = tuple((array.shape, array.dtype) for array in arrays)
        if signature in self._traced:
            return self._traced[signature]
        places = []

        def ranges(*arrays):
            self._loss(*keras.tree.pack_sequence_as(pair, arrays))
            graph = tf.compat.v1.get_default_graph()
            positions = {array.name: position for position, array in enumerate(arrays)}
            variables = {inner.name: self._variables.get(id(outer)) for outer, inner in graph.captures}
            outer, inner = _nodes(graph)
            hidden = any(node.op in LOOKUPS for node in inner)
            self.readable &= not (hidden or any(node.op.startswith(SCATTERS) for node in [*outer, *inner]))
            found = []
            for op in graph.get_operations():
                asking = _origins(op.inputs[1], positions) if op.type in LOOKUPS else []
                if asking:
                    tables = _origins(op.inputs[0], variables) if "Gather" in op.type else []
                    name = tables[0].path if tables else "the loss"
                    for indices, size in _asked(op, tables):
                        ends = tf.reduce_min(indices), tf.reduce_max(indices), size
                        found.append(tf.stack([tf.cast(end, "int64") for end in ends]))
                        places.append((asking, name))
            return tf.stack(found) if found else ()

        try:
            whole = tf.compat.v1.wrap_function(ranges, [tf.TensorSpec(*one) for one in signature])
        except Exception:  # whatever a model raises that demands one size of batch, as a stateful one does
            self.readable = False
            places.clear()
        cut = whole.prune(whole.inputs[: len(arrays)], whole.structured_outputs) if places else None
        self._traced[signature] = places, lambda pair: cut(*keras.tree.flatten(pair)).numpy()
        return self._traced[signature]


def _asked(op, tables):
    """Yield the indices that an operation looks up, and how many entries there are for them."""
    entries, indices = op.inputs[:2]
    if op.type.startswith("Resource"):
        entries = tables[0]
    if op.type.endswith("GatherNd"):
        for axis in range(indices.shape[-1]):
            yield indices[..., axis], _size(entries, axis)
    else:
        axis = int(tf.get_static_value(op.inputs[2])) if op.type == "GatherV2" else 0
        yield indices, _size(entries, -1 if op.type.startswith("Sparse") else axis)


def _size(tensor, axis):
    # Where the size is known, the tensor itself need not be computed.
    return tensor.shape[axis] or tf.shape(tensor)[axis]


def _origins(tensor, values):
    """Return the values, by name, of the tensors that `tensor` is computed from."""
    tensors, found = [tensor], {}
    while tensors:
        tensor = tensors.pop()
        if tensor.name not in found:
            found[tensor.name] = values.get(tensor.name)
            tensors.extend(tensor.op.inputs)
    return [value for value in found.values() if value is not None]
