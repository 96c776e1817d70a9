"""How fast the kernel retrains, against `model.fit` and, where torch is installed, eager PyTorch.

The job: four inputs, two Dense attention blocks, 369 parameters, 8,000 training samples in batches
of 128, 2,000 for validation after each of 20 epochs, as in the listing of 2019.
"""

import gc
import inspect
import statistics
import sys
import time
from pathlib import Path

import keras
from keras import layers

from helpers import data, training

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import chapters

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
        retrainer = training.Retrainer(two_blocks(), batch_size=BATCH_SIZE)
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


def slider_move():
    """Return seconds for a move of chapter 1's lab, the picture included, and for the picture alone."""
    retrain, _, _ = chapters.lab("01_dense_attention")
    figure = retrain()
    figure.png()
    moves = [seconds(lambda c=column: retrain(attention_column=c).png()) for column in range(2, 9)]
    picture = [seconds(figure.png) for _ in range(7)]
    return {
        "a slider move, picture included": statistics.median(moves),
        "the picture": statistics.median(picture),
    }


def recurrent():
    """Return seconds for chapter 2's block before an LSTM(32): 9,000 samples of 20 steps, 2 epochs."""
    build_model = chapters.definitions("02_recurrent_attention")["build_model"]
    x, y = data.get_data_recurrent(9_000, 20, 1, seed=0)
    model = build_model("before")
    model.compile("adam", "binary_crossentropy")
    model.fit(x, y, 64, 1, verbose=0)  # fit compiles too; both are timed without it
    fit = seconds(model.fit, x, y, 64, 2, verbose=0)
    retrainer = training.Retrainer(model, batch_size=64)
    retrainer.train(x, y, epochs=1, seed=0)
    again = statistics.median(seconds(retrainer.train, x, y, epochs=2, seed=0) for _ in range(3))
    retrain, _, _ = chapters.lab("02_recurrent_attention")
    last_figure(retrain()).png()
    moves = [seconds(lambda s=step: last_figure(retrain(attention_step=s)).png()) for step in (3, 12, 17)]
    return {
        "LSTM(32), model.fit": fit,
        "LSTM(32), Retrainer, again": again,
        "a move of chapter 2's lab, picture included": statistics.median(moves),
    }


def self_attention():
    """Return seconds for chapter 5's reverse job: 4,096 samples of 16 symbols, one head, width 32, 4 epochs."""
    names = chapters.definitions("05_self_attention")
    x, y, _ = data.get_data_sequence(4_096, 16, "reverse", seed=0)
    model = names["build_model"]()
    model.compile(keras.optimizers.Adam(learning_rate=0.01), "sparse_categorical_crossentropy")
    model.fit(x, y, 64, 1, verbose=0)  # fit compiles too; both are timed without it
    fit = statistics.median(seconds(model.fit, x, y, 64, 4, verbose=0) for _ in range(3))
    retrainer = training.Retrainer(model, batch_size=64)
    retrainer.train(x, y, epochs=4, seed=0)
    again = statistics.median(seconds(retrainer.train, x, y, epochs=4, seed=0) for _ in range(5))
    retrain, _, _ = chapters.lab("05_self_attention")

    def until_found(seed):
        for figure in retrain(seed=seed):
            figure.png()
            if figure.alt.endswith(": found."):
                return
        raise ValueError(f"no answer found with seed {seed}")

    return {
        "reverse, model.fit": fit,
        "reverse, Retrainer, again": again,
        "chapter 5's lab to a found answer, compile included": seconds(until_found, 0),
        "chapter 5's lab to a found answer, again": statistics.median(
            seconds(until_found, seed) for seed in range(1, 6)
        ),
    }


def seq2seq():
    """Return seconds for chapter 6's reverse job, 8,192 samples of 8 symbols, 4 epochs, and for its lab."""
    notebook = chapters.definitions("06_seq2seq_attention")
    x, y, _ = notebook["get_task"]("reverse", 8, 8_192, 0)
    inputs = [x, notebook["shifted"](y)]
    retrainer, *_ = notebook["parts_for"]("additive", "reverse", 8, 8_192)
    model = retrainer.model
    model.fit(inputs, y, 64, 1, verbose=0)  # fit compiles too; both are timed without it
    fit = seconds(model.fit, inputs, y, 64, 4, verbose=0)
    retrainer.train(inputs, y, epochs=4, seed=0)
    again = statistics.median(seconds(retrainer.train, inputs, y, epochs=4, seed=0) for _ in range(3))
    retrain, _, _ = chapters.lab("06_seq2seq_attention")
    start = time.perf_counter()
    for figure in retrain():
        figure.png()
        if "8 of 8" in figure.alt:
            break
    return {
        "seq2seq reverse, model.fit": fit,
        "seq2seq reverse, Retrainer, again": again,
        "chapter 6's lab, first time, until the alignment is found": time.perf_counter() - start,
    }


def last_figure(result):
    """Return a lab's figure, the last one where it yields several."""
    return list(result)[-1] if inspect.isgenerator(result) else result


def memory_growth(trainings=500):
    """Return by how many MB the process grows over many trainings."""

    def resident():
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

    if sys.platform != "linux":
        return None
    train, validation = job(0)
    retrainer = training.Retrainer(two_blocks(), batch_size=BATCH_SIZE)
    retrainer.train(*train, epochs=1, seed=0, validation_data=validation)
    before = resident()
    for seed in range(trainings):
        retrainer.train(*train, epochs=1, seed=seed, validation_data=validation)
    return resident() - before
