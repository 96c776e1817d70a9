"""One model, compiled once, and trained again and again: what makes a slider's retraining live."""

import functools
import inspect
import random

import keras
import numpy as np
import tensorflow as tf

from helpers import checks

EPOCHS_A_CALL = 32  # XLA wants to know in advance how many losses a call may return


# As in `fit`: AutoGraph would look through all of Keras, half a second long, and find nothing to convert.
@tf.autograph.experimental.do_not_convert
def train_step(model, x, y):
    """Take one optimizer step on a batch and return its loss: the step of every training in the book.

    To be called inside a `tf.function`. Under a `tf.distribute` strategy, by `strategy.run`, each
    worker calls it with its share of the batch: Keras divides each worker's loss by the number of
    workers, and the optimizer sums the gradients. The losses of all workers add up to the batch's.

    Args:
        model: a compiled Keras model.
        x: one batch as the model takes it, tensors (batch, …).
        y: its targets, (batch, …).

    Returns:
        The loss, a float tensor (), from before the step.
    """
    with tf.GradientTape() as tape:
        loss = _loss(model, x, y, training=True)
        scaled = model.optimizer.scale_loss(loss)
    variables = model.trainable_variables
    model.optimizer.apply(tape.gradient(scaled, [variable.value for variable in variables]), variables)
    return loss


def _loss(model, x, y, training):
    prediction = model(x, training=training)
    return model.compute_loss(x=x, y=y, y_pred=prediction, training=training)


class Retrainer:
    """Train a compiled Keras model from fresh weights as often as asked, without compiling again.

    `model.fit` spends most of a small model's time between the steps. Here an epoch is one
    XLA-compiled function, traced at the first training; each further training only resets the
    weights and the optimizer's state. The arithmetic is that of `model.fit(shuffle=False)`.

    Args:
        model: a Functional or Sequential model, compiled with any Keras loss and optimizer.
            It holds the trained weights after each training. `model.optimizer.learning_rate`
            may be set between trainings; all other optimizer state starts anew.
        batch_size: samples a step; the last step takes what is left.

    Raises:
        TypeError: `model` is no Functional or Sequential model.
        ValueError: `model` is not built or not compiled, or `batch_size` is below 1.

    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    >>> model.compile("adam", "mse")
    >>> retrainer = Retrainer(model, batch_size=8)
    >>> history = retrainer.train(np.ones((32, 4)), np.ones((32, 1)), epochs=3, seed=0)
    >>> len(history["loss"])
    3
    """

    def __init__(self, model, *, batch_size):
        self._graph = checks.functional(model)
        if not model.compiled:
            raise ValueError("model must be compiled: call model.compile(optimizer, loss) first")
        self.model = model
        self.batch_size = checks.integer("batch_size", batch_size)
        self._optimizer_state = _fresh_state(model.optimizer, model.trainable_variables)
        self._shapes = None
        self._tried = set()
        # Drawing weights costs as much as half a small training, and most slider moves keep the seed.
        self._fresh_variables = functools.lru_cache(maxsize=16)(self._draw_variables)
        self._compiled_epochs = tf.function(self._epochs, jit_compile=True, autograph=False)  # as train_step

    def train(self, x, y, *, epochs, seed, validation_data=None):
        """Train from fresh weights and return the losses of all epochs.

        Takes what `epochs` takes. Returns a dict with "loss" and, where there is validation data,
        "val_loss": lists of float, one an epoch.
        """
        x, y, epochs, seed, validation_data = self._prepare(x, y, epochs, seed, validation_data)
        # Nobody looks between these epochs, so a few long calls serve instead of one for each.
        calls = [min(EPOCHS_A_CALL, epochs - done) for done in range(0, epochs, EPOCHS_A_CALL)]
        self._reset(seed)
        losses = np.concatenate([self._train(x, y, validation_data, number) for number in calls])
        self._finish()
        return {name: losses[:, column].tolist() for column, name in enumerate(_names(validation_data))}

    def epochs(self, x, y, *, epochs, seed, validation_data=None):
        """Train from fresh weights, giving the losses epoch by epoch; leave the loop to stop early.

        Args:
            x: an array (num_samples, …), or a list or dict of them as the model takes it.
            y: the targets, (num_samples, …).
            epochs: how many times to go through the data, at least 1.
            seed: an integer ≥ 0. The weights are those of a model built right after
                `keras.utils.set_random_seed(seed)`, its layers in the order of `model.layers`.
            validation_data: a pair (x, y) that is evaluated after each epoch.

        Yields:
            A dict an epoch: "loss", the mean over the epoch's steps, and "val_loss".

        Raises:
            TypeError, ValueError: `epochs` or `seed` out of range, NaN in the data, or data of
                another shape than at the first training.
        """
        x, y, epochs, seed, validation_data = self._prepare(x, y, epochs, seed, validation_data)
        return self._each_epoch(x, y, epochs, seed, validation_data)

    def _each_epoch(self, x, y, epochs, seed, validation_data):
        self._reset(seed)
        for _ in range(epochs):
            losses = self._train(x, y, validation_data, 1)[0].tolist()
            yield dict(zip(_names(validation_data), losses, strict=True))
        self._finish()

    def _finish(self):
        """Let the optimizer have the last word, as `fit` does: one with `use_ema` puts its averages in."""
        self.model.optimizer.finalize_variable_values(self.model.trainable_variables)

    def _train(self, x, y, validation_data, number):
        """Train on for a number of epochs, at most EPOCHS_A_CALL; return their losses, a row an epoch."""
        arguments = x, y, validation_data, tf.constant(number)
        # TensorFlow takes the traces of several Retrainers for one function traced too often, and warns;
        # it does not count traces made here. Once they are made this only looks them up.
        self._compiled_epochs.get_concrete_function(*arguments)
        return self._compiled_epochs(*arguments).numpy()[:number]

    def _prepare(self, x, y, epochs, seed, validation_data):
        """Return the arguments, checked, with the data as tensors."""
        epochs = checks.integer("epochs", epochs)
        seed = checks.integer("seed", seed, 0, 2**32 - 1)
        x, y = self._check_data("x", "y", x, y)
        if validation_data is not None:
            validation_data = self._check_data(
                "validation_data x", "validation_data y", *_pair("validation_data", validation_data)
            )
        shapes = keras.tree.map_structure(lambda array: tuple(array.shape), (x, y))
        if self._shapes not in (None, shapes):
            raise ValueError(
                f"x and y must have the shapes this Retrainer was built for, {self._shapes}, got {shapes}. "
                "For another shape build another one: Retrainer(model, batch_size=…)"
            )
        self._try("y", x, y)
        if validation_data is not None:
            self._try("validation_data y", *validation_data)
        self._shapes = shapes
        return x, y, epochs, seed, validation_data

    def _try(self, y_name, x, y):
        """Evaluate one batch outside the compiled function, which a failed trace would leave unusable.

        What does not fit the model fails here, in plain words.
        """
        shapes = tuple(tuple(array.shape) for array in keras.tree.flatten((x, y)))
        if shapes in self._tried:
            return
        x, y = keras.tree.map_structure(lambda array: array[: self.batch_size], (x, y))
        prediction = self.model(x, training=False)
        try:
            self.model.compute_loss(x=x, y=y, y_pred=prediction, training=False)
        except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
            raise ValueError(f"{y_name} does not fit what the model puts out: {error}") from error
        self._tried.add(shapes)

    def _epochs(self, x, y, validation_data, number):
        def add_epoch(epoch, losses):
            return tf.tensor_scatter_nd_update(losses, [[epoch]], [self._epoch(x, y, validation_data)])

        no_losses = tf.zeros((EPOCHS_A_CALL, len(_names(validation_data))))
        return keras.ops.fori_loop(0, number, add_epoch, no_losses)

    def _epoch(self, x, y, validation_data):
        loss = self._mean_over_batches(functools.partial(train_step, self.model), x, y)
        if validation_data is None:
            return tf.stack([loss])
        # In batches too: a loss that sums, or leaves out masked steps, depends on them.
        evaluate = functools.partial(_loss, self.model, training=False)
        return tf.stack([loss, self._mean_over_batches(evaluate, *validation_data)])

    def _mean_over_batches(self, step_loss, x, y):
        num_samples = keras.tree.flatten(x)[0].shape[0]
        steps, left = divmod(num_samples, self.batch_size)
        total = tf.zeros(())
        # Indexing ready-made batches is 25 times faster under XLA than slicing at a running start.
        batches = keras.tree.map_structure(lambda array: _batches(array, steps, self.batch_size), (x, y))

        def add_step(step, total):
            batch_x, batch_y = keras.tree.map_structure(lambda array: array[step], batches)
            return total + self.batch_size * step_loss(batch_x, batch_y)

        if steps:
            total = keras.ops.fori_loop(0, steps, add_step, total)
        if left:
            rest_x, rest_y = keras.tree.map_structure(lambda array: array[-left:], (x, y))
            total += left * step_loss(rest_x, rest_y)
        return total / num_samples

    def _reset(self, seed):
        for variable, value in zip(_state(self.model), self._fresh_variables(seed), strict=True):
            variable.assign(value)
        for variable, value in self._optimizer_state:
            variable.assign(value)

    def _draw_variables(self, seed):
        # Keras draws an initializer's seed from Python's generator when a layer is made.
        state = random.getstate()
        try:
            random.seed(seed)
            return [np.array(variable) for variable in _state(_clone(self._graph, {}))]
        finally:
            random.setstate(state)

    def _check_data(self, x_name, y_name, x, y):
        inputs = checks.model_inputs(x_name, self._graph, x)
        several = isinstance(y, dict) or (isinstance(y, (list, tuple)) and len(self.model.outputs) > 1)
        targets = [
            checks.finite_array(y_name, array) for array in (keras.tree.flatten(y) if several else [y])
        ]
        checks.same_length(f"{x_name} and {y_name}", inputs + targets)
        targets = [array.astype("float32") if array.dtype.kind == "f" else array for array in targets]
        data = (
            keras.tree.pack_sequence_as(self._graph.input, inputs),
            keras.tree.pack_sequence_as(y, targets) if several else targets[0],
        )
        return keras.tree.map_structure(tf.convert_to_tensor, data)


def _pair(name, value):
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"{name} must be a pair (x, y), got a {type(value).__name__}")
    if len(value) != 2:
        raise ValueError(f"{name} must be a pair (x, y), got a {type(value).__name__} of {len(value)}")
    return value


def _names(validation_data):
    return ("loss",) if validation_data is None else ("loss", "val_loss")


def _clone(part, clones):
    """Return a layer or model made anew; `clones` keeps what is shared shared, by id."""
    if not checks.is_graph(part):
        with keras.saving.custom_object_scope(_own(part)):
            if isinstance(part, keras.layers.Lambda):
                # Keras wants safe_mode=False where a config carries a lambda; this one never left memory.
                return type(part).from_config(part.get_config(), safe_mode=False)
            return type(part).from_config(_config(part))
    graph = checks.functional(part)
    # Here, in the order of `layers`: `clone_model` takes branches as they come, and would have to look
    # up by its name every loss and nested layer of the reader's own.
    for operation in graph.operations:
        if id(operation) not in clones:
            clones[id(operation)] = _clone(operation, clones)
    twin = keras.Model(graph.input, graph.output)
    return keras.models.clone_model(twin, clone_function=lambda operation: clones[id(operation)])


def _config(layer):
    """Return a layer's config with its functions as they are: a lambda has no name to look it up by."""
    config = layer.get_config()
    values = {name: getattr(layer, name, None) for name in config}
    return config | {name: value for name, value in values.items() if inspect.isfunction(value)}


def _own(part):
    """Return the functions and classes that a layer was made with, by the names its config has for them.

    Keras looks the reader's own up by these names, and does not find them.
    """
    values = list(vars(part).values())
    functions = {value.__name__: value for value in values if inspect.isfunction(value)}
    return functions | {type(value).__name__: type(value) for value in values if hasattr(value, "get_config")}


def _fresh_state(optimizer, variables):
    """Return pairs (variable, value) that put `optimizer` back to before its first step.

    The values come from a new optimizer, as this one may have trained already. The learning rate
    is left out: it belongs to the caller, who may change it between trainings.
    """
    optimizer.build(variables)
    config = optimizer.get_config()
    # Not needed, and a schedule of the reader's own could not be looked up by its name.
    if "learning_rate" in config:
        config["learning_rate"] = 0.0
    fresh = type(optimizer).from_config(config)
    fresh.build(variables)
    ours, theirs = (
        [variable for variable in one.variables if variable.name != "learning_rate"]
        for one in (optimizer, fresh)
    )
    return [(variable, np.array(value)) for variable, value in zip(ours, theirs, strict=True)]


def _state(model):
    """Return the variables a training changes: weights and random states, not the metrics'."""
    metrics = {id(variable) for variable in model.metrics_variables}
    return [variable for variable in model.variables if id(variable) not in metrics]


def _batches(array, steps, batch_size):
    return tf.reshape(array[: steps * batch_size], (steps, batch_size, *array.shape[1:]))
