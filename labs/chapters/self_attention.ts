/** Chapter 5: which step does each step ask for? Self-attention over sequences of symbols. */
import {
  adam,
  add,
  dense,
  dotScores,
  embedding,
  glorotUniform,
  layer,
  matmul,
  reshape,
  scale,
  slice,
  softmax,
  sparseCategoricalCrossentropy,
  weightedSum,
  type Tensor,
  type Tensors,
} from "../engine";
import { judgeQueries } from "../shared/found";
import { categoricalAccuracy, fixed, meanOfSamples, rowsOf } from "../shared/numbers";
import type { Cell } from "../shared/pictures";
import type { Random } from "../shared/random";
import type { TrainedHere } from "./lab";

const NUM_SYMBOLS = 10;

export type Task = "reverse" | "copy" | "shift";

/** The input step that each output step comes from. */
export function getAlignment(task: Task, timeSteps: number, shift: number): number[] {
  const from = {
    copy: (step: number) => step,
    reverse: (step: number) => timeSteps - 1 - step,
    shift: (step: number) => (step + shift) % timeSteps,
  };
  return Array.from({ length: timeSteps }, (_, step) => from[task](step));
}

/** Sequences of symbols, and the same symbols in another order. */
export function getData(numSamples: number, alignment: number[], random: Random) {
  const timeSteps = alignment.length;
  const x = Float32Array.from({ length: numSamples * timeSteps }, () => Math.floor(random.uniform() * NUM_SYMBOLS));
  const y = x.map((_, i) => x[i - (i % timeSteps) + alignment[i % timeSteps]]);
  return { x, y };
}

interface Architecture {
  time_steps: number;
  positions: boolean;
  units: number;
}

/** The rows of a table are added to the steps, so that these know where they are. */
function positionsOf(timeSteps: number, units: number, random: Random) {
  const weights = { position: glorotUniform([timeSteps, units], random) };
  return layer(weights, (x: Tensor) => add(x, weights.position));
}

/** Scaled dot-product attention of every step over every step, with the kernels of query, key and value in one. */
function selfAttentionLayer(units: number, random: Random) {
  const weights = { kernel: glorotUniform([3, units, units], random) };
  return layer(weights, (x: Tensor, heads: number) => {
    const kernel = x.tape.use(weights.kernel);
    const [queries, keys, values] = [0, 1, 2].map((i) => matmul(x, reshape(slice(kernel, 0, i, i + 1), [units, units])));
    const scores = scale(dotScores(queries, keys, heads), 1 / Math.sqrt(units / heads));
    const attention = softmax(scores); // (samples, heads, queries, keys)
    return { weights: attention, context: weightedSum(attention, values) };
  });
}

export function buildModel({ time_steps, positions, units }: Architecture, random: Random) {
  return {
    embedding: embedding(NUM_SYMBOLS, units, random, glorotUniform([NUM_SYMBOLS, units], random)),
    ...(positions && { positions: positionsOf(time_steps, units, random) }),
    attention: selfAttentionLayer(units, random),
    output: dense(units, NUM_SYMBOLS, random),
  };
}

/** The model: symbols and positions, attention of every step over every step, and a Dense at each step. */
export function callModel(model: ReturnType<typeof buildModel>, { x }: Tensors<string>, { heads }: { heads: number }) {
  const symbols = model.embedding(x); // (samples, time steps, units)
  const { weights, context } = model.attention(model.positions ? model.positions(symbols) : symbols, heads);
  return { weights, logits: model.output(context) };
}

interface Options extends Architecture {
  task: Task;
  shift: number;
  heads: number;
  num_samples: number;
  num_held_out: number;
  batch_size: number;
  learning_rate: number;
  epochs: number;
}

export const selfAttention: TrainedHere<Options, ReturnType<typeof buildModel>> = {
  constants: { units: 32, num_samples: 1024, num_held_out: 512, batch_size: 64, learning_rate: 0.01, epochs: 8 },

  data({ num_samples, num_held_out, task, time_steps, shift }, random) {
    const samples = (count: number) => getData(count, getAlignment(task, time_steps, shift), random);
    return { training: samples(num_samples), heldOut: samples(num_held_out) };
  },

  build: buildModel,
  inputs: ({ time_steps }) => ({ x: [time_steps] }),
  targets: ({ time_steps }) => [time_steps],
  call: callModel,
  loss: () => sparseCategoricalCrossentropy,
  plan: ({ epochs, learning_rate, batch_size }) => ({ epochs, runs: [{ optimizer: adam(learning_rate), batchSize: batch_size }] }),

  findings({ runs: [{ predict }], heldOut: { x, y } }, { task, time_steps, shift, heads }) {
    const alignment = getAlignment(task, time_steps, shift);
    const { weights, logits } = predict({ x });
    const mean = rowsOf(meanOfSamples(weights, x.length / time_steps), time_steps); // (heads · queries, keys)
    const panels = Array.from({ length: heads }, (_, head) => ({
      title: heads > 1 ? `head ${head + 1}` : undefined,
      weights: mean.slice(head * time_steps, (head + 1) * time_steps),
    }));
    return {
      picture: {
        kind: "heatmap",
        title: "Mean attention weight, held-out samples",
        row: "query step",
        column: "key step",
        panels,
        answers: alignment.map((key, query): Cell => [query, key]),
      },
      ...judgeQueries(panels, alignment),
      metrics: [{ label: "Held-out accuracy", value: fixed(categoricalAccuracy(y, logits)) }],
    };
  },
};
