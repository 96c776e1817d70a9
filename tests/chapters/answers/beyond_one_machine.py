"""Answers to the exercises on beyond one machine: wrong ones, and right ones other than the notebook's."""

import os
import shutil
from pathlib import Path

import keras


def back_up_with(move, part="part.keras", before=None):
    """Chapter 8's backup: `before` the new file is written, and how it takes the old one's place."""

    def back_up(model, path):
        beside = os.path.join(os.path.dirname(path), part)
        if before is not None:
            before(path)
        model.save(beside)
        move(beside, path)

    return back_up


def removed_and_moved(beside, path):
    os.remove(path)
    os.rename(beside, path)


def moved_away_and_moved(beside, path):
    os.rename(path, path + ".old")
    os.rename(beside, path)
    os.remove(path + ".old")


# However the new file then comes there, for a moment there was none.
REMOVED_FIRST = {
    "removed, then copied": lambda beside, path: (
        os.remove(path),
        shutil.copyfile(beside, path),
        os.remove(beside),
    ),
    "removed, then linked": lambda beside, path: (os.unlink(path), os.link(beside, path), os.remove(beside)),
    "removed, then made anew": lambda beside, path: (
        os.remove(path),
        Path(path).write_bytes(Path(beside).read_bytes()),
        os.remove(beside),
    ),
}


# For each checker what is wrong, the answer, and a part of what the checker should say.
WRONG = {
    "seconds_of_a_step": [
        ("the whole gradient", lambda p, n, r: 4 * p / r, "but less and less"),
        ("numbers for bytes", lambda p, n, r: 2 * (n - 1) / n * p / r, "How many bytes has a parameter?"),
        ("bits", lambda p, n, r: 64 * (n - 1) / n * p / r, "Are those bits or bytes?"),
        ("one round", lambda p, n, r: 4 * (n - 1) / n * p / r, "What does the second one bring?"),
        ("all workers", lambda p, n, r: 8 * (n - 1) * p / r, "they send at the same time"),
        ("twice the gradient", lambda p, n, r: 8 * p / r, "How much does each worker send?"),
        (
            "one worker sends",
            lambda p, n, r: max(2 * (n - 1) / n, 0.1) * 4 * p / r,
            "Whom does a single worker wait for?",
        ),
        ("no rate", lambda p, n: 8 * (n - 1) / n * p, "raised TypeError"),
    ],
    "loss_of_a_share": [
        ("own mean", lambda e, b: e.mean(), "which learning rate is that, in truth?"),
        ("sum", lambda e, b: e.sum(), "the sum of all errors, and not their mean"),
        (
            "mean of means for two",
            lambda e, b: e.mean() / 2,
            "How much should one sample of the batch count?",
        ),
        (
            "mean of means",
            lambda e, b: e.mean() / round(b / len(e)),
            "as much in a small share as in a large one?",
        ),
        ("by its share twice", lambda e, b: e.mean() * len(e) ** 2 / b**2, "up to 0.5"),
        ("each error", lambda e, b: e / b, "The loss of a share must have shape ()"),
    ],
    "safe_backup": [
        ("over the old one", lambda model, path: model.save(path), "leaves half a backup"),
        (
            "removed first",
            back_up_with(os.replace, before=os.remove),
            "written, a worker leaves no backup at all",
        ),
        (
            "removed, then moved",
            back_up_with(removed_and_moved),
            "just after the old one is gone, a worker leaves no backup at all",
        ),
        ("copied", back_up_with(shutil.copyfile), "written over the old one in place"),
        (
            "copied, and cleaned up",
            back_up_with(lambda part, path: (shutil.copyfile(part, path), os.remove(part))),
            "written over the old one in place",
        ),
        (
            "old one kept as well",
            back_up_with(lambda part, path: (shutil.copyfile(path, path + ".old"), os.replace(part, path))),
            "leaves other files behind: backup.keras.old",
        ),
        *(
            (name, back_up_with(move), "just after the old one is gone, a worker leaves no backup")
            for name, move in REMOVED_FIRST.items()
        ),
        (
            "old one moved away first",
            back_up_with(moved_away_and_moved),
            "just after the old one is gone, a worker leaves no backup at all",
        ),
        ("never moved", back_up_with(lambda part, path: None), "the backup is not the new model"),
        ("nothing", lambda model, path: None, "the backup is not the new model"),
        (
            "a name that Keras refuses",
            back_up_with(os.replace, part="backup.keras.part"),
            "the name of a model has to end in .keras, not backup.keras.part",
        ),
        ("fails", lambda model, path: 1 / 0, "raised ZeroDivisionError"),
    ],
    "equal_shares": [
        ("the chapter's", (128, 4_096), "Of 128 samples three workers cannot each get the same number."),
        ("incomplete batch", (96, 4_096), "42 batches of 96, and a last one of 64"),
        ("a tiny batch", (3, 4_095), "from 64 to 128 samples, not 3"),
        ("few samples", (96, 960), "you keep 960"),
        ("more than there are", (96, 9_600), "you keep 9600"),
        ("a third of a sample", (96.5, 4_053), "must be whole numbers"),
        ("batch alone", 96, "must have shape (2,), got ()"),
    ],
}


RIGHT_AS_WELL = {
    "loss_of_a_share": [
        ("Keras", lambda e, b: keras.ops.sum(e / b)),
    ],
    "safe_backup": [
        ("renamed", back_up_with(os.rename)),
        ("moved", back_up_with(shutil.move)),
    ],
    "equal_shares": [
        ("three times 40", (120, 4_080)),
    ],
}
