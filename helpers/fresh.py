"""A model built anew for each seed: what each training of a Retrainer starts from."""

import functools
import inspect
import itertools
import random

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context

from helpers import checks

KEPT_SEEDS = 16

# A model with its own version of one of these does not train as `keras.Model` does.
LOOPS = ("fit", "evaluate", "train_step", "test_step", "make_train_function", "make_test_function")


class Start:
    """The values that a model's variables have when it has just been built.

    `model` is built once; each seed's values are read from another model that the same function
    builds. So they are those of a model built right after `keras.utils.set_random_seed(seed)`,
    whatever its layers are and in whatever order they are made. What `build_model` takes from outside
    and does not train, such as a pretrained layer, is left as it is.

    Args:
        build_model: a function without arguments that returns a compiled Functional or Sequential
            model, made anew at each call.

    Raises:
        TypeError: it is no function, or returns no such model.
        ValueError: the model is not built or not compiled, has a loop of its own, or is not made anew
            and alike for equal seeds.
    """

    def __init__(self, build_model):
        self._build_model = _function(build_model)
        self.model, twin = self._build(0), self._build(0)
        if twin.optimizer is self.model.optimizer:
            raise ValueError("build_model must make its model and optimizer anew at each call, got one again")
        weights, others = _weights(self.model), _weights(twin)
        _check_alike(weights, others)
        self._shared = {id(variable) for variable in weights} & {id(variable) for variable in others}
        optimizer = self.model.optimizer
        optimizer.build(self.model.trainable_variables)
        # The learning rate belongs to the reader, who may set it between trainings.
        state = [variable for variable in optimizer.variables if variable.name != "learning_rate"]
        self._optimizer_state = [_constant(optimizer, variable) for variable in state]
        self._variables = [variable for variable in weights if id(variable) not in self._shared] + state
        specs = [tf.TensorSpec(variable.shape, variable.dtype) for variable in self._variables]
        self.put = tf.function(self._put, autograph=False).get_concrete_function(specs)
        self.averages = self._averages()
        # Building costs as much as a small training, and most moves of a slider keep the seed.
        self._values = functools.lru_cache(maxsize=KEPT_SEEDS)(self._draw)
        self._draws = itertools.count(1)
        self.model.make_train_function()
        self._fixed = _fixed(self.model)

    def _averages(self):
        """Say whether the optimizer puts other values into the weights in the end, as with `use_ema`."""
        trained = self.model.trainable_variables
        values, before = self.values(), [np.array(variable) for variable in trained]
        self.model.optimizer.finalize_variable_values(trained)
        changed = not all(map(np.array_equal, trained, before))
        self.put(values)
        return changed

    def reset(self, seed):
        """Give the model's variables, and its optimizer's but the learning rate, their first values."""
        self.put(self._values(seed))

    def values(self):
        """Return the values that `reset` would replace; `put` gives them back."""
        return [tf.convert_to_tensor(variable.value) for variable in self._variables]

    def check_unchanged(self):
        """Raise ValueError if what a traced training keeps was changed since the model was built."""
        if _fixed(self.model)[:2] != self._fixed[:2]:
            raise ValueError(
                "model must stay as build_model made it, but for its optimizer's learning_rate: compile, freeze "
                "and choose the optimizer in build_model, and build another Retrainer"
            )

    def _build(self, seed):
        # Keras draws an initializer's seed from Python's generator when a layer is made.
        states = random.getstate(), np.random.get_state()
        random.seed(seed)
        np.random.seed(seed)
        try:
            model = self._build_model()
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])
        checks.functional(model)
        if not model.compiled:
            raise ValueError("model must be compiled: call model.compile(optimizer, loss) in build_model")
        for name in LOOPS:
            if name in vars(model) or getattr(type(model), name) is not getattr(keras.Model, name):
                raise ValueError(f"model must train as keras.Model does, got a {name} of its own")
        return model

    def _draw(self, seed):
        # TensorFlow keeps 35 kB for each variable ever made until it is told so, as Keras's clear_session does.
        if next(self._draws) % KEPT_SEEDS == 0:
            context.context().clear_kernel_cache()
        drawn = [v for v in _weights(self._build(seed)) if id(v) not in self._shared]
        return [tf.convert_to_tensor(variable.value) for variable in drawn] + self._optimizer_state

    def _put(self, values):
        for variable, value in zip(self._variables, values, strict=True):
            variable.value.assign(value)


def _function(build_model):
    if isinstance(build_model, keras.Model) or not callable(build_model):
        raise TypeError(
            "build_model must be a function that returns a compiled model, as each seed needs a new one; "
            f"got a {type(build_model).__name__}"
        )
    try:
        inspect.signature(build_model).bind()
    except TypeError as error:
        raise TypeError(
            f"build_model must take no arguments: {error}; lambda: build_model(…) does"
        ) from error
    except ValueError:
        pass  # a class of Python's own tells nothing about its arguments
    return build_model


def _weights(model):
    """Return all variables of a model but its metrics': weights, statistics, random states."""
    metrics = {id(variable) for variable in model.metrics_variables}
    return [variable for variable in model.variables if id(variable) not in metrics]


def _check_alike(weights, others):
    """Raise ValueError unless two models built with one seed are equal, and share nothing that is trained."""
    if [variable.shape for variable in weights] != [variable.shape for variable in others]:
        raise ValueError("build_model must build the same model at each call, got other shapes")
    for ours, theirs in zip(weights, others, strict=True):
        if ours is theirs and (ours.trainable or ours.name == "seed_generator_state"):
            raise ValueError(f"build_model must make what it trains anew at each call, got {ours.path} again")
        if not np.array_equal(ours, theirs):
            raise ValueError(
                "build_model must draw from Keras's initializers, Python's or NumPy's random alone: built twice "
                f"with one seed, {ours.path} differs"
            )


def _constant(optimizer, variable):
    """Return the value of an optimizer's variable before the first step, the same for all seeds."""
    value = np.array(variable)
    if value.size and value.min() != value.max():
        raise ValueError(
            f"optimizer must not start from the weights, as {type(optimizer).__name__}'s {variable.name} does: "
            "fit copies them at each step"
        )
    return tf.constant(value)


def _fixed(model):
    """Return what a traced training keeps: settings, ids, and the objects, so that no id is used again.

    Keras takes the train function away when a model is compiled anew.
    """
    plain = bool, int, float, str, type(None), keras.optimizers.schedules.LearningRateSchedule
    settings = {name: value for name, value in vars(model.optimizer).items() if isinstance(value, plain)}
    objects = [model.optimizer, model.train_function, *model.trainable_variables]
    return settings, [id(one) for one in objects], objects
