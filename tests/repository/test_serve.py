"""`make book`: how it is served, and what it says where it cannot be."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("port", ["70000", "abc", "-1", ""])
def test_serving_on_what_is_no_port_says_so(port):
    done = subprocess.run(
        [sys.executable, "-m", "tools.serve", ".", port], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr == f"PORT must be a number from 0 to 65535, got {port!r}\n"


def test_serving_on_a_taken_port_names_another():
    script = "import socket; from tools import serve; s = socket.create_server(('127.0.0.1', 0)); serve.serve('.', s.getsockname()[1])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert re.search(r"Cannot serve on port \d+ .*make book PORT=\d+", done.stderr)
