/** Chapter 2: which of the time steps holds the answer? Attention over time, before or after a recurrent layer. */
import * as tf from "@tensorflow/tfjs-core";
import type { Random } from "../shared/random";
import { binaryAccuracy, describeLargestWeights, fixed, meanOverUnits, meanWeightsOfClass } from "../shared/verdict";
import { binaryCrossentropy, dense, denseLayer, type DenseLayer } from "../tensorflow/layers";
import { adam } from "../tensorflow/optimizers";
import { lastState, recurrentLayer, states, type CellName } from "../tensorflow/recurrent_layers";
import type { Tensors, TrainedHere } from "./lab";

const TIME_STEPS = 20;

/** The attention block on the inputs of the recurrent layer, or on its states. */
export type Place = "before" | "after";

/** Standard normal sequences, but for one time step, which holds the target in every dimension. */
export function getData(numSamples: number, inputDim: number, attentionStep: number, random: Random) {
  const x = Float32Array.from({ length: numSamples * TIME_STEPS * inputDim }, () => random.normal());
  const y = Float32Array.from({ length: numSamples }, () => (random.uniform() < 0.5 ? 0 : 1));
  for (let sample = 0; sample < numSamples; sample++) {
    const start = (sample * TIME_STEPS + attentionStep) * inputDim;
    x.fill(y[sample], start, start + inputDim);
  }
  return { x, y };
}

export interface Architecture {
  place: Place;
  cell: CellName;
  input_dim: number;
  units: number;
}

export function buildModel({ place, cell, input_dim, units }: Architecture, random: Random) {
  return {
    attend: denseLayer(TIME_STEPS, TIME_STEPS, random),
    states: recurrentLayer(cell, input_dim, units, random),
    output: denseLayer(place === "before" ? units : TIME_STEPS * units, 1, random),
  };
}

/** softmax(Dense(·)) over time, so time is turned to the last axis for it and back: Keras' two Permutes. */
function attentionBlock(inputs: tf.Tensor3D, attend: DenseLayer) {
  const [samples, timeSteps, dimensions] = inputs.shape;
  const turned = tf.transpose(inputs, [0, 2, 1]); // (samples, dimensions, time steps)
  const scores = dense(tf.reshape(turned, [samples * dimensions, timeSteps]), attend);
  const turnedWeights: tf.Tensor3D = tf.reshape(tf.softmax(scores), [samples, dimensions, timeSteps]);
  const weights: tf.Tensor3D = tf.transpose(turnedWeights, [0, 2, 1]); // (samples, time steps, dimensions)
  return { weights, context: tf.mul<tf.Tensor3D>(weights, inputs) };
}

export function callModel(model: ReturnType<typeof buildModel>, { x }: Tensors, { place, cell, units }: Architecture) {
  const inputs = x as tf.Tensor3D;
  if (place === "before") {
    const { weights, context } = attentionBlock(inputs, model.attend);
    return { weights, logits: dense(lastState(cell, context, model.states), model.output) };
  }
  const { weights, context } = attentionBlock(states(cell, inputs, model.states), model.attend);
  const flat: tf.Tensor2D = tf.reshape(context, [inputs.shape[0], TIME_STEPS * units]);
  return { weights, logits: dense(flat, model.output) };
}

interface Options extends Architecture {
  attention_step: number;
  num_samples: number;
  num_held_out: number;
  batch_size: number;
  learning_rate: number;
  epochs: number;
}

export const recurrent: TrainedHere<Options, ReturnType<typeof buildModel>> = {
  constants: { input_dim: 1, units: 32, num_held_out: 300, batch_size: 64, learning_rate: 0.01 },

  data({ num_samples, num_held_out, input_dim, attention_step }, random) {
    const samples = (count: number) => getData(count, input_dim, attention_step, random);
    return { training: samples(num_samples), heldOut: samples(num_held_out) };
  },

  build: buildModel,
  inputs: ({ input_dim }) => ({ x: [TIME_STEPS, input_dim], y: [1] }),
  call: callModel,
  loss: binaryCrossentropy,
  plan: ({ epochs, learning_rate, batch_size }) => ({ epochs, runs: [{ rule: adam(learning_rate), batchSize: batch_size }] }),

  findings({ runs: [{ predict }], heldOut }, { place, cell, attention_step: answer }) {
    const { weights, logits } = predict(heldOut);
    const ofSteps = meanOverUnits(weights, heldOut.y.length, TIME_STEPS);
    const panels = [1, 0].map((target) => ({ title: `y = ${target}`, weights: meanWeightsOfClass(ofSteps, heldOut.y, target) }));
    const over = place === "after" ? "over its units and " : "";
    return {
      picture: {
        kind: "bars",
        title: `Mean attention weight ${place} the ${cell}, ${over}held-out samples`,
        position: "step",
        answer,
        panels,
      },
      ...describeLargestWeights(panels, answer, "step"),
      metrics: [{ label: "Held-out accuracy", value: fixed(binaryAccuracy(heldOut.y, logits)) }],
    };
  },
};
