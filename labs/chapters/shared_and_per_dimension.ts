/** Chapter 3: two answers at two steps. One attention vector for all dimensions, or one for each? */
import * as tf from "@tensorflow/tfjs-core";
import type { Cell } from "../shared/pictures";
import type { Random } from "../shared/random";
import { binaryAccuracy, describeAnswers, fixed, meanOfSamples } from "../shared/verdict";
import { binaryCrossentropy, dense, denseLayer, uniform, type DenseLayer, type Layer } from "../tensorflow/layers";
import { adam } from "../tensorflow/optimizers";
import { lastState, recurrentLayer, states } from "../tensorflow/recurrent_layers";
import type { Tensors, TrainedHere } from "./lab";

const TIME_STEPS = 20;

export type Place = "before" | "after";

/** Each dimension of noise holds one bit, at a step of its own; the target is 1 if all the bits are 1. */
export function getData(numSamples: number, attentionSteps: number[], random: Random) {
  const dimensions = attentionSteps.length;
  const x = Float32Array.from({ length: numSamples * TIME_STEPS * dimensions }, () => random.normal());
  const y = new Float32Array(numSamples);
  const allBits = 2 ** dimensions - 1;
  for (let sample = 0; sample < numSamples; sample++) {
    y[sample] = random.uniform() < 0.5 ? 0 : 1;
    const bits = y[sample] === 1 ? allBits : Math.floor(random.uniform() * allBits);
    attentionSteps.forEach((step, dimension) => {
      x[(sample * TIME_STEPS + step) * dimensions + dimension] = (bits >> dimension) & 1;
    });
  }
  return { x, y };
}

/** A kernel of its own for each dimension: Keras' EinsumDense("bsd,dst->btd", bias_axes="td"). */
function ownKernels(dimensions: number, random: Random): Layer {
  const limit = Math.sqrt(6 / (dimensions * 2 * TIME_STEPS));
  return {
    kernel: uniform([dimensions, TIME_STEPS, TIME_STEPS], limit, random),
    bias: tf.zeros([TIME_STEPS, dimensions]),
  };
}

export interface Architecture {
  place: Place;
  shared: boolean;
  dimensions: number;
  units: number;
}

export function buildModel({ place, shared, dimensions, units }: Architecture, random: Random) {
  const attended = place === "before" ? dimensions : units;
  return {
    attend: shared ? denseLayer(TIME_STEPS, TIME_STEPS, random) : ownKernels(attended, random),
    states: recurrentLayer("LSTM", dimensions, units, random),
    output: denseLayer(place === "before" ? units : TIME_STEPS * units, 1, random),
  };
}

/** One vector: the mean over dimensions of softmax(Dense(·)) over time. (samples, time steps, 1) */
function averaged(inputs: tf.Tensor3D, attend: Layer): tf.Tensor3D {
  const [samples, timeSteps, dimensions] = inputs.shape;
  const turned = tf.transpose(inputs, [0, 2, 1]); // (samples, dimensions, time steps)
  const scores = dense(tf.reshape(turned, [samples * dimensions, timeSteps]), attend as DenseLayer);
  const weights: tf.Tensor3D = tf.reshape(tf.softmax(scores), [samples, dimensions, timeSteps]);
  return tf.reshape(tf.mul(tf.sum(weights, 1), 1 / dimensions), [samples, timeSteps, 1]);
}

/** A vector for each dimension, from a kernel of its own. (samples, time steps, dimensions) */
function perDimensionOf(inputs: tf.Tensor3D, { kernel, bias }: Layer): tf.Tensor3D {
  const [, timeSteps, dimensions] = inputs.shape;
  const turned = tf.transpose(inputs, [2, 0, 1]); // (dimensions, samples, time steps)
  const turnedBias = tf.reshape(tf.transpose(bias), [dimensions, 1, timeSteps]);
  const scores: tf.Tensor3D = tf.add(tf.matMul(turned, kernel), turnedBias);
  return tf.transpose(tf.softmax(scores), [1, 2, 0]);
}

export function callModel(model: ReturnType<typeof buildModel>, { x }: Tensors, { place, shared, units }: Architecture) {
  const inputs = x as tf.Tensor3D;
  const attention = shared ? averaged : perDimensionOf;
  if (place === "before") {
    const weights = attention(inputs, model.attend);
    const context = tf.mul<tf.Tensor3D>(weights, inputs);
    return { weights, logits: dense(lastState("LSTM", context, model.states), model.output) };
  }
  const allStates = states("LSTM", inputs, model.states);
  const weights = attention(allStates, model.attend);
  const flat: tf.Tensor2D = tf.reshape(tf.mul(weights, allStates), [inputs.shape[0], TIME_STEPS * units]);
  return { weights, logits: dense(flat, model.output) };
}

interface Options extends Architecture {
  first_step: number;
  second_step: number;
  num_samples: number;
  num_held_out: number;
  batch_size: number;
  learning_rate: number;
  epochs: number;
}

/** The step of each dimension's answer: the two in turn. */
const stepsOf = ({ dimensions, first_step, second_step }: Options): number[] =>
  Array.from({ length: dimensions }, (_, dimension) => (dimension % 2 === 0 ? first_step : second_step));

export const perDimension: TrainedHere<Options, ReturnType<typeof buildModel>> = {
  constants: { units: 32, num_samples: 4096, num_held_out: 300, batch_size: 64, learning_rate: 0.01, epochs: 5 },

  data(options, random) {
    const samples = (count: number) => getData(count, stepsOf(options), random);
    return { training: samples(options.num_samples), heldOut: samples(options.num_held_out) };
  },

  build: buildModel,
  inputs: ({ dimensions }) => ({ x: [TIME_STEPS, dimensions], y: [1] }),
  call: callModel,
  loss: binaryCrossentropy,
  plan: ({ epochs, learning_rate, batch_size }) => ({ epochs, runs: [{ rule: adam(learning_rate), batchSize: batch_size }] }),

  findings({ runs: [{ predict }], heldOut }, options) {
    const { place, shared } = options;
    const steps = stepsOf(options);
    const { weights, logits } = predict(heldOut);
    const mean = meanOfSamples(weights, heldOut.y.length); // (time steps, vectors), flat
    const vectors = mean.length / TIME_STEPS;
    const vector = (index: number) => Array.from({ length: TIME_STEPS }, (_, step) => mean[step * vectors + index]);
    const ofVectors = Array.from({ length: vectors }, (_, index) => vector(index));
    // One vector serves all answers; so does the mean over units that stands for all of them.
    const inOneRow = shared || place === "after";
    const meanVector = () => ofVectors[0].map((_, step) => ofVectors.reduce((sum, each) => sum + each[step], 0) / vectors);
    const rows = inOneRow ? [meanVector()] : ofVectors;
    const answers = inOneRow
      ? [...new Set(steps)].map((step): Cell => [0, step])
      : steps.map((step, dimension): Cell => [dimension, step]);
    const row = inOneRow ? "vector" : "dimension";
    const over = place === "after" && !shared ? "over its units and " : "";
    return {
      picture: {
        kind: "heatmap",
        title: `Mean attention weight ${place} the LSTM, ${over}held-out samples`,
        row,
        column: "step",
        panels: [{ weights: rows }],
        answers,
      },
      ...describeAnswers(rows, answers, row),
      metrics: [{ label: "Held-out accuracy", value: fixed(binaryAccuracy(heldOut.y, logits)) }],
    };
  },
};
