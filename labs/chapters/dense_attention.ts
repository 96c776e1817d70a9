/** Chapter 1: which of the columns holds the answer? Attention over the inputs of a Dense network. */
import { adam, binaryCrossentropy, dense as denseLayer, multiply, scale as scaled, softmax, type Tensors } from "../engine";
import { judgeBars } from "../shared/found";
import { product, says, softmaxRows, told, writtenSum } from "../shared/mechanism";
import { binaryAccuracy, fixed, meanOfClass, rowsOf } from "../shared/numbers";
import type { Random } from "../shared/random";
import type { LookedInside } from "./lab";

export interface Task {
  input_dim: number;
  attention_column: number;
  signed: boolean;
}

/** The slider's column or, of fewer columns, the last one. */
const answerOf = ({ input_dim, attention_column }: Task): number => Math.min(attention_column, input_dim - 1);

/** Standard normal inputs, but for one column, which holds the target (or −1 and +1 for it). */
export function getData(numSamples: number, task: Task, random: Random) {
  const { input_dim: inputDim, signed } = task;
  const attentionColumn = answerOf(task);
  const x = new Float32Array(numSamples * inputDim);
  const y = new Float32Array(numSamples);
  for (let sample = 0; sample < numSamples; sample++) {
    const row = sample * inputDim;
    for (let column = 0; column < inputDim; column++) x[row + column] = random.normal();
    y[sample] = random.uniform() < 0.5 ? 0 : 1;
    x[row + attentionColumn] = signed ? 2 * y[sample] - 1 : y[sample];
  }
  return { x, y };
}

export function buildModel(inputDim: number, units: number, random: Random) {
  return {
    attention: denseLayer(inputDim, inputDim, random),
    hidden: denseLayer(inputDim, units, random),
    output: denseLayer(units, 1, random),
  };
}

/**
 * The model: softmax(Dense(x)) · x, then Dense(64), then Dense(1) with a sigmoid (in the loss).
 * With `scale`, the context is multiplied by the number of inputs: as large as they are while all weights are equal.
 */
export function callModel(model: ReturnType<typeof buildModel>, { x }: Tensors<string>, { scale }: { scale: boolean }) {
  const scores = model.attention(x);
  const weights = softmax(scores);
  const product = multiply(weights, x);
  const context = scale ? scaled(product, x.shape[1]) : product;
  return { scores, weights, context, logits: model.output(model.hidden(context)) };
}

interface Options extends Task {
  scale: boolean;
  units: number;
  num_samples: number;
  batch_size: number;
  learning_rate: number;
  epochs: number;
}

export const dense: LookedInside<Options, ReturnType<typeof buildModel>> = {
  constants: { num_samples: 10_000, units: 64, batch_size: 64 },

  /** The second half is held out. */
  data(options, random) {
    const half = options.num_samples / 2;
    return { training: getData(half, options, random), heldOut: getData(half, options, random) };
  },

  build: ({ input_dim, units }, random) => buildModel(input_dim, units, random),
  inputs: ({ input_dim }) => ({ x: [input_dim] }),
  targets: () => [1],
  call: callModel,
  loss: () => binaryCrossentropy,
  plan: ({ epochs, learning_rate, batch_size }) => ({ epochs, runs: [{ optimizer: adam(learning_rate), batchSize: batch_size }] }),

  findings({ runs: [{ predict }], heldOut }, options) {
    const answer = answerOf(options);
    const { weights, logits } = predict(heldOut);
    const panels = [1, 0].map((target) => ({ title: `y = ${target}`, weights: meanOfClass(weights, heldOut.y, target) }));
    const { verdict, ...judged } = judgeBars(panels, answer, "column");
    const moved = ` With ${options.input_dim} columns, the answer is in the last one, column ${answer}.`;
    return {
      picture: { kind: "bars", title: "Mean attention weight, held-out samples", position: "column", answer, panels },
      ...judged,
      verdict: verdict + (answer < options.attention_column ? moved : ""),
      metrics: [{ label: "Held-out accuracy", value: fixed(binaryAccuracy(heldOut.y, logits)) }],
    };
  },

  inside: {
    tensors(model, inputs, options) {
      const { kernel, bias } = model.attention.weights;
      const { tape } = inputs.x;
      return { ...callModel(model, inputs, options), kernel: tape.use(kernel), bias: tape.use(bias) };
    },

    mechanism({ scores, weights, context, logits: [logit], kernel, bias }, { x, y: [target] }, options) {
      const { input_dim, scale } = options;
      const answer = answerOf(options);
      const rowsOfKernel = rowsOf(kernel, input_dim);
      const made = Array.from(bias, (own, column) => {
        const terms = rowsOfKernel.map((row, input) => product(x[input], row[column]));
        return `${writtenSum(terms)} + bias ${told(own)}`;
      });
      const factor = scale ? ` × ${input_dim}` : "";
      return {
        position: "column",
        answers: [answer],
        rows: [
          { name: "input", cells: [...x], sums: Array.from(x, (input) => `x = ${told(input)}`) },
          ...softmaxRows([...scores], made, [...weights]),
          {
            name: `weight × input${factor}`,
            cells: [...context],
            sums: Array.from(context, (one, column) => `${product(weights[column], x[column]).text}${factor} = ${told(one)}`),
          },
        ],
        prediction: says([0, logit], (y) => `y = ${y}`),
        target: `The target is y = ${target}.`,
        choices: [],
        replaceable: { label: "number", values: [...x], min: -4, max: 4, step: 0.01 },
      };
    },
  },
};
