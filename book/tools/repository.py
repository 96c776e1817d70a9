"""Set the address of the repository where it stands: `make repository URL=…`.

It stands in `_config.yml` and is copied into every notebook's set-up cell, which has to know it
when the notebook is alone on Colab's disk.
"""

import re
import sys
from pathlib import Path

import nbformat

from run import replace

ADDRESS = re.compile(r"https://[\w.-]+/[\w.-]+/[\w.-]+")


def set_address(root, address):
    """Write `address` into `_config.yml` and the notebooks below `root`.

    Raises:
        ValueError: `address` is not https://host/owner/name.
    """
    address = address.removesuffix("/").removesuffix(".git")
    if not ADDRESS.fullmatch(address):
        raise ValueError(f"URL must look like https://github.com/owner/name, got {address!r}")
    config = root / "_config.yml"
    text = config.read_text()
    replace(config, re.sub(r"(?m)^(  url: *)\S+$", rf"\g<1>{address}", text))
    for path in sorted((root / "book").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if "google.colab" in cell.source:
                cell.source = ADDRESS.sub(address, cell.source)
        replace(path, nbformat.writes(notebook) + "\n")


if __name__ == "__main__":
    try:
        set_address(Path(__file__).parents[2], sys.argv[1])
    except (IndexError, ValueError) as error:
        sys.exit(f"make repository: {error}" if str(error) else "make repository: name it, URL=https://…")
