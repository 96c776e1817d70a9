/** What operations compute: written out for those that labs call by NumPy's names, and as Keras has it for its layers. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { seededRandom } from "../../shared/random";
import {
  add,
  Arena,
  bidirectional,
  concatenate,
  dense,
  dotScores,
  gelu,
  gru,
  javascriptKernels,
  layerNormalization,
  lstm,
  matmul,
  mean,
  multiply,
  notEqual,
  parameter,
  Parameters,
  permute,
  relativeBias,
  reshape,
  reverse,
  simpleRNN,
  slice,
  softmax,
  sparseCategoricalCrossentropy,
  sum,
  Tape,
  unstack,
  weightedSum,
  type Kernels,
  type Tensor,
  type Weights,
} from "..";
import { distance, doublePrecision, loadWasm } from "./helpers";

/** Computes something of constants, and returns it flat. */
function values(call: (tape: Tape) => Tensor): number[] {
  const tape = new Tape(new Parameters(new Arena(doublePrecision()), {}));
  const y = call(tape);
  tape.forward();
  return Array.from(tape.arena.view(y.at, y.size));
}

const counting = (tape: Tape, ...shape: number[]): Tensor =>
  tape.constant(shape, Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i));

const near = (a: number[], b: number[]) => assert.ok(distance(a, b) < 1e-12, `${a} for ${b}`);

test("numbers go where NumPy puts them", () => {
  assert.deepEqual(values((tape) => permute(counting(tape, 2, 3), [1, 0])), [0, 3, 1, 4, 2, 5]);
  assert.deepEqual(values((tape) => permute(counting(tape, 2, 1, 3), [2, 0, 1])), [0, 3, 1, 4, 2, 5]);
  assert.deepEqual(values((tape) => reverse(counting(tape, 2, 3), 1)), [2, 1, 0, 5, 4, 3]);
  assert.deepEqual(values((tape) => slice(counting(tape, 2, 3), -1, 1, 3)), [1, 2, 4, 5]);
  assert.deepEqual(values((tape) => slice(counting(tape, 3, 2), 0, 1, 2)), [2, 3]);
  assert.deepEqual(values((tape) => unstack(counting(tape, 3, 2))[2]), [4, 5]);
  assert.deepEqual(values((tape) => concatenate([counting(tape, 2, 2), counting(tape, 2, 1)])), [0, 1, 0, 2, 3, 1]);
  assert.deepEqual(values((tape) => concatenate([counting(tape, 1, 2), counting(tape, 2, 2)], 0)), [0, 1, 0, 1, 2, 3]);
  assert.deepEqual(values((tape) => reshape(sum(counting(tape, 2, 3), 0), [-1, 1])), [3, 5, 7]);
  assert.deepEqual(values((tape) => mean(counting(tape, 2, 3), 1)), [1, 4]);
  assert.deepEqual(values((tape) => notEqual(counting(tape, 3), 1)), [1, 0, 1]);
});

test("shapes broadcast as in NumPy", () => {
  assert.deepEqual(values((tape) => add(counting(tape, 2, 3), counting(tape, 3))), [0, 2, 4, 3, 5, 7]);
  assert.deepEqual(values((tape) => multiply(counting(tape, 2, 1), counting(tape, 1, 3))), [0, 0, 0, 0, 1, 2]);
  assert.throws(() => values((tape) => add(counting(tape, 2, 3), counting(tape, 2))), /add: \(2, 3\) and \(2\) do not fit/);
});

test("products are what they are called", () => {
  assert.deepEqual(values((tape) => matmul(counting(tape, 2, 2), counting(tape, 2, 1))), [1, 3]);
  assert.deepEqual(values((tape) => matmul(counting(tape, 2, 1, 2), counting(tape, 2, 2, 1))), [1, 13]);
  // One sample, two heads of one unit, two queries, two keys.
  const queries = (tape: Tape) => counting(tape, 1, 2, 2);
  assert.deepEqual(values((tape) => dotScores(queries(tape), queries(tape), 2)), [0, 0, 0, 4, 1, 3, 3, 9]);
  assert.deepEqual(values((tape) => dotScores(queries(tape), queries(tape))), [1, 3, 3, 13]);
  const weights = (tape: Tape) => tape.constant([1, 2, 2, 2], [1, 0, 0, 1, 0, 1, 1, 0]);
  assert.deepEqual(values((tape) => weightedSum(weights(tape), queries(tape))), [0, 3, 2, 1]);
  // Three distances: of a key after the query, of the same step, and of a key before it.
  assert.deepEqual(values((tape) => relativeBias(counting(tape, 1, 3), 2, 2, tape)), [1, 0, 2, 1]);
});

test("what is masked has weight 0, and a row without anything has no weights", () => {
  const scores = (tape: Tape) => tape.constant([2, 1, 2, 3], [0, 0, 9, 0, 9, 0, 9, 0, 0, 1, 1, 1]);
  const padding = (tape: Tape) => tape.constant([2, 1, 1, 3], [1, 1, 0, 0, 1, 1]);
  const ofRows = (tape: Tape) => tape.constant([2, 3], [1, 0, 0, 0, 0, 0]);
  near(values((tape) => softmax(scores(tape), ofRows(tape))), [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
  const high = Math.exp(9) / (1 + Math.exp(9));
  near(values((tape) => softmax(scores(tape), padding(tape))), [0.5, 0.5, 0, 1 - high, high, 0, 0, 0.5, 0.5, 0, 0.5, 0.5]);
  near(values((tape) => softmax(scores(tape), multiply(padding(tape), ofRows(tape)))), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  // Heads between samples and queries: this mask is written out.
  const two = (tape: Tape) => reshape(scores(tape), [1, 2, 2, 3]);
  near(values((tape) => softmax(two(tape), tape.constant([2, 1, 3], [1, 1, 0, 0, 1, 1]))), [
    0.5, 0.5, 0, 1 - high, high, 0, 0, 0.5, 0.5, 0, 0.5, 0.5,
  ]);
  const heads = (tape: Tape) => tape.constant([2, 2, 1, 1], [0, 0, 0, 0]);
  const mixed = (tape: Tape) => tape.constant([2, 1, 1, 1], [1, 0]);
  near(values((tape) => softmax(heads(tape), mixed(tape))), [1, 1, 0, 0]);
});

test("weights of a loss choose what counts", () => {
  const loss = (weights?: number[]) =>
    values((tape) => {
      const logits = tape.constant([2, 2], [0, 0, 0, Math.log(3)]);
      return sparseCategoricalCrossentropy(tape.constant([2], [0, 1]), logits, weights && tape.constant([2], weights));
    });
  near(loss(), [(Math.log(2) + Math.log(4 / 3)) / 2]);
  near(loss([0, 1]), [Math.log(4 / 3)]);
  near(loss([3, 1]), [(3 * Math.log(2) + Math.log(4 / 3)) / 4]);
  near(loss([0, 0]), [0]);
});

/** From keras_values.py: inputs, weights in Keras' order, outputs, and the gradients of Σ output · factors. */
interface Recorded {
  shape: number[];
  inputs: number[];
  weights: number[][];
  outputs: number[];
  factors: number[];
  gradients: number[][];
}

const recorded = JSON.parse(
  await readFile(path.join(import.meta.dirname, "..", "..", "tests", "keras_values.json"), "utf8"),
) as Record<string, Recorded>;

/** A layer, and what is taken of what it returns. */
const taking = <L extends { weights: Weights }>(layer: L, call: (layer: L, x: Tensor) => Tensor) => ({
  weights: layer.weights,
  call: (x: Tensor) => call(layer, x),
});

const random = seededRandom(0);
const layers = {
  Dense: () => taking(dense(3, 2, random), (layer, x) => layer(x)),
  gelu: () => taking(dense(3, 2, random), (layer, x) => gelu(layer(x))),
  LayerNormalization: () => taking(layerNormalization(3), (layer, x) => layer(x)),
  LSTM: () => taking(lstm(3, 2, random), (layer, x) => layer(x).sequence),
  GRU: () => taking(gru(3, 2, random), (layer, x) => layer(x).sequence),
  SimpleRNN: () => taking(simpleRNN(3, 2, random), (layer, x) => layer(x).sequence),
  Bidirectional: () => taking(bidirectional(lstm(3, 2, random), lstm(3, 2, random)), (layer, x) => layer(x).sequence),
  backwards: () => taking(lstm(3, 2, random), (layer, x) => layer(x, { backwards: true }).last),
};

const sets: Record<string, () => Promise<Kernels>> = { wasm: loadWasm, javascript: async () => javascriptKernels() };

for (const [name, make] of Object.entries(layers)) {
  for (const [set, load] of Object.entries(sets)) {
    test(`${name} is Keras', in ${set}`, async () => {
      const { shape, inputs, weights, outputs, factors, gradients } = recorded[name];
      const layer = make();
      const x = parameter(shape, inputs);
      const parameters = new Parameters(new Arena(await load()), { x, layer });
      parameters.setWeights([inputs, ...weights]);
      const tape = new Tape(parameters);
      const y = layer.call(tape.use(x));
      tape.differentiate(sum(multiply(reshape(y, [y.size]), tape.constant([y.size], factors)), 0));
      tape.forward();
      tape.backward();
      assert.ok(distance(Array.from(tape.arena.view(y.at, y.size)), outputs) < 1e-5, "outputs differ");
      parameters.getGradients().forEach((gradient, i) => {
        assert.ok(distance(Array.from(gradient), gradients[i]) < 1e-5, `gradients ${i} differ`);
      });
    });
  }
}
