/** What a lab is made of. The worker, tests and benchmarks put these parts together, each in its own way. */
import type { Arena, Inputs, Optimizer, Samples, Tensor, Tensors, Weights } from "../engine";
import type { Look, Mechanism } from "../shared/mechanism";
import type { Findings, Given } from "../shared/messages";
import type { Random } from "../shared/random";
import type { Settings } from "../shared/settings";

export type Lab = TrainedHere | TrainedBefore;

/** A lab that trains its model: data, model and loss as in the notebook's `retrain`, which has options of the same names. */
export interface TrainedHere<Options = unknown, Model extends Weights = Weights> {
  /** What the notebook's cell hands over beside its sliders; these values where it does not. Both make up the options. */
  constants: Settings;
  /** Samples to train on and samples to judge on, none of them the same. */
  data(options: Options, random: Random): { training: Samples<string>; heldOut: Samples<string> };
  build(options: Options, random: Random): Model;
  /** The shape of one sample of each array that the model reads. */
  inputs(options: Options): Inputs<string>;
  /** The same of its targets. */
  targets(options: Options): readonly number[];
  call(model: Model, inputs: Tensors<string>, options: Options): Outputs;
  loss(options: Options): (targets: Tensor, logits: Tensor) => Tensor;
  plan(options: Options): Plan;
  /** What the attention looks like, on samples that were held out. */
  findings(state: State, options: Options): Findings;
  /** What a reader who looks inside sees of one sample; a lab without it offers no look. */
  inside?: Inside<Options, Model>;
}

/** A lab named in `LOOKED_INTO`. */
export type LookedInside<Options = unknown, Model extends Weights = Weights> = TrainedHere<Options, Model> & { inside: Inside<Options, Model> };

export interface Inside<Options = unknown, Model extends Weights = Weights> {
  /** All that is to be seen, as the model itself computes it. */
  tensors(model: Model, inputs: Tensors<string>, options: Options): Tensors<string>;
  /** The drawing of one sample, from the numbers of its tensors. */
  mechanism(numbers: Samples<string>, sample: Samples<string>, options: Options, chosen: Look["chosen"]): Mechanism;
}

/** A lab whose model comes trained from the notebook. */
export interface TrainedBefore {
  read(settings: Settings, given: Given, arena: Arena): Findings;
}

/** Before the softmax or sigmoid of the prediction; `weights` are those of the attention. */
export interface Outputs {
  weights: Tensor;
  logits: Tensor;
}

export interface Plan {
  epochs: number;
  /** Mostly one; several train models with the same first weights, side by side, epoch by epoch. */
  runs: { optimizer: Optimizer; batchSize: number }[];
  /** A loss that is no longer finite is something to show, not a failure. */
  mayDiverge?: true;
}

export interface State {
  /** In the order of the plan. */
  runs: Run[];
  heldOut: Samples<string>;
  /** While the training goes on, findings should take little time. */
  isFinished: boolean;
}

export interface Run {
  /** The model as it is now, asked about samples. */
  predict: Predict;
  /** The loss of the first batch, before any step, then the mean of every finished epoch. */
  losses: number[];
}

/** Flat, a row a sample. */
export type Predict = (samples: Samples<string>) => { weights: Float32Array; logits: Float32Array };
