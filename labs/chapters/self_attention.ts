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
import { choiceOf, contextRows, dotTerms, says, softmaxRows, told, writtenSum } from "../shared/mechanism";
import { categoricalAccuracy, fixed, meanOfSamples, rowsOf } from "../shared/numbers";
import type { Cell } from "../shared/pictures";
import type { Random } from "../shared/random";
import type { LookedInside } from "./lab";

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
    return { queries, keys, values, scores, weights: attention, context: weightedSum(attention, values) };
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
  const attention = model.attention(model.positions ? model.positions(symbols) : symbols, heads);
  return { ...attention, logits: model.output(attention.context) };
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

export const selfAttention: LookedInside<Options, ReturnType<typeof buildModel>> = {
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

  inside: {
    tensors: callModel,

    mechanism({ queries, keys, values, scores, weights, context, logits }, { x, y }, { task, time_steps, shift, heads, units }, chosen) {
      const width = units / heads;
      const query = choiceOf(chosen, { name: "query", label: "query step", min: 0, max: time_steps - 1 });
      const head = choiceOf(chosen, { name: "head", label: "head", min: 1, max: heads });
      const dimension = choiceOf(chosen, { name: "dimension", label: "value’s dimension", min: 0, max: width - 1 });
      const ofHead = (all: Float32Array) => rowsOf(all, units).map((row) => row.slice((head.value - 1) * width, head.value * width));
      const row = (head.value - 1) * time_steps + query.value;
      const asked = ofHead(queries)[query.value];
      const made = ofHead(keys).map((key) => `query · key / √${width} = (${writtenSum(dotTerms(asked, key))}) / ${told(Math.sqrt(width))}`);
      const weightsOfQuery = rowsOf(weights, time_steps)[row];
      const valuesThere = ofHead(values).map((value) => value[dimension.value]);
      const contextThere = ofHead(context)[query.value][dimension.value];
      return {
        position: "key step",
        answers: [getAlignment(task, time_steps, shift)[query.value]],
        rows: [
          { name: "symbol", cells: Array.from(x, String), sums: Array.from(x, (symbol) => `symbol ${symbol}`) },
          ...softmaxRows(rowsOf(scores, time_steps)[row], made, weightsOfQuery),
          ...contextRows(weightsOfQuery, valuesThere, contextThere, dimension.value),
        ],
        prediction: says(rowsOf(logits, NUM_SYMBOLS)[query.value], (symbol) => `symbol ${symbol} at step ${query.value}`),
        target: `The target there is ${y[query.value]}.`,
        choices: [query, head, dimension],
        replaceable: { label: "symbol", values: [...x], words: Array.from({ length: NUM_SYMBOLS }, (_, symbol) => String(symbol)) },
      };
    },
  },
};
