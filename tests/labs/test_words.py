"""What labs say, how they read links, search for dates and ablate, computed in node: no page, no training."""

import json
import subprocess
import types

import numpy as np
import pytest

from helpers import plots
from tools import chapters
from tools.lab_page import LABS, find_node

# Bundles a few lines with the modules that they import.
BUNDLE = """
import { build } from "esbuild";
const stdin = { contents: process.argv[1], loader: "ts", resolveDir: process.cwd() };
await build({ stdin, bundle: true, platform: "node", outfile: process.argv[2], logLevel: "error" });
"""

# TensorFlow.js beside what an expression imports; a page has its own way to find the kernels.
TENSORFLOW = """
import * as tf from "@tensorflow/tfjs-core";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";

async function startTensorFlow() {
    setWasmPaths("node_modules/@tensorflow/tfjs-backend-wasm/dist/");
    await tf.setBackend("wasm");
}
"""


def run_typescript(tmp_path, imports: str, expression: str, *arguments: object):
    """Return what an expression over the labs' own functions gives; `given` in it are the arguments."""
    source = (
        f"{imports}; const given = {json.dumps(arguments)};"
        f"(async () => console.log(JSON.stringify(await ({expression}))))();"
    )
    bundle = tmp_path / "bundle.cjs"
    for command in (["--input-type=module", "-e", BUNDLE, source, bundle], [bundle]):
        done = subprocess.run(
            [find_node(), *command], cwd=LABS, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_percentage_of_a_hundred_is_the_one_the_notebook_says(tmp_path):
    said = run_typescript(
        tmp_path,
        'import { describe } from "./pooling"',
        """Array.from({ length: 101 }, (_, hits) => {
            const weights = Array.from({ length: 100 }, (_, i) => (i < hits ? [0, 1] : [1, 0]));
            return describe(weights, weights.map(() => [1, 1]), weights.map(() => 1)).verdict;
        })""",
    )
    for hits, sentence in enumerate(said):
        weights = np.where(np.arange(100)[:, np.newaxis] < hits, [0, 1], [1, 0])
        assert sentence == plots.keyword_verdict(weights, np.full(100, 1), np.zeros((100, 2)))
        assert f" {hits} % of" in sentence


@pytest.mark.parametrize(
    ("weights", "answers"),
    [
        (np.ones((3, 3)), [[0, 0], [1, 1], [2, 2]]),
        (np.ones((2, 4)), [[0, 0], [0, 1], [1, 1], [1, 3]]),
        ([[0.5, 0.5, 0.0], [0.2, 0.4, 0.4]], [[0, 1], [1, 1]]),
        ([[0.1, 0.3, 0.3, 0.3]], [[0, 1], [0, 3]]),
    ],
)
def test_of_equal_weights_the_first_count_as_in_the_notebook(tmp_path, weights, answers):
    weights = np.asarray(weights)
    verdict = run_typescript(
        tmp_path,
        'import { describeAnswers } from "./src/verdict"',
        "describeAnswers(given[0], given[1], 'row').verdict",
        weights.tolist(),
        answers,
    )
    assert plots.heatmap(weights, answers=answers).alt.endswith(verdict)


SLIDERS = {
    "tenths": ("number", 0, 1, 0.1),
    "hundredths": ("number", 0, 1, 0.01),
    "rates": ("number", 0.0001, 0.01, (0.01 - 0.0001) / 100),
    "threes": ("integer", 0, 10, 3),
    "far": ("integer", 0, 2**53, 1),
}


def read_link(tmp_path, slider, asked):
    kind, low, high, step = SLIDERS[slider]
    control = {"name": "a", "label": "a", "kind": kind, "value": low, "min": low, "max": high, "step": step}
    found = run_typescript(
        tmp_path,
        'import { fromHash } from "./src/state"',
        "given[1].map(asked => fromHash(`#lab?a=${asked}`, 'lab', given[0]))",
        [control],
        asked,
    )
    return [each["settings"]["a"] for each in found], [" ".join(each["refused"]) for each in found]


@pytest.mark.parametrize(
    ("slider", "asked"),
    [
        ("tenths", [f"{k / 10:g}" for k in range(11)]),
        ("hundredths", [f"{k / 100:g}" for k in range(101)]),
        ("rates", ["0.0001", "0.000298", "0.00505", "0.01"]),
        ("threes", ["0", "3", "9"]),
        ("far", [str(2**53 - 1)]),
    ],
)
def test_a_link_may_ask_for_whatever_a_slider_can_show(tmp_path, slider, asked):
    values, refused = read_link(tmp_path, slider, asked)
    assert values == [float(text) for text in asked]
    assert set(refused) == {""}


def test_a_link_to_a_value_between_two_steps_gets_the_nearer_one(tmp_path):
    values, refused = read_link(tmp_path, "threes", ["4", "5", "10", "99", "-1"])
    assert values == [3, 6, 9, 9, 0], "10 is no step from 0 on: no slider shows it"
    assert refused[0] == "The link asks for a “4”; it goes from 0 to 10 in steps of 3, so here it is 3."
    values, refused = read_link(tmp_path, "tenths", ["0.32", "7"])
    assert values == [0.3, 1]
    assert all(refused)


def test_a_date_is_encoded_once_and_leaves_no_tensor_behind(tmp_path):
    found = run_typescript(
        tmp_path,
        TENSORFLOW
        + """
        import { beamSearch } from "./dates";
        import { buildModel } from "./seq2seq";
        import { seededRandom } from "./src/random";

        async function search() {
            await startTensorFlow();
            const model = buildModel("additive", seededRandom(0));
            const before = tf.memory().numTensors;
            let beams;
            const { kernels } = await tf.profile(() => void (beams = beamSearch(model, [1, 3, 4, 5, 2], 3)));
            const reversals = kernels.filter(({ name }) => name === "Reverse").length;
            return { beams, reversals, left: tf.memory().numTensors - before };
        }
        """,
        "search()",
    )
    assert found["reversals"] == 2, (
        "only the encoder reads from the right: its inputs, then its states reversed"
    )
    assert found["left"] == 0
    assert [len(beam["tokens"]) for beam in found["beams"]] == [12] * 3


def test_the_effect_of_each_step_is_the_one_that_chapter_7_computes(tmp_path):
    import keras

    notebook = chapters.definitions("attention_as_explanation")
    generator = np.random.default_rng(0)
    # To each of nine samples the eight donors are all the others, whichever way one counts them.
    x = generator.standard_normal((9, 20)).astype("float32")
    readout = generator.standard_normal((20, 1)).astype("float32")

    def model(inputs):
        logits = keras.ops.matmul(inputs, readout)
        return keras.ops.concatenate([keras.ops.zeros_like(logits), logits], axis=1)

    run = types.SimpleNamespace(models=types.SimpleNamespace(model=model), x=x)
    found = run_typescript(
        tmp_path,
        TENSORFLOW + 'import { effects } from "./explanation"',
        """startTensorFlow().then(() => {
            const [x, readout] = given.map(rows => tf.tensor2d(rows));
            return effects(inputs => ({ weights: inputs, logits: tf.matMul(inputs, readout) }), x.dataSync(), 8);
        })""",
        x.tolist(),
        readout.tolist(),
    )
    np.testing.assert_allclose(found, notebook["effects"](run).mean(axis=0), rtol=1e-4)
