/** Chapter 2: which of the time steps holds the answer? Attention over time, before or after a recurrent layer. */
import { adam, binaryCrossentropy, dense, meanSquaredError, multiply, permute, recurrent as recurrentLayer, reshape, softmax } from "../engine";
import type { CellName, Tensor, Tensors } from "../engine";
import { judgeGrid } from "../shared/found";
import { binaryAccuracy, fixed, meanOfClass, meanOverUnits } from "../shared/numbers";
import type { Random } from "../shared/random";
import type { TrainedHere } from "./lab";
import { buildForecast, callForecast, FEATURES, findingsOfForecast, getSeries, HORIZON, startOf, TIME_STEPS } from "./planted_series";

/** The attention block on the inputs of the recurrent layer, or on its states. */
export type Place = "before" | "after";

/** The target at one step, or a planted series, whose block weighs steps or single cells. */
type Task = "target" | "planted, steps" | "planted, cells";

/** Standard normal sequences, but for one time step, which holds the target in every dimension. */
export function getData(numSamples: number, inputDim: number, attentionStep: number, random: Random) {
  const x = Float32Array.from({ length: numSamples * TIME_STEPS * inputDim }, () => random.normal());
  const y = Float32Array.from({ length: numSamples }, () => (random.uniform() < 0.5 ? 0 : 1));
  for (let sample = 0; sample < numSamples; sample++) {
    const start = (sample * TIME_STEPS + attentionStep) * inputDim;
    x.fill(y[sample], start, start + inputDim);
  }
  return { x, y };
}

export interface Architecture {
  place: Place;
  cell: CellName;
  input_dim: number;
  units: number;
}

export function buildModel({ place, cell, input_dim, units }: Architecture, random: Random) {
  const attend = dense(TIME_STEPS, TIME_STEPS, random);
  const states = recurrentLayer(cell, input_dim, units, random);
  const output = dense(place === "before" ? units : TIME_STEPS * units, 1, random);
  return place === "before" ? { attend, states, output } : { states, attend, output };
}

/** softmax(Dense(·)) over time, so time is turned to the last axis for it and back: Keras' two Permutes. */
function attentionBlock(inputs: Tensor, attend: (x: Tensor) => Tensor) {
  const turnedWeights = softmax(attend(permute(inputs, [0, 2, 1]))); // (samples, dimensions, time steps)
  const weights = permute(turnedWeights, [0, 2, 1]); // (samples, time steps, dimensions)
  return { weights, context: multiply(weights, inputs) };
}

export function callModel(model: ReturnType<typeof buildModel>, { x }: Tensors<string>, { place }: Architecture) {
  if (place === "before") {
    const { weights, context } = attentionBlock(x, model.attend);
    return { weights, logits: model.output(model.states(context).last) };
  }
  const { weights, context } = attentionBlock(model.states(x).sequence, model.attend);
  const [samples, timeSteps, units] = context.shape;
  return { weights, logits: model.output(reshape(context, [samples, timeSteps * units])) };
}

interface Options extends Architecture {
  task: Task;
  attention_step: number;
  num_samples: number;
  num_held_out: number;
  batch_size: number;
  learning_rate: number;
  epochs: number;
}

type Model = ReturnType<typeof buildModel> | ReturnType<typeof buildForecast>;

const isOverCells = ({ task }: Options): boolean => task === "planted, cells";
const isPlanted = (options: Options): boolean => options.task === "planted, steps" || isOverCells(options);

export const recurrent: TrainedHere<Options, Model> = {
  constants: { input_dim: 1, units: 32, num_held_out: 1024, batch_size: 64, learning_rate: 0.01 },

  data(options, random) {
    const { input_dim, attention_step } = options;
    const samples = (count: number) =>
      isPlanted(options) ? getSeries(count, startOf(attention_step), random) : getData(count, input_dim, attention_step, random);
    return { training: samples(options.num_samples), heldOut: samples(options.num_held_out) };
  },

  build(options, random) {
    return isPlanted(options) ? buildForecast(options.cell, options.units, isOverCells(options), random) : buildModel(options, random);
  },
  inputs: (options) => ({ x: [TIME_STEPS, isPlanted(options) ? FEATURES : options.input_dim] }),
  targets: (options) => [isPlanted(options) ? HORIZON : 1],
  call(model, inputs, options) {
    return isPlanted(options) ? callForecast(model, inputs.x, isOverCells(options)) : callModel(model, inputs, options);
  },
  loss: (options) => (isPlanted(options) ? meanSquaredError : binaryCrossentropy),
  plan: ({ epochs, learning_rate, batch_size }) => ({ epochs, runs: [{ optimizer: adam(learning_rate), batchSize: batch_size }] }),

  findings({ runs: [{ predict }], heldOut }, options) {
    const { place, cell, attention_step: answer } = options;
    const { weights, logits } = predict(heldOut);
    if (isPlanted(options)) {
      const { verdict, ...found } = findingsOfForecast({ weights, forecasts: logits, y: heldOut.y }, startOf(answer));
      return { ...found, verdict: place === "after" ? `${verdict} This block stands before the ${cell}.` : verdict };
    }
    const ofSteps = meanOverUnits(weights, heldOut.y.length, TIME_STEPS);
    const panels = [1, 0].map((target) => ({ title: `y = ${target}`, weights: meanOfClass(ofSteps, heldOut.y, target) }));
    const over = place === "after" ? "over its units and " : "";
    return {
      picture: {
        kind: "bars",
        title: `Mean attention weight ${place} the ${cell}, ${over}held-out samples`,
        position: "step",
        answer,
        panels,
      },
      ...judgeGrid(panels.map(({ title, weights }) => ({ name: `${title}, ${place}`, weights })), answer, "step"),
      metrics: [{ label: "Held-out accuracy", value: fixed(binaryAccuracy(heldOut.y, logits)) }],
    };
  },
};
