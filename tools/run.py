"""Execute notebooks in place and keep only what a reader should find in them: `make run`.

The outputs are the evidence that `make test` compares with a fresh run, so nothing of the machine
or the moment may stay: no widget state, no timings, no messages on standard error.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from tools.comparison import keep, rules_of

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def run(path):
    """Execute the notebook at `path` in a fresh kernel and replace it by the cleaned result.

    Args:
        path: the notebook. It is written only when all cells ran, and in one step, so an
            interruption or a full disk leaves the old one as it was.

    Raises:
        CellExecutionError: a cell raised and is not tagged `raises-exception`.
        ValueError: a cell wrote to standard error.
    """
    notebook = nbformat.read(path, as_version=4)
    saved = {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    done = 0

    def progress(cell, cell_index, execute_reply):
        nonlocal done
        done += 1
        if sys.stdout.isatty() or done == cells:
            print(f"\r{path}: {done} of {cells} cells", end="", flush=True)

    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_executed=progress,
    )
    try:
        client.execute(stderr=subprocess.DEVNULL)  # TensorFlow's own messages about this machine
    finally:
        print()
    replace(path, nbformat.writes(clean(notebook, saved)) + "\n")


def clean(notebook, saved):
    """Drop from an executed notebook what differs from run to run, and give figures their alt text.

    What is printed stays as it was saved where it agrees within the tolerances of its cell, so that
    another machine changes few lines. Pictures are always the new ones.

    Args:
        notebook: the executed notebook, which is changed.
        saved: the outputs from before, as {id of the cell: its outputs}.

    Raises:
        ValueError: a cell wrote to standard error, which readers would take for a fault.
    """
    notebook.metadata = {
        "kernelspec": {
            "display_name": "Python 3",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = _joined(cell.outputs)
        for output in cell.outputs:
            if output.get("name") == "stderr":
                raise ValueError(f"cell {cell.id} wrote to standard error: {output.text.strip()[:200]}")
            output.get("data", {}).pop(WIDGET_VIEW, None)
        cell.outputs, _ = keep(saved[cell.id], cell.outputs, rules_of(cell))
        for data in (output.get("data", {}) for output in cell.outputs):
            if "image/png" in data:
                # Figures say in words what they show; the site takes its alt text from here.
                cell.metadata.setdefault("mystnb", {})["image"] = {"alt": data["text/plain"]}
    return notebook


def _joined(outputs):
    """Join neighbouring pieces of a stream: where it is cut depends on the moment."""
    joined = []
    for output in outputs:
        if joined and "name" in output and output.get("name") == joined[-1].get("name"):
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def replace(path, text):
    """Write `text` beside `path`, then move it there in one step."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".part", delete=False) as part:
        try:
            part.write(text)
            part.flush()
            os.fsync(part.fileno())
            os.chmod(part.name, 0o644)
            os.replace(part.name, path)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise


if __name__ == "__main__":
    for name in sys.argv[1:]:
        run(Path(name))
