"""The record of timings: what one run kept, another can be compared with."""

import re

import pytest

from benchmarks import record


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setattr(record, "RECORD", tmp_path / "record.jsonl")


def test_two_commits_are_set_side_by_side(monkeypatch, capsys):
    for commit, seconds in (("aaa1", 9.0), ("aaa1", 2.0), ("bbb2+", 0.5)):
        monkeypatch.setattr(record, "commit", lambda commit=commit: commit)
        record.append({"a move": [seconds, "s", "at most 1 s"], "torch": [None, "s", ""]})
    assert [run["commit"] for run in record.runs()] == ["aaa1", "aaa1", "bbb2+"]
    record.compare("aaa", "bbb")
    head, move, torch = capsys.readouterr().out.splitlines()
    assert head.split() == ["aaa1", "bbb2+", "new", "/", "old"]
    assert re.fullmatch(r"a move +2\.000 s +0\.500 s +0\.25   at most 1 s", move)
    assert torch.split() == ["torch", "not", "measured", "not", "measured"]


def test_a_figure_that_is_new_has_no_ratio(monkeypatch, capsys):
    monkeypatch.setattr(record, "commit", lambda: "old")
    record.append({})
    monkeypatch.setattr(record, "commit", lambda: "new")
    record.append({"kernel, pages": [12.3, "kB", ""]})
    record.compare("old", "new")
    assert capsys.readouterr().out.splitlines()[1].split() == [
        "kernel,",
        "pages",
        "not",
        "measured",
        "12.3",
        "kB",
    ]


def test_a_commit_without_a_run_is_named(monkeypatch):
    monkeypatch.setattr(record, "commit", lambda: "abc")
    record.append({})
    for named in ("xyz", ""):
        said = f"new must be a commit that was measured, got '{named}'; there are: abc"
        with pytest.raises(ValueError, match=said):
            record.compare("abc", named)


def test_the_commit_is_that_of_the_checkout():
    assert re.fullmatch(r"[0-9a-f]{7,}\+?", record.commit())
