/** The one training loop that all labs share. */
import * as tf from "@tensorflow/tfjs-core";
import type { Findings, Given, Progress, Settings } from "./messages";
import type { Optimizer } from "./optimizers";

/** A model, by its optimizer, and what it learns from. */
export interface Training {
  optimizer: Optimizer;
  batches: tf.TensorContainerObject[];
  loss(batch: tf.TensorContainerObject): tf.Scalar;
}

/** A task, ready to train. Every tensor in it belongs to the training loop. */
export interface Experiment {
  /** Mostly one; several go on side by side, epoch by epoch; none where the model comes trained. */
  trainings: Training[];
  heldOut: tf.TensorContainerObject;
  epochs: number;
  /** A loss that is no longer finite is something to show, not a failure. */
  mayDiverge?: true;
  /**
   * What the attention looks like now, on the samples that were held out.
   * `losses` has a list a training: the loss of the first batch, before any step, then the mean of every finished epoch.
   */
  findings(losses: number[][]): Findings;
}

/** A chapter's lab: its settings come from the sliders of the notebook cell, and `given` from the cell itself. */
export type Lab = (settings: Settings, given: Given) => Experiment;

export function disposeExperiment({ trainings, heldOut }: Experiment): void {
  tf.dispose([trainings.map(({ optimizer, batches }) => [optimizer.tensors(), batches]), heldOut]);
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
export function trainStep({ optimizer, loss: lossOf }: Training, batch: tf.TensorContainerObject): number {
  const { value, grads } = tf.valueAndGrads(() => lossOf(batch))(optimizer.tensors());
  optimizer.update(grads);
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
export function* train(experiment: Experiment): Generator<{ progress: Progress; findings: Findings | null }> {
  const { trainings, epochs, mayDiverge } = experiment;
  const start = performance.now();
  const losses = trainings.map(({ loss, batches }) => [tf.tidy(() => loss(batches[0]).dataSync()[0])]);
  const progress = (epoch: number, finished: boolean): Progress => {
    return { epoch, epochs, losses: losses.at(-1)?.slice() ?? [], finished, seconds: (performance.now() - start) / 1000 };
  };

  if (trainings.length === 0) yield { progress: progress(0, true), findings: experiment.findings([]) };
  let chunkEnd = start + CHUNK_MILLISECONDS;
  // The reader sees something move long before the first epoch is over.
  let nextPicture = start;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (const [index, training] of trainings.entries()) {
      let sum = 0;
      for (const batch of training.batches) {
        sum += trainStep(training, batch);
        if (!Number.isFinite(sum) && !mayDiverge) throw new Error(`the loss became ${sum} in epoch ${epoch}`);
        if (performance.now() > chunkEnd) {
          const isDue = performance.now() > nextPicture;
          yield { progress: progress(epoch, false), findings: isDue ? experiment.findings(losses) : null };
          if (isDue) nextPicture = performance.now() + PICTURE_MILLISECONDS;
          chunkEnd = performance.now() + CHUNK_MILLISECONDS;
        }
      }
      losses[index].push(sum / training.batches.length);
    }
    yield { progress: progress(epoch, epoch === epochs), findings: experiment.findings(losses) };
    nextPicture = performance.now() + PICTURE_MILLISECONDS;
    chunkEnd = performance.now() + CHUNK_MILLISECONDS;
  }
}
