"""`make repository`: the address stands in one form, and one command sets it everywhere."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from tools import repository, run
from tools.chapters import NOTEBOOKS

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text())
ADDRESS = CONFIG["repository"]["url"]


def test_repository_address_stands_in_one_form():
    """Each of these names the repository, and names the one of _config.yml."""
    name = ADDRESS.rsplit("/", 1)[1]
    for path in [*NOTEBOOKS, ROOT / "README.md", ROOT / "book" / "index.md", ROOT / "CITATION.cff"]:
        text = path.read_text()
        found = set(re.findall(rf"https://github\.com/[\w.-]+/{name}", text))
        assert ADDRESS in text, f"{path.name} does not name {ADDRESS}"
        assert found <= {ADDRESS}, f"{path.name} names {found}; run: make repository URL={ADDRESS}"


def test_the_site_and_the_epub_are_where_the_repository_publishes_them():
    site = repository.site(ADDRESS)
    assert CONFIG["html"]["baseurl"] == site
    assert CONFIG["sphinx"]["config"]["epub_identifier"] == site


def copy_of_the_book(folder):
    (folder / "book").mkdir()
    for name in ("_config.yml", "README.md", "CITATION.cff"):
        shutil.copy(ROOT / name, folder)
    for path in [*NOTEBOOKS, ROOT / "book" / "index.md"]:
        shutil.copy(path, folder / "book")


def test_make_repository_sets_the_address_everywhere(tmp_path):
    copy_of_the_book(tmp_path)
    repository.set_address(tmp_path, "https://github.com/someone/attention-course.git")
    texts = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(ADDRESS in text for text in texts)
    assert all("https://github.com/someone/attention-course" in text for text in texts)
    config = yaml.safe_load((tmp_path / "_config.yml").read_text())
    assert config["repository"]["branch"] == "main"
    assert config["html"]["baseurl"] == "https://someone.github.io/attention-course/"


def test_make_repository_can_be_repeated_when_it_was_interrupted(tmp_path, monkeypatch):
    copy_of_the_book(tmp_path)
    written = []

    def interrupted(path, text):
        if written:
            raise KeyboardInterrupt
        written.append(run.replace(path, text))

    monkeypatch.setattr(repository, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        repository.set_address(tmp_path, "https://github.com/someone/course")
    monkeypatch.setattr(repository, "replace", run.replace)
    repository.set_address(tmp_path, "https://github.com/someone/course")
    assert not any(ADDRESS in path.read_text() for path in tmp_path.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "address", ["", "github.com/a/b", "https://github.com/a", "https://x.org/a/b; rm -rf"]
)
def test_make_repository_refuses_other_addresses(tmp_path, address):
    copy_of_the_book(tmp_path)
    with pytest.raises(ValueError, match="URL must look like"):
        repository.set_address(tmp_path, address)
    assert ADDRESS in (tmp_path / "_config.yml").read_text()


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("https://github.com/ann/book", "https://ann.github.io/book/"),
        ("https://github.com/ann/ann.github.io", "https://ann.github.io/"),
        ("https://github.com/Ann/ann.github.io", "https://Ann.github.io/"),
    ],
)
def test_an_address_is_set_with_its_site_and_changed_again(tmp_path, address, site):
    (tmp_path / "book").mkdir()
    names = ("_config.yml", "README.md", "CITATION.cff", "book/index.md")
    for name in names:
        (tmp_path / name).write_text(
            "  url: https://github.com/OWNER/name\nsite: https://OWNER.github.io/name/\n"
        )
    for wanted, home in ((address, site), ("https://github.com/bob/b", "https://bob.github.io/b/")):
        repository.set_address(tmp_path, wanted)
        for name in names:
            assert (tmp_path / name).read_text() == f"  url: {wanted}\nsite: {home}\n"
