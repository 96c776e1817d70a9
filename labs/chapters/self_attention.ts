/** Chapter 5: which step does each step ask for? Self-attention over sequences of symbols. */
import * as tf from "@tensorflow/tfjs-core";
import type { Cell } from "../shared/pictures";
import type { Random } from "../shared/random";
import { categoricalAccuracy, fixed, indexOfLargest, meanOf, meanOfSamples, rowsOf } from "../shared/verdict";
import { attendToSelf } from "../tensorflow/attend_to_self";
import {
  categoricalCrossentropy,
  dense,
  denseLayer,
  embedding,
  glorotUniform,
  uniform,
  type DenseLayer,
  type EmbeddingLayer,
  type Layer,
} from "../tensorflow/layers";
import { adam } from "../tensorflow/optimizers";
import type { Tensors, TrainedHere } from "./lab";

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

interface Model extends Record<string, Layer> {
  embedding: EmbeddingLayer;
  output: DenseLayer;
}

interface Architecture {
  time_steps: number;
  positions: boolean;
  units: number;
}

export function buildModel({ time_steps, positions, units }: Architecture, random: Random): Model {
  return {
    embedding: { embeddings: glorotUniform(NUM_SYMBOLS, units, random) },
    ...(positions && { positions: { position: glorotUniform(time_steps, units, random) } }),
    // Of query, key and value; Keras takes the first of three axes for the size of a convolution.
    attention: { kernel: uniform([3, units, units], Math.sqrt(6 / (3 * 2 * units)), random) },
    output: denseLayer(units, NUM_SYMBOLS, random),
  };
}

/** The model: symbols and positions, attention of every step over every step, and a Dense at each step. */
export function callModel(model: Model, { x }: Tensors, { heads, units }: { heads: number; units: number }) {
  const [samples, timeSteps] = x.shape;
  const embedded = embedding<tf.Tensor3D>(x, model.embedding); // (samples, time steps, units)
  const placed = model.positions ? tf.add(embedded, model.positions.position) : embedded;
  const steps: tf.Tensor2D = tf.reshape(placed, [samples * timeSteps, units]);
  // The three kernels side by side: one product for queries, keys and values.
  const kernels: tf.Tensor2D = tf.reshape(tf.transpose(model.attention.kernel, [1, 0, 2]), [units, 3 * units]);
  const { weights, context } = attendToSelf(tf.matMul(steps, kernels), timeSteps, heads);
  const shape = [samples, heads, timeSteps, timeSteps];
  return { weights: tf.tensor(weights, shape), logits: dense(context, model.output) };
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

export const selfAttention: TrainedHere<Options, Model> = {
  constants: { units: 32, num_samples: 1024, num_held_out: 300, batch_size: 64, learning_rate: 0.01, epochs: 8 },

  data({ num_samples, num_held_out, task, time_steps, shift }, random) {
    const samples = (count: number) => getData(count, getAlignment(task, time_steps, shift), random);
    return { training: samples(num_samples), heldOut: samples(num_held_out) };
  },

  build: buildModel,
  inputs: ({ time_steps }) => ({ x: [time_steps], y: [time_steps] }),
  call: callModel,
  loss: categoricalCrossentropy,
  plan: ({ epochs, learning_rate, batch_size }) => ({ epochs, runs: [{ rule: adam(learning_rate), batchSize: batch_size }] }),

  findings({ runs: [{ predict }], heldOut: { x, y } }, { task, time_steps, shift, heads }) {
    const alignment = getAlignment(task, time_steps, shift);
    const { weights, logits } = predict({ x });
    const mean = rowsOf(meanOfSamples(weights, x.length / time_steps), time_steps); // (heads · queries, keys)
    const panels = Array.from({ length: heads }, (_, head) => ({
      title: heads > 1 ? `head ${head + 1}` : undefined,
      weights: mean.slice(head * time_steps, (head + 1) * time_steps),
    }));
    const rowsFound = (weights: number[][]) => weights.filter((row, step) => indexOfLargest(row) === alignment[step]).length;
    const count = rowsFound(meanOf(panels));
    const found = count === time_steps;
    const each = heads > 1 ? ` (${panels.map(({ title, weights }) => `${title}: ${rowsFound(weights)}`).join(", ")})` : "";
    return {
      picture: {
        kind: "heatmap",
        title: "Mean attention weight, held-out samples",
        row: "query step",
        column: "key step",
        panels,
        answers: alignment.map((key, query): Cell => [query, key]),
      },
      found,
      verdict: `The answer has the largest mean weight in ${count} of ${time_steps} rows${each}: ${found ? "found" : "not found"}.`,
      metrics: [{ label: "Held-out accuracy", value: fixed(categoricalAccuracy(y, logits)) }],
    };
  },
};
