/** Chapter 1: which of the columns holds the answer? Attention over the inputs of a Dense network. */
import * as tf from "@tensorflow/tfjs-core";
import { binaryAccuracy, binaryCrossentropy, dense, denseLayer } from "./src/layers";
import type { Findings, Settings } from "./src/messages";
import { Adam } from "./src/optimizers";
import { seededRandom, type Random } from "./src/random";
import { splitIntoBatches, type Experiment, type Training } from "./src/training";
import { describeLargestWeights, fixed } from "./src/verdict";

const NUM_SAMPLES = 10_000;
const UNITS = 64;
const BATCH_SIZE = 64;

interface Task {
  inputDim: number;
  attentionColumn: number;
  signed: boolean;
}

/** Standard normal inputs, but for one column, which holds the target (or −1 and +1 for it). */
export function getData(numSamples: number, { inputDim, attentionColumn, signed }: Task, random: Random) {
  const x = new Float32Array(numSamples * inputDim);
  const y = new Float32Array(numSamples);
  for (let sample = 0; sample < numSamples; sample++) {
    const row = sample * inputDim;
    for (let column = 0; column < inputDim; column++) x[row + column] = random.normal();
    y[sample] = random.uniform() < 0.5 ? 0 : 1;
    x[row + attentionColumn] = signed ? 2 * y[sample] - 1 : y[sample];
  }
  return { x, y };
}

export function buildModel(inputDim: number, random: Random) {
  return {
    attention: denseLayer(inputDim, inputDim, random),
    hidden: denseLayer(inputDim, UNITS, random),
    output: denseLayer(UNITS, 1, random),
  };
}

/** The model: softmax(Dense(x)) · x, then Dense(64), then Dense(1) with a sigmoid (in the loss). */
export function callModel(model: ReturnType<typeof buildModel>, inputs: tf.Tensor2D) {
  const weights = tf.softmax(dense(inputs, model.attention));
  const context = tf.mul<tf.Tensor2D>(weights, inputs);
  const hidden = dense(context, model.hidden);
  const logits = dense(hidden, model.output);
  return { weights, logits };
}

/** The mean attention weights over the samples of one class. */
function meanWeights(weights: tf.Tensor2D, y: Float32Array, target: number): number[] {
  const ofClass = y.map((value) => Number(value === target));
  const count = ofClass.reduce((sum, value) => sum + value, 0);
  const sums = tf.matMul(tf.tensor2d(ofClass, [1, y.length]), weights).dataSync();
  return Array.from(sums, (sum) => sum / count);
}

export function denseLab(settings: Settings): Experiment {
  const inputDim = Number(settings.input_dim);
  const attentionColumn = Math.min(Number(settings.attention_column), inputDim - 1);
  const random = seededRandom(Number(settings.seed));
  const task = { inputDim, attentionColumn, signed: Boolean(settings.signed) };

  const model = buildModel(inputDim, random);
  const { x, y } = getData(NUM_SAMPLES, task, random);
  const half = NUM_SAMPLES / 2;
  const heldOut = { x: tf.tensor2d(x.subarray(half * inputDim), [half, inputDim]) };
  const yHeldOut = y.subarray(half);

  function findings(): Findings {
    const { one, zero, accuracy } = tf.tidy(() => {
      const { weights, logits } = callModel(model, heldOut.x);
      return {
        one: meanWeights(weights, yHeldOut, 1),
        zero: meanWeights(weights, yHeldOut, 0),
        accuracy: binaryAccuracy(yHeldOut, logits),
      };
    });
    const panels = [
      { title: "y = 1", weights: one },
      { title: "y = 0", weights: zero },
    ];
    const { found, verdict } = describeLargestWeights(panels, attentionColumn, "column");
    const moved = attentionColumn < Number(settings.attention_column);
    return {
      picture: {
        kind: "bars",
        title: "Mean attention weight, held-out samples",
        position: "column",
        answer: attentionColumn,
        panels,
      },
      found,
      verdict: verdict + (moved ? ` With ${inputDim} columns, the answer is in the last one, column ${attentionColumn}.` : ""),
      metrics: [{ label: "Held-out accuracy", value: fixed(accuracy) }],
    };
  }

  const training: Training = {
    optimizer: new Adam(model, Number(settings.learning_rate)),
    batches: splitIntoBatches(x.subarray(0, half * inputDim), y.subarray(0, half), BATCH_SIZE),
    loss: ({ x, y }) => binaryCrossentropy(y as tf.Tensor2D, callModel(model, x as tf.Tensor2D).logits),
  };
  return { trainings: [training], heldOut, epochs: Number(settings.epochs), findings };
}
