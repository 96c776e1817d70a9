/** For tests and benchmarks only: trains a lab's model on weights and data that are handed over. */
import type { TrainedHere } from "../chapters/lab";
import { labs } from "../chapters/labs";
import { adam, Arena, sgd, splitIntoBatches, type Kernels, type Samples } from "../engine";
import { seededRandom } from "../shared/random";
import type { Settings } from "../shared/settings";
import { prepare } from "../worker/training";
import { twoBlocks } from "./two_blocks";

export interface Job {
  lab: string;
  /** Beside the lab's constants. */
  options: Settings;
  rule: "adam" | "sgd";
  learningRate: number;
  batchSize: number;
  /** Once through all batches where it is not said. */
  epochs?: number;
  /** What the model reads, and its targets, flat; without them, the lab's own. */
  data?: Record<string, number[]>;
  /** The weights to begin with, each flat, in Keras' order; without them, the lab's own. */
  weights?: number[][];
}

const handed: Record<string, unknown> = { ...labs, two_blocks: twoBlocks };

export function trainHanded(kernels: Kernels, job: Job) {
  const lab = handed[job.lab] as TrainedHere<Settings>;
  const options = { ...lab.constants, ...job.options };
  const random = seededRandom(0);
  const samples: Samples<string> = job.data
    ? Object.fromEntries(Object.entries(job.data).map(([name, values]) => [name, Float32Array.from(values)]))
    : lab.data(options, random).training;
  const inputs = { ...lab.inputs(options), y: lab.targets(options) };

  const started = performance.now();
  const optimizer = (job.rule === "sgd" ? sgd : adam)(job.learningRate);
  const { parameters, training } = prepare(new Arena(kernels), lab, options, lab.build(options, random), optimizer);
  if (job.weights) parameters.setWeights(job.weights);
  const batches = splitIntoBatches(samples, inputs, job.batchSize);
  const losses: number[] = [];
  for (let epoch = 0; epoch < (job.epochs ?? 1); epoch++) for (const batch of batches) losses.push(training.step(batch));
  const seconds = (performance.now() - started) / 1000;
  const list = (arrays: Float32Array[]) => arrays.map((array) => Array.from(array));
  return { losses, seconds, weights: list(parameters.getWeights()), gradients: list(parameters.getGradients()) };
}
