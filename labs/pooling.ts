/** Chapter 4: which token is the keyword? Attention pooling over sequences of different lengths. */
import * as tf from "@tensorflow/tfjs-core";
import {
  categoricalAccuracy,
  categoricalCrossentropy,
  dense,
  denseLayer,
  embedding,
  embeddingLayer,
  glorotUniform,
  maskedSoftmax,
  relu,
} from "./src/layers";
import type { Findings, Settings } from "./src/messages";
import { Adam } from "./src/optimizers";
import { seededRandom, type Random } from "./src/random";
import { splitIntoBatches, type Experiment, type Training } from "./src/training";
import { fixed, indexOfLargest } from "./src/verdict";

const TIME_STEPS = 40;
const SHORTEST = 5;
// Token 0 is padding, then come the keywords, then the distractors.
const NUM_KEYWORDS = 4;
const NUM_TOKENS = 1 + NUM_KEYWORDS + 26;
const EMBEDDING_DIM = 16;
const UNITS = 128;
const NUM_SAMPLES = 1024;
const NUM_HELD_OUT = 300;
const NUM_SHOWN = 6;
const BATCH_SIZE = 64;
const EPOCHS = 6;
const LEARNING_RATE = 0.003;

interface Task {
  maxLength: number;
  /** How many kinds of them there are. */
  distractors: number;
  padding: "after" | "before";
}

/** Sequences of distractors with one keyword in each, which tells the class, padded to the same length. */
export function getData(numSamples: number, { maxLength, distractors, padding }: Task, random: Random) {
  const below = (end: number) => Math.floor(random.uniform() * end);
  const x = new Float32Array(numSamples * TIME_STEPS);
  const y = new Float32Array(numSamples);
  const keywordSteps: number[] = [];
  for (let sample = 0; sample < numSamples; sample++) {
    const length = SHORTEST + below(maxLength - SHORTEST + 1);
    const first = padding === "before" ? TIME_STEPS - length : 0;
    const start = sample * TIME_STEPS + first;
    for (let i = start; i < start + length; i++) x[i] = 1 + NUM_KEYWORDS + below(distractors);
    const place = below(length);
    y[sample] = below(NUM_KEYWORDS);
    x[start + place] = 1 + y[sample];
    keywordSteps.push(first + place);
  }
  return { x, y, keywordSteps };
}

export function buildModel(random: Random) {
  return {
    embedding: embeddingLayer(NUM_TOKENS, EMBEDDING_DIM, random),
    attention: { W: glorotUniform(EMBEDDING_DIM, 1, random) },
    hidden: denseLayer(EMBEDDING_DIM, UNITS, random),
    output: denseLayer(UNITS, NUM_KEYWORDS, random),
  };
}

/** The model: one score a step, a softmax over the steps that are no padding, and the weighted sum of the steps. */
export function callModel(model: ReturnType<typeof buildModel>, mask: boolean, tokens: tf.Tensor2D) {
  const [samples, timeSteps] = tokens.shape;
  const values = embedding<tf.Tensor3D>(tokens, model.embedding); // (samples, time steps, dimensions)
  const steps: tf.Tensor2D = tf.reshape(values, [samples * timeSteps, EMBEDDING_DIM]);
  const scores: tf.Tensor2D = tf.reshape(tf.matMul(steps, model.attention.W), [samples, timeSteps]);
  const attended = tokens.dataSync<"float32">().map((token) => Number(!mask || token !== 0));
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
export function describe(weights: number[][], tokens: number[][], keywordSteps: number[]) {
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

export function poolingLab(settings: Settings): Experiment {
  const mask = Boolean(settings.mask);
  const task: Task = {
    maxLength: Number(settings.max_length),
    distractors: Number(settings.distractors),
    padding: settings.padding as Task["padding"],
  };
  const random = seededRandom(Number(settings.seed));
  const test = getData(NUM_HELD_OUT, task, random);
  const heldOut = { x: tf.tensor2d(test.x, [NUM_HELD_OUT, TIME_STEPS]) };
  const tokens = heldOut.x.arraySync();
  const samples = getData(NUM_SAMPLES, task, random);
  const model = buildModel(random);

  function findings(): Findings {
    const { weights, accuracy } = tf.tidy(() => {
      const { weights, logits } = callModel(model, mask, heldOut.x);
      return { weights: weights.arraySync(), accuracy: categoricalAccuracy(test.y, logits) };
    });
    const { found, verdict, padding } = describe(weights, tokens, test.keywordSteps);
    return {
      picture: {
        kind: "tokens",
        title: "Attention weights, six held-out samples",
        answerName: "keyword",
        samples: weights.slice(0, NUM_SHOWN).map((row, sample) => ({
          tokens: tokens[sample].map(letter),
          weights: row,
          answer: test.keywordSteps[sample],
        })),
      },
      found,
      verdict,
      metrics: [
        { label: "Held-out accuracy", value: fixed(accuracy) },
        { label: "Weight on padding", value: padding },
      ],
    };
  }

  const training: Training = {
    optimizer: new Adam(model, LEARNING_RATE),
    batches: splitIntoBatches(samples.x, samples.y, BATCH_SIZE),
    loss: ({ x, y }) => categoricalCrossentropy(y as tf.Tensor2D, callModel(model, mask, x as tf.Tensor2D).logits),
  };
  return { trainings: [training], heldOut, epochs: EPOCHS, findings };
}
