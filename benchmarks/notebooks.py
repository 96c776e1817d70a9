"""How long each notebook takes, as a reader runs it: in a fresh kernel, alone."""

import subprocess
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

BOOK = Path(__file__).parents[1] / "book"


def measure():
    """Yield (name, seconds) for every chapter."""
    for path in sorted(BOOK.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(notebook, timeout=1200, resources={"metadata": {"path": str(BOOK)}})
        start = time.perf_counter()
        client.execute(stderr=subprocess.DEVNULL)  # TensorFlow's own messages about this machine
        yield path.stem, time.perf_counter() - start
