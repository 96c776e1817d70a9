/** Models of the book's later chapters, put together from layers as a lab would, learn what is known beforehand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, type Random } from "../../shared/random";
import {
  adam,
  add,
  Arena,
  causalMask,
  dense,
  diagonalMask,
  dotScores,
  embedding,
  layer,
  layerNormalization,
  normal,
  Parameters,
  predictor,
  projection,
  relu,
  scale,
  softmax,
  sparseCategoricalCrossentropy,
  splitIntoBatches,
  trainer,
  unstack,
  weightedSum,
  permute,
  type Tensor,
} from "..";
import { Draw, loadWasm } from "./helpers";

const kernels = await loadWasm();

/** Queries, keys and values, one head, and an output matrix. */
function attention(width: number, random: Random) {
  const weights = {
    query: projection(width, width, random),
    key: projection(width, width, random),
    value: projection(width, width, random),
    output: projection(width, width, random),
  };
  return layer(weights, (places: Tensor, contents: Tensor, mask: Tensor) => {
    const scores = scale(dotScores(weights.query(places), weights.key(places)), 1 / Math.sqrt(width));
    const attended = softmax(scores, mask);
    return { weights: attended, output: weights.output(weightedSum(attended, weights.value(contents))) };
  });
}

/** Pairs of a key and a value, then keys again: which value came after? */
function recall(count: number, steps: number, symbols: number, draw: Draw) {
  const [x, y, counted] = [1, 2, 3].map(() => new Float32Array(count * steps));
  const pairs = Math.floor((3 * steps) / 8);
  for (let sample = 0; sample < count; sample++) {
    const shuffled = (end: number) => {
      const order = Array.from({ length: end }, (_, i) => i);
      order.forEach((_, i) => {
        const j = draw.integer(i, end - 1);
        [order[i], order[j]] = [order[j], order[i]];
      });
      return order;
    };
    const keys = shuffled(symbols / 2);
    const values = draw.integers(pairs, symbols / 2).map((value) => value + symbols / 2);
    const asked = shuffled(pairs);
    for (let i = 0; i < pairs; i++) x.set([keys[i], values[i]], sample * steps + 2 * i);
    for (let i = 2 * pairs; i < steps; i++) {
      const pair = asked[i - 2 * pairs];
      x[sample * steps + i] = keys[pair];
      y[sample * steps + i] = values[pair];
      counted[sample * steps + i] = 1;
    }
  }
  return { x, y, counted };
}

test("two causal layers recall which value came after a key, and the first looks one step back", () => {
  const [steps, symbols, width] = [16, 16, 16];
  const random = seededRandom(1);
  const model = {
    symbols: embedding(symbols, width, random, normal([symbols, width], 0.3, random)),
    positions: layer({ position: normal([steps, width], 0.3, random) }, () => {}),
    first: attention(width, random),
    second: attention(width, random),
    output: dense(width, symbols, random),
  };
  const call = (x: Tensor) => {
    const mask = causalMask(x.tape, steps);
    let stream = add(model.symbols(x), model.positions.weights.position);
    const first = model.first(stream, stream, mask);
    stream = add(stream, first.output);
    const second = model.second(stream, stream, mask);
    return { weights: first.weights, logits: model.output(add(stream, second.output)) };
  };
  const parameters = new Parameters(new Arena(kernels), model);
  const inputs = { x: [steps], y: [steps], counted: [steps] };
  const training = trainer(parameters, {
    inputs,
    loss: ({ x, y, counted }) => sparseCategoricalCrossentropy(y, call(x).logits, counted),
    optimizer: adam(0.01),
  });
  const batches = splitIntoBatches(recall(4096, steps, symbols, new Draw(0)), inputs, 64);
  for (let epoch = 0; epoch < 6; epoch++) for (const batch of batches) training.step(batch);

  const test = recall(200, steps, symbols, new Draw(1));
  const { logits, weights } = predictor(parameters, { x: [steps] }, ({ x }) => call(x))({ x: test.x });
  const largest = (row: Float32Array) => row.indexOf(Math.max(...row));
  const asked = [...test.counted.keys()].filter((i) => test.counted[i] === 1);
  const right = asked.filter((i) => largest(logits.subarray(i * symbols, (i + 1) * symbols)) === test.y[i]);
  assert.ok(right.length / asked.length > 0.95, `accuracy ${right.length / asked.length}`);
  // Of the values that keys came before, in the part that is asked about.
  const rows = Array.from({ length: 200 * 6 }, (_, i) => Math.floor(i / 6) * steps + 2 * (i % 6) + 1);
  const back = rows.filter((row) => largest(weights.subarray(row * steps, (row + 1) * steps)) === (row % steps) - 1);
  assert.ok(back.length / rows.length > 0.95, `looks one back in ${back.length} of ${rows.length} rows`);
});

test("a transformer block fetches by a pointer and adds, and without attention it cannot", () => {
  const [steps, digits, width, hidden] = [6, 5, 24, 48];
  const draw = new Draw(0);
  const samples = (count: number) => {
    const x = new Float32Array(count * steps * 2);
    const y = new Float32Array(count * steps);
    for (let sample = 0; sample < count; sample++) {
      const values = draw.integers(steps, digits);
      for (let step = 0; step < steps; step++) {
        const pointer = (step + draw.integer(1, steps - 1)) % steps;
        x.set([values[step], pointer], (sample * steps + step) * 2);
        y[sample * steps + step] = (values[step] + values[pointer]) % digits;
      }
    }
    return { x, y };
  };
  const accuracy = (withAttention: boolean) => {
    const random = seededRandom(0);
    const table = (rows: number) => embedding(rows, width, random, normal([rows, width], 0.3, random));
    const model = {
      contents: table(digits),
      pointers: table(steps),
      places: layer({ position: normal([steps, width], 0.3, random) }, () => {}),
      norms: { first: layerNormalization(width), second: layerNormalization(width), last: layerNormalization(width) },
      attention: attention(width, random),
      expand: dense(width, hidden, random),
      contract: dense(hidden, width, random),
      output: dense(width, digits, random),
    };
    const call = (x: Tensor) => {
      const [digit, pointer] = unstack(permute(x, [2, 0, 1]));
      const address = add(model.pointers(pointer), model.places.weights.position);
      let stream = model.contents(digit);
      if (withAttention) {
        stream = add(stream, model.attention(address, model.norms.first(stream), diagonalMask(x.tape, steps)).output);
      }
      stream = add(stream, model.contract(relu(model.expand(model.norms.second(stream)))));
      return { logits: model.output(model.norms.last(stream)) };
    };
    const inputs = { x: [steps, 2], y: [steps] };
    const parameters = new Parameters(new Arena(kernels), model);
    const loss = ({ x, y }: { x: Tensor; y: Tensor }) => sparseCategoricalCrossentropy(y, call(x).logits);
    const training = trainer(parameters, { inputs, loss, optimizer: adam(0.005) });
    const batches = splitIntoBatches(samples(4096), inputs, 64);
    for (let epoch = 0; epoch < 8; epoch++) for (const batch of batches) training.step(batch);
    const test = samples(300);
    const { logits } = predictor(parameters, { x: [steps, 2] }, ({ x }) => call(x))({ x: test.x });
    const right = test.y.filter((target, i) => {
      const row = logits.subarray(i * digits, (i + 1) * digits);
      return row.indexOf(Math.max(...row)) === target;
    });
    return right.length / test.y.length;
  };
  const [whole, without] = [accuracy(true), accuracy(false)];
  assert.ok(whole > 0.97 && without < 0.3, `accuracy ${whole}, without attention ${without}`);
});
