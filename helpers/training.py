"""One model, compiled once, and trained again and again: what makes a slider's retraining live."""

import functools
import threading

import keras
import numpy as np
import tensorflow as tf

from helpers import checks, graphs
from helpers.fresh import Start

checks.tensorflow(__name__)

NAMES = ("x", "y"), ("validation_data x", "validation_data y")
HISTORY = "loss", "val_loss"
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
    """Train a Keras model from fresh weights as often as asked, without compiling it again.

    `model.fit` spends most of a small model's time between the steps. Here all epochs are one compiled
    function, traced at the first training; each further training only resets the weights and the
    optimizer's state. The arithmetic is that of `model.fit(shuffle=False)` without metrics and
    callbacks, with XLA, unless the model draws random numbers, which XLA draws otherwise, or uses what
    XLA does not know.

    `model` is the model that is trained. It holds the trained weights after each training, or after
    each epoch that `epochs` reports, as `fit` would have left them by then. Its
    `optimizer.learning_rate` may be set between trainings. All else starts anew from what
    `build_model` returns, so whatever belongs to the model belongs there: pretrained weights,
    freezing, `compile`.

    Args:
        build_model: a function without arguments that builds and compiles a Functional or Sequential
            model, with any Keras loss and optimizer. It is called twice here, and once for each
            new seed, to draw the weights.
        batch_size: samples a step; the last step takes what is left.

    Raises:
        TypeError: `build_model` is no function that returns a Functional or Sequential model.
        ValueError: the model is not built or not compiled, trains in its own way or is not made anew at
            each call; or `batch_size` is below 1.

    >>> def build_model():
    ...     model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    ...     model.compile("adam", "mse")
    ...     return model
    >>> retrainer = Retrainer(build_model, batch_size=8)
    >>> history = retrainer.train(np.ones((32, 4)), np.ones((32, 1)), epochs=3, seed=0)
    >>> len(history["loss"])
    3
    """

    def __init__(self, build_model, *, batch_size):
        self.batch_size = checks.integer("batch_size", batch_size)
        self._start = Start(build_model)
        self.model = self._start.model
        self._lookups = graphs.Lookups(
            functools.partial(_loss, self.model, training=False), self.model.variables
        )
        self._shapes = None
        self._tried = set()
        self._compiled = {}
        self._lock = threading.Lock()
        self._training = None

    def train(self, x, y, *, epochs, seed, validation_data=None):
        """Train from fresh weights and return the losses of all epochs.

        Takes what `epochs` takes. Returns a dict with "loss" and, where there is validation data,
        "val_loss": lists of float, one an epoch.
        """
        data, epochs, seed = self._prepare(x, y, validation_data, epochs, seed)
        # Nobody looks between these epochs, so a few long calls serve instead of one for each.
        calls = [min(EPOCHS_A_CALL, epochs - done) for done in range(0, epochs, EPOCHS_A_CALL)]
        losses = np.concatenate(list(self._course(data, calls, seed)))
        return dict(zip(HISTORY, losses.T.tolist(), strict=False))

    def epochs(self, x, y, *, epochs, seed, validation_data=None):
        """Train from fresh weights, giving the losses epoch by epoch; leave the loop to stop early.

        Args:
            x: an array (num_samples, …), or a list or dict of them as the model takes it.
            y: the targets, (num_samples, …).
            epochs: how many times to go through the data, at least 1.
            seed: an integer ≥ 0. The weights are those of a model that `build_model` builds right
                after `keras.utils.set_random_seed(seed)`.
            validation_data: a pair (x, y) that is evaluated after each epoch.

        Yields:
            A dict an epoch: "loss", the mean over the epoch's steps, and "val_loss".

        Raises:
            TypeError: `epochs` or `seed` are no integers, or the data no numbers.
            ValueError: `epochs` or `seed` out of range; data that do not fit the model or have another
                shape than at the first training; an id beyond a vocabulary, a label beyond the classes,
                a row whose loss is NaN before any step; a model that was compiled anew or frozen; a
                training that another one of this Retrainer has overtaken.
        """
        data, epochs, seed = self._prepare(x, y, validation_data, epochs, seed)
        course = self._course(data, [1] * epochs, seed)
        return (dict(zip(HISTORY, losses[0].tolist(), strict=False)) for losses in course)

    def _course(self, data, calls, seed):
        """Train from fresh weights, giving the losses of each call: (epochs of the call, pairs of data)."""
        run = self._compiled[_form(data)]
        training, replaced = object(), []
        for count, number in enumerate(calls):
            if not self._lock.acquire(blocking=False):
                raise ValueError("this Retrainer is training already, in another thread: build one for each")
            try:
                if count == 0:
                    self._training = training
                    self._start.reset(seed)
                elif self._training is not training:
                    raise ValueError("another training of this Retrainer has begun: build one for each")
                for variable, value in replaced:
                    variable.assign(value)
                losses = run(data, tf.constant(number)).numpy()[:number]
                if not np.isfinite(losses).all():
                    self._check_first_losses(data, seed)
                replaced = self._finish()
            finally:
                self._lock.release()
            yield losses

    def _finish(self):
        """Let the optimizer have the last word, as `fit` does: one with `use_ema` puts its averages in.

        Returns pairs of what it replaced, (variable, value): training goes on with these.
        """
        variables = self.model.trainable_variables
        replaced = [(v, tf.convert_to_tensor(v.value)) for v in variables] if self._start.averages else []
        self.model.optimizer.finalize_variable_values(variables)
        return replaced

    def _prepare(self, x, y, validation_data, epochs, seed):
        """Return the data as pairs (x, y) of tensors, and both numbers; check all, and compile."""
        self._start.check_unchanged()
        epochs = checks.integer("epochs", epochs)
        seed = checks.integer("seed", seed, 0, 2**32 - 1)
        data = [self._tensors(NAMES[0], x, y)]
        if validation_data is not None:
            data.append(self._tensors(NAMES[1], *_pair("validation_data", validation_data)))
        shapes = _shapes(data[0])
        if self._shapes not in (None, shapes):
            raise ValueError(
                f"x and y must have the shapes this Retrainer was built for, {self._shapes}, got {shapes}. "
                "For another shape build another one: Retrainer(build_model, batch_size=…)"
            )
        for names, pair in zip(NAMES, data, strict=False):
            self._try(names, pair)
            self._lookups.check(names, pair)
        if _form(data) not in self._compiled:
            self._compiled[_form(data)] = self._compile(data)
        self._shapes = shapes
        return data, epochs, seed

    def _tensors(self, names, x, y):
        x = checks.arrays(names[0], x, self.model)
        if any(array is None for array in keras.tree.flatten(x)):
            raise ValueError(f"{names[0]} must leave no input out, got None")
        check = functools.partial(_target, names[1])
        several = isinstance(y, (list, tuple)) and (
            len(self.model.outputs) > 1 or any(hasattr(array, "shape") for array in y)
        )
        y = keras.tree.map_structure(check, y) if several or isinstance(y, dict) else check(y)
        checks.same_length(" and ".join(names), [*keras.tree.flatten(x), *keras.tree.flatten(y)])
        return keras.tree.map_structure(tf.convert_to_tensor, (x, y))

    def _try(self, names, pair):
        """Compute the loss of one batch of zeros, outside the traced function.

        What does not fit the model fails here, in plain words, and not in a trace, which would leave
        the model's loss unusable.
        """
        if _form(pair) in self._tried:
            return
        x, y = keras.tree.map_structure(lambda array: tf.zeros_like(array[: self.batch_size]), pair)
        try:
            prediction = self.model(x, training=False)
        except Exception as error:
            misfit = checks.misfit(names[0], pair[0], self.model)
            raise ValueError(misfit or f"{names[0]} does not fit the model: {error}") from error
        try:
            self.model.compute_loss(x=x, y=y, y_pred=prediction, training=False)
        except Exception as error:
            raise ValueError(f"{names[1]} does not fit what the model puts out: {error}") from error
        self._tried.add(_form(pair))

    def _check_first_losses(self, data, seed):
        """Raise ValueError if the loss of some row is no number with fresh weights already.

        Otherwise nothing is wrong with the data: the training diverged, as it would in `fit`.
        """
        trained = self._start.values()
        self._start.reset(seed)
        for names, pair in zip(NAMES, data, strict=False):
            row = self._bad_row(pair, range(len(keras.tree.flatten(pair)[0])))
            if row is not None:
                raise ValueError(
                    f"{' and '.join(names)} must give a finite loss with fresh weights, but row {row} does not"
                )
        self._start.put(trained)

    def _bad_row(self, pair, rows):
        """Return the first of `rows` whose loss is no number, or None: by batches, then one by one."""
        step = self.batch_size if len(rows) > self.batch_size else 1
        for start in rows[::step]:
            some = slice(start, min(start + step, rows.stop))
            x, y = keras.tree.map_structure(lambda array, some=some: array[some], pair)
            if not np.isfinite(_loss(self.model, x, y, training=False)):
                return start if step == 1 else self._bad_row(pair, range(some.start, some.stop))
        return None

    def _compile(self, data):
        """Return the function (data, number) → losses, compiled by XLA unless it would compute otherwise."""
        arguments = data, tf.constant(0)
        # TensorFlow takes the traces of several Retrainers for one function traced too often, and warns;
        # it does not count traces made here. Only a trace for XLA gives the loops of recurrent layers the
        # lists of known length that it needs.
        compiled = tf.function(self._epochs, jit_compile=True, autograph=False)
        compiled = compiled.get_concrete_function(*arguments)
        exact = graphs.exact_under_xla(compiled, self.model) and self._lookups.readable
        if exact or self.model.jit_compile:
            try:
                compiled(*arguments)  # no epoch: this only compiles
                return compiled
            except tf.errors.OpError:
                pass  # it has an operation that XLA does not know
        return tf.function(self._epochs, autograph=False).get_concrete_function(*arguments)

    def _epochs(self, data, number):
        def add_epoch(epoch, losses):
            return tf.tensor_scatter_nd_update(losses, [[epoch]], [self._epoch(*data)])

        no_losses = tf.zeros((EPOCHS_A_CALL, len(data)))
        return keras.ops.fori_loop(0, number, add_epoch, no_losses)

    def _epoch(self, train, *validation):
        loss = self._mean_over_batches(functools.partial(train_step, self.model), *train)
        # In batches too: a loss that sums, or leaves out masked steps, depends on them.
        evaluate = functools.partial(_loss, self.model, training=False)
        return tf.stack([loss, *(self._mean_over_batches(evaluate, *pair) for pair in validation)])

    def _mean_over_batches(self, step_loss, x, y):
        num_samples = keras.tree.flatten(x)[0].shape[0]
        steps, left = divmod(num_samples, self.batch_size)
        total = tf.zeros(())
        # Indexing ready-made batches is 25 times faster under XLA than slicing at a running start.
        batches = keras.tree.map_structure(lambda array: _batches(array, steps, self.batch_size), (x, y))

        def add_step(step, total):
            batch_x, batch_y = keras.tree.map_structure(lambda array: array[step], batches)
            return total + self.batch_size * tf.cast(step_loss(batch_x, batch_y), "float32")

        if steps:
            total = keras.ops.fori_loop(0, steps, add_step, total)
        if left:
            rest_x, rest_y = keras.tree.map_structure(lambda array: array[-left:], (x, y))
            total += left * tf.cast(step_loss(rest_x, rest_y), "float32")
        return total / num_samples


def _pair(name, value):
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"{name} must be a pair (x, y), got a {type(value).__name__}")
    if len(value) != 2:
        raise ValueError(f"{name} must be a pair (x, y), got a {type(value).__name__} of {len(value)}")
    return value


def _target(name, value):
    array = checks.finite_array(name, value)
    return array.astype(keras.config.floatx()) if array.dtype.kind == "f" else array


def _shapes(data):
    return keras.tree.map_structure(lambda array: tuple(array.shape), data)


def _form(data):
    """Return what a trace depends on: the structure, the shapes and the dtypes."""
    return str(keras.tree.map_structure(lambda array: (array.shape, array.dtype), data))


def _batches(array, steps, batch_size):
    return tf.reshape(array[: steps * batch_size], (steps, batch_size, *array.shape[1:]))
