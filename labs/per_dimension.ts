/** Chapter 3: two answers at two steps. One attention vector for all dimensions, or one for each? */
import * as tf from "@tensorflow/tfjs-core";
import { binaryAccuracy, binaryCrossentropy, dense, denseLayer, uniform, type DenseLayer, type Layer } from "./src/layers";
import type { Findings, Settings } from "./src/messages";
import { Adam } from "./src/optimizers";
import { seededRandom, type Random } from "./src/random";
import { lastState, recurrentLayer, states } from "./src/recurrent";
import { splitIntoBatches, type Experiment, type Training } from "./src/training";
import { describeAnswers, fixed } from "./src/verdict";

const TIME_STEPS = 20;
const UNITS = 32;
const NUM_SAMPLES = 4096;
const NUM_HELD_OUT = 300;
const BATCH_SIZE = 64;
const EPOCHS = 5;
const LEARNING_RATE = 0.01;

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

export function buildModel(place: Place, shared: boolean, inputDim: number, random: Random) {
  const attended = place === "before" ? inputDim : UNITS;
  return {
    attend: shared ? denseLayer(TIME_STEPS, TIME_STEPS, random) : ownKernels(attended, random),
    states: recurrentLayer("LSTM", inputDim, UNITS, random),
    output: denseLayer(place === "before" ? UNITS : TIME_STEPS * UNITS, 1, random),
  };
}
type Model = ReturnType<typeof buildModel>;

/** One vector: the mean over dimensions of softmax(Dense(·)) over time. (samples, time steps, 1) */
function averaged(inputs: tf.Tensor3D, attend: Layer): tf.Tensor3D {
  const [samples, timeSteps, dimensions] = inputs.shape;
  const turned = tf.transpose(inputs, [0, 2, 1]); // (samples, dimensions, time steps)
  const scores = dense(tf.reshape(turned, [samples * dimensions, timeSteps]), attend as DenseLayer);
  const weights: tf.Tensor3D = tf.reshape(tf.softmax(scores), [samples, dimensions, timeSteps]);
  return tf.reshape(tf.mul(tf.sum(weights, 1), 1 / dimensions), [samples, timeSteps, 1]);
}

/** A vector for each dimension, from a kernel of its own. (samples, time steps, dimensions) */
function perDimension(inputs: tf.Tensor3D, { kernel, bias }: Layer): tf.Tensor3D {
  const [, timeSteps, dimensions] = inputs.shape;
  const turned = tf.transpose(inputs, [2, 0, 1]); // (dimensions, samples, time steps)
  const turnedBias = tf.reshape(tf.transpose(bias), [dimensions, 1, timeSteps]);
  const scores: tf.Tensor3D = tf.add(tf.matMul(turned, kernel), turnedBias);
  return tf.transpose(tf.softmax(scores), [1, 2, 0]);
}

export function callModel(model: Model, place: Place, shared: boolean, inputs: tf.Tensor3D) {
  const attention = shared ? averaged : perDimension;
  if (place === "before") {
    const weights = attention(inputs, model.attend);
    const context = tf.mul<tf.Tensor3D>(weights, inputs);
    return { weights, logits: dense(lastState("LSTM", context, model.states), model.output) };
  }
  const allStates = states("LSTM", inputs, model.states);
  const weights = attention(allStates, model.attend);
  const flat: tf.Tensor2D = tf.reshape(tf.mul(weights, allStates), [inputs.shape[0], TIME_STEPS * UNITS]);
  return { weights, logits: dense(flat, model.output) };
}

/** The mean attention weights over the samples, a list a dimension. */
function meanWeights(weights: tf.Tensor3D): number[][] {
  const [samples] = weights.shape;
  return tf.transpose(tf.mul<tf.Tensor2D>(tf.sum(weights, 0), 1 / samples)).arraySync();
}

function meanOver(vectors: number[][]): number[] {
  return vectors[0].map((_, step) => vectors.reduce((sum, vector) => sum + vector[step], 0) / vectors.length);
}

export function perDimensionLab(settings: Settings): Experiment {
  const ends = [Number(settings.first_step), Number(settings.second_step)];
  const steps = Array.from({ length: Number(settings.dimensions) }, (_, dimension) => ends[dimension % 2]);
  const place = settings.place as Place;
  const shared = Boolean(settings.shared);
  const random = seededRandom(Number(settings.seed));

  const test = getData(NUM_HELD_OUT, steps, random);
  const heldOut = { x: tf.tensor3d(test.x, [NUM_HELD_OUT, TIME_STEPS, steps.length]) };
  const samples = getData(NUM_SAMPLES, steps, random);
  const model = buildModel(place, shared, steps.length, random);

  function findings(): Findings {
    const { vectors, accuracy } = tf.tidy(() => {
      const { weights, logits } = callModel(model, place, shared, heldOut.x);
      return { vectors: meanWeights(weights), accuracy: binaryAccuracy(test.y, logits) };
    });
    // One vector serves all answers; so does the mean over units that stands for 32 of them.
    const inOneRow = shared || place === "after";
    const weights = inOneRow ? [meanOver(vectors)] : vectors;
    const answers = inOneRow
      ? [...new Set(steps)].map((step): [number, number] => [0, step])
      : steps.map((step, dimension): [number, number] => [dimension, step]);
    const row = inOneRow ? "vector" : "dimension";
    return {
      picture: {
        kind: "heatmap",
        title: `Mean attention weight ${place} the LSTM, ${place === "after" && !shared ? "over its units and " : ""}held-out samples`,
        row,
        column: "step",
        panels: [{ weights }],
        answers,
      },
      ...describeAnswers(weights, answers, row),
      metrics: [{ label: "Held-out accuracy", value: fixed(accuracy) }],
    };
  }

  const training: Training = {
    optimizer: new Adam(model, LEARNING_RATE),
    batches: splitIntoBatches(samples.x, samples.y, BATCH_SIZE, [TIME_STEPS, steps.length]),
    loss: ({ x, y }) => binaryCrossentropy(y as tf.Tensor2D, callModel(model, place, shared, x as tf.Tensor3D).logits),
  };
  return { trainings: [training], heldOut, epochs: EPOCHS, findings };
}
