/** The labs' own jobs, as models on the engine: what a training step costs. Weights and data are drawn here. */
import { seededRandom, type Random } from "../../shared/random";
import {
  adam,
  additiveScores,
  Arena,
  binaryCrossentropy,
  concatenate,
  dense,
  dotScores,
  embedding,
  glorotUniform,
  layer,
  lstm,
  matmul,
  multiply,
  add,
  Parameters,
  permute,
  projection,
  reshape,
  scale,
  softmax,
  sparseCategoricalCrossentropy,
  splitIntoBatches,
  trainer,
  uniform,
  unstack,
  weightedSum,
  type Kernels,
  type Samples,
  type Tensor,
  type Weights,
} from "..";

export interface Job {
  /** How many steps the lab takes at its default settings. */
  steps: number;
  /** One step on one of several batches; returns the loss before it. */
  step(index: number): number;
}

interface Model {
  weights: Weights;
  /** Shapes of one sample. */
  inputs: { x: number[]; y: number[] };
  loss(inputs: { x: Tensor; y: Tensor }): Tensor;
}

function job(kernels: Kernels, { weights, inputs, loss }: Model, samples: Samples<"x" | "y">, batchSize: number, steps: number): Job {
  const training = trainer(new Parameters(new Arena(kernels), weights), { inputs, loss, optimizer: adam(0.001) });
  const batches = splitIntoBatches(samples, inputs, batchSize);
  return { steps, step: (index) => training.step(batches[index % batches.length]) };
}

const normals = (count: number, random: Random) => Float32Array.from({ length: count }, () => random.normal());
const below = (end: number, count: number, random: Random) => Float32Array.from({ length: count }, () => Math.floor(random.uniform() * end));

function twoBlocks(kernels: Kernels): Job {
  const random = seededRandom(0);
  const model = {
    attention: projection(4, 4, random),
    hidden: dense(4, 16, random),
    hiddenAttention: projection(16, 16, random),
    output: dense(16, 1, random),
  };
  const loss = ({ x, y }: { x: Tensor; y: Tensor }) => {
    const context = multiply(softmax(model.attention(x)), x);
    const hidden = model.hidden(context);
    return binaryCrossentropy(y, model.output(multiply(softmax(model.hiddenAttention(hidden)), hidden)));
  };
  const samples = { x: normals(4 * 7936, random), y: below(2, 7936, random) };
  return job(kernels, { weights: model, inputs: { x: [4], y: [1] }, loss }, samples, 128, 1240);
}

const denseLab = (width = 32, batchSize = 64) => (kernels: Kernels): Job => {
  const random = seededRandom(0);
  const model = { attention: dense(width, width, random), hidden: dense(width, 64, random), output: dense(64, 1, random) };
  const loss = ({ x, y }: { x: Tensor; y: Tensor }) =>
    binaryCrossentropy(y, model.output(model.hidden(multiply(softmax(model.attention(x)), x))));
  const samples = { x: normals(width * 4992, random), y: below(2, 4992, random) };
  return job(kernels, { weights: model, inputs: { x: [width], y: [1] }, loss }, samples, batchSize, 1580);
};

function recurrentLab(place: "before" | "after", steps = 20) {
  return (kernels: Kernels): Job => {
    const random = seededRandom(0);
    const units = 32;
    const model = {
      attend: dense(steps, steps, random),
      states: lstm(1, units, random),
      output: dense(place === "before" ? units : steps * units, 1, random),
    };
    const attended = (x: Tensor) => multiply(permute(softmax(model.attend(permute(x, [0, 2, 1]))), [0, 2, 1]), x);
    const loss = ({ x, y }: { x: Tensor; y: Tensor }) => {
      if (place === "before") return binaryCrossentropy(y, model.output(model.states(attended(x)).last));
      const context = attended(model.states(x).sequence);
      return binaryCrossentropy(y, model.output(reshape(context, [-1, steps * units])));
    };
    const samples = { x: normals(steps * 4096, random), y: below(2, 4096, random) };
    return job(kernels, { weights: model, inputs: { x: [steps, 1], y: [1] }, loss }, samples, 64, 320);
  };
}

function selfAttentionLab(kernels: Kernels): Job {
  const random = seededRandom(0);
  const [steps, units] = [16, 32];
  const kernel = glorotUniform([3, units, units], random);
  const model = {
    embedding: embedding(10, units, random),
    positions: layer({ position: glorotUniform([steps, units], random) }, () => {}),
    attention: layer({ kernel }, (x: Tensor) => {
      const [queries, keys, values] = unstack(x.tape.use(kernel)).map((part) => matmul(x, part));
      return weightedSum(softmax(scale(dotScores(queries, keys), 1 / Math.sqrt(units))), values);
    }),
    output: dense(units, 10, random),
  };
  const loss = ({ x, y }: { x: Tensor; y: Tensor }) => {
    const placed = add(model.embedding(x), model.positions.weights.position);
    return sparseCategoricalCrossentropy(y, model.output(model.attention(placed)));
  };
  const samples = { x: below(10, steps * 1024, random), y: below(10, steps * 1024, random) };
  return job(kernels, { weights: model, inputs: { x: [steps], y: [steps] }, loss }, samples, 64, 128);
}

function seq2seqLab(score: "dot" | "additive") {
  return (kernels: Kernels): Job => {
    const random = seededRandom(0);
    const [length, tokens, width, units] = [8, 13, 16, 32];
    const scores = {
      W_q: glorotUniform([units, units], random),
      W_k: glorotUniform([units, units], random),
      v: uniform([units], 0.3, random),
    };
    const model = {
      inputs: embedding(tokens, width, random),
      forward: lstm(width, units / 2, random),
      backward: lstm(width, units / 2, random),
      outputs: embedding(tokens, width, random),
      decoder: lstm(width, units, random),
      attention: layer(score === "dot" ? {} : scores, (queries: Tensor, states: Tensor) =>
        score === "dot"
          ? dotScores(queries, states)
          : additiveScores(matmul(queries, scores.W_q), matmul(states, scores.W_k), scores.v),
      ),
      output: dense(2 * units, tokens, random),
    };
    const loss = ({ x, y }: { x: Tensor; y: Tensor }) => {
      const embedded = model.inputs(x);
      const [right, left] = [model.forward(embedded), model.backward(embedded, { backwards: true })];
      const states = concatenate([right.sequence, left.sequence]);
      const initialState = right.state.map((state, i) => concatenate([state, left.state[i]]));
      const queries = model.decoder(model.outputs(x), { initialState }).sequence;
      const context = weightedSum(softmax(model.attention(queries, states)), states);
      return sparseCategoricalCrossentropy(y, model.output(concatenate([context, queries])));
    };
    const samples = { x: below(tokens, length * 4096, random), y: below(tokens, length * 4096, random) };
    return job(kernels, { weights: model, inputs: { x: [length], y: [length] }, loss }, samples, 64, 320);
  };
}

export const jobs: Record<string, (kernels: Kernels) => Job> = {
  "two blocks, 369 parameters": twoBlocks,
  "dense lab": denseLab(),
  "attention before an LSTM": recurrentLab("before"),
  "attention after an LSTM": recurrentLab("after"),
  "self-attention": selfAttentionLab,
  "seq2seq, dot": seq2seqLab("dot"),
  "seq2seq, additive": seq2seqLab("additive"),
};

/** Jobs that grow in one respect, from small to large. */
export const growing: Record<string, Record<number, (kernels: Kernels) => Job>> = {
  width: Object.fromEntries([16, 32, 64, 128, 256].map((width) => [width, denseLab(width)])),
  "batch size": Object.fromEntries([16, 32, 64, 128, 256].map((batchSize) => [batchSize, denseLab(32, batchSize)])),
  length: Object.fromEntries([10, 20, 40, 80].map((steps) => [steps, recurrentLab("after", steps)])),
};
