/** For tests and benchmarks only: trains a lab's model on weights and data that the page hands over. */
import * as tf from "@tensorflow/tfjs-core";
import type { Layers, Samples, TrainedHere } from "../chapters/lab";
import { labs } from "../chapters/labs";
import { seededRandom } from "../shared/random";
import type { Settings } from "../shared/settings";
import { versioned } from "../shared/versioned";
import { adam, sgd } from "../tensorflow/optimizers";
import { startTensorFlow } from "../tensorflow/start";
import { splitIntoBatches, Trainer } from "../worker/training";
import { twoBlocks } from "./two_blocks";

interface Job {
  lab: string;
  /** Beside the lab's constants. */
  options: Settings;
  rule: "adam" | "sgd";
  learningRate: number;
  batchSize: number;
  /** Once through all batches where it is not said. */
  epochs?: number;
  /** Stop after so many steps. */
  steps?: number;
  /** What the model reads and its targets, flat; without them, the lab's own. */
  data?: Record<string, number[]>;
  /** Initial values by layer and name, flat. */
  weights?: Record<string, Record<string, number[]>>;
}

const handed: Record<string, unknown> = { ...labs, two_blocks: twoBlocks };

function run(job: Job) {
  const lab = handed[job.lab] as TrainedHere<Settings>;
  const options = { ...lab.constants, ...job.options };
  const random = seededRandom(0);
  const samples: Samples = job.data
    ? Object.fromEntries(Object.entries(job.data).map(([name, values]) => [name, Float32Array.from(values)]))
    : lab.data(options, random).training;

  const model = lab.build(options, random);
  for (const [layer, values] of Object.entries(job.weights ?? {})) {
    for (const [name, flat] of Object.entries(values)) {
      const initial = model[layer][name];
      model[layer][name] = tf.tensor(Float32Array.from(flat), initial.shape);
      initial.dispose();
    }
  }

  const started = performance.now();
  const trainer = new Trainer(lab, options, model, (job.rule === "sgd" ? sgd : adam)(job.learningRate));
  const batches = splitIntoBatches(samples, lab.inputs(options), job.batchSize);
  const losses: number[] = [];
  for (let epoch = 0; epoch < (job.epochs ?? 1); epoch++) {
    for (const batch of batches) {
      if (losses.length === job.steps) break;
      losses.push(trainer.step(batch));
    }
  }
  const seconds = (performance.now() - started) / 1000;
  const weights = mapWeights(model, (tensor) => Array.from(tensor.dataSync()));
  const gradients = firstGradients(trainer, batches[0], model);
  trainer.dispose();
  return { losses, weights, gradients, seconds, tensors: tf.memory().numTensors };
}

/** The gradients of the first batch's loss, with the weights as they are. */
function firstGradients(trainer: Trainer<Settings, Layers>, batch: Samples, model: Layers) {
  let gradients = {};
  trainer.withGradients(batch, (tensors) => {
    const rest = [...tensors];
    gradients = mapWeights(model, () => Array.from((rest.shift() as tf.Tensor).dataSync()));
  });
  return gradients;
}

function mapWeights<Result>(model: Layers, read: (tensor: tf.Tensor) => Result) {
  return Object.fromEntries(
    Object.entries(model).map(([layer, tensors]) => [
      layer,
      Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, read(tensor)])),
    ]),
  );
}

self.onmessage = async ({ data }: MessageEvent<Job>) => {
  try {
    if (tf.getBackend() !== "wasm") await startTensorFlow((name) => new URL(versioned(name), import.meta.url).href);
    self.postMessage(run(data));
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
