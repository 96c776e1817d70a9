"""Get at what notebooks define, without running their lessons."""

import ast
import base64
import inspect
import linecache
import re
import types
from pathlib import Path

import nbformat
import numpy as np

from tools import labs

BOOK = Path(__file__).parents[1] / "book"
NOTEBOOKS = sorted(BOOK.glob("[0-9]*.ipynb"))  # the chapters; other pages have no number
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)


def notebook(chapter):
    """Return the path of a chapter, given its file's name without number and ending.

    >>> notebook("dense_attention").name
    '01_dense_attention.ipynb'
    """
    return next(path for path in NOTEBOOKS if name_of(path) == chapter)


def name_of(path):
    """Return a chapter's name without number and ending, by which all but its file call it."""
    return path.stem.split("_", 1)[1]


def definitions(chapter, without=()):
    """Return the namespace that a notebook's imports, functions, classes and CONSTANTS make.

    Args:
        chapter: the notebook's name, without number and ending.
        without: packages that are not imported, where they are not installed or not wanted.
    """
    names = {"__name__": chapter}
    for cell in _code_cells(chapter):
        if cell.source.startswith("%%"):
            continue  # a script that the notebook writes to a file
        # The set-up cell's magic is no Python; "pass" keeps its `if` whole.
        source = re.sub(r"(?m)^(\s*)%.*$", r"\1pass", cell.source)
        tree = ast.parse(source)
        tree.body = [part for part in tree.body if _defines(part) and _package(part) not in without]
        # TensorFlow reads the source of a function that it compiles.
        file = f"<{chapter}:{cell.id}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        exec(compile(tree, file, "exec"), names)
    return names


def lab(chapter, names=None):
    """Return a chapter's first lab as (function, name, sliders), as the notebook hands them to `live.live`.

    Args:
        chapter: the notebook's name, without number and ending.
        names: its definitions, where some of them are to be others than the notebook's.
    """
    names = definitions(chapter) if names is None else names
    calls = []

    def record(function, *, lab, given=None, constants=None, suggestions=None, **sliders):
        calls.append((function, lab, sliders))

    names["live"] = types.SimpleNamespace(live=record)
    exec(next(cell.source for cell in _code_cells(chapter) if "live.live(" in cell.source), names)
    return calls[0]


def last_figure(result):
    """Return a lab's figure, the last one where it yields several."""
    return list(result)[-1] if inspect.isgenerator(result) else result


def finds(result):
    """Return whether what a lab's function returned is a figure that found all its answers, not a message."""
    return getattr(result, "found", False) is True


def date_reader():
    """Return chapter 6's namespace with the trained model that its page hands to the lab of dates."""
    names = definitions("seq2seq_attention")
    given = labs.handed(labs.elements()["dates"], "given")
    letters = names["text"].CharacterTokenizer(given["letters"])
    digits = names["text"].CharacterTokenizer("-0123456789")
    encoder = names["build_encoder"](letters.num_tokens, units=64, dim=32)
    attention = names["LAYERS"]["additive"]()
    decoder = names["build_decoder"](attention, digits.num_tokens, units=64, dim=32)
    for model, weights in ((encoder, given["encoder"]), (decoder, given["decoder"])):
        halves = [np.frombuffer(base64.b64decode(each["float16"]), "<f2") for each in weights]
        model.set_weights([half.reshape(each["shape"]) for half, each in zip(halves, weights, strict=True)])
    names |= {"letters": letters, "digits": digits, "encoder": encoder, "decoder": decoder}
    names["known_words"] = set(given["words"].split())
    return names


def _defines(statement):
    constant = isinstance(statement, ast.Assign) and all(
        isinstance(target, ast.Name) and target.id.isupper() for target in statement.targets
    )
    return constant or isinstance(statement, DEFINITIONS)


def _package(statement):
    """Return the package that a statement imports from; None where it imports nothing."""
    if isinstance(statement, ast.ImportFrom):
        return statement.module.partition(".")[0]
    return statement.names[0].name.partition(".")[0] if isinstance(statement, ast.Import) else None


def cells(chapter):
    """Return a notebook's cells."""
    return nbformat.read(notebook(chapter), as_version=4).cells


def _code_cells(chapter):
    return [cell for cell in cells(chapter) if cell.cell_type == "code"]
