/** Chapter 8: several workers are one with a larger batch. One worker and several, side by side. */
import { binaryCrossentropy, sgd } from "../engine";
import { judgeTrainings } from "../shared/found";
import { meanOfSamples } from "../shared/numbers";
import { buildModel, callModel, getData } from "./dense_attention";
import type { TrainedHere } from "./lab";

const TASK = { input_dim: 32, attention_column: 1, signed: false };

const nameOf = (workers: number): string => (workers === 1 ? "1 worker" : `${workers} workers`);

const hasDiverged = (losses: number[]): boolean => !Number.isFinite(losses.at(-1));

interface Options {
  workers: number;
  batch_size: number;
  learning_rate: number;
  scaled: boolean;
  epochs: number;
  units: number;
  num_samples: number;
  num_held_out: number;
}

/** One worker is there to be compared with; alone, it is there once. */
const counts = ({ workers }: Options): number[] => (workers === 1 ? [1] : [1, workers]);

export const workers: TrainedHere<Options, ReturnType<typeof buildModel>> = {
  constants: { units: 64, num_samples: 4096, num_held_out: 1024 },

  data({ num_samples, num_held_out }, random) {
    return { training: getData(num_samples, TASK, random), heldOut: getData(num_held_out, TASK, random) };
  },

  build: ({ units }, random) => buildModel(TASK.input_dim, units, random),
  inputs: () => ({ x: [TASK.input_dim] }),
  targets: () => [1],
  call: (model, inputs) => callModel(model, inputs, { scale: false }),
  loss: () => binaryCrossentropy,

  plan(options) {
    const { batch_size, learning_rate, scaled, epochs } = options;
    const run = (workers: number) => ({ optimizer: sgd(learning_rate * (scaled ? workers : 1)), batchSize: workers * batch_size });
    return { epochs, runs: counts(options).map(run), mayDiverge: true };
  },

  findings({ runs, heldOut: { x, y } }, options) {
    const names = counts(options).map(nameOf);
    // Of a model that has diverged there is nothing to show.
    const finite = (weight: number) => (Number.isFinite(weight) ? weight : 0);
    const panels = runs.map(({ predict, losses }, i) => ({
      title: hasDiverged(losses) ? `${names[i]}, diverged` : names[i],
      weights: meanOfSamples(predict({ x }).weights, y.length).map(finite),
    }));
    const ofEpochs = runs.map(({ losses: [, ...ofEpochs] }) => ofEpochs);
    const trainings = runs.map((_, i) => ({ name: names[i], losses: ofEpochs[i], weights: panels[i].weights }));
    return {
      picture: {
        kind: "trainings",
        title: "Mean attention weight, held-out samples",
        position: "column",
        answer: TASK.attention_column,
        panels,
        epochs: options.epochs,
        losses: ofEpochs,
      },
      ...judgeTrainings(trainings, TASK.attention_column),
      metrics: [],
    };
  },
};
