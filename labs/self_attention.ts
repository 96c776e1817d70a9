/** Chapter 5: which step does each step ask for? Self-attention over sequences of symbols. */
import * as tf from "@tensorflow/tfjs-core";
import {
  categoricalAccuracy,
  categoricalCrossentropy,
  dense,
  denseLayer,
  embedding,
  glorotUniform,
  uniform,
  type DenseLayer,
  type EmbeddingLayer,
  type Layer,
} from "./src/layers";
import type { Findings, Settings } from "./src/messages";
import { Adam } from "./src/optimizers";
import { seededRandom, type Random } from "./src/random";
import { attendToSelf } from "./src/self_attention";
import { splitIntoBatches, type Experiment, type Training } from "./src/training";
import { fixed, indexOfLargest, meanOf } from "./src/verdict";

const NUM_SYMBOLS = 10;
const UNITS = 32;
const NUM_SAMPLES = 1024;
const NUM_HELD_OUT = 300;
const BATCH_SIZE = 64;
const EPOCHS = 8;
const LEARNING_RATE = 0.01;

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

export function buildModel(timeSteps: number, positions: boolean, random: Random): Model {
  return {
    embedding: { embeddings: glorotUniform(NUM_SYMBOLS, UNITS, random) },
    ...(positions && { positions: { position: glorotUniform(timeSteps, UNITS, random) } }),
    // Of query, key and value; Keras takes the first of three axes for the size of a convolution.
    attention: { kernel: uniform([3, UNITS, UNITS], Math.sqrt(6 / (3 * 2 * UNITS)), random) },
    output: denseLayer(UNITS, NUM_SYMBOLS, random),
  };
}

/** The model: symbols and positions, attention of every step over every step, and a Dense at each step. */
export function callModel(model: Model, heads: number, symbols: tf.Tensor2D) {
  const [samples, timeSteps] = symbols.shape;
  const embedded = embedding<tf.Tensor3D>(symbols, model.embedding); // (samples, time steps, units)
  const placed = model.positions ? tf.add(embedded, model.positions.position) : embedded;
  const steps: tf.Tensor2D = tf.reshape(placed, [samples * timeSteps, UNITS]);
  // The three kernels side by side: one product for queries, keys and values.
  const kernels: tf.Tensor2D = tf.reshape(tf.transpose(model.attention.kernel, [1, 0, 2]), [UNITS, 3 * UNITS]);
  const { weights, context } = attendToSelf(tf.matMul(steps, kernels), timeSteps, heads);
  return { weights, logits: dense(context, model.output) };
}

/** The mean over samples of weights (samples, heads, queries, keys): a panel a head. */
function meanWeights(weights: Float32Array, heads: number, timeSteps: number) {
  const size = heads * timeSteps * timeSteps;
  const mean = new Float32Array(size);
  weights.forEach((weight, i) => (mean[i % size] += weight));
  const row = (start: number) => Array.from(mean.subarray(start, start + timeSteps), (sum) => (sum * size) / weights.length);
  return Array.from({ length: heads }, (_, head) => ({
    title: heads > 1 ? `head ${head + 1}` : undefined,
    weights: Array.from({ length: timeSteps }, (_, step) => row((head * timeSteps + step) * timeSteps)),
  }));
}

export function selfAttentionLab(settings: Settings): Experiment {
  const timeSteps = Number(settings.time_steps);
  const heads = Number(settings.heads);
  const alignment = getAlignment(settings.task as Task, timeSteps, Number(settings.shift));
  const random = seededRandom(Number(settings.seed));
  const test = getData(NUM_HELD_OUT, alignment, random);
  const heldOut = { x: tf.tensor2d(test.x, [NUM_HELD_OUT, timeSteps]) };
  const samples = getData(NUM_SAMPLES, alignment, random);
  const model = buildModel(timeSteps, Boolean(settings.positions), random);

  function findings(): Findings {
    const { panels, accuracy } = tf.tidy(() => {
      const { weights, logits } = callModel(model, heads, heldOut.x);
      return { panels: meanWeights(weights, heads, timeSteps), accuracy: categoricalAccuracy(test.y, logits) };
    });
    const rowsFound = (weights: number[][]) => weights.filter((row, step) => indexOfLargest(row) === alignment[step]).length;
    const count = rowsFound(meanOf(panels));
    const found = count === timeSteps;
    const each = heads > 1 ? ` (${panels.map(({ title, weights }) => `${title}: ${rowsFound(weights)}`).join(", ")})` : "";
    return {
      picture: {
        kind: "heatmap",
        title: "Mean attention weight, held-out samples",
        row: "query step",
        column: "key step",
        panels,
        answers: alignment.map((key, query) => [query, key]),
      },
      found,
      verdict: `The answer has the largest mean weight in ${count} of ${timeSteps} rows${each}: ${found ? "found" : "not found"}.`,
      metrics: [{ label: "Held-out accuracy", value: fixed(accuracy) }],
    };
  }

  const training: Training = {
    optimizer: new Adam(model, LEARNING_RATE),
    batches: splitIntoBatches(samples.x, samples.y, BATCH_SIZE, [timeSteps], timeSteps),
    loss: ({ x, y }) => categoricalCrossentropy(y as tf.Tensor2D, callModel(model, heads, x as tf.Tensor2D).logits),
  };
  return { trainings: [training], heldOut, epochs: EPOCHS, findings };
}
