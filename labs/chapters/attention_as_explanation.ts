/** Chapter 7: does the weight of a step say what the step does? The models of chapters 1 and 2, asked by ablation. */
import { binaryCrossentropy } from "../engine";
import { judgeEffects } from "../shared/found";
import type { Findings } from "../shared/messages";
import { binaryAccuracy, fixed, meanOfSamples, meanOverUnits } from "../shared/numbers";
import { dense } from "./dense_attention";
import type { Predict, TrainedHere } from "./lab";
import { recurrent } from "./recurrent_attention";

const STEPS = 20;
/** From so many other samples a step is taken; while the training goes on, from one. */
const DONORS = 8;
/** While it goes on, in so many samples only: until all steps are done, the worker hears no slider move. */
const NUM_GLANCED = 16;

const ofChapter1 = { ...dense.constants, input_dim: STEPS, signed: false, scale: false, learning_rate: 0.001, epochs: 20, num_samples: 10_000 };
const ofChapter2 = { ...recurrent.constants, num_samples: 4096 };

/** Which lab each model comes from, and its options there. */
const models: Record<string, { lab: TrainedHere; options: object }> = {
  dense: { lab: dense as TrainedHere, options: ofChapter1 },
  "before LSTM": { lab: recurrent as TrainedHere, options: { ...ofChapter2, place: "before", cell: "LSTM", epochs: 5 } },
  "after LSTM": { lab: recurrent as TrainedHere, options: { ...ofChapter2, place: "after", cell: "LSTM", epochs: 3 } },
  "after SimpleRNN": { lab: recurrent as TrainedHere, options: { ...ofChapter2, place: "after", cell: "SimpleRNN", epochs: 3 } },
};

interface Options {
  model: string;
  attention_step: number;
  num_held_out: number;
}

/** The lab that a model comes from, with what it is asked for there: both call the answer's place by their own name. */
function origin({ model, ...asked }: Options) {
  const { lab, options } = models[model];
  return { lab, options: { ...options, ...asked, attention_column: asked.attention_step } };
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** How far the probability moves, on average, when a step comes from another sample. */
export function effects(predict: Predict, x: Float32Array, donors: number): number[] {
  const samples = x.length / STEPS;
  const probabilities = (x: Float32Array): Float32Array => predict({ x }).logits.map(sigmoid);
  const usual = probabilities(x);
  return Array.from({ length: STEPS }, (_, step) => {
    const changed = new Float32Array(donors * x.length);
    for (let donor = 0; donor < donors; donor++) {
      changed.set(x, donor * x.length);
      for (let sample = 0; sample < samples; sample++) {
        const other = (sample + donor + 1) % samples;
        changed[donor * x.length + sample * STEPS + step] = x[other * STEPS + step];
      }
    }
    const moved = probabilities(changed).map((probability, i) => Math.abs(probability - usual[i % samples]));
    return moved.reduce((sum, distance) => sum + distance, 0) / moved.length;
  });
}

export const explanation: TrainedHere<Options> = {
  constants: { num_held_out: 64 },

  data(options, random) {
    const { lab, options: asked } = origin(options);
    const { training, heldOut } = lab.data(asked, random);
    return { training, heldOut: { x: heldOut.x.subarray(0, options.num_held_out * STEPS), y: heldOut.y.subarray(0, options.num_held_out) } };
  },

  build(options, random) {
    const { lab, options: asked } = origin(options);
    return lab.build(asked, random);
  },

  inputs(options) {
    const { lab, options: asked } = origin(options);
    return lab.inputs(asked);
  },

  targets: () => [1],

  call(model, inputs, options) {
    const { lab, options: asked } = origin(options);
    return lab.call(model, inputs, asked);
  },

  loss: () => binaryCrossentropy,

  plan(options) {
    const { lab, options: asked } = origin(options);
    return lab.plan(asked);
  },

  findings({ runs: [{ predict }], heldOut: { x, y }, isFinished }, { model, attention_step: answer }) {
    const { weights, logits } = predict({ x });
    const meanWeights = meanOfSamples(meanOverUnits(weights, y.length, STEPS), y.length);
    const effect = isFinished ? effects(predict, x, DONORS) : effects(predict, x.subarray(0, NUM_GLANCED * STEPS), 1);
    const view = (ablated: number): Findings => ({
      picture: {
        kind: "bars",
        title: "Weight of a step, and effect of ablating it, held-out samples",
        position: "step",
        answer,
        panels: [
          { title: "weight", weights: meanWeights },
          { title: "effect", weights: effect },
        ],
        picked: { position: ablated, control: "ablate" },
      },
      ...judgeEffects(model, meanWeights, effect, answer, "step", ablated),
      metrics: [
        { label: "Held-out accuracy", value: fixed(binaryAccuracy(y, logits)) },
        { label: `Weight of step ${ablated}`, value: fixed(meanWeights[ablated]) },
      ],
    });
    const views = Array.from({ length: STEPS }, (_, step) => view(step));
    return { ...views[0], views: { control: "ablate", of: views } };
  },
};
