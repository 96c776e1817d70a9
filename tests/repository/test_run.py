"""`make run`: what it executes, cleans and keeps."""

import nbformat
import pytest

from tools import run


def notebook_with(source, **metadata):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source, id="only", metadata=metadata)])


def run_notebook(folder, source):
    path = folder / "small.ipynb"
    path.write_text(nbformat.writes(notebook_with(source)))
    run.run(path)
    return nbformat.read(path, as_version=4)


def test_run_executes_cleans_and_is_stable(tmp_path):
    source = "import ipywidgets\nprint('a')\nprint('b')\nipywidgets.IntSlider()"
    first = run_notebook(tmp_path, source)
    text = (tmp_path / "small.ipynb").read_text()
    run.run(tmp_path / "small.ipynb")
    assert (tmp_path / "small.ipynb").read_text() == text
    outputs = first.cells[0].outputs
    assert [output.get("text") for output in outputs] == ["a\nb\n", None]
    assert run.WIDGET_VIEW not in outputs[1].data
    assert "widgets" not in first.metadata
    assert (tmp_path / "small.ipynb").stat().st_mode & 0o777 == 0o644


def test_a_saved_line_stays_where_its_numbers_are_within_the_tolerance(tmp_path):
    path = tmp_path / "small.ipynb"
    source = "print('peak 0.46, step 3')\nprint('loss 0.50')"
    notebook = notebook_with(source, numbers=[{"within": 0.02}])
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text="peak 0.45, step 3\nloss 0.47\n")]
    path.write_text(nbformat.writes(notebook))
    run.run(path)
    cell = nbformat.read(path, as_version=4).cells[0]
    assert cell.outputs[0].text == "peak 0.45, step 3\nloss 0.50\n"
    assert cell.metadata["numbers"] == [{"within": 0.02}], "the tolerance stays as well"


def test_the_alt_text_of_a_figure_is_the_kept_one(tmp_path):
    path = tmp_path / "small.ipynb"
    data = {"text/plain": "peak 0.46: found.", "image/png": "new"}
    notebook = notebook_with(f"display({data}, raw=True)", numbers=[{"within": 0.02}])
    saved = {"text/plain": "peak 0.45: found.", "image/png": "old"}
    notebook.cells[0].outputs = [nbformat.v4.new_output("display_data", saved)]
    path.write_text(nbformat.writes(notebook))
    run.run(path)
    cell = nbformat.read(path, as_version=4).cells[0]
    assert cell.outputs[0].data == {"text/plain": "peak 0.45: found.", "image/png": "new"}
    assert cell.metadata["mystnb"]["image"]["alt"] == "peak 0.45: found."


def test_run_refuses_messages_on_standard_error_and_keeps_the_old_notebook(tmp_path):
    with pytest.raises(ValueError, match="cell only wrote to standard error: mind this"):
        run_notebook(tmp_path, "import sys\nprint('mind this', file=sys.stderr)")
    assert nbformat.read(tmp_path / "small.ipynb", as_version=4).cells[0].outputs == []


@pytest.mark.parametrize(
    ("function", "error"),
    [("fsync", OSError(28, "No space left on device")), ("replace", KeyboardInterrupt())],
)
def test_a_failing_write_leaves_the_old_file(tmp_path, monkeypatch, function, error):
    path = tmp_path / "kept.txt"
    path.write_text("old")

    def fail(*_):
        raise error

    monkeypatch.setattr(run.os, function, fail)
    with pytest.raises(type(error)) as raised:
        run.replace(path, "new")
    assert raised.value is error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
