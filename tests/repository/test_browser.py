"""Where the tests' browser comes from: what is taken, what is installed, and what is said when there is none."""

import os
import shutil
import subprocess
from types import SimpleNamespace

import pytest

from tools import browser

DOWNLOAD = "/downloads/chrome"
PLAYWRIGHT = SimpleNamespace(chromium=SimpleNamespace(executable_path=DOWNLOAD))
LACKS = "error while loading shared libraries: libnss3.so"


@pytest.fixture
def machine(monkeypatch):
    """Return a function that stubs a machine with no browser on the PATH, and what is run on it.

    The download answers, each time it is asked to start, with the next of `starts`.
    """

    def stub(starts, *, user=0, tools=("apt-get",)):
        ran, answers, found = [], iter(starts), list(tools)

        def run(command, **_):
            ran.append(" ".join(command[1:] if "playwright" in command else command))
            fault = next(answers) if command[0] == DOWNLOAD else ""
            if "apt-get install" in ran[-1]:
                found.append("chromium")
            return subprocess.CompletedProcess(command, bool(fault), "", fault)

        monkeypatch.setattr(subprocess, "run", run)
        monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}" if name in found else None)
        monkeypatch.setattr(os, "geteuid", lambda: user)
        return ran

    return stub


def test_a_browser_on_the_path_is_taken_as_it_is(machine, capsys):
    ran = machine([], tools=("google-chrome",))
    assert browser.find_chromium(PLAYWRIGHT) == "/bin/google-chrome"
    assert ran == []
    assert capsys.readouterr().out == ""


def test_an_earlier_download_that_starts_is_taken(machine, capsys):
    ran = machine([""])
    assert browser.find_chromium(PLAYWRIGHT) == DOWNLOAD
    assert ran == [f"{DOWNLOAD} --version"]
    assert capsys.readouterr().out == ""


def test_where_there_is_none_or_a_broken_one_playwright_downloads_it(machine, capsys):
    ran = machine(["no such file", ""])
    assert browser.find_chromium(PLAYWRIGHT) == DOWNLOAD
    assert ran == [f"{DOWNLOAD} --version", "-m playwright install chromium", f"{DOWNLOAD} --version"]
    assert capsys.readouterr().out.count("\n") == 1


def test_a_download_that_does_not_start_is_left_for_apt(machine, capsys):
    ran = machine([LACKS, LACKS])
    assert browser.find_chromium(PLAYWRIGHT) == "/bin/chromium"
    assert ran[-2:] == ["apt-get update -q", "apt-get install -y -q chromium"]
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["No", "Installing"]


def test_where_none_can_be_had_each_way_says_why(machine):
    machine([LACKS, LACKS], user=1000)
    with pytest.raises(RuntimeError, match=rf"playwright install chromium: {LACKS}\n.*apt-get needs root"):
        browser.find_chromium(PLAYWRIGHT)
