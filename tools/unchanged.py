"""A pytest plugin: where nothing but prose changed since everything passed, test what reads prose, and say so.

`make test` turns it on with `--unless-unchanged FILE`, which keeps a digest of all that was tested when all of it
passed. On a continuous-integration machine (`CI` is set) and with `FRESH=1` nothing is left out.
"""

import hashlib
import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
READS_PROSE = (
    "tests/web/",
    "tests/chapters/test_book.py",
    "tests/chapters/test_exercises.py",
    "tests/chapters/test_listings.py",
    "tests/chapters/test_prose.py",
    "tests/chapters/test_questions.py",
    "tests/repository/test_frame.py",
    "tests/repository/test_renumber.py",
)


def digest(root):
    """Return a digest of all files of the checkout at `root` but their prose: Markdown, in pages and in notebooks."""
    listed = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0")
    summary = hashlib.sha256()
    for name in sorted(filter(None, names)):
        path = Path(root) / name
        if path.suffix != ".md" and path.is_file():
            summary.update(f"{name}\0".encode() + hashlib.sha256(_tested(path)).digest())
    return summary.hexdigest()


def _tested(path):
    if path.suffix != ".ipynb":
        return path.read_bytes()
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return json.dumps([cells, notebook["metadata"]], sort_keys=True).encode()


def pytest_addoption(parser):
    """Add the option that turns the plugin on."""
    parser.addoption("--unless-unchanged", metavar="FILE", help="leave out what passed since it last changed")


def _passed(config):
    """Return the file that remembers what passed, or None where nothing may be left out."""
    name = config.getoption("--unless-unchanged")
    return None if name is None or "CI" in os.environ or "FRESH" in os.environ else ROOT / name


def _unchanged(config):
    passed = _passed(config)
    return passed is not None and passed.is_file() and passed.read_text() == digest(ROOT)


def pytest_collection_modifyitems(config, items):
    """Keep what reads prose, where all else passed as it stands."""
    if _unchanged(config):
        out = [item for item in items if not item.nodeid.startswith(READS_PROSE)]
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item.nodeid.startswith(READS_PROSE)]


def pytest_report_header(config):
    """Say that most is left out, and how to run it all the same."""
    if _unchanged(config):
        return (
            f"Nothing but prose changed since all tests passed: only {', '.join(READS_PROSE)} run. "
            "All run with FRESH=1 make test."
        )


def pytest_sessionfinish(session, exitstatus):
    """Remember what passed; only where all of it ran or had passed before."""
    passed = _passed(session.config)
    worker = hasattr(session.config, "workerinput")
    if passed is not None and not worker and exitstatus == 0:
        passed.write_text(digest(ROOT))
