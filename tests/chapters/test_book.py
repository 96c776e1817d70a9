"""The book's structure: every notebook is in the contents, whole, run, clean and described."""

import ast
import json
import re
import subprocess
from pathlib import Path

import nbformat
import pytest
import yaml
from nbclient import NotebookClient

from tests.repository import colab
from tools import run
from tools.chapters import NOTEBOOKS

ROOT = Path(__file__).parents[2]

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text())
EXERCISES = ("starter-", "solution-")
ADDRESS = CONFIG["repository"]["url"]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs_of(notebook):
    return [(cell, output) for cell in code_cells(notebook) for output in cell.outputs]


def tags(cell):
    return cell.metadata.get("tags", [])


def test_there_are_notebooks():
    assert NOTEBOOKS


def test_contents_and_files_agree():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text())
    chapters, others = ([page["file"] for page in part["chapters"]] for part in contents["parts"])
    assert chapters == [path.stem for path in NOTEBOOKS], "each has the number in its name"
    listed = {contents["root"], *chapters, *others}
    present = {path.stem for path in (ROOT / "book").iterdir() if path.suffix in (".md", ".ipynb")}
    present.remove("README")
    assert listed == present


@pytest.mark.parametrize("path", sorted({*(ROOT / "book").glob("*.ipynb")} - {*NOTEBOOKS}))
def test_notebooks_beside_the_chapters_are_run_clean_and_set_up_alike(path):
    notebook = nbformat.read(path, as_version=4)
    test_set_up_cell_is_hidden_short_and_for_colab_alone(notebook)
    test_every_cell_was_run_in_order(notebook)
    test_holds_nothing_of_the_machine_or_the_moment(notebook)


def test_begins_with_title_promise_and_needs(notebook):
    first = notebook.cells[0].source
    title, promise = first.split("\n\n")[:2]
    assert title.startswith("# ")
    assert promise.count(".") == 1
    assert first.count("\n- ") == 3
    assert "**You will learn**" in first
    assert "**You need**" in first


def test_set_up_cell_is_hidden_short_and_for_colab_alone(notebook):
    setup = code_cells(notebook)[0]
    assert tags(setup) == ["remove-cell", "nbval-ignore-output"]
    lines = [line for line in setup.source.splitlines() if line]
    assert lines[0] == "import sys"
    assert lines[1] == 'if "google.colab" in sys.modules:'
    assert lines[2] == f"    %pip install --quiet --no-deps git+{ADDRESS}@{CONFIG['repository']['branch']}"
    assert len(lines) == 3


def test_imports_come_next_and_are_short(notebook):
    imports = code_cells(notebook)[1].source
    assert len([line for line in imports.splitlines() if line.strip()]) <= 8
    assert "set_random_seed" in imports


def test_has_the_parts_of_a_chapter(notebook):
    headings = re.findall(
        r"(?m)^##+ (.+)$", "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    )
    for part in ("What goes wrong", "The live lab", "Recap", "Exercises", "References"):
        assert any(heading.startswith(part) for heading in headings), part
    assert sum(heading.startswith("Exercise ") for heading in headings) >= 4
    assert any("live.live(" in cell.source for cell in code_cells(notebook))


def test_has_an_equation(notebook):
    assert any("$$" in cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def test_solutions_are_folded_and_executed(notebook):
    solutions = [cell for cell in code_cells(notebook) if "hide-cell" in tags(cell)]
    assert len(solutions) >= 4
    assert all(cell.execution_count and cell.outputs for cell in solutions)


def test_cells_are_short(notebook):
    lengths = [len(cell.source.splitlines()) for cell in code_cells(notebook)]
    assert max(lengths) <= 32  # a layer of one's own
    assert sorted(lengths)[len(lengths) // 2] <= 9


def test_every_cell_was_run_in_order(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_prints_no_wider_than_its_code(notebook):
    """On paper a longer line would wrap, and on a phone a table would be two screens wide."""
    printed = [line for _, output in outputs_of(notebook) for line in output.get("text", "").splitlines()]
    assert [line for line in printed if len(line) > 80] == []


def test_holds_nothing_of_the_machine_or_the_moment(notebook):
    assert "widgets" not in notebook.metadata
    for cell, output in outputs_of(notebook):
        assert output.output_type != "error" or "raises-exception" in tags(cell), cell.id
        assert output.get("name") != "stderr", cell.id
        assert run.WIDGET_VIEW not in output.get("data", {}), cell.id
        text = json.dumps({k: v for k, v in output.get("data", {}).items() if k != "image/png"}) + output.get(
            "text", ""
        )
        assert not re.search(r"/(home|root|tmp|Users|work)/", text), cell.id


def test_figures_have_the_alt_text_they_give_themselves(notebook):
    figures = [
        (cell, output) for cell, output in outputs_of(notebook) if "image/png" in output.get("data", {})
    ]
    assert figures
    for cell, output in figures:
        alt = cell.metadata["mystnb"]["image"]["alt"]
        assert alt == output.data["text/plain"]
        assert len(alt) > 20, cell.id


def test_lab_is_saved_with_its_picture_and_verdict(notebook):
    labs = [
        output.data["text/html"]
        for _, output in outputs_of(notebook)
        if "text/html" in output.get("data", {})
    ]
    assert labs
    for lab in labs:
        assert lab.startswith("<attention-lab ")
        assert 'src="data:image/png;base64,' in lab
    assert re.search(r'^<attention-lab [^>]*data-found="(\w+)"', labs[0]).group(1) == "true"


# What a chapter writes for its own task under the name that all chapters use.
OWN = {
    *("attention_block", "build_model", "compiled", "measure", "retrain"),
    *("retrainer_for", "retrainer_of", "train", "trial"),
}


def definitions(path):
    """Yield (name, text without comments) for each function and class of a notebook, but for exercises."""
    for cell in code_cells(nbformat.read(path, as_version=4)):
        if cell.id.startswith(("setup", *EXERCISES)) or cell.source.startswith("%%"):
            continue
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield node.name, ast.unparse(node)


def test_functions_of_one_name_are_the_same_in_every_chapter():
    texts = {}
    for path in NOTEBOOKS:
        for name, text in dict(definitions(path)).items():
            texts.setdefault(name, set()).add(text)
    assert {name for name, variants in texts.items() if len(variants) > 1} == OWN


def test_notebook_is_light(notebook):
    assert len(nbformat.writes(notebook)) < 600_000


def test_papers_that_a_chapter_links_are_in_the_bibliography(notebook):
    known = set(re.findall(r"url = \{(.+?)\}", (ROOT / "book" / "references.bib").read_text()))
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    linked = set(re.findall(r"\((https://(?:arxiv\.org|doi\.org|aclanthology\.org)/[^)]+)\)", text))
    assert linked <= known


def test_notebooks_set_themselves_up_alone_in_a_colab_like_folder(tmp_path, monkeypatch):
    """The set-up cell is the same in all (see above), so it runs once, and then the imports of each."""
    for name, value in colab.environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "content").mkdir()
    in_colab = "import sys, types\nsys.modules['google.colab'] = types.ModuleType('google.colab')"
    where = "import helpers\nprint(helpers.__file__)"
    starts = [code_cells(nbformat.read(path, as_version=4))[:2] for path in NOTEBOOKS]
    imports = [imports.source for _, imports in starts]
    cells = [in_colab, starts[0][0].source, where, *imports]
    alone = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
    client = NotebookClient(alone, resources={"metadata": {"path": str(tmp_path / "content")}})
    client.execute(stderr=subprocess.DEVNULL)
    assert alone.cells[2].outputs[0].text.startswith(str(tmp_path / "installed"))
