/** Chapter 2: which of the time steps holds the answer? Attention over time, before or after a recurrent layer. */
import * as tf from "@tensorflow/tfjs-core";
import { binaryAccuracy, binaryCrossentropy, dense, denseLayer, type DenseLayer } from "./src/layers";
import type { Findings, Settings } from "./src/messages";
import { Adam } from "./src/optimizers";
import { seededRandom, type Random } from "./src/random";
import { lastState, recurrentLayer, states, type CellName } from "./src/recurrent";
import { splitIntoBatches, type Experiment, type Training } from "./src/training";
import { describeLargestWeights, fixed } from "./src/verdict";

const TIME_STEPS = 20;
const UNITS = 32;
const BATCH_SIZE = 64;
const NUM_HELD_OUT = 300;
const LEARNING_RATE = 0.01;

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

export function buildModel(place: Place, cell: CellName, inputDim: number, random: Random) {
  return {
    attend: denseLayer(TIME_STEPS, TIME_STEPS, random),
    states: recurrentLayer(cell, inputDim, UNITS, random),
    output: denseLayer(place === "before" ? UNITS : TIME_STEPS * UNITS, 1, random),
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

export function callModel(model: ReturnType<typeof buildModel>, place: Place, cell: CellName, inputs: tf.Tensor3D) {
  if (place === "before") {
    const { weights, context } = attentionBlock(inputs, model.attend);
    const logits = dense(lastState(cell, context, model.states), model.output);
    return { weights, logits };
  }
  const { weights, context } = attentionBlock(states(cell, inputs, model.states), model.attend);
  const flat: tf.Tensor2D = tf.reshape(context, [inputs.shape[0], TIME_STEPS * UNITS]);
  return { weights, logits: dense(flat, model.output) };
}

/** The mean attention weight of each time step, over dimensions and the samples of one class. */
function meanWeights(weights: tf.Tensor3D, y: Float32Array, target: number): number[] {
  const [samples, timeSteps, dimensions] = weights.shape;
  const ofClass = y.map((value) => Number(value === target));
  const count = ofClass.reduce((sum, value) => sum + value, 0) * dimensions;
  const flat: tf.Tensor2D = tf.reshape(weights, [samples, timeSteps * dimensions]);
  const sums = tf.reshape(tf.matMul(tf.tensor2d(ofClass, [1, samples]), flat), [timeSteps, dimensions]);
  return Array.from(tf.sum(sums, 1).dataSync(), (sum) => sum / count);
}

export function recurrentLab(settings: Settings): Experiment {
  const attentionStep = Number(settings.attention_step);
  const place = settings.place as Place;
  const cell = settings.cell as CellName;
  const numSamples = Number(settings.num_samples);
  const random = seededRandom(Number(settings.seed));

  const test = getData(NUM_HELD_OUT, 1, attentionStep, random);
  const heldOut = { x: tf.tensor3d(test.x, [NUM_HELD_OUT, TIME_STEPS, 1]) };
  const samples = getData(numSamples, 1, attentionStep, random);
  const model = buildModel(place, cell, 1, random);

  function findings(): Findings {
    const { one, zero, accuracy } = tf.tidy(() => {
      const { weights, logits } = callModel(model, place, cell, heldOut.x);
      return {
        one: meanWeights(weights, test.y, 1),
        zero: meanWeights(weights, test.y, 0),
        accuracy: binaryAccuracy(test.y, logits),
      };
    });
    const panels = [
      { title: "y = 1", weights: one },
      { title: "y = 0", weights: zero },
    ];
    const { found, verdict } = describeLargestWeights(panels, attentionStep, "step");
    return {
      picture: {
        kind: "bars",
        title: `Mean attention weight ${place} the ${cell}, ${place === "after" ? "over its units and " : ""}held-out samples`,
        position: "step",
        answer: attentionStep,
        panels,
      },
      found,
      verdict,
      metrics: [{ label: "Held-out accuracy", value: fixed(accuracy) }],
    };
  }

  const training: Training = {
    optimizer: new Adam(model, LEARNING_RATE),
    batches: splitIntoBatches(samples.x, samples.y, BATCH_SIZE, [TIME_STEPS, 1]),
    loss: ({ x, y }) => binaryCrossentropy(y as tf.Tensor2D, callModel(model, place, cell, x as tf.Tensor3D).logits),
  };
  return { trainings: [training], heldOut, epochs: Number(settings.epochs), findings };
}
