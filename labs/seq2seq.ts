/** Chapter 6: which symbol does the decoder read as it writes? Luong's attention between two LSTMs. */
import * as tf from "@tensorflow/tfjs-core";
import {
  categoricalAccuracy,
  categoricalCrossentropy,
  dense,
  denseLayer,
  embedding,
  embeddingLayer,
  glorotUniform,
  uniform,
  type Layer,
} from "./src/layers";
import type { Findings, Settings } from "./src/messages";
import { Adam } from "./src/optimizers";
import { seededRandom, type Random } from "./src/random";
import { recurrentLayer, states, statesAndEnd } from "./src/recurrent";
import { additiveScores } from "./src/scores";
import { splitIntoBatches, type Experiment, type Training } from "./src/training";
import { describeAnswers, fixed } from "./src/verdict";

const NUM_SYMBOLS = 10;
// Token 0 is padding, 1 the start, 2 the end; then come the symbols.
export const START = 1;
const FIRST_SYMBOL = 3;
const NUM_TOKENS = FIRST_SYMBOL + NUM_SYMBOLS;
const EMBEDDING_DIM = 16;
const UNITS = 32;
const NUM_SAMPLES = 4096;
const NUM_HELD_OUT = 256;
const BATCH_SIZE = 64;
const LEARNING_RATE = 0.01;

export type Task = "reverse" | "copy" | "shift" | "every_second";
export type Score = "dot" | "general" | "additive";

/** The input step that each output step comes from. */
export function getAlignment(task: Task, length: number): number[] {
  const steps = Array.from({ length }, (_, step) => step);
  const from = {
    reverse: () => steps.reverse(),
    copy: () => steps,
    shift: () => steps.map((step) => (step + 1) % length),
    every_second: () => steps.filter((step) => step % 2 === 0),
  };
  return from[task]();
}

/** Sequences of symbols, and those that they are to be turned into. */
export function getData(numSamples: number, length: number, alignment: number[], random: Random) {
  const symbol = () => FIRST_SYMBOL + Math.floor(random.uniform() * NUM_SYMBOLS);
  const x = Float32Array.from({ length: numSamples * length }, symbol);
  const steps = alignment.length;
  const y = Float32Array.from({ length: numSamples * steps }, (_, i) => x[Math.floor(i / steps) * length + alignment[i % steps]]);
  return { x, y };
}

/** What the decoder has written before each step, had it made no mistake: teacher forcing. */
export function shifted(y: tf.Tensor2D): tf.Tensor2D {
  const written = y.dataSync<"float32">();
  return tf.tensor2d(written.map((_, i) => (i % y.shape[1] === 0 ? START : written[i - 1])), y.shape);
}

function attentionLayer(score: Score, random: Random): Layer {
  const square = () => glorotUniform(UNITS, UNITS, random);
  const layers: Record<Score, () => Layer> = {
    dot: () => ({}),
    general: () => ({ W: square() }),
    additive: () => ({ W_q: square(), W_k: square(), v: uniform([UNITS], Math.sqrt(6 / (2 * UNITS)), random) }),
  };
  return layers[score]();
}

export function buildModel(score: Score, random: Random) {
  return {
    inputs: embeddingLayer(NUM_TOKENS, EMBEDDING_DIM, random),
    forward: recurrentLayer("LSTM", EMBEDDING_DIM, UNITS / 2, random),
    backward: recurrentLayer("LSTM", EMBEDDING_DIM, UNITS / 2, random),
    outputs: embeddingLayer(NUM_TOKENS, EMBEDDING_DIM, random),
    decoder: recurrentLayer("LSTM", EMBEDDING_DIM, UNITS, random),
    attention: attentionLayer(score, random),
    output: denseLayer(2 * UNITS, NUM_TOKENS, random),
  };
}
export type Model = ReturnType<typeof buildModel>;

/** One LSTM from the left and one from the right: the states at all steps, and how both ended. */
export function encode(model: Model, tokens: tf.Tensor2D) {
  const embedded = embedding<tf.Tensor3D>(tokens, model.inputs);
  const forward = statesAndEnd("LSTM", embedded, model.forward);
  const backward = statesAndEnd("LSTM", tf.reverse(embedded, 1), model.backward);
  return {
    states: tf.concat([forward.states, tf.reverse(backward.states, 1)], 2), // (samples, inputs, units)
    end: tf.concat([forward.end, backward.end], 2),
  };
}

/** The product of each step with a matrix. */
function project(steps: tf.Tensor3D, matrix: tf.Tensor): tf.Tensor3D {
  const [samples, timeSteps, units] = steps.shape;
  const product = tf.matMul(tf.reshape(steps, [samples * timeSteps, units]), matrix as tf.Tensor2D);
  return tf.reshape(product, [samples, timeSteps, matrix.shape[1] as number]);
}

/** How well each state answers each query: (samples, outputs, inputs). */
function scores(score: Score, queries: tf.Tensor3D, states: tf.Tensor3D, { W, W_q, W_k, v }: Layer): tf.Tensor3D {
  const dot = (queries: tf.Tensor3D): tf.Tensor3D => tf.matMul(queries, tf.transpose(states, [0, 2, 1]));
  const kinds: Record<Score, () => tf.Tensor3D> = {
    dot: () => dot(queries),
    general: () => dot(project(queries, W)),
    additive: () => additiveScores(project(queries, W_q), project(states, W_k), v as tf.Tensor1D),
  };
  return kinds[score]();
}

export type Encoded = ReturnType<typeof encode>;

/** The model: `previous` holds the token before each output step. */
export function callModel(model: Model, score: Score, tokens: tf.Tensor2D, previous: tf.Tensor2D) {
  return callDecoder(model, score, encode(model, tokens), previous);
}

/** Its second half, for who writes several texts to what is encoded once. */
export function callDecoder(model: Model, score: Score, encoded: Encoded, previous: tf.Tensor2D) {
  const [samples, outputs] = previous.shape;
  const queries = states("LSTM", embedding<tf.Tensor3D>(previous, model.outputs), model.decoder, encoded.end);
  const weights = tf.softmax(scores(score, queries, encoded.states, model.attention));
  const context: tf.Tensor3D = tf.matMul(weights, encoded.states);
  const both: tf.Tensor2D = tf.reshape(tf.concat([context, queries], 2), [samples * outputs, -1]);
  return { weights, logits: dense(both, model.output) };
}

/** The mean over samples of weights (samples, outputs, inputs): a row an output step. */
function meanWeights(weights: tf.Tensor3D): number[][] {
  const [samples] = weights.shape;
  const sums = tf.sum(weights, 0).arraySync() as number[][];
  return sums.map((row) => row.map((sum) => sum / samples));
}

export function seq2seqLab(settings: Settings): Experiment {
  const length = Number(settings.length);
  const score = settings.score as Score;
  const alignment = getAlignment(settings.task as Task, length);
  const random = seededRandom(Number(settings.seed));
  const test = getData(NUM_HELD_OUT, length, alignment, random);
  const heldOut = {
    x: tf.tensor2d(test.x, [NUM_HELD_OUT, length]),
    previous: tf.tidy(() => shifted(tf.tensor2d(test.y, [NUM_HELD_OUT, alignment.length]))),
  };
  const samples = getData(NUM_SAMPLES, length, alignment, random);
  const model = buildModel(score, random);

  function findings(): Findings {
    const { weights, accuracy } = tf.tidy(() => {
      const { weights, logits } = callModel(model, score, heldOut.x, heldOut.previous);
      return { weights: meanWeights(weights), accuracy: categoricalAccuracy(test.y, logits) };
    });
    const answers = alignment.map((input, output): [number, number] => [output, input]);
    const { found, verdict } = describeAnswers(weights, answers, "output step");
    return {
      picture: {
        kind: "heatmap",
        title: "Mean attention weight, held-out samples",
        row: "output step",
        column: "input step",
        panels: [{ weights }],
        answers,
      },
      found,
      verdict,
      metrics: [{ label: "Held-out accuracy", value: fixed(accuracy) }],
    };
  }

  const training: Training = {
    optimizer: new Adam(model, LEARNING_RATE),
    batches: splitIntoBatches(samples.x, samples.y, BATCH_SIZE, [length], alignment.length),
    loss: ({ x, y }) => {
      const { logits } = callModel(model, score, x as tf.Tensor2D, shifted(y as tf.Tensor2D));
      return categoricalCrossentropy(y as tf.Tensor2D, logits);
    },
  };
  return { trainings: [training], heldOut, epochs: Number(settings.epochs), findings };
}
