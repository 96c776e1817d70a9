/** Keras' layers: weights named, ordered and initialized as there. */
import type { Random } from "../shared/random";
import { glorotUniform, ones, orthogonal, uniform, zeros } from "./initializers";
import { concatenate } from "./operations/moves";
import { normalize } from "./operations/normalization";
import { matmul, rowsBy } from "./operations/products";
import { CELLS, recurrence, type CellName, type Recurrence, type RecurrentOptions } from "./operations/recurrent";
import { embedding as rowsOf } from "./operations/tables";
import { Parameter, type Weights } from "./parameters";
import type { Tensor } from "./tape";

/** A function of tensors that has weights. */
export type Layer<W extends Weights, Call> = Call & { readonly weights: W };

export const layer = <W extends Weights, Call extends (...inputs: never[]) => unknown>(weights: W, call: Call): Layer<W, Call> =>
  Object.assign(call, { weights });

/** (…, inputs) → (…, units) */
export function dense(inputDim: number, units: number, random: Random) {
  const weights = { kernel: glorotUniform([inputDim, units], random), bias: zeros([units]) };
  return layer(weights, (x: Tensor) => rowsBy(x, x.tape.use(weights.kernel), x.tape.use(weights.bias)));
}

/** The same without a bias: Keras' `use_bias=False`. */
export function projection(inputDim: number, units: number, random: Random) {
  const weights = { kernel: glorotUniform([inputDim, units], random) };
  return layer(weights, (x: Tensor) => matmul(x, weights.kernel));
}

/** The row of each token, (…) → (…, units). Keras' default values are small; others may be handed over. */
export function embedding(tokens: number, units: number, random: Random, table = uniform([tokens, units], 0.05, random)) {
  const weights = { embeddings: new Parameter([tokens, units], table.initial, true) };
  return layer(weights, (x: Tensor) => rowsOf(x, weights.embeddings));
}

export function layerNormalization(units: number) {
  const weights = { gamma: ones([units]), beta: zeros([units]) };
  return layer(weights, (x: Tensor) => normalize(x, weights.gamma, weights.beta));
}

export type RecurrentLayer = ReturnType<typeof recurrent>;

/** Biases are 0, but 1 to forget less; a GRU has a second row of them for the state's part of the gates. */
export function recurrent(cell: CellName, inputDim: number, units: number, random: Random) {
  const { gates, biases } = CELLS[cell];
  const width = gates * units;
  const weights = {
    kernel: glorotUniform([inputDim, width], random),
    recurrent_kernel: orthogonal(units, width, random),
    bias: zeros(biases === 1 ? [width] : [biases, width]),
  };
  if (cell === "LSTM") weights.bias.initial.fill(1, units, 2 * units);
  return layer(weights, (x: Tensor, options?: RecurrentOptions): Recurrence => recurrence(cell, x, weights, options));
}

export const lstm = (inputDim: number, units: number, random: Random) => recurrent("LSTM", inputDim, units, random);
export const gru = (inputDim: number, units: number, random: Random) => recurrent("GRU", inputDim, units, random);
export const simpleRNN = (inputDim: number, units: number, random: Random) => recurrent("SimpleRNN", inputDim, units, random);

/** One layer from the left and one from the right, their states side by side: Keras' `Bidirectional`. */
export function bidirectional(forward: RecurrentLayer, backward: RecurrentLayer) {
  return layer({ forward, backward }, (x: Tensor) => {
    const [right, left] = [forward(x), backward(x, { backwards: true })];
    return {
      get sequence() {
        return concatenate([right.sequence, left.sequence]);
      },
      get last() {
        return concatenate([right.last, left.last]);
      },
      /** The forward layer's states, then the backward layer's. */
      state: [...right.state, ...left.state],
    };
  });
}
