/**
 * One step of Keras' three recurrent cells, forwards and backwards, for all samples of a batch.
 *
 * Everything is a flat array with a row a sample: of `units` numbers, or of `units` numbers a gate.
 * The backward halves are the forward ones' derivatives, written out; tests compare them with Keras.
 *
 * Indices are counted one by one: where a loop takes them from an array, `[f, c] = [...]`, the compiler
 * of WebKit 2.50 makes NaN of the gates as soon as it optimizes the loop.
 */
export interface Step {
  units: number;
  /**
   * What the inputs give to the gates; `forward` puts there what comes out of the gates, and `backward` the
   * gradient by what went in. Three arrays would cost a tenth of a training, for memory asked for and given back.
   */
  gates: Float32Array;
  /** What the state before gives to the gates; where that has a bias of its own, `backward` puts its gradient there. */
  fromState: Float32Array;
  before: Float32Array;
  after: Float32Array;
  /** An LSTM's second state, which its gates guard; other cells leave it alone. */
  memoryBefore: Float32Array;
  memoryAfter: Float32Array;
}

/** The gradients of the loss by what a step has written, and on the way out by what it has read. */
interface StepGradients {
  /** On the way out less what comes through `fromState`. */
  state: Float32Array;
  memory: Float32Array;
}

export interface Cell {
  gates: number;
  /** 1 where the gates take the sum of the inputs' part and the state's, 2 where each has its own bias. */
  biases: 1 | 2;
  forward(step: Step): void;
  backward(step: Step, gradients: StepGradients): void;
}

/** Gates in Keras' order: input, forget, candidate, output. */
export const LSTM: Cell = {
  gates: 4,
  biases: 1,
  forward({ units, gates, fromState, after, memoryBefore, memoryAfter }) {
    for (let row = 0, at = 0; row < gates.length; row += 4 * units) {
      for (let i = row; i < row + units; i++, at++) {
        const f = i + units;
        const c = f + units;
        const o = c + units;
        gates[i] = sigmoid(gates[i] + fromState[i]);
        gates[f] = sigmoid(gates[f] + fromState[f]);
        gates[c] = tanh(gates[c] + fromState[c]);
        gates[o] = sigmoid(gates[o] + fromState[o]);
        memoryAfter[at] = gates[f] * memoryBefore[at] + gates[i] * gates[c];
        after[at] = gates[o] * tanh(memoryAfter[at]);
      }
    }
  },
  backward({ units, gates, memoryBefore, memoryAfter }, { state, memory }) {
    for (let row = 0, at = 0; row < gates.length; row += 4 * units) {
      for (let i = row; i < row + units; i++, at++) {
        const f = i + units;
        const c = f + units;
        const o = c + units;
        const input = gates[i];
        const forget = gates[f];
        const candidate = gates[c];
        const output = gates[o];
        const shown = tanh(memoryAfter[at]);
        const byMemory = memory[at] + state[at] * output * (1 - shown * shown);
        gates[i] = byMemory * candidate * input * (1 - input);
        gates[f] = byMemory * memoryBefore[at] * forget * (1 - forget);
        gates[c] = byMemory * input * (1 - candidate * candidate);
        gates[o] = state[at] * shown * output * (1 - output);
        memory[at] = byMemory * forget;
        state[at] = 0;
      }
    }
  },
};

/** Gates in Keras' order: update, reset, candidate. Reset acts after the recurrent product (`reset_after`). */
export const GRU: Cell = {
  gates: 3,
  biases: 2,
  forward({ units, gates, fromState, before, after }) {
    for (let row = 0, at = 0; row < gates.length; row += 3 * units) {
      for (let z = row; z < row + units; z++, at++) {
        const r = z + units;
        const c = r + units;
        gates[z] = sigmoid(gates[z] + fromState[z]);
        gates[r] = sigmoid(gates[r] + fromState[r]);
        gates[c] = tanh(gates[c] + gates[r] * fromState[c]);
        after[at] = gates[z] * before[at] + (1 - gates[z]) * gates[c];
      }
    }
  },
  backward({ units, gates, fromState, before }, { state }) {
    for (let row = 0, at = 0; row < gates.length; row += 3 * units) {
      for (let z = row; z < row + units; z++, at++) {
        const r = z + units;
        const c = r + units;
        const update = gates[z];
        const reset = gates[r];
        const candidate = gates[c];
        const byCandidate = state[at] * (1 - update) * (1 - candidate * candidate);
        gates[z] = fromState[z] = state[at] * (before[at] - candidate) * update * (1 - update);
        gates[r] = fromState[r] = byCandidate * fromState[c] * reset * (1 - reset);
        gates[c] = byCandidate;
        fromState[c] = byCandidate * reset;
        state[at] *= update;
      }
    }
  },
};

export const SimpleRNN: Cell = {
  gates: 1,
  biases: 1,
  forward({ gates, fromState, after }) {
    for (let at = 0; at < after.length; at++) after[at] = tanh(gates[at] + fromState[at]);
  },
  backward({ gates, after }, { state }) {
    for (let at = 0; at < after.length; at++) {
      gates[at] = state[at] * (1 - after[at] * after[at]);
      state[at] = 0;
    }
  },
};

/** As a ratio of polynomials, as TensorFlow computes it: right to a float's last digit, four times as fast. */
export function tanh(value: number): number {
  const x = Math.min(7.9053111, Math.max(-7.9053111, value));
  const s = x * x;
  const above =
    4.89352455891786e-3 +
    s * (6.37261928875436e-4 + s * (1.48572235717979e-5 + s * (5.12229709037114e-8 + s * (-8.60467152213735e-11 + s * (2.00018790482477e-13 - s * 2.76076847742355e-16)))));
  const below = 4.89352518554385e-3 + s * (2.26843463243900e-3 + s * (1.18534705686654e-4 + s * 1.19825839466702e-6));
  return (x * above) / below;
}

const sigmoid = (value: number): number => 0.5 + 0.5 * tanh(0.5 * value);
