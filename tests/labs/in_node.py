"""The labs' own functions, run in node: no page, no browser, no waiting."""

import json
import re
import subprocess
from pathlib import Path

import numpy as np

from tools.lab_page import LABS, build_kernels, find_node

# Bundles a few lines with the modules that they import.
BUNDLE = """
import { build } from "esbuild";
const stdin = { contents: process.argv[1], loader: "ts", resolveDir: process.cwd() };
await build({ stdin, bundle: true, platform: "node", outfile: process.argv[2], logLevel: "error" });
"""

# What an expression may use: the arguments as `given`, and both sets of kernels.
PRELUDE = """
import { readFileSync } from "node:fs";
import { javascriptKernels } from "./engine/javascript/kernels";
import { wasmKernels } from "./engine/load";

const given = JSON.parse(readFileSync(0, "utf8"));
const kernels = {
    wasm: () => wasmKernels(readFileSync("engine/build/kernels.wasm")),
    javascript: () => javascriptKernels(),
};
"""


def run_typescript(folder: Path, imports: str, expression: str, *arguments: object):
    """Return what an expression over the labs' own functions gives.

    Args:
        folder: where the program is put; one that is there already is used again.
        imports: import statements, relative to the labs' folder, and definitions.
        expression: may be a promise; what it gives must be JSON.
        *arguments: what `given` is in it.
    """
    build_kernels()
    source = f"{PRELUDE}\n{imports}\n(async () => console.log(JSON.stringify(await ({expression}))))();"
    program = folder / f"{abs(hash(source))}.cjs"
    if not program.exists():
        _node("--input-type=module", "-e", BUNDLE, source, str(program))
    # What JavaScript has no number for comes as null.
    return json.loads(_node(str(program), given=arguments))


def _node(*command: str, given: object = None) -> str:
    done = subprocess.run(
        [find_node(), *command],
        cwd=LABS,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def train_handed(folder: Path, job: dict, kernels: str = "wasm") -> dict:
    """Train a lab's model in node on weights and data from here; return losses, weights and gradients."""
    return run_typescript(
        folder,
        'import { trainHanded } from "./harness/train_handed";',
        "Promise.resolve(kernels[given[1]]()).then(loaded => trainHanded(loaded, given[0]))",
        job,
        kernels,
    )


def flat(weights) -> list[list[float]]:
    """A model's weights, or anything in their order, as the labs take them: each flat."""
    return [np.asarray(weight).ravel().tolist() for weight in weights]


def assert_close(found: list, expected: list, names: list[str], **tolerance) -> None:
    """Compare what `flat` gives, weight by weight."""
    for name, one, other in zip(names, found, expected, strict=True):
        np.testing.assert_allclose(one, other, **tolerance, err_msg=name)


def names_of(model) -> list[str]:
    """What each weight of a Keras model is called, for messages."""
    return [re.sub(r"_\d+/", "/", weight.path) for weight in model.trainable_weights]
