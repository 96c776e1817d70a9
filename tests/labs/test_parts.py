"""What labs are made of, computed in node: data, plans, findings and words, without a page."""

import re
import types

import numpy as np
import pytest

from tests.labs.in_node import run_typescript
from tools import chapters, labs

TRAINED = [name for name, lab in labs.LABS.items() if lab.draws]

LABS = """
import { labs } from "./chapters/labs";
import { adam, Arena, Parameters, reshape, layer, parameter, matmul, meanSquaredError } from "./engine";
import { seededRandom } from "./shared/random";
import { prepare, train } from "./worker/training";

const optionsOf = (name, settings) => ({ ...labs[name].constants, ...settings });
const list = (record) => Object.values(record).map((values) => Array.from(values));
/** All reports of a training, and the last findings. */
function trained(kernels, name, settings) {
    const reports = [...train(new Arena(kernels), labs[name], optionsOf(name, settings))];
    return { reports: reports.map(({ progress }) => progress), findings: reports.at(-1).findings };
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("programs")


def defaults(name: str) -> dict:
    return {control["name"]: control["value"] for control in labs.controls(name).values()}


# ---- Every lab --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TRAINED)
def test_a_lab_finds_its_answers_wherever_its_row_says(folder, name):
    row = labs.LABS[name]
    settings = [{**defaults(name), row.control: move} for move in row.moves]
    found = run_typescript(
        folder,
        LABS,
        "kernels.wasm().then(loaded => given[1].map(settings => trained(loaded, given[0], settings).findings))",
        name,
        [defaults(name), *settings],
    )
    for findings in found:
        assert findings["found"] is True, findings["verdict"]
        assert findings["margin"] >= 0.05


# Quickly trained, and not enough to find anything.
SHORT = {"epochs": 1, "num_samples": 256, "num_held_out": 100}


@pytest.mark.parametrize("name", TRAINED)
def test_both_sets_of_kernels_show_the_same_picture(folder, name):
    wasm, javascript = run_typescript(
        folder,
        LABS,
        """Promise.all([kernels.wasm(), kernels.javascript()]).then(sets =>
            sets.map(loaded => trained(loaded, given[0], given[1])))""",
        name,
        {**defaults(name), **SHORT},
    )
    assert wasm["findings"]["verdict"] == javascript["findings"]["verdict"]
    one, other = (result["findings"]["picture"] for result in (wasm, javascript))
    for a, b in zip(
        one.get("panels") or one["samples"], other.get("panels") or other["samples"], strict=True
    ):
        np.testing.assert_allclose(a["weights"], b["weights"], atol=1e-3)


@pytest.mark.parametrize("name", TRAINED)
def test_samples_judged_on_are_none_of_those_trained_on(folder, name):
    training, held_out, rows = run_typescript(
        folder,
        LABS,
        """(({ training, heldOut }, inputs) => [
            Array.from(training.x), Array.from(heldOut.x), inputs.x.reduce((size, length) => size * length, 1),
        ])(labs[given[0]].data(optionsOf(given[0], given[1]), seededRandom(0)), labs[given[0]].inputs(optionsOf(given[0], given[1])))""",
        name,
        defaults(name),
    )
    seen = {tuple(row) for row in np.reshape(training, (-1, rows))}
    both = sum(tuple(row) in seen for row in np.reshape(held_out, (-1, rows)))
    # Of short texts a few are drawn twice.
    assert both <= 0.02 * len(held_out) / rows
    assert len(seen) >= len(held_out) / rows


# Some settings show in some others only.
WITH = {("self_attention", "shift"): {"task": "shift"}}


@pytest.mark.parametrize("name", TRAINED)
def test_every_control_changes_what_is_asked_for(folder, name):
    base, others = {**defaults(name), **SHORT, "num_held_out": 2}, []
    for control in labs.controls(name).values():
        if control["name"] in SHORT or control["name"] == "ablate":
            continue
        start = {**base, **WITH.get((name, control["name"]), {})}
        other = next(value for value in labs.offered(control) if value != control["value"])
        others.append((control["name"], start, {**start, control["name"]: other}))
    # What two steps make of the first weights, on the data: all that a training is.
    asked = run_typescript(
        folder,
        LABS,
        """kernels.wasm().then(loaded => given[1].map(pair => pair.map(settings => {
            const [lab, options] = [labs[given[0]], optionsOf(given[0], settings)];
            const { training } = lab.data(options, seededRandom(options.seed));
            return lab.plan(options).runs.map(({ optimizer, batchSize }) => {
                const model = lab.build(options, seededRandom(options.seed));
                const { parameters, training: trainer } = prepare(new Arena(loaded), lab, options, model, optimizer);
                for (const _ of [1, 2]) trainer.step(training);
                return [batchSize, list(parameters.getWeights())];
            });
        })))""",
        name,
        [[start, changed] for _, start, changed in others],
    )
    assert [
        control for (control, _, _), (start, changed) in zip(others, asked, strict=True) if start == changed
    ] == []


@pytest.mark.parametrize("name", [name for name in TRAINED if "epochs" in labs.controls(name)])
def test_as_many_epochs_are_trained_as_asked_for(folder, name):
    for epochs in (1, 3):
        result = run_typescript(
            folder,
            LABS,
            "kernels.wasm().then(loaded => trained(loaded, given[0], given[1]))",
            name,
            {**defaults(name), **SHORT, "epochs": epochs},
        )
        last = result["reports"][-1]
        assert last["finished"]
        assert last["epoch"] == last["epochs"] == epochs
        assert len(last["losses"]) == 1 + epochs


# ---- The loop ---------------------------------------------------------------------------------------

# A model of one number w, which is drawn to the mean of the targets; it reports what it is shown.
SPY = """
const shown = [];
const spy = {
    constants: {},
    data: () => ({ training: samples(given[0], 1), heldOut: samples(given[1], 2) }),
    build() {
        const weights = { w: parameter([1, 1], [0]) };
        return { line: layer(weights, x => matmul(x, weights.w)) };
    },
    inputs: () => ({ x: [1] }),
    targets: () => [1],
    call: (model, { x }) => ({ weights: x, logits: model.line(x) }),
    loss: () => meanSquaredError,
    plan: () => ({ epochs: given[2], runs: [{ optimizer: adam(0), batchSize: given[3] }] }),
    findings({ runs, heldOut, isFinished }) {
        shown.push([heldOut.x.length, Math.min(...heldOut.x), isFinished]);
        return {};
    },
};
// x is 1 or 2 by what the samples are for; the targets count the samples.
const samples = (count, value) => ({
    x: new Float32Array(count).fill(value),
    y: Float32Array.from({ length: count }, (_, i) => i),
});
"""


def watch(folder, training: int, held_out: int, epochs: int, batch_size: int):
    return run_typescript(
        folder,
        LABS + SPY,
        """kernels.javascript && (reports => ({ reports, shown }))(
            [...train(new Arena(kernels.javascript()), spy, { seed: 0 })].map(({ progress }) => progress))""",
        training,
        held_out,
        epochs,
        batch_size,
    )


def test_an_epoch_is_all_samples_the_last_few_too(folder):
    [*_, last] = watch(folder, 10, 4, 2, 4)["reports"]
    squares = np.arange(10.0) ** 2
    batches = [squares[start : start + 4].mean() for start in (0, 4, 8)]
    np.testing.assert_allclose(last["losses"], [batches[0], np.mean(batches), np.mean(batches)], rtol=1e-6)


def test_findings_see_held_out_samples_alone_and_all_of_them_at_the_end(folder):
    result = watch(folder, 40_000, 2_000, 30, 1)
    *glances, last = result["shown"]
    assert last == [2_000, 2, True]
    assert glances, "a long training shows something on its way"
    assert {tuple(glance) for glance in glances} == {(512, 2, False)}


def test_progress_counts_the_epochs_and_what_is_said_of_it(folder):
    reports = watch(folder, 20_000, 2, 30, 1)["reports"]
    said = run_typescript(
        folder,
        'import { describeProgress, finishedEpochs } from "./page/progress";',
        "given[0].map(progress => [describeProgress(progress), finishedEpochs(progress)])",
        reports,
    )
    epochs = [report["epoch"] for report in reports]
    assert epochs == sorted(epochs)
    assert len(set(epochs)) > 2, "a long training is heard of in several epochs"
    for report, (words, finished) in zip(reports[:-1], said, strict=False):
        assert words == f"epoch {report['epoch']} of 30"
        assert finished == report["epoch"] - 1
    assert said[-1] == [f"30 epochs in {reports[-1]['seconds']:.1f} s", 30]


# ---- Single chapters --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "width", "place"),
    [("dense", 4, "before"), ("recurrent", 20, "before"), ("recurrent", 20, "after")],
)
def test_each_panel_shows_the_samples_of_its_class(folder, name, width, place):
    # Samples of class 1 attend to column 2, those of class 0 to column 1, and there are more of the latter.
    y = np.array([1, 0, 0, 1, 0])
    weights = np.where(y[:, np.newaxis] == 1, np.eye(width)[2], np.eye(width)[1])
    if place == "after":  # a weight a unit
        weights = np.stack([weights, weights, weights], axis=2)
    findings = run_typescript(
        folder,
        LABS,
        """labs[given[0]].findings(
            { runs: [{ predict: () => ({ weights: given[1], logits: new Float32Array(5) }) }], heldOut: { x: [], y: given[2] } },
            { input_dim: 4, attention_column: 2, attention_step: 2, place: given[3], cell: "GRU" })""",
        name,
        weights.ravel().tolist(),
        y.tolist(),
        place,
    )
    panels = {panel["title"]: np.argmax(panel["weights"]) for panel in findings["picture"]["panels"]}
    assert panels == {"y = 1": 2, "y = 0": 1}
    assert findings["verdict"].startswith("y = 1")
    assert re.findall(r"on (?:column|step) (\d)\b[^0-9]*found", findings["verdict"])[:1] == ["2"]
    assert findings["found"] is False


def test_the_effect_of_each_step_is_the_one_that_the_chapter_computes(folder):
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
    findings = run_typescript(
        folder,
        LABS,
        """(([x, readout]) => {
            const logitOf = (row) => readout.reduce((sum, [factor], i) => sum + factor * row[i], 0);
            const rows = (flat) => Array.from({ length: flat.length / 20 }, (_, i) => flat.slice(20 * i, 20 * (i + 1)));
            const predict = ({ x }) => ({ weights: x, logits: Float32Array.from(rows(x), logitOf) });
            const heldOut = { x: Float32Array.from(x.flat()), y: new Float32Array(9) };
            return labs.explanation.findings({ runs: [{ predict }], heldOut, isFinished: true }, { model: "dense", attention_step: 3 });
        })(given)""",
        x.tolist(),
        readout.tolist(),
    )
    _, effect = findings["picture"]["panels"]
    np.testing.assert_allclose(effect["weights"], notebook["effects"](run).mean(axis=0), rtol=1e-4)
    views = findings["views"]["of"]
    assert [view["picture"]["picked"]["position"] for view in views] == list(range(20))
    assert len({view["verdict"] for view in views}) > 3
