/** The one training loop that all labs share. */
import * as tf from "@tensorflow/tfjs-core";
import { Adam } from "./adam";
import type { Layer } from "./layers";
import type { Findings, Progress, Settings } from "./messages";

/** A task and a model, ready to train. Every tensor in it belongs to the training loop. */
export interface Experiment<Batch extends tf.TensorContainerObject = tf.TensorContainerObject> {
  parameters: Record<string, Layer>;
  batches: Batch[];
  heldOut: tf.TensorContainerObject;
  epochs: number;
  learningRate: number;
  loss(batch: Batch): tf.Scalar;
  /** What the attention looks like now, on the samples that were held out. */
  findings(): Findings;
}

/** A chapter's lab: its settings come from the sliders of the notebook cell. */
export type Lab = (settings: Settings) => Experiment;

export function disposeExperiment({ parameters, batches, heldOut }: Experiment): void {
  tf.dispose([parameters, batches, heldOut] as unknown as tf.TensorContainer);
}

/** Batches in the order of the samples, each of `shape` with so many targets; the last batch may be smaller. */
export function splitIntoBatches(x: Float32Array, y: Float32Array, batchSize: number, shape?: number[], targets = 1) {
  const numSamples = y.length / targets;
  const size = x.length / numSamples;
  const batches: { x: tf.Tensor; y: tf.Tensor2D }[] = [];
  for (let start = 0; start < numSamples; start += batchSize) {
    const end = Math.min(start + batchSize, numSamples);
    batches.push({
      x: tf.tensor(x.subarray(start * size, end * size), [end - start, ...(shape ?? [size])]),
      y: tf.tensor2d(y.subarray(start * targets, end * targets), [end - start, targets]),
    });
  }
  return batches;
}

/** One step of gradient descent; returns the loss before it. */
export function trainStep<Batch extends tf.TensorContainerObject>(
  experiment: Experiment<Batch>,
  adam: Adam,
  batch: Batch,
): number {
  const { value, grads } = tf.valueAndGrads(() => experiment.loss(batch))(adam.tensors());
  adam.update(grads);
  const loss = value.dataSync()[0];
  tf.dispose([value, ...grads]);
  return loss;
}

/** How long the loop may go without looking up: a slider move waits no longer than this. */
const CHUNK_MILLISECONDS = 12;
/** Within a long epoch there is something new to see this often; findings take time too. */
const PICTURE_MILLISECONDS = 250;

/**
 * Trains, and pauses at every chunk's end so that the worker can read its messages.
 * A pause after which there is something new to show comes with findings.
 */
export function* train<Batch extends tf.TensorContainerObject>(
  experiment: Experiment<Batch>,
): Generator<{ progress: Progress; findings: Findings | null }> {
  const { batches, epochs, learningRate } = experiment;
  const start = performance.now();
  const adam = new Adam(experiment.parameters, learningRate);
  const losses: number[] = [];
  const progress = (epoch: number, finished: boolean): Progress => {
    return { epoch, epochs, losses: [...losses], finished, seconds: (performance.now() - start) / 1000 };
  };

  let chunkEnd = start + CHUNK_MILLISECONDS;
  // The reader sees something move long before the first epoch is over.
  let nextPicture = start;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    let sum = 0;
    for (const batch of batches) {
      const loss = trainStep(experiment, adam, batch);
      sum += loss;
      if (losses.length === 0) losses.push(loss);
      if (performance.now() > chunkEnd) {
        const isDue = performance.now() > nextPicture;
        yield { progress: progress(epoch, false), findings: isDue ? experiment.findings() : null };
        if (isDue) nextPicture = performance.now() + PICTURE_MILLISECONDS;
        chunkEnd = performance.now() + CHUNK_MILLISECONDS;
      }
    }
    if (!Number.isFinite(sum)) throw new Error(`the loss became ${sum} in epoch ${epoch}`);
    losses.push(sum / batches.length);
    yield { progress: progress(epoch, epoch === epochs), findings: experiment.findings() };
    nextPicture = performance.now() + PICTURE_MILLISECONDS;
    chunkEnd = performance.now() + CHUNK_MILLISECONDS;
  }
}
