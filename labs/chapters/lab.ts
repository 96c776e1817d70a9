/** What a lab is made of. The worker, tests and benchmarks put these parts together, each in its own way. */
import type * as tf from "@tensorflow/tfjs-core";
import type { Findings, Given } from "../shared/messages";
import type { Random } from "../shared/random";
import type { Settings } from "../shared/settings";
import type { Layer } from "../tensorflow/layers";
import type { Rule } from "../tensorflow/optimizers";

export type Lab = TrainedHere | TrainedBefore;

/** A lab that trains its model: data, model and loss as in the notebook's `retrain`, which has options of the same names. */
export interface TrainedHere<Options = unknown, Model extends Layers = Layers> {
  /** What the notebook's cell hands over beside its sliders; these values where it does not. Both make up the options. */
  constants: Settings;
  /** Samples to train on and samples to judge on, none of them the same. */
  data(options: Options, random: Random): { training: Samples; heldOut: Samples };
  build(options: Options, random: Random): Model;
  /** The shape of one sample of each array that the model reads, and of its targets `y`. */
  inputs(options: Options): Shapes;
  call(model: Model, inputs: Tensors, options: Options): Outputs;
  loss(targets: tf.Tensor, logits: tf.Tensor2D): tf.Scalar;
  plan(options: Options): Plan;
  /** What the attention looks like, on samples that were held out. */
  findings(state: State, options: Options): Findings;
}

/** A lab whose model comes trained from the notebook. */
export interface TrainedBefore {
  read(settings: Settings, given: Given): Findings;
}

export type Layers = Record<string, Layer>;
export type Shapes = Record<string, number[]>;
/** Flat, a row a sample. */
export type Samples = Record<string, Float32Array>;
export type Tensors = Record<string, tf.Tensor>;

/** Before the softmax or sigmoid of the prediction; `weights` are those of the attention. */
export interface Outputs {
  weights: tf.Tensor;
  logits: tf.Tensor2D;
}

export interface Plan {
  epochs: number;
  /** Mostly one; several train models with the same first weights, side by side, epoch by epoch. */
  runs: { rule: Rule; batchSize: number }[];
  /** A loss that is no longer finite is something to show, not a failure. */
  mayDiverge?: true;
}

export interface State {
  /** In the order of the plan. */
  runs: Run[];
  heldOut: Samples;
  /** While the training goes on, findings should take little time. */
  isFinished: boolean;
}

export interface Run {
  /** The model as it is now, asked about samples. */
  predict: Predict;
  /** The loss of the first batch, before any step, then the mean of every finished epoch. */
  losses: number[];
}

export type Predict = (samples: Samples) => { weights: Float32Array; logits: Float32Array };
