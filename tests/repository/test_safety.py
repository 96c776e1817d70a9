"""What the book never does: run text as code, load a file that can, start a shell, write text as markup."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from tools.chapters import NOTEBOOKS

ROOT = Path(__file__).parents[2]
PYTHON = sorted(
    path for folder in ("helpers", "tools", "web", "benchmarks") for path in (ROOT / folder).rglob("*.py")
)
PYTHON.remove(ROOT / "tools" / "chapters.py")  # it runs what the notebooks define, which the next test reads
LABS = sorted(path for path in (ROOT / "labs").rglob("*.ts") if "node_modules" not in path.parts)
# What every page sends as it stands here; the built labs are in a folder below.
ASSETS = sorted((ROOT / "web" / "static").glob("*.js"))

# Modules whose files run code when they are read, and calls that take text for code.
LOADERS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"}
CALLS |= {"keras.config.enable_unsafe_deserialization"}
OPTIONS = {("shell", True), ("allow_pickle", True)}

IN_SCRIPTS = re.compile(
    r"\beval\(|new Function|\.(innerHTML|outerHTML|srcdoc)\b|insertAdjacentHTML|document\.write|DOMParser"
)


def dangers(source):
    """Return what in a piece of Python could run what it should only read."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] in LOADERS}
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in LOADERS:
            found.add(node.module)
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            options = {(k.arg, k.value.value) for k in node.keywords if isinstance(k.value, ast.Constant)}
            found |= {name} & CALLS
            found |= {f"{key}={value}" for key, value in options & OPTIONS}
            if name.endswith("load_model") and any(keyword.arg == "safe_mode" for keyword in node.keywords):
                found.add("safe_mode")
    return found


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_only_reads_what_it_reads(path):
    assert dangers(path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_chapters_only_read_what_they_read(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            # Magics are no Python; "pass" keeps the `if` of the set-up cell whole.
            assert dangers(re.sub(r"(?m)^(\s*)%.*$", r"\1pass", cell.source)) == set(), cell.id


@pytest.mark.parametrize("path", [*LABS, *ASSETS], ids=lambda path: path.name)
def test_scripts_write_text_as_text(path):
    assert IN_SCRIPTS.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "eval('1')",
        "import pickle",
        "from joblib import load",
        "keras.models.load_model('a.keras', safe_mode=False)",
        "np.load('a', allow_pickle=True)",
        "subprocess.run('ls', shell=True)",
        "def f():\n    os.system('ls')",
    ],
)
def test_a_danger_would_be_found(source):
    assert len(dangers(source)) == 1
    assert dangers("model.compile('adam'); keras.models.load_model('a.keras')") == set()
