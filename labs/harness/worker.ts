/** For tests and benchmarks only: trains a model on weights and data that the page hands over. */
import * as tf from "@tensorflow/tfjs-core";
import { buildModel, callModel, getData } from "../dense";
import { Adam } from "../src/adam";
import { binaryCrossentropy, type Layer } from "../src/layers";
import { seededRandom } from "../src/random";
import { startTensorFlow } from "../src/tensorflow";
import { splitIntoBatches, trainStep, disposeExperiment, type Experiment } from "../src/training";
import { buildTwoBlocks, twoBlocksLoss } from "./two_blocks";

interface Job {
  model: "dense" | "two_blocks";
  inputDim: number;
  batchSize: number;
  epochs: number;
  learningRate: number;
  /** Stop after so many steps. */
  steps?: number;
  /** x and y flat; without them, 8,000 samples are made here. */
  data?: { x: number[]; y: number[] };
  /** Initial values by layer and name, flat. */
  weights?: Record<string, Record<string, number[]>>;
}

function run(job: Job) {
  const random = seededRandom(0);
  const task = { inputDim: job.inputDim, attentionColumn: 1, signed: false };
  const { x, y } = job.data
    ? { x: Float32Array.from(job.data.x), y: Float32Array.from(job.data.y) }
    : getData(8000, task, random);

  const build = job.model === "dense" ? buildModel : buildTwoBlocks;
  const model = build(job.inputDim, random) as Record<string, Layer>;
  for (const [layer, values] of Object.entries(job.weights ?? {})) {
    for (const [name, flat] of Object.entries(values)) {
      const initial = model[layer][name];
      model[layer][name] = tf.tensor(Float32Array.from(flat), initial.shape);
      initial.dispose();
    }
  }

  const started = performance.now();
  const experiment: Experiment = {
    parameters: model,
    batches: splitIntoBatches(x, y, job.batchSize),
    heldOut: {},
    epochs: job.epochs,
    learningRate: job.learningRate,
    loss: (batch) => {
      const inputs = batch.x as tf.Tensor2D;
      const targets = batch.y as tf.Tensor2D;
      return job.model === "dense"
        ? binaryCrossentropy(targets, callModel(model as ReturnType<typeof buildModel>, inputs).logits)
        : twoBlocksLoss(model as ReturnType<typeof buildTwoBlocks>, inputs, targets);
    },
    findings: () => {
      throw new Error("the harness draws nothing");
    },
  };
  const adam = new Adam(model, job.learningRate);
  const losses: number[] = [];
  for (let epoch = 0; epoch < job.epochs; epoch++) {
    for (const batch of experiment.batches) {
      if (losses.length === job.steps) break;
      losses.push(trainStep(experiment, adam, batch));
    }
  }
  const seconds = (performance.now() - started) / 1000;
  const weights = Object.fromEntries(
    Object.entries(model).map(([layer, values]) => [
      layer,
      Object.fromEntries(Object.entries(values).map(([name, tensor]) => [name, Array.from(tensor.dataSync())])),
    ]),
  );
  disposeExperiment(experiment);
  return { losses, weights, seconds, tensors: tf.memory().numTensors };
}

self.onmessage = async ({ data }: MessageEvent<Job>) => {
  try {
    if (tf.getBackend() !== "wasm") await startTensorFlow(new URL("./", import.meta.url).href);
    self.postMessage(run(data));
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
