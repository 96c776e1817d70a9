"""Set the address of the repository where it stands: `make repository URL=…`.

It stands in `_config.yml`, and with it the address of the site, which GitHub makes of it. The
notebooks' set-up cells repeat it, as they must know it when the notebook is alone on Colab's disk; so
do the commands that readers copy.
"""

import re
import sys
from pathlib import Path

from tools.run import replace

ADDRESS = re.compile(r"https://[\w.-]+/[\w.-]+/[\w.-]+")


def set_address(root, address):
    """Replace the address that stands in `_config.yml` below `root`, there and wherever it is named.

    Raises:
        ValueError: `address` is not https://host/owner/name.
    """
    address = address.removesuffix("/").removesuffix(".git")
    if not ADDRESS.fullmatch(address):
        raise ValueError(f"URL must look like https://github.com/owner/name, got {address!r}")
    old = re.search(r"(?m)^  url: *(\S+)$", (root / "_config.yml").read_text()).group(1)
    pages = [root / "book" / "index.md", *sorted((root / "book").glob("*.ipynb"))]
    # The configuration comes last: interrupted before, the command can be repeated.
    for path in [root / "README.md", root / "CITATION.cff", *pages, root / "_config.yml"]:
        replace(path, path.read_text().replace(site(old), site(address)).replace(old, address))


def site(address):
    """Return where GitHub Pages shows the site of a repository; an owner's own one has no folder."""
    owner, name = address.split("/")[-2:]
    host = f"{owner}.github.io"
    return f"https://{host}/" if name.lower() == host.lower() else f"https://{host}/{name}/"


if __name__ == "__main__":
    try:
        set_address(Path(__file__).parents[1], sys.argv[1])
    except ValueError as error:
        sys.exit(f"make repository: {error}")
