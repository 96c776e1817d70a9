/** Training: Keras' steps, weights in Keras' order, batches of any size, and nothing left behind in a step. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../shared/random";
import {
  adam,
  add,
  Arena,
  bidirectional,
  binaryCrossentropy,
  dense,
  embedding,
  javascriptKernels,
  layer,
  lstm,
  matmul,
  meanSquaredError,
  Parameter,
  parameter,
  Parameters,
  predictor,
  reshape,
  scale,
  sgd,
  softmax,
  splitIntoBatches,
  sum,
  trainer,
  type Kernels,
  type Tensor,
} from "..";
import { doublePrecision, Draw, loadWasm } from "./helpers";

const sets: Record<string, () => Promise<Kernels>> = { wasm: loadWasm, javascript: async () => javascriptKernels() };

/** Trains the sum of two tokens' rows to be as large as the target; `tied` reads the table in another operation too. */
function tokenSums(kernels: Kernels, optimizer: ReturnType<typeof adam>, table: number[][], tied = false) {
  const embeddings = new Parameter([table.length, table[0].length], Float32Array.from(table.flat()), true);
  const model = { embedding: embedding(table.length, table[0].length, seededRandom(0), embeddings) };
  const parameters = new Parameters(new Arena(kernels), model);
  const { weights } = model.embedding;
  const training = trainer(parameters, {
    inputs: { x: [2], y: [1] },
    optimizer,
    loss({ x, y }) {
      const rows = reshape(model.embedding(x), [-1, table[0].length]);
      const both = tied ? add(sum(rows, 0), sum(matmul(rows, identity(x, weights.embeddings)), 0)) : sum(rows, 0);
      return meanSquaredError(y, sum(both, 0));
    },
  });
  return { parameters, training };
}

/** The identity, made with 0 · the parameter: it gives the parameter a second gradient, a dense one of zeros. */
function identity(x: Tensor, embeddings: Parameter): Tensor {
  const [rows, width] = embeddings.shape;
  const zeros = x.tape.constant([width, rows], new Float32Array(rows * width));
  const one = x.tape.constant([width, width], Array.from({ length: width ** 2 }, (_, i) => Number(i % (width + 1) === 0)));
  return add(matmul(zeros, embeddings), one);
}

test("Adam takes Keras' steps", () => {
  // The loss factor · (w − 3)². Where gradients are as small as epsilon, its place matters.
  for (const factor of [1, 1e-7]) {
    const model = { w: parameter([1], [1]) };
    const parameters = new Parameters(new Arena(doublePrecision()), model);
    const training = trainer(parameters, {
      inputs: { y: [1] },
      loss: ({ y }) => scale(meanSquaredError(y, y.tape.use(model.w)), factor),
      optimizer: adam(0.1),
    });
    let [w, first, second] = [1, 0, 0];
    for (let step = 1; step <= 5; step++) {
      training.step({ y: Float32Array.of(3) });
      const gradient = factor * 2 * (w - 3);
      first = 0.9 * first + 0.1 * gradient;
      second = 0.999 * second + 0.001 * gradient ** 2;
      w -= (((0.1 * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step)) * first) / (Math.sqrt(second) + 1e-7);
      assert.ok(Math.abs(parameters.getWeights()[0][0] - w) < 1e-6, `step ${step}`);
    }
  }
});

for (const [name, load] of Object.entries(sets)) {
  test(`an embedding's squares are those of its rows, in ${name}`, async () => {
    const { parameters, training } = tokenSums(await load(), adam(0.1), [[1], [1], [1]]);
    const twice = Float32Array.of(1, 1);
    // (1 + 1 − 0)²: each occurrence of token 1 adds 4 to its gradient; first moment 0.8, second 0.001 · (4² + 4²).
    training.step({ x: twice, y: Float32Array.of(0) });
    training.step({ x: twice, y: Float32Array.of(0) });
    let [w, first, second] = [1, 0, 0];
    for (let step = 1; step <= 2; step++) {
      const each = 2 * (2 * w);
      first = 0.9 * first + 0.1 * (2 * each);
      second = 0.999 * second + 0.001 * (2 * each ** 2);
      w -= (((0.1 * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step)) * first) / (Math.sqrt(second) + 1e-7);
    }
    const [rows] = parameters.getWeights();
    assert.ok(Math.abs(rows[1] - w) < 1e-5, `${rows[1]} for ${w}`);
    assert.deepEqual([rows[0], rows[2]], [1, 1]);
  });

  test(`a table with another gradient too takes the square of the sum, in ${name}`, async () => {
    const { parameters, training } = tokenSums(await load(), adam(0.1), [[1], [1], [1]], true);
    const before = parameters.getWeights()[0][1];
    training.step({ x: Float32Array.of(1, 1), y: Float32Array.of(0) });
    // Adam's first step is as long as the learning rate, whatever the gradient, if square and gradient belong together.
    assert.ok(Math.abs(before - parameters.getWeights()[0][1] - 0.1) < 1e-4);
  });

  test(`a smaller last batch trains the same weights, in ${name}`, async () => {
    const draw = new Draw(1);
    const samples = { x: draw.normals(3 * 10), y: Float32Array.from(draw.integers(10, 2)) };
    const inputs = { x: [3], y: [1] };
    const weights = [draw.normals(3), draw.normals(1)];
    const run = async (batchSize: number) => {
      const model = { output: dense(3, 1, seededRandom(0)) };
      const parameters = new Parameters(new Arena(await load()), model);
      parameters.setWeights(weights);
      const loss = ({ x, y }: { x: Tensor; y: Tensor }) => binaryCrossentropy(y, model.output(x));
      const training = trainer(parameters, { inputs, loss, optimizer: sgd(0.5) });
      const batches = splitIntoBatches(samples, inputs, batchSize);
      return { losses: batches.map((batch) => training.step(batch)), parameters, training, model, batches };
    };
    const { losses, parameters, training, model, batches } = await run(4);
    assert.deepEqual(batches.map(({ y }) => y.length), [4, 4, 2]);
    // By hand: w ← w − 0.5 · mean (sigmoid(x · w + b) − y) x
    const [w, b] = weights.map((values) => Array.from(values));
    batches.forEach(({ x, y }, batch) => {
      let loss = 0;
      const [dw, db] = [[0, 0, 0], [0]];
      y.forEach((target, i) => {
        const row = Array.from(x.subarray(3 * i, 3 * i + 3));
        const z = row.reduce((sum, value, j) => sum + value * w[j], b[0]);
        loss += (Math.log1p(Math.exp(-Math.abs(z))) + Math.max(z, 0) - z * target) / y.length;
        const error = (1 / (1 + Math.exp(-z)) - target) / y.length;
        row.forEach((value, j) => (dw[j] += error * value));
        db[0] += error;
      });
      dw.forEach((gradient, j) => (w[j] -= 0.5 * gradient));
      b[0] -= 0.5 * db[0];
      assert.ok(Math.abs(loss - losses[batch]) < 1e-6);
    });
    parameters.getWeights()[0].forEach((value, j) => assert.ok(Math.abs(value - w[j]) < 1e-6));

    const whole = training.loss(samples);
    const predict = predictor(parameters, { x: [3] }, ({ x }) => ({ logits: model.output(x) }));
    const { logits } = predict({ x: samples.x });
    const mean = logits.reduce((sum, z, i) => sum + Math.max(z, 0) - z * samples.y[i] + Math.log1p(Math.exp(-Math.abs(z))), 0) / 10;
    assert.ok(Math.abs(whole - mean) < 1e-6);
  });

  test(`predictions do not depend on how many samples there are, in ${name}`, async () => {
    const model = { output: dense(2, 3, seededRandom(3)) };
    const parameters = new Parameters(new Arena(await load()), model);
    const predict = predictor(parameters, { x: [2] }, ({ x }) => ({ weights: softmax(model.output(x)) }));
    const x = new Draw(2).normals(2 * 600);
    const { weights } = predict({ x });
    assert.equal(weights.length, 3 * 600);
    [0, 255, 256, 599].forEach((sample) => {
      const alone = predict({ x: x.subarray(2 * sample, 2 * sample + 2) }).weights;
      alone.forEach((value, i) => assert.ok(Math.abs(value - weights[3 * sample + i]) < 1e-6));
    });
  });

  test(`a token without a row, or a target without a class, is seen in the loss, in ${name}`, async () => {
    const { parameters, training } = tokenSums(await load(), adam(0.1), [[1], [1], [1]]);
    for (const token of [3, -1]) {
      const [before] = parameters.getWeights();
      assert.ok(Number.isNaN(training.step({ x: Float32Array.of(token, 1), y: Float32Array.of(0) })));
      parameters.setWeights([before]);
    }
  });

  test(`memory stays as it is, whatever was trained before, in ${name}`, async () => {
    const kernels = await load();
    const train = () => {
      const model = { states: lstm(3, 8, seededRandom(0)), output: dense(8, 1, seededRandom(1)) };
      const parameters = new Parameters(new Arena(kernels), model);
      const inputs = { x: [5, 3], y: [1] };
      const loss = ({ x, y }: { x: Tensor; y: Tensor }) => binaryCrossentropy(y, model.output(model.states(x).last));
      const training = trainer(parameters, { inputs, loss, optimizer: adam(0.01) });
      const draw = new Draw(0);
      const batch = { x: draw.normals(16 * 15), y: Float32Array.from(draw.integers(16, 2)) };
      return Array.from({ length: 5 }, () => training.step(batch));
    };
    const losses = train();
    const { length } = kernels.numbers;
    kernels.numbers.fill(NaN, kernels.first / kernels.unit);
    for (let i = 0; i < 20; i++) assert.deepEqual(train(), losses);
    assert.equal(kernels.numbers.length, length);
  });
}

test("weights are a flat list in Keras' order", () => {
  const random = seededRandom(0);
  const own = layer({ W: parameter([2, 1], [1, 2]) }, (x: Tensor) => x);
  const model = {
    embedding: embedding(5, 3, random),
    encoder: bidirectional(lstm(3, 2, random), lstm(3, 2, random)),
    block: { own, output: dense(4, 2, random) },
  };
  const parameters = new Parameters(new Arena(javascriptKernels()), model);
  const shapes = parameters.list.map(({ shape }) => shape);
  const ofLstm = [[3, 8], [2, 8], [8]];
  assert.deepEqual(shapes, [[5, 3], ...ofLstm, ...ofLstm, [2, 1], [4, 2], [2]]);
  assert.equal(parameters.size, 15 + 2 * (24 + 16 + 8) + 2 + 8 + 2);
  const weights = shapes.map((shape, i) => Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, j) => i + j / 100));
  parameters.setWeights(weights);
  assert.deepEqual(parameters.getWeights(), weights);
  assert.throws(() => parameters.setWeights(weights.slice(1)), /the model has 10 weights, not 9/);
  assert.throws(() => parameters.setWeights(weights.with(0, Float32Array.of(1))), /weight 0 has shape \(5, 3\), 15 numbers, not 1/);
});

test("initial values are Keras'", () => {
  const random = seededRandom(1);
  const { kernel, bias } = dense(30, 20, random).weights;
  const limit = Math.sqrt(6 / 50);
  assert.ok(kernel.initial.every((value) => Math.abs(value) <= limit));
  assert.ok(Math.max(...kernel.initial) > 0.95 * limit);
  assert.ok(bias.initial.every((value) => value === 0));
  const { recurrent_kernel, bias: forget } = lstm(3, 4, random).weights;
  assert.deepEqual(Array.from(forget.initial), [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  const rows = Array.from({ length: 4 }, (_, row) => Array.from(recurrent_kernel.initial.subarray(16 * row, 16 * row + 16)));
  rows.forEach((row, i) => {
    rows.forEach((other, j) => {
      const product = row.reduce((sum, value, k) => sum + value * other[k], 0);
      assert.ok(Math.abs(product - Number(i === j)) < 1e-6);
    });
  });
  assert.ok(embedding(9, 9, random).weights.embeddings.initial.every((value) => Math.abs(value) <= 0.05));
});

test("shapes that do not fit are named", () => {
  const model = { output: dense(3, 2, seededRandom(0)) };
  const parameters = new Parameters(new Arena(javascriptKernels()), model);
  const predict = predictor(parameters, { x: [4] }, ({ x }) => ({ y: model.output(x) }));
  assert.throws(() => predict({ x: new Float32Array(8) }), /\(2, 4\) and \(3, 2\) do not fit/);
  assert.throws(() => predict({ x: new Float32Array(7) }), /the inputs x hold 1.75 samples/);
});
