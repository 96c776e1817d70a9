"""Run the tests of helpers, and every notebook as Colab would: alone, set up by its own first cell.

`make test-colab` runs this with Colab's versions, `make test-releases` with the oldest and the newest;
`test_book.py` runs the set-up alone with ours.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
HELPERS_TESTS = [
    *(
        f"tests/helpers/test_{name}.py"
        for name in (
            *("activations", "checks", "data", "dates", "diagram", "live", "plots", "text", "training"),
            "workers",
        )
    ),
    "tests/chapters/test_exercises.py",
]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]


def make_repository(folder):
    """Make a git repository of the working tree's helpers, as pip would find it on the web."""
    shutil.copytree(ROOT / "helpers", folder / "helpers", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, folder)
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org", "-C", str(folder)]
    subprocess.run([*git, "init", "--quiet", "--initial-branch", CONFIG["branch"]], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "stand-in"], check=True)


def environment(folder):
    """Return the variables with which a kernel's `%pip install git+https://…` takes the working tree.

    Args:
        folder: an empty folder; it gets a git repository and the place pip installs to.
    """
    repository, installed = folder / "repository", folder / "installed"
    repository.mkdir()
    installed.mkdir()
    make_repository(repository)
    (folder / "gitconfig").write_text(f'[url "file://{repository}"]\n    insteadOf = {CONFIG["url"]}\n')
    return {
        "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"),
        "PIP_TARGET": str(installed),
        "PIP_UPGRADE": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads this one the other way round: no isolation
        "PYTHONPATH": str(installed),
    }


def main(python):
    """Run all notebooks, strictly compared, with the interpreter `python`; return the exit code."""
    pytest = [python, "-m", "pytest", "--quiet", "-p", "no:cacheprovider"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        variables = environment(folder)
        profile = folder / "ipython" / "profile_default"
        (profile / "startup").mkdir(parents=True)
        shutil.copy(ROOT / "tests" / "repository" / "colab_startup.py", profile / "startup")
        shutil.copy(ROOT / "tools" / "ipython_kernel_config.py", profile)
        plugins = folder / "plugins"
        plugins.mkdir()
        shutil.copy(ROOT / "tools" / "comparison.py", plugins)
        print("The tests of helpers, on these versions", flush=True)
        here = {**os.environ, "PYTHONPATH": str(ROOT)}
        results = [subprocess.run([*pytest, *HELPERS_TESTS], cwd=ROOT, env=here).returncode]
        strict = [
            *("-p", "comparison"),
            "--nbval",
            "--nbval-current-env",
            "--nbval-sanitize-with",
            ROOT / "tests" / "chapters" / "nbval.cfg",
        ]
        paths = os.pathsep.join([str(plugins), variables["PYTHONPATH"]])
        alone = {**os.environ, **variables, "PYTHONPATH": paths, "IPYTHONDIR": str(profile.parent)}
        for notebook in sorted((ROOT / "book").glob("*.ipynb")):
            print(f"{notebook.name}, alone on its disk", flush=True)
            place = folder / notebook.stem
            place.mkdir()
            shutil.copy(notebook, place)
            done = subprocess.run([*pytest, *strict, notebook.name], cwd=place, env=alone)
            results.append(done.returncode)
    return max(results, default=1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
