"""One model, compiled once, and trained again and again: what makes a slider's retraining live."""

import functools
import random

import keras
import numpy as np
import tensorflow as tf

from helpers import checks


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
        TypeError: `model` is no Keras model.
        ValueError: `model` is not compiled, or `batch_size` is below 1.

    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    >>> model.compile("adam", "mse")
    >>> retrainer = Retrainer(model, batch_size=8)
    >>> history = retrainer.train(np.ones((32, 4)), np.ones((32, 1)), epochs=3, seed=0)
    >>> len(history["loss"])
    3
    """

    def __init__(self, model, *, batch_size):
        if not isinstance(model, keras.Model):
            raise TypeError(f"model must be a keras.Model, got {type(model).__name__}")
        if not model.compiled:
            raise ValueError("model must be compiled: call model.compile(optimizer, loss) first")
        if not model.built:
            raise ValueError("model must be built: give it an Input")
        self.model = model
        self.batch_size = checks.integer("batch_size", batch_size)
        model.optimizer.build(model.trainable_variables)
        # The learning rate belongs to the caller; the rest is state that every training starts anew.
        learning_rate = getattr(model.optimizer, "_learning_rate", None)
        self._optimizer_state = [
            (variable, np.array(variable))
            for variable in model.optimizer.variables
            if variable is not learning_rate
        ]
        self._shapes = None
        # Drawing weights costs as much as half a small training, and most slider moves keep the seed.
        self._fresh_variables = functools.lru_cache(maxsize=16)(self._draw_variables)
        self._compiled_epoch = tf.function(self._epoch, jit_compile=True)

    def train(self, x, y, *, epochs, seed, validation_data=None):
        """Train from fresh weights and return the losses of all epochs.

        Takes what `epochs` takes. Returns a dict with "loss" and, where there is validation data,
        "val_loss": lists of float, one an epoch.
        """
        history = {}
        for logs in self.epochs(x, y, epochs=epochs, seed=seed, validation_data=validation_data):
            for name, value in logs.items():
                history.setdefault(name, []).append(value)
        return history

    def epochs(self, x, y, *, epochs, seed, validation_data=None):
        """Train from fresh weights, giving the losses epoch by epoch; leave the loop to stop early.

        Args:
            x: an array (num_samples, …), or a list or dict of them as the model takes it.
            y: the targets, (num_samples, …).
            epochs: how many times to go through the data, at least 1.
            seed: an integer ≥ 0. The weights are those of a model built right after
                `keras.utils.set_random_seed(seed)`.
            validation_data: a pair (x, y) that is evaluated after each epoch.

        Yields:
            A dict an epoch: "loss", the mean over the epoch's steps, and "val_loss".

        Raises:
            TypeError, ValueError: `epochs` or `seed` out of range, NaN in the data, or data of
                another shape than at the first training.
        """
        epochs = checks.integer("epochs", epochs)
        seed = checks.integer("seed", seed, 0, 2**32 - 1)
        x, y = self._check_data("x", x, "y", y)
        if validation_data is not None:
            if not isinstance(validation_data, (list, tuple)) or len(validation_data) != 2:
                raise ValueError("validation_data must be a pair (x, y)")
            validation_data = self._check_data(
                "validation_data x", validation_data[0], "y", validation_data[1]
            )
        self._check_shapes(x, y, validation_data)
        return self._train(x, y, epochs, seed, validation_data)

    def _train(self, x, y, epochs, seed, validation_data):
        self._reset(seed)
        for _ in range(epochs):
            losses = self._compiled_epoch(x, y, validation_data).numpy()
            yield {name: float(loss) for name, loss in zip(("loss", "val_loss"), losses, strict=False)}

    def _epoch(self, x, y, validation_data):
        loss = self._run_steps(x, y)
        if validation_data is None:
            return tf.stack([loss])
        return tf.stack([loss, self._loss(*validation_data, training=False)])

    def _run_steps(self, x, y):
        num_samples = keras.tree.flatten(x)[0].shape[0]
        steps, left = divmod(num_samples, self.batch_size)
        total = tf.zeros(())
        # Indexing ready-made batches is 25 times faster under XLA than slicing at a running start.
        batches = keras.tree.map_structure(lambda array: _batches(array, steps, self.batch_size), (x, y))
        for step in tf.range(steps):
            batch_x, batch_y = keras.tree.map_structure(lambda array: array[step], batches)  # noqa: B023
            total += self.batch_size * self._step(batch_x, batch_y)
        if left:
            rest_x, rest_y = keras.tree.map_structure(lambda array: array[-left:], (x, y))
            total += left * self._step(rest_x, rest_y)
        return total / num_samples

    def _step(self, x, y):
        with tf.GradientTape() as tape:
            loss = self._loss(x, y, training=True)
        variables = self.model.trainable_variables
        self.model.optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]), variables)
        return loss

    def _loss(self, x, y, training):
        prediction = self.model(x, training=training)
        return self.model.compute_loss(x=x, y=y, y_pred=prediction, training=training)

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
            return [np.array(variable) for variable in _state(keras.models.clone_model(self.model))]
        finally:
            random.setstate(state)

    def _check_data(self, x_name, x, y_name, y):
        inputs = checks.model_inputs(x_name, self.model, x)
        targets = [checks.finite_array(y_name, array) for array in keras.tree.flatten(y)]
        checks.same_length(f"{x_name} and {y_name}", inputs + targets)
        targets = [array.astype("float32") if array.dtype.kind == "f" else array for array in targets]
        if len(inputs) > 1 or isinstance(x, dict):
            inputs = keras.tree.pack_sequence_as(x, inputs)
        else:
            inputs = inputs[0]
        data = inputs, keras.tree.pack_sequence_as(y, targets)
        return keras.tree.map_structure(tf.convert_to_tensor, data)

    def _check_shapes(self, *data):
        shapes = keras.tree.map_structure(lambda array: tuple(array.shape), data[:2])
        if self._shapes is None:
            self._shapes = shapes
        elif shapes != self._shapes:
            raise ValueError(
                f"x and y must have the shapes this Retrainer was built for, {self._shapes}, got {shapes}. "
                "For another shape build another one: Retrainer(model, batch_size=…)"
            )


def _state(model):
    """Return the variables a training changes: weights and random states, not the metrics'."""
    metrics = {id(variable) for variable in model.metrics_variables}
    return [variable for variable in model.variables if id(variable) not in metrics]


def _batches(array, steps, batch_size):
    return tf.reshape(array[: steps * batch_size], (steps, batch_size, *array.shape[1:]))
