"""Checks of the exercises on beyond one machine."""

import contextlib
import os
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np

from helpers.exercises.answers import attempt, call, need, numbers


def seconds_of_a_step(answer):
    """Exercise 1: a function from parameters, workers and bytes a second to the seconds of a ring's all-reduce."""
    for parameters, workers, rate in ((10**8, 64, 125e6), (500, 1, 1e3)):
        said = float(numbers("The answer", call(answer, parameters, workers, rate), ()))
        size = 4 * parameters
        case = f"For {parameters:,} parameters, {workers} worker(s) and {rate:,.0f} bytes a second you say"
        mistakes = {
            "How many bytes has a parameter?": 2 * (workers - 1) / workers * parameters / rate,
            "Are those bits or bytes?": 8 * 2 * (workers - 1) / workers * size / rate,
            "That is one round of the ring. What does the second one bring?": (
                (workers - 1) / workers * size / rate
            ),
            "That is what all workers send together; they send at the same time.": (
                2 * (workers - 1) * size / rate
            ),
            "With more workers, what each of them sends grows, but less and less.": size / rate,
        }
        right = 2 * (workers - 1) / workers * size / rate
        for mistake, wrong in mistakes.items():
            need(
                np.isclose(said, right) or not np.isclose(said, wrong),
                f"{case} {said:.3g} seconds. {mistake}",
            )
        hint = "Whom does a single worker wait for?" if workers == 1 else "How much does each worker send?"
        need(np.isclose(said, right), f"{case} {said:.3g} seconds. {hint}")
    return "It grows with the parameters, and hardly with the workers."


def loss_of_a_share(answer):
    """Exercise 2: a function from a worker's own errors and the whole batch's size to its part of the loss."""
    errors = np.random.default_rng(0).uniform(0.5, 2, 24)
    # Unequal shares as well: with equal ones a plain mean of means would do.
    for cuts in ([12], [6, 12, 18], [18]):
        shares = np.split(errors, cuts)
        losses = [call(answer, share, len(errors)) for share in shares]
        total = sum(float(numbers("The loss of a share", loss, ())) for loss in losses)
        sizes = [len(share) for share in shares]
        times = f"{total / errors.mean():.2f} times the loss of the batch"
        case = f"With shares of {sizes} the workers' losses add up to {times}."
        need(
            not np.isclose(total, sum(share.mean() for share in shares)),
            f"{case} The optimizer adds up what the workers bring: which learning rate is that, in truth?",
        )
        need(
            not np.isclose(total, errors.sum()), f"{case} That is the sum of all errors, and not their mean."
        )
        question = (
            "How much should one sample of the batch count?"
            if len(set(sizes)) == 1
            else "Does a sample count as much in a small share as in a large one?"
        )
        need(np.isclose(total, errors.mean()), f"{case} {question}")
    return "The workers' losses add up to that of the batch, also when the shares are unequal."


class _Killed(BaseException):
    """The process is killed. No handler of ordinary exceptions may catch it, as none could."""


class _Model:
    """What a backup needs of a Keras model: `save`, which writes half of it and may then be killed.

    Like Keras', it refuses a name that does not end in `.keras`.
    """

    def __init__(self, text, killed):
        self.text, self.killed = text, killed

    def save(self, path, *_, **__):
        if not str(path).endswith(".keras"):  # as Keras does
            name = os.path.basename(path)
            raise ValueError(f"the name of a model has to end in .keras, not {name}")
        with open(path, "w") as file:
            file.write(self.text[: len(self.text) // 2])
            if self.killed:
                raise _Killed
            file.write(self.text[len(self.text) // 2 :])


def _killed_without(path, change):
    """Return `change`, a function of `os`, killed after its work if there is nothing at `path` any more."""

    def changing(*names, **options):
        change(*names, **options)
        if not path.exists():
            raise _Killed

    return changing


def safe_backup(answer):
    """Exercise 3: a function that saves a model over an older backup, which is never lost on the way."""
    new = "second epoch " * 9
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "backup.keras"
        moments = {
            "while the model is written": (True, {}),
            "just after the old one is gone": (
                False,
                {
                    name: _killed_without(path, getattr(os, name))
                    for name in ("remove", "unlink", "rename", "replace")
                },
            ),
        }
        for moment, (writing, deadly) in moments.items():
            path.write_text("first epoch")
            with contextlib.suppress(_Killed), mock.patch.dict(vars(os), deadly):
                attempt(answer, _Model(new, killed=writing), str(path))
            left = path.read_text() if path.exists() else None
            need(
                left is not None,
                f"Killed {moment}, a worker leaves no backup at all. When may the old one go?",
            )
            need(
                left in ("first epoch", new),
                f"Killed {moment}, a worker leaves half a backup, and the whole one is gone.",
            )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "backup.keras"
        path.write_text("first epoch")
        with open(path) as old:
            attempt(answer, _Model(new, killed=False), str(path))
            need(
                old.read() == "first epoch",
                "The new backup is written over the old one in place. Whoever is killed while copying has half.",
            )
        need(path.exists() and path.read_text() == new, "After it, the backup is not the new model.")
        others = [file.name for file in Path(folder).iterdir() if file != path]
        need(not others, f"It leaves other files behind: {', '.join(others)}.")
    return "Whenever the worker is killed, there is a whole backup."


def equal_shares(answer):
    """Exercise 4: a batch size and a number of samples that three workers can share, with little lost."""
    batch, samples = numbers("The answer", answer, (2,))
    need(batch == int(batch) and samples == int(samples), "Both must be whole numbers.")
    need(64 <= batch <= 128, f"The batch should have from 64 to 128 samples, not {batch:g}.")
    need(batch % 3 == 0, f"Of {batch:g} samples three workers cannot each get the same number.")
    need(
        samples % batch == 0,
        f"{samples:g} samples are {samples // batch:g} batches of {batch:g}, and a last one of {samples % batch:g}.",
    )
    need(4_000 <= samples <= 4_096, f"Of 4,096 samples no more than 96 should be lost; you keep {samples:g}.")
    return f"Three shares of {batch / 3:g}, and {samples / batch:g} whole batches."


CHECKERS = (
    seconds_of_a_step,
    loss_of_a_share,
    safe_backup,
    equal_shares,
)
