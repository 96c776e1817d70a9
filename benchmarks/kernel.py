"""How fast the kernel retrains, against `model.fit` and, where torch is installed, eager PyTorch.

The job: four inputs, two Dense attention blocks, 369 parameters, 8,000 training samples in batches
of 128, 2,000 for validation after each of 20 epochs, as in the listing of 2019.
"""

import gc
import inspect
import math
import statistics
import sys
import time
from pathlib import Path

import keras
import tensorflow as tf
from keras import layers

from helpers import data, training
from tools import chapters, labs

BATCH_SIZE, EPOCHS = 128, 20


def two_blocks(metrics=()):
    """Return the compiled model of 369 parameters."""

    def block(inputs):
        weights = layers.Dense(inputs.shape[-1], "softmax", use_bias=False)(inputs)
        return layers.Multiply()([inputs, weights])

    inputs = keras.Input((4,))
    output = layers.Dense(1, "sigmoid")(block(layers.Dense(16)(block(inputs))))
    model = keras.Model(inputs, output)
    model.compile("adam", "binary_crossentropy", metrics=list(metrics))
    return model


def job(seed):
    """Return training and validation data."""
    x, y = data.get_data(10_000, 4, seed=seed)
    return (x[:8_000], y[:8_000]), (x[8_000:], y[8_000:])


def seconds(function, *arguments, **options):
    """Return how long one call takes."""
    start = time.perf_counter()
    function(*arguments, **options)
    return time.perf_counter() - start


def retraining():
    """Return the seconds of the job with `model.fit` and with `Retrainer`, by name."""
    train, validation = job(0)
    fit = []
    for _ in range(3):
        model = two_blocks(["accuracy"])
        fit.append(seconds(model.fit, *train, BATCH_SIZE, EPOCHS, validation_data=validation, verbose=0))

    def first():
        nonlocal retrainer
        retrainer = training.Retrainer(two_blocks, batch_size=BATCH_SIZE)
        retrainer.train(*train, epochs=EPOCHS, seed=0, validation_data=validation)

    retrainer = None
    first_time = seconds(first)
    again = []
    for seed in range(1, 12):
        train, validation = job(seed)
        again.append(
            seconds(retrainer.train, *train, epochs=EPOCHS, seed=seed % 2, validation_data=validation)
        )
    return {
        "model.fit, as in the listing": statistics.median(fit),
        "Retrainer, first time, compile included": first_time,
        "Retrainer, again with new data": statistics.median(again),
        "PyTorch, the same loop, eager": _torch_seconds(train, validation),
    }


def _torch_seconds(train, validation):
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    train, validation = ([torch.from_numpy(array) for array in pair] for pair in (train, validation))
    torch.manual_seed(0)
    first, hidden, second, last = (
        torch.nn.Linear(4, 4, bias=False),
        torch.nn.Linear(4, 16),
        torch.nn.Linear(16, 16, bias=False),
        torch.nn.Linear(16, 1),
    )
    optimizer = torch.optim.Adam(torch.nn.ModuleList([first, hidden, second, last]).parameters())
    loss_function = torch.nn.BCEWithLogitsLoss()

    def losses(pair):
        for inputs, targets in zip(*(array.split(BATCH_SIZE) for array in pair), strict=True):
            context = inputs * torch.softmax(first(inputs), dim=1)
            units = hidden(context)
            yield loss_function(last(units * torch.softmax(second(units), dim=1)), targets)

    def run():
        for _ in range(EPOCHS):
            for loss in losses(train):
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            with torch.no_grad():
                for _ in losses(validation):
                    pass

    return statistics.median(seconds(run) for _ in range(3))


def lab_moves():
    """Yield the name of each lab and how long a reader waits for its answer, at first and after another move.

    The sliders are moved as in the browser. The first move, at the defaults, compiles; of the others the
    median counts. A model that finds nothing counts as never.
    """
    for name, row in labs.LABS.items():
        function = chapters.date_reader()["read_date"] if name == "dates" else chapters.lab(row.chapter)[0]
        first = seconds_to_answer(function)
        again = (seconds_to_answer(function, **{row.control: value}) for value in row.moves)
        yield name, first, statistics.median(again)


def seconds_to_answer(function, **settings):
    """Return how long a lab's function takes until it has drawn a picture that finds the answer."""
    start = time.perf_counter()
    result = function(**settings)
    for figure in result if inspect.isgenerator(result) else [result]:
        figure.png()
        if chapters.finds(figure):
            return time.perf_counter() - start
    return math.inf


def picture():
    """Return the seconds for the picture of chapter 1's lab alone."""
    retrain, _, _ = chapters.lab("dense_attention")
    figure = retrain(epochs=1)
    return statistics.median(seconds(figure.png) for _ in range(7))


def run_alone():
    """Return the seconds of the job's compiled run alone, and of a training with a known and a new seed."""
    train, validation = job(0)
    options = {"epochs": EPOCHS, "validation_data": validation}
    retrainer = training.Retrainer(two_blocks, batch_size=BATCH_SIZE)
    retrainer.train(*train, seed=0, **options)
    tensors, _, _ = retrainer._prepare(*train, validation, EPOCHS, 0)
    run = retrainer._compiled[training._form(tensors)]
    times = [
        (
            seconds(lambda: run(tensors, tf.constant(EPOCHS)).numpy()),
            seconds(retrainer.train, *train, seed=0, **options),
            seconds(retrainer.train, *train, seed=seed, **options),
        )
        for seed in range(1, 22)
    ]
    return [statistics.median(each) for each in zip(*times, strict=True)]


def against_fit(retrainer, x, y, epochs):
    """Return the seconds of `model.fit` and of `Retrainer`: the first time, compile included, and again."""
    fit = [seconds(retrainer.model.fit, x, y, 64, epochs, verbose=0) for _ in range(3)]
    again = [seconds(retrainer.train, x, y, epochs=epochs, seed=0) for _ in range(4)]
    return fit[0], statistics.median(fit[1:]), again[0], statistics.median(again[1:])


def recurrent():
    """Time chapter 2's block before an LSTM(32): 9,000 samples of 20 steps, 2 epochs."""
    notebook = chapters.definitions("recurrent_attention")
    retrainer = notebook["retrainer_of"](notebook["build_model"], "before")
    return against_fit(retrainer, *data.get_data_recurrent(9_000, 20, 1, seed=0), epochs=2)


def self_attention():
    """Time chapter 5's reverse job: 4,096 samples of 16 symbols, one head, width 32, 4 epochs."""
    x, y, _ = data.get_data_sequence(4_096, 16, "reverse", seed=0)
    retrainer = chapters.definitions("self_attention")["retrainer_for"]()
    return against_fit(retrainer, x, y, epochs=4)


def seq2seq():
    """Time chapter 6's reverse job: 8,192 samples of 8 symbols, 4 epochs."""
    notebook = chapters.definitions("seq2seq_attention")
    x, y, _ = notebook["get_task"]("reverse", 8, 8_192, 0)
    retrainer = notebook["retrainer_for"]("additive", "reverse", 8, 8_192)
    return against_fit(retrainer, [x, notebook["shifted"](y)], y, epochs=4)


def checking_ids():
    """Return what share of chapter 5's shortest retraining it takes to look all ids through, in per cent."""
    x, y, _ = data.get_data_sequence(4_096, 16, "reverse", seed=0)
    retrainer = chapters.definitions("self_attention")["retrainer_for"]()
    retrainer.train(x, y, epochs=1, seed=0)
    [tensors], _, _ = retrainer._prepare(x, y, None, 1, 0)
    check = statistics.median(seconds(retrainer._lookups.check, ("x", "y"), tensors) for _ in range(21))
    return 100 * check / statistics.median(seconds(retrainer.train, x, y, epochs=1, seed=0) for _ in range(7))


def memory_growth(trainings=500):
    """Return by how many MB the process grows over many trainings."""

    def resident():
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

    if sys.platform != "linux":
        return None
    train, validation = job(0)
    retrainer = training.Retrainer(two_blocks, batch_size=BATCH_SIZE)
    retrainer.train(*train, epochs=1, seed=0, validation_data=validation)
    before = resident()
    for seed in range(trainings):
        retrainer.train(*train, epochs=1, seed=seed, validation_data=validation)
    return resident() - before
