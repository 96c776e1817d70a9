/** Chapter 4: which token is the keyword? Attention pooling over sequences of different lengths. */
import * as tf from "@tensorflow/tfjs-core";
import type { Random } from "../shared/random";
import { categoricalAccuracy, fixed, indexOfLargest, rowsOf } from "../shared/verdict";
import {
  categoricalCrossentropy,
  dense,
  denseLayer,
  embedding,
  embeddingLayer,
  glorotUniform,
  maskedSoftmax,
  relu,
} from "../tensorflow/layers";
import { adam } from "../tensorflow/optimizers";
import type { Tensors, TrainedHere } from "./lab";

const TIME_STEPS = 40;
const SHORTEST = 5;
// Token 0 is padding, then come the keywords, then the distractors.
const NUM_KEYWORDS = 4;
const NUM_TOKENS = 1 + NUM_KEYWORDS + 26;
const EMBEDDING_DIM = 16;
const NUM_SHOWN = 6;

interface Task {
  max_length: number;
  /** How many kinds of them there are. */
  distractors: number;
  padding: "after" | "before";
}

/** Sequences of distractors with one keyword in each, which tells the class, padded to the same length. */
export function getData(numSamples: number, { max_length, distractors, padding }: Task, random: Random) {
  const below = (end: number) => Math.floor(random.uniform() * end);
  const x = new Float32Array(numSamples * TIME_STEPS);
  const y = new Float32Array(numSamples);
  const keywordSteps = new Float32Array(numSamples);
  for (let sample = 0; sample < numSamples; sample++) {
    const length = SHORTEST + below(max_length - SHORTEST + 1);
    const first = padding === "before" ? TIME_STEPS - length : 0;
    const start = sample * TIME_STEPS + first;
    for (let i = start; i < start + length; i++) x[i] = 1 + NUM_KEYWORDS + below(distractors);
    const place = below(length);
    y[sample] = below(NUM_KEYWORDS);
    x[start + place] = 1 + y[sample];
    keywordSteps[sample] = first + place;
  }
  return { x, y, keywordSteps };
}

export function buildModel(units: number, random: Random) {
  return {
    embedding: embeddingLayer(NUM_TOKENS, EMBEDDING_DIM, random),
    attention: { W: glorotUniform(EMBEDDING_DIM, 1, random) },
    hidden: denseLayer(EMBEDDING_DIM, units, random),
    output: denseLayer(units, NUM_KEYWORDS, random),
  };
}

/** The model: one score a step, a softmax over the steps that are no padding, and the weighted sum of the steps. */
export function callModel(model: ReturnType<typeof buildModel>, { x }: Tensors, { mask }: { mask: boolean }) {
  const [samples, timeSteps] = x.shape;
  const values = embedding<tf.Tensor3D>(x, model.embedding); // (samples, time steps, dimensions)
  const steps: tf.Tensor2D = tf.reshape(values, [samples * timeSteps, EMBEDDING_DIM]);
  const scores: tf.Tensor2D = tf.reshape(tf.matMul(steps, model.attention.W), [samples, timeSteps]);
  const attended = x.dataSync<"float32">().map((token) => Number(!mask || token !== 0));
  const weights = maskedSoftmax(scores, attended);
  const context: tf.Tensor2D = tf.sum(tf.mul(tf.reshape(weights, [samples, timeSteps, 1]), values), 1);
  const hidden = relu(dense(context, model.hidden));
  return { weights, logits: dense(hidden, model.output) };
}

/** Keywords as capitals, distractors as small letters. */
function letter(token: number): string | null {
  if (token === 0) return null;
  return token <= NUM_KEYWORDS
    ? String.fromCharCode("A".charCodeAt(0) + token - 1)
    : String.fromCharCode("a".charCodeAt(0) + token - 1 - NUM_KEYWORDS);
}

/** The verdict, and the mean weight that a sample spends on padding. */
export function describe(weights: number[][], tokens: number[][], keywordSteps: ArrayLike<number>) {
  const spent = weights.map((row, sample) => row.reduce((sum, weight, i) => sum + (tokens[sample][i] === 0 ? weight : 0), 0));
  const onPadding = spent.reduce((sum, value) => sum + value, 0) / weights.length;
  const hits = weights.filter((row, sample) => indexOfLargest(row) === keywordSteps[sample]).length;
  const percent = Math.floor((100 * hits) / weights.length);
  const found = percent >= 99;
  const padding = onPadding === 0 ? "exactly 0" : onPadding < 0.01 ? "below 0.01" : fixed(onPadding);
  const verdict =
    `Mean weight on padding: ${padding}. Largest weight on the keyword in ` +
    `${percent} % of held-out samples: ${found ? "found" : "not found"}.`;
  return { found, verdict, padding };
}

interface Options extends Task {
  mask: boolean;
  units: number;
  num_samples: number;
  num_held_out: number;
  batch_size: number;
  learning_rate: number;
  epochs: number;
}

export const pooling: TrainedHere<Options, ReturnType<typeof buildModel>> = {
  constants: { units: 128, num_samples: 1024, num_held_out: 300, batch_size: 64, learning_rate: 0.003, epochs: 6 },

  data(options, random) {
    const { num_samples, num_held_out } = options;
    return { training: getData(num_samples, options, random), heldOut: getData(num_held_out, options, random) };
  },

  build: ({ units }, random) => buildModel(units, random),
  inputs: () => ({ x: [TIME_STEPS], y: [1] }),
  call: callModel,
  loss: categoricalCrossentropy,
  plan: ({ epochs, learning_rate, batch_size }) => ({ epochs, runs: [{ rule: adam(learning_rate), batchSize: batch_size }] }),

  findings({ runs: [{ predict }], heldOut: { x, y, keywordSteps } }) {
    const { weights, logits } = predict({ x });
    const rows = rowsOf(weights, TIME_STEPS);
    const tokens = rowsOf(x, TIME_STEPS);
    const { found, verdict, padding } = describe(rows, tokens, keywordSteps);
    return {
      picture: {
        kind: "tokens",
        title: "Attention weights, six held-out samples",
        answerName: "keyword",
        samples: rows.slice(0, NUM_SHOWN).map((row, sample) => ({
          tokens: tokens[sample].map(letter),
          weights: row,
          answer: keywordSteps[sample],
        })),
      },
      found,
      verdict,
      metrics: [
        { label: "Held-out accuracy", value: fixed(categoricalAccuracy(y, logits)) },
        { label: "Weight on padding", value: padding },
      ],
    };
  },
};
