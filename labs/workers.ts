/** Chapter 8: several workers are one with a larger batch. One worker and several, side by side. */
import * as tf from "@tensorflow/tfjs-core";
import { buildModel, callModel, getData } from "./dense";
import { binaryCrossentropy } from "./src/layers";
import type { Findings, Settings } from "./src/messages";
import { SGD } from "./src/optimizers";
import { seededRandom } from "./src/random";
import { splitIntoBatches, type Experiment, type Training } from "./src/training";
import { fixed, indexOfLargest } from "./src/verdict";

const INPUT_DIM = 32;
const ATTENTION_COLUMN = 1;
const NUM_SAMPLES = 4096;
const NUM_HELD_OUT = 1024;

const nameOf = (workers: number): string => (workers === 1 ? "1 worker" : `${workers} workers`);

const hasDiverged = (losses: number[]): boolean => !Number.isFinite(losses.at(-1));

/** The verdict on one training; `losses` begin with the first batch's, before any step. */
function describe(name: string, losses: number[], weights: number[]) {
  const found = indexOfLargest(weights) === ATTENTION_COLUMN;
  const epochs = losses.length - 1;
  const reached = hasDiverged(losses) ? "diverged" : `loss ${fixed(losses[epochs])} after ${epochs} ${epochs === 1 ? "epoch" : "epochs"}`;
  return { found, sentence: `${name}: ${reached}, ${found ? "found" : "not found"}.` };
}

export function workersLab(settings: Settings): Experiment {
  const batchSize = Number(settings.batch_size);
  const epochs = Number(settings.epochs);
  const seed = Number(settings.seed);
  const random = seededRandom(seed);
  const task = { inputDim: INPUT_DIM, attentionColumn: ATTENTION_COLUMN, signed: false };
  const heldOut = { x: tf.tensor2d(getData(NUM_HELD_OUT, task, random).x, [NUM_HELD_OUT, INPUT_DIM]) };
  const { x, y } = getData(NUM_SAMPLES, task, random);

  const runs = [...new Set([1, Number(settings.workers)])].map((workers) => {
    const model = buildModel(INPUT_DIM, seededRandom(seed + 100)); // every run starts from the same weights
    const training: Training = {
      optimizer: new SGD(model, Number(settings.learning_rate) * (settings.scaled ? workers : 1)),
      batches: splitIntoBatches(x, y, workers * batchSize),
      loss: ({ x, y }) => binaryCrossentropy(y as tf.Tensor2D, callModel(model, x as tf.Tensor2D).logits),
    };
    return { name: nameOf(workers), model, training };
  });

  /** The mean attention weights over all samples; zeros for a model that diverged. */
  function meanWeights({ model }: (typeof runs)[number]): number[] {
    const sums = tf.tidy(() => tf.sum(callModel(model, heldOut.x).weights, 0).dataSync());
    return Array.from(sums, (sum) => (Number.isFinite(sum) ? sum / NUM_HELD_OUT : 0));
  }

  function findings(losses: number[][]): Findings {
    const panels = runs.map((run, i) => ({
      title: run.name + (hasDiverged(losses[i]) ? ", diverged" : ""),
      weights: meanWeights(run),
    }));
    const verdicts = runs.map(({ name }, i) => describe(name, losses[i], panels[i].weights));
    return {
      picture: {
        kind: "trainings",
        title: "Mean attention weight, held-out samples",
        position: "column",
        answer: ATTENTION_COLUMN,
        panels,
        epochs,
        losses: losses.map(([, ...ofEpochs]) => ofEpochs),
      },
      found: verdicts.every(({ found }) => found),
      verdict: verdicts.map(({ sentence }) => sentence).join(" "),
      metrics: [],
    };
  }

  return { trainings: runs.map(({ training }) => training), heldOut, epochs, mayDiverge: true, findings };
}
