/** For tests and benchmarks only: trains a model on weights and data that the page hands over. */
import * as tf from "@tensorflow/tfjs-core";
import * as chapter1 from "../dense";
import * as chapter3 from "../per_dimension";
import * as chapter4 from "../pooling";
import * as chapter2 from "../recurrent";
import * as chapter5 from "../self_attention";
import * as chapter6 from "../seq2seq";
import { binaryCrossentropy, categoricalCrossentropy, type Layer } from "../src/layers";
import { Adam, SGD } from "../src/optimizers";
import { seededRandom, type Random } from "../src/random";
import type { CellName } from "../src/recurrent";
import { startTensorFlow } from "../src/tensorflow";
import { splitIntoBatches, trainStep, disposeExperiment, type Experiment, type Training } from "../src/training";
import { buildTwoBlocks, twoBlocksLoss } from "./two_blocks";

interface Job {
  model: keyof typeof models;
  /** The shape of a sample; its last axis is the input dimension. */
  shape: number[];
  place?: chapter2.Place;
  cell?: CellName;
  shared?: boolean;
  mask?: boolean;
  heads?: number;
  score?: chapter6.Score;
  /** How many targets a sample has. */
  targets?: number;
  batchSize: number;
  epochs: number;
  learningRate: number;
  /** Plain gradient descent in place of Adam. */
  sgd?: boolean;
  /** Stop after so many steps. */
  steps?: number;
  /** x and y flat; without them, 8,000 samples of chapter 1's task are made here. */
  data?: { x: number[]; y: number[] };
  /** Initial values by layer and name, flat. */
  weights?: Record<string, Record<string, number[]>>;
}

interface Model {
  parameters: Record<string, Layer>;
  loss(x: tf.Tensor, y: tf.Tensor2D): tf.Scalar;
}

const models = {
  dense({ shape: [inputDim] }: Job, random: Random): Model {
    const model = chapter1.buildModel(inputDim, random);
    return { parameters: model, loss: (x, y) => binaryCrossentropy(y, chapter1.callModel(model, x as tf.Tensor2D).logits) };
  },
  two_blocks({ shape: [inputDim] }: Job, random: Random): Model {
    const model = buildTwoBlocks(inputDim, random);
    return { parameters: model, loss: (x, y) => twoBlocksLoss(model, x as tf.Tensor2D, y) };
  },
  recurrent({ shape: [, inputDim], place = "before", cell = "LSTM" }: Job, random: Random): Model {
    const model = chapter2.buildModel(place, cell, inputDim, random);
    return {
      parameters: model,
      loss: (x, y) => binaryCrossentropy(y, chapter2.callModel(model, place, cell, x as tf.Tensor3D).logits),
    };
  },
  per_dimension({ shape: [, inputDim], place = "before", shared = false }: Job, random: Random): Model {
    const model = chapter3.buildModel(place, shared, inputDim, random);
    return {
      parameters: model,
      loss: (x, y) => binaryCrossentropy(y, chapter3.callModel(model, place, shared, x as tf.Tensor3D).logits),
    };
  },
  pooling({ mask = true }: Job, random: Random): Model {
    const model = chapter4.buildModel(random);
    return {
      parameters: model,
      loss: (x, y) => categoricalCrossentropy(y, chapter4.callModel(model, mask, x as tf.Tensor2D).logits),
    };
  },
  self_attention({ shape: [timeSteps], heads = 1 }: Job, random: Random): Model {
    const model = chapter5.buildModel(timeSteps, true, random);
    return {
      parameters: model,
      loss: (x, y) => categoricalCrossentropy(y, chapter5.callModel(model, heads, x as tf.Tensor2D).logits),
    };
  },
  seq2seq({ score = "dot" }: Job, random: Random): Model {
    const model = chapter6.buildModel(score, random);
    return {
      parameters: model,
      loss: (x, y) => {
        const { logits } = chapter6.callModel(model, score, x as tf.Tensor2D, chapter6.shifted(y));
        return categoricalCrossentropy(y, logits);
      },
    };
  },
};

function run(job: Job) {
  const random = seededRandom(0);
  const { x, y } = job.data
    ? { x: Float32Array.from(job.data.x), y: Float32Array.from(job.data.y) }
    : chapter1.getData(8000, { inputDim: job.shape[0], attentionColumn: 1, signed: false }, random);

  const { parameters, loss } = models[job.model](job, random);
  for (const [layer, values] of Object.entries(job.weights ?? {})) {
    for (const [name, flat] of Object.entries(values)) {
      const initial = parameters[layer][name];
      parameters[layer][name] = tf.tensor(Float32Array.from(flat), initial.shape);
      initial.dispose();
    }
  }

  const started = performance.now();
  const training: Training = {
    optimizer: new (job.sgd ? SGD : Adam)(parameters, job.learningRate),
    batches: splitIntoBatches(x, y, job.batchSize, job.shape, job.targets),
    loss: ({ x, y }) => loss(x as tf.Tensor, y as tf.Tensor2D),
  };
  const experiment: Experiment = {
    trainings: [training],
    heldOut: {},
    epochs: job.epochs,
    findings: () => {
      throw new Error("the harness draws nothing");
    },
  };
  const losses: number[] = [];
  for (let epoch = 0; epoch < job.epochs; epoch++) {
    for (const batch of training.batches) {
      if (losses.length === job.steps) break;
      losses.push(trainStep(training, batch));
    }
  }
  const seconds = (performance.now() - started) / 1000;
  const weights = values(parameters);
  const gradients = firstGradients(training, parameters);
  disposeExperiment(experiment);
  return { losses, weights, gradients, seconds, tensors: tf.memory().numTensors };
}

/** The gradients of the first batch's loss, with the weights as they are. */
function firstGradients({ optimizer, batches, loss }: Training, parameters: Record<string, Layer>) {
  const { value, grads } = tf.valueAndGrads(() => loss(batches[0]))(optimizer.tensors());
  const rest = [...grads];
  const gradients = mapLayers(parameters, () => Array.from((rest.shift() as tf.Tensor).dataSync()));
  tf.dispose([value, ...grads]);
  return gradients;
}

const values = (parameters: Record<string, Layer>) => mapLayers(parameters, (tensor) => Array.from(tensor.dataSync()));

function mapLayers<Value>(parameters: Record<string, Layer>, read: (tensor: tf.Tensor) => Value) {
  return Object.fromEntries(
    Object.entries(parameters).map(([layer, tensors]) => [
      layer,
      Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, read(tensor)])),
    ]),
  );
}

self.onmessage = async ({ data }: MessageEvent<Job>) => {
  try {
    if (tf.getBackend() !== "wasm") await startTensorFlow();
    self.postMessage(run(data));
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
