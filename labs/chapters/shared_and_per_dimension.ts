/** Chapter 3: two answers at two steps. One attention vector for all dimensions, or one for each? */
import {
  adam,
  add,
  binaryCrossentropy,
  dense,
  layer,
  lstm,
  matmul,
  mean as meanOver,
  multiply,
  permute,
  reshape,
  softmax,
  uniform,
  zeros,
  type Tensor,
  type Tensors,
} from "../engine";
import { judgeCells } from "../shared/found";
import { binaryAccuracy, fixed, meanOfSamples, rowsOf } from "../shared/numbers";
import type { Cell } from "../shared/pictures";
import type { Random } from "../shared/random";
import type { TrainedHere } from "./lab";

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
function ownKernels(dimensions: number, random: Random) {
  const limit = Math.sqrt(6 / (dimensions * 2 * TIME_STEPS));
  const weights = { kernel: uniform([dimensions, TIME_STEPS, TIME_STEPS], limit, random), bias: zeros([TIME_STEPS, dimensions]) };
  return layer(weights, (x: Tensor) => {
    const products = matmul(permute(x, [2, 0, 1]), weights.kernel); // (dimensions, samples, time steps)
    return add(permute(products, [1, 2, 0]), weights.bias);
  });
}

export interface Architecture {
  place: Place;
  shared: boolean;
  dimensions: number;
  units: number;
}

export function buildModel({ place, shared, dimensions, units }: Architecture, random: Random) {
  const attended = place === "before" ? dimensions : units;
  const attend = shared ? dense(TIME_STEPS, TIME_STEPS, random) : ownKernels(attended, random);
  const states = lstm(dimensions, units, random);
  const output = dense(place === "before" ? units : TIME_STEPS * units, 1, random);
  return place === "before" ? { attend, states, output } : { states, attend, output };
}

type Attend = (x: Tensor) => Tensor;

/** One vector: the mean over dimensions of softmax(Dense(·)) over time. (samples, time steps, 1) */
function averaged(inputs: Tensor, attend: Attend): Tensor {
  const weights = softmax(attend(permute(inputs, [0, 2, 1]))); // (samples, dimensions, time steps)
  const [samples, timeSteps] = inputs.shape;
  return reshape(meanOver(weights, 1), [samples, timeSteps, 1]);
}

/** A vector for each dimension, from a kernel of its own: softmax over time. (samples, time steps, dimensions) */
function ofEachDimension(inputs: Tensor, attend: Attend): Tensor {
  return permute(softmax(permute(attend(inputs), [0, 2, 1])), [0, 2, 1]);
}

export function callModel(model: ReturnType<typeof buildModel>, { x }: Tensors<string>, { place, shared }: Architecture) {
  const attention = shared ? averaged : ofEachDimension;
  if (place === "before") {
    const weights = attention(x, model.attend);
    return { weights, logits: model.output(model.states(multiply(x, weights)).last) };
  }
  const states = model.states(x).sequence;
  const weights = attention(states, model.attend);
  const [samples, timeSteps, units] = states.shape;
  return { weights, logits: model.output(reshape(multiply(states, weights), [samples, timeSteps * units])) };
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
  constants: { units: 32, num_samples: 4096, num_held_out: 1024, batch_size: 64, learning_rate: 0.01, epochs: 5 },

  data(options, random) {
    const samples = (count: number) => getData(count, stepsOf(options), random);
    return { training: samples(options.num_samples), heldOut: samples(options.num_held_out) };
  },

  build: buildModel,
  inputs: ({ dimensions }) => ({ x: [TIME_STEPS, dimensions] }),
  targets: () => [1],
  call: callModel,
  loss: () => binaryCrossentropy,
  plan: ({ epochs, learning_rate, batch_size }) => ({ epochs, runs: [{ optimizer: adam(learning_rate), batchSize: batch_size }] }),

  findings({ runs: [{ predict }], heldOut }, options) {
    const { place, shared } = options;
    const steps = stepsOf(options);
    const { weights, logits } = predict(heldOut);
    const ofSteps = rowsOf(meanOfSamples(weights, heldOut.y.length), weights.length / (heldOut.y.length * TIME_STEPS));
    const vectors = ofSteps[0].map((_, vector) => ofSteps.map((step) => step[vector]));
    // One vector serves all answers; so does the mean over units that stands for all of them.
    const inOneRow = shared || place === "after";
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const rows = inOneRow ? [ofSteps.map(mean)] : vectors;
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
      ...judgeCells(rows, answers, row),
      metrics: [{ label: "Held-out accuracy", value: fixed(binaryAccuracy(heldOut.y, logits)) }],
    };
  },
};
