/** The one training loop that all labs share. */
import * as tf from "@tensorflow/tfjs-core";
import type { Layers, Predict, Samples, Shapes, State, Tensors, TrainedHere } from "../chapters/lab";
import type { Findings, Progress } from "../shared/messages";
import { seededRandom } from "../shared/random";
import type { Settings } from "../shared/settings";
import { Optimizer, type Rule } from "../tensorflow/optimizers";

/** So that a model's first weights have nothing to do with its data. */
const STREAM_OF_WEIGHTS = 100;

/** The model of a lab, its parts put together: it trains batch by batch, and predicts. */
export class Trainer<Options, Model extends Layers> {
  private readonly optimizer: Optimizer;
  private readonly inputs: Shapes;

  constructor(
    private readonly lab: TrainedHere<Options, Model>,
    private readonly options: Options,
    readonly model: Model,
    rule: Rule,
  ) {
    this.inputs = lab.inputs(options);
    this.optimizer = new Optimizer(model, rule);
  }

  /** One step of the rule; returns the loss before it. */
  step(batch: Samples): number {
    return this.withGradients(batch, (gradients) => this.optimizer.update(gradients));
  }

  loss(batch: Samples): number {
    return tf.tidy(() => this.lossOf(this.tensorsOf(batch)).dataSync()[0]);
  }

  /** Hands over the gradients by the weights, in their order; returns the loss. */
  withGradients(batch: Samples, use: (gradients: tf.Tensor[]) => void): number {
    const tensors = this.tensorsOf(batch);
    const { value, grads } = tf.valueAndGrads(() => this.lossOf(tensors))(this.optimizer.tensors());
    use(grads);
    const loss = value.dataSync()[0];
    tf.dispose([tensors, value, grads]);
    return loss;
  }

  predict: Predict = (samples) =>
    tf.tidy(() => {
      const { weights, logits } = this.lab.call(this.model, this.tensorsOf(samples), this.options);
      return { weights: weights.dataSync<"float32">(), logits: logits.dataSync<"float32">() };
    });

  dispose(): void {
    tf.dispose(this.optimizer.tensors());
  }

  private lossOf(batch: Tensors): tf.Scalar {
    return this.lab.loss(batch.y, this.lab.call(this.model, batch, this.options).logits);
  }

  private tensorsOf(samples: Samples): Tensors {
    const count = sizeOf(samples, this.inputs);
    const names = Object.keys(this.inputs).filter((name) => name in samples);
    return Object.fromEntries(names.map((name) => [name, tf.tensor(samples[name], [count, ...this.inputs[name]])]));
  }
}

/** How many samples there are. */
export function sizeOf(samples: Samples, inputs: Shapes): number {
  const [name, shape] = Object.entries(inputs)[0];
  return samples[name].length / shape.reduce((size, length) => size * length, 1);
}

/** The samples from one to another, as views. */
function between(samples: Samples, total: number, from: number, to: number): Samples {
  const rows = (values: Float32Array) => values.subarray((from * values.length) / total, (to * values.length) / total);
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, rows(values)]));
}

/** Batches in the order of the samples; the last one may be smaller. */
export function splitIntoBatches(samples: Samples, inputs: Shapes, batchSize: number): Samples[] {
  const total = sizeOf(samples, inputs);
  const count = Math.ceil(total / batchSize);
  return Array.from({ length: count }, (_, i) => between(samples, total, i * batchSize, Math.min(total, (i + 1) * batchSize)));
}

/** How long the loop may go without looking up: a slider move waits no longer than this. */
const CHUNK_MILLISECONDS = 12;
/** There is something new to see this often: findings take time too. */
const PICTURE_MILLISECONDS = 100;
/** Until the end, so many held-out samples are enough to see where the training goes. */
const NUM_GLANCED = 512;

/**
 * Trains, and pauses at every chunk's end so that the worker can read its messages.
 * A pause after which there is something new to show comes with findings.
 */
export function* train(lab: TrainedHere, options: Settings): Generator<{ progress: Progress; findings: Findings | null }> {
  const start = performance.now();
  const seed = Number(options.seed);
  const inputs = lab.inputs(options);
  const { training, heldOut } = lab.data(options, seededRandom(seed));
  const { epochs, runs: plans, mayDiverge } = lab.plan(options);
  const runs = plans.map(({ rule, batchSize }) => {
    const model = lab.build(options, seededRandom(seed + STREAM_OF_WEIGHTS));
    return { trainer: new Trainer(lab, options, model, rule), batches: splitIntoBatches(training, inputs, batchSize), losses: [] as number[] };
  });
  const numHeldOut = sizeOf(heldOut, inputs);
  const glanced = between(heldOut, numHeldOut, 0, Math.min(numHeldOut, NUM_GLANCED));

  const progress = (epoch: number, finished: boolean): Progress => {
    return { epoch, epochs, losses: runs.at(-1)?.losses.slice() ?? [], finished, seconds: (performance.now() - start) / 1000 };
  };
  const findings = (isFinished: boolean): Findings => {
    const state: State = {
      runs: runs.map(({ trainer, losses }) => ({ predict: trainer.predict, losses })),
      heldOut: isFinished ? heldOut : glanced,
      isFinished,
    };
    return lab.findings(state, options);
  };

  try {
    for (const { trainer, batches, losses } of runs) losses.push(trainer.loss(batches[0]));
    let chunkEnd = start + CHUNK_MILLISECONDS;
    // The reader sees something move long before the first epoch is over.
    let nextPicture = start;
    for (let epoch = 1; epoch <= epochs; epoch++) {
      for (const { trainer, batches, losses } of runs) {
        let sum = 0;
        for (const batch of batches) {
          sum += trainer.step(batch);
          if (!Number.isFinite(sum) && !mayDiverge) throw new Error(`the loss became ${sum} in epoch ${epoch}`);
          if (performance.now() < chunkEnd) continue;
          const isDue = performance.now() >= nextPicture;
          yield { progress: progress(epoch, false), findings: isDue ? findings(false) : null };
          if (isDue) nextPicture = performance.now() + PICTURE_MILLISECONDS;
          chunkEnd = performance.now() + CHUNK_MILLISECONDS;
        }
        losses.push(sum / batches.length);
      }
    }
    yield { progress: progress(epochs, true), findings: findings(true) };
  } finally {
    for (const { trainer } of runs) trainer.dispose();
  }
}
