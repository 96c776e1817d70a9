"""The files around the book: workflows, licences, citation, logo, and the lock of the dependencies."""

import datetime
import itertools
import os
import re
import subprocess
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers.palette import DARK, LIGHT

ROOT = Path(__file__).parents[2]
WORKFLOWS = {path.name: path for path in sorted((ROOT / ".github/workflows").glob("*.y*ml"))}
SVG = "{http://www.w3.org/2000/svg}"
DRAWING = {"svg", "title", "style", "g", "path", "text"}


def read_workflow(name):
    workflow = yaml.safe_load(WORKFLOWS[name].read_text(encoding="utf-8"))
    workflow["on"] = workflow.pop(True)  # YAML 1.1 reads the word "on" as true
    return workflow


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def commands(job):
    return [step["run"] for step in job["steps"] if "run" in step]


def python_version(job):
    return next(
        step["with"]["python-version"] for step in job["steps"] if "setup-python@" in step.get("uses", "")
    )


# ---- workflows


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_pinned_by_commit_and_names_its_version(name):
    lines = [line for line in WORKFLOWS[name].read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert len(lines) == sum("uses" in step for step in steps(read_workflow(name))) > 0
    for line in lines:
        assert re.fullmatch(r"\s+(- )?uses: actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_an_action_is_pinned_to_one_commit_in_every_workflow():
    text = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS.values())
    pins = set(re.findall(r"uses: ([\w/-]+)@(.*)", text))
    assert len(pins) == len({action for action, _ in pins}), sorted(pins)


def test_workflows_have_only_the_permissions_they_need():
    granted = {}
    for name in WORKFLOWS:
        workflow = read_workflow(name)
        assert workflow["permissions"] == {"contents": "read"}, name
        for job, body in workflow["jobs"].items():
            if "permissions" in body:
                granted[name, job] = body["permissions"]
    assert granted == {("publish.yml", "deploy"): {"pages": "write", "id-token": "write"}}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_workflow_can_be_made_to_leak_or_to_hang(name):
    workflow = read_workflow(name)
    assert set(workflow["on"]) <= {"push", "pull_request", "schedule", "workflow_dispatch"}
    assert "secrets" not in WORKFLOWS[name].read_text(encoding="utf-8")
    assert workflow["concurrency"]["group"]
    for job in workflow["jobs"].values():
        assert 0 < job["timeout-minutes"] <= 60
        assert "latest" not in job["runs-on"]
    for step in steps(workflow):
        assert "${{" not in step.get("run", ""), "pass it by env: an expression in a script runs as code"
        if "actions/checkout@" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


def runs(workflow):
    """Return what a workflow runs, as (system, Python, command)."""
    found = set()
    for job in workflow["jobs"].values():
        python, system = python_version(job), job["runs-on"].split("-")[0]
        matrix = job.get("strategy", {}).get("matrix", {})
        pythons = matrix["python"] if python == "${{ matrix.python }}" and "python" in matrix else [python]
        found |= set(itertools.product([system], pythons, commands(job)))
    return found


PERMIT = "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"


def test_every_push_runs_the_whole_on_one_python_and_one_system():
    workflow = read_workflow("test.yml")
    assert workflow["on"] == {"push": {"branches": ["main"]}, "pull_request": None}
    assert workflow["concurrency"]["cancel-in-progress"] is True
    assert runs(workflow) == {("ubuntu", "3.12", PERMIT), ("ubuntu", "3.12", "make test")}


# No make there: what sets up, and what can be tested without process groups.
ON_WINDOWS = [
    "python -m pip install --require-hashes --no-deps -r requirements.lock",
    "python -m pip install --no-deps --no-build-isolation --editable .",
    "python -m pytest tests/helpers --ignore tests/helpers/test_workers.py",
    'python -m pytest --nbval-lax --nbval-current-env book --ignore-glob="*beyond_one_machine.ipynb"',
]


def test_every_week_runs_on_the_other_pythons_and_systems_in_front_ends_and_webkit_and_asks_for_faults():
    workflow = read_workflow("weekly.yml")
    assert workflow["on"].keys() == {"schedule", "workflow_dispatch"}
    (schedule,) = workflow["on"]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", schedule["cron"])
    del workflow["jobs"]["releases"]  # the next test's
    assert runs(workflow) == {
        *itertools.product(["ubuntu"], ["3.11", "3.13"], [PERMIT, "make test"]),
        ("macos", "3.12", "make test"),
        *itertools.product(["windows"], ["3.12"], ON_WINDOWS),
        ("ubuntu", "3.12", "make test-colab"),
        ("ubuntu", "3.12", "make test-frontends"),
        ("ubuntu", "3.12", "sudo apt-get update && sudo apt-get install --yes webkit2gtk-driver xvfb"),
        ("ubuntu", "3.12", "make test-webkit"),
        ("ubuntu", "3.12", "make audit"),
    }


def test_every_week_the_oldest_and_the_newest_releases_are_resolved_anew():
    job = read_workflow("weekly.yml")["jobs"]["releases"]
    ends = {end["resolution"]: end["python"] for end in job["strategy"]["matrix"]["include"]}
    assert ends == {"highest": "3.13", "lowest-direct": "3.11"}
    assert commands(job) == ["make test-releases"]
    assert job["steps"][-1]["env"] == {"RESOLUTION": "${{ matrix.resolution }}"}
    for resolution in ends:
        said = subprocess.run(
            ["make", "--dry-run", "test-releases"],
            cwd=ROOT,
            env={**os.environ, "RESOLUTION": resolution},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert f"--resolution {resolution} -r requirements.txt" in said
        assert f"/.venv-{resolution}/bin/python" in said


def test_publishing_stamps_the_address_builds_and_deploys_from_main_only():
    workflow = read_workflow("publish.yml")
    assert workflow["on"] == {"push": {"branches": ["main"]}, "workflow_dispatch": None}
    build, deploy = workflow["jobs"]["build"], workflow["jobs"]["deploy"]
    assert commands(build) == ['make repository URL="$REPOSITORY_URL"', "make site"]
    stamp = next(step for step in build["steps"] if "repository" in step.get("run", ""))
    assert stamp["env"] == {"REPOSITORY_URL": "${{ github.server_url }}/${{ github.repository }}"}
    assert build["steps"][-1]["uses"].startswith("actions/upload-pages-artifact@")
    assert build["steps"][-1]["with"] == {"path": "_build/html"}
    assert deploy["needs"] == "build"
    assert deploy["if"] == "github.ref == 'refs/heads/main'"
    assert deploy["environment"]["name"] == "github-pages"
    assert [step["uses"].split("@")[0] for step in deploy["steps"]] == ["actions/deploy-pages"]


def test_every_make_target_that_a_workflow_calls_is_in_the_makefile():
    called = {
        command.split()[1]
        for name in WORKFLOWS
        for job in read_workflow(name)["jobs"].values()
        for command in commands(job)
        if command.startswith("make ")
    }
    targets = re.findall(r"^([a-z-]+):(?!=)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert called <= set(targets), f"not in the Makefile: {sorted(called - set(targets))}"


def test_contributors_are_told_of_every_test_there_is():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    rules = re.findall(r"^(test[a-z -]*):", makefile, re.MULTILINE)
    targets = " ".join(rules).split()
    assert len(targets) > 8
    text = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
    assert [target for target in targets if f"`make {target}`" not in text] == []


def test_every_room_says_who_lives_there_in_fifteen_lines():
    for room in ("benchmarks", "book", "tests", "tools", "web"):
        lines = (ROOT / room / "README.md").read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("# ")
        assert 5 < len(lines) <= 15, room
        assert any(line.startswith("- **Another ") for line in lines), room


# ---- licences and citation


def test_license_says_which_of_the_two_licences_applies_to_what():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    summary, mit = text.split("-" * 80)
    assert re.search(r"code is under the MIT License", summary)
    assert re.search(r"text and the figures are under the Creative Commons Attribution 4\.0", summary)
    assert "https://creativecommons.org/licenses/by/4.0/legalcode" in summary
    assert mit.strip().startswith("MIT License\n\nCopyright (c) 2026 The Attention by Experiment authors")
    assert "Permission is hereby granted, free of charge" in mit
    assert 'THE SOFTWARE IS PROVIDED "AS IS"' in mit


def test_citation_holds_what_its_format_asks_for_and_agrees_with_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert citation["message"]
    assert citation["title"].startswith("Attention by Experiment")
    assert citation["authors"] == [{"name": "The Attention by Experiment authors"}]
    assert str(citation["version"]) == package["version"]
    assert citation["license"] == package["license"] == "MIT"
    assert isinstance(citation["date-released"], datetime.date)
    assert re.fullmatch(r"https://[\w.-]+/[\w.-]+/[\w.-]+", citation["repository-code"])


# ---- logo and favicon


@pytest.mark.parametrize(
    ("name", "palette"),
    [
        ("logo.svg", set(LIGHT.values())),
        ("logo-dark.svg", set(DARK.values())),
        ("favicon.svg", {*LIGHT.values(), *DARK.values()}),
    ],
)
def test_pictures_are_self_contained_titled_and_in_the_colours_of_the_book(name, palette):
    path = ROOT / "web/static" / name
    text = path.read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert root.find(f"{SVG}title").text == "Attention by Experiment"
    _, _, width, height = map(float, root.get("viewBox").split())
    assert (float(root.get("width")), float(root.get("height"))) == (width, height)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= DRAWING
    for element in root.iter():
        for attribute in element.attrib:
            assert not attribute.startswith("on"), attribute
            assert not attribute.endswith("href"), attribute
    outside = text.replace('xmlns="http://www.w3.org/2000/svg"', "", 1)
    assert not re.search(r"//|url\(|@import|data:|<!", outside)
    colours = set(re.findall(r"#[0-9a-fA-F]+", text))
    assert colours
    assert colours <= palette, sorted(colours - palette)
    assert path.stat().st_size < 2000


def test_favicon_follows_the_reader_into_the_dark():
    text = (ROOT / "web/static/favicon.svg").read_text(encoding="utf-8")
    light, dark = text.split("prefers-color-scheme: dark")
    for tone in ("weight", "answer"):
        assert LIGHT[tone] in light
        assert DARK[tone] in dark


# ---- dependencies


def read_requirements():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]


def read_lock():
    """Return the lock's entries as pairs of a requirement and the options that follow it."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    lines = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    entries = [line.partition(" --") for line in lines if line.strip()]
    return [(Requirement(requirement), f"--{options}".split()) for requirement, _, options in entries]


def environments():
    """Yield what markers see on each Python and each system that the book supports."""
    pythons = ("3.11.0", "3.11.14", "3.12.0", "3.12.12", "3.13.0", "3.13.9")
    systems = (
        ("linux", "Linux", "posix", "x86_64"),
        ("darwin", "Darwin", "posix", "arm64"),
        ("win32", "Windows", "nt", "AMD64"),
    )
    for python, (sys_platform, platform_system, os_name, machine) in itertools.product(pythons, systems):
        yield {
            "python_version": python.rpartition(".")[0],
            "python_full_version": python,
            "implementation_version": python,
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "sys_platform": sys_platform,
            "platform_system": platform_system,
            "os_name": os_name,
            "platform_machine": machine,
        }


def applies(requirement, environment):
    return requirement.marker is None or requirement.marker.evaluate(environment)


def test_the_lock_names_no_host():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"index-url|find-links|trusted-host|^-", text, re.MULTILINE)
    assert [requirement.name for requirement, _ in read_lock() if requirement.url] == []


def test_the_lock_pins_every_version_with_its_hashes():
    lock = read_lock()
    assert len(lock) > 100
    for requirement, options in lock:
        assert [specifier.operator for specifier in requirement.specifier] == ["=="], requirement
        assert "*" not in str(requirement.specifier), requirement
        assert options, requirement
        for option in options:
            assert re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", option), (requirement, option)


def test_whatever_is_installed_by_hash_is_audited():
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", "")
    installed = set(re.findall(r"--require-hashes .*?-r (\S+)", text))
    assert installed == {"requirements.lock", "labs/requirements.txt"}
    assert set(re.findall(r"--requirement (\S+)", text)) == installed


def test_every_direct_dependency_is_locked_within_its_range_on_every_python_and_system():
    lock = [requirement for requirement, _ in read_lock()]
    requirements = read_requirements()
    assert len(requirements) > 10
    for environment, wanted in itertools.product(environments(), requirements):
        if not applies(wanted, environment):
            continue
        where = f"{wanted} on {environment['python_full_version']}, {environment['sys_platform']}"
        found = [
            entry
            for entry in lock
            if entry.name == canonicalize_name(wanted.name) and applies(entry, environment)
        ]
        assert len(found) == 1, f"{where}: {len(found)} entries"
        version = str(found[0].specifier).removeprefix("==")
        assert wanted.specifier.contains(version, prereleases=True), f"{where}: {version}"


def test_a_package_locked_in_several_versions_has_exactly_one_for_each_python():
    lock = [requirement for requirement, _ in read_lock()]
    several = {entry.name for entry in lock if sum(entry.name == other.name for other in lock) > 1}
    assert "numpy" in several
    for environment, name in itertools.product(environments(), sorted(several)):
        found = [str(entry) for entry in lock if entry.name == name and applies(entry, environment)]
        assert len(found) == 1, (name, environment["python_full_version"], environment["sys_platform"], found)


def test_colabs_versions_are_the_oldest_that_the_ranges_admit():
    """So `make test-colab` runs the book on the oldest, as `make test` does on the newest at the lock's time."""
    ranges = {requirement.name: requirement.specifier for requirement in read_requirements()}
    lines = (ROOT / "tests" / "repository" / "colab.txt").read_text(encoding="utf-8").splitlines()
    pinned = {name: version for name, _, version in (line.partition("==") for line in lines) if version}
    assert {"tensorflow", "keras", "numpy", "matplotlib", "babel", "ipywidgets", "ipykernel"} <= pinned.keys()
    for name in pinned.keys() & ranges.keys():
        (oldest,) = [bound.version for bound in ranges[name] if bound.operator == ">="]
        assert ranges[name].contains(pinned[name])
        assert f"{pinned[name]}.".startswith(f"{oldest}."), name
