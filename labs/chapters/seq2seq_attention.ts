/** Chapter 6: which symbol does the decoder read as it writes? Luong's attention between two LSTMs. */
import * as tf from "@tensorflow/tfjs-core";
import type { Cell } from "../shared/pictures";
import type { Random } from "../shared/random";
import { categoricalAccuracy, describeAnswers, fixed, meanOfSamples, rowsOf } from "../shared/verdict";
import { additiveScores } from "../tensorflow/additive_scores";
import {
  categoricalCrossentropy,
  dense,
  denseLayer,
  embedding,
  embeddingLayer,
  glorotUniform,
  uniform,
  type Layer,
} from "../tensorflow/layers";
import { adam } from "../tensorflow/optimizers";
import { recurrentLayer, states, statesAndEnd } from "../tensorflow/recurrent_layers";
import type { Tensors, TrainedHere } from "./lab";

const NUM_SYMBOLS = 10;
// Token 0 is padding, 1 the start, 2 the end; then come the symbols.
export const START = 1;
const FIRST_SYMBOL = 3;
const NUM_TOKENS = FIRST_SYMBOL + NUM_SYMBOLS;
const EMBEDDING_DIM = 16;

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

/**
 * Sequences of symbols, those that they are to be turned into, and what the decoder has before each step, had it
 * made no mistake: teacher forcing.
 */
export function getData(numSamples: number, length: number, alignment: number[], random: Random) {
  const symbol = () => FIRST_SYMBOL + Math.floor(random.uniform() * NUM_SYMBOLS);
  const x = Float32Array.from({ length: numSamples * length }, symbol);
  const steps = alignment.length;
  const y = Float32Array.from({ length: numSamples * steps }, (_, i) => x[Math.floor(i / steps) * length + alignment[i % steps]]);
  const previous = y.map((_, i) => (i % steps === 0 ? START : y[i - 1]));
  return { x, previous, y };
}

function attentionLayer(score: Score, units: number, random: Random): Layer {
  const square = () => glorotUniform(units, units, random);
  const layers: Record<Score, () => Layer> = {
    dot: () => ({}),
    general: () => ({ W: square() }),
    additive: () => ({ W_q: square(), W_k: square(), v: uniform([units], Math.sqrt(6 / (2 * units)), random) }),
  };
  return layers[score]();
}

export function buildModel({ score, units }: { score: Score; units: number }, random: Random) {
  return {
    inputs: embeddingLayer(NUM_TOKENS, EMBEDDING_DIM, random),
    forward: recurrentLayer("LSTM", EMBEDDING_DIM, units / 2, random),
    backward: recurrentLayer("LSTM", EMBEDDING_DIM, units / 2, random),
    outputs: embeddingLayer(NUM_TOKENS, EMBEDDING_DIM, random),
    decoder: recurrentLayer("LSTM", EMBEDDING_DIM, units, random),
    attention: attentionLayer(score, units, random),
    output: denseLayer(2 * units, NUM_TOKENS, random),
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

interface Options {
  task: Task;
  score: Score;
  length: number;
  units: number;
  num_samples: number;
  num_held_out: number;
  batch_size: number;
  learning_rate: number;
  epochs: number;
}

const alignmentOf = ({ task, length }: Options): number[] => getAlignment(task, length);

export const seq2seq: TrainedHere<Options, Model> = {
  constants: { units: 32, num_samples: 4096, num_held_out: 256, batch_size: 64, learning_rate: 0.01 },

  data(options, random) {
    const samples = (count: number) => getData(count, options.length, alignmentOf(options), random);
    return { training: samples(options.num_samples), heldOut: samples(options.num_held_out) };
  },

  build: buildModel,

  inputs(options) {
    const steps = alignmentOf(options).length;
    return { x: [options.length], previous: [steps], y: [steps] };
  },

  call: (model, { x, previous }: Tensors, { score }) => callModel(model, score, x as tf.Tensor2D, previous as tf.Tensor2D),
  loss: categoricalCrossentropy,
  plan: ({ epochs, learning_rate, batch_size }) => ({ epochs, runs: [{ rule: adam(learning_rate), batchSize: batch_size }] }),

  findings({ runs: [{ predict }], heldOut: { x, previous, y } }, options) {
    const alignment = alignmentOf(options);
    const { weights, logits } = predict({ x, previous });
    const rows = rowsOf(meanOfSamples(weights, x.length / options.length), options.length);
    const answers = alignment.map((input, output): Cell => [output, input]);
    return {
      picture: {
        kind: "heatmap",
        title: "Mean attention weight, held-out samples",
        row: "output step",
        column: "input step",
        panels: [{ weights: rows }],
        answers,
      },
      ...describeAnswers(rows, answers, "output step"),
      metrics: [{ label: "Held-out accuracy", value: fixed(categoricalAccuracy(y, logits)) }],
    };
  },
};
