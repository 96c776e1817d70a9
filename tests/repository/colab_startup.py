"""Put into the kernels of `make test-colab`: a stand-in for the module that tells Colab apart.

It is there while a notebook's set-up cell runs, and gone after it: in Colab a lab shows its
widgets alone, and strict comparison would miss the element for the site.
"""

import sys
import types


def leave(result):
    if result.info.raw_cell.startswith("import sys\n"):
        sys.modules.pop("google.colab", None)


sys.modules["google.colab"] = types.ModuleType("google.colab")
get_ipython().events.register("post_run_cell", leave)  # noqa: F821
