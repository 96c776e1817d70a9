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
  /** What goes into the gates: the part that comes from the inputs, and the part from the state before. */
  fromInput: Float32Array;
  fromState: Float32Array;
  /** What comes out of them; kept for the way back. */
  gates: Float32Array;
  before: Float32Array;
  after: Float32Array;
  /** An LSTM's second state, which its gates guard; other cells leave it alone. */
  memoryBefore: Float32Array;
  memoryAfter: Float32Array;
}

/** The gradients of the loss by what a step reads and writes. */
export interface StepGradients {
  fromInput: Float32Array;
  /** The same array as `fromInput` where the gates take the sum of the two. */
  fromState: Float32Array;
  /** On the way in: by the state after the step. On the way out: by the one before, less what comes through `fromState`. */
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
  forward({ units, fromInput, fromState, gates, after, memoryBefore, memoryAfter }) {
    for (let row = 0, at = 0; row < gates.length; row += 4 * units) {
      for (let i = row; i < row + units; i++, at++) {
        const f = i + units;
        const c = f + units;
        const o = c + units;
        gates[i] = sigmoid(fromInput[i] + fromState[i]);
        gates[f] = sigmoid(fromInput[f] + fromState[f]);
        gates[c] = tanh(fromInput[c] + fromState[c]);
        gates[o] = sigmoid(fromInput[o] + fromState[o]);
        memoryAfter[at] = gates[f] * memoryBefore[at] + gates[i] * gates[c];
        after[at] = gates[o] * tanh(memoryAfter[at]);
      }
    }
  },
  backward({ units, gates, memoryBefore, memoryAfter }, { fromInput, state, memory }) {
    for (let row = 0, at = 0; row < gates.length; row += 4 * units) {
      for (let i = row; i < row + units; i++, at++) {
        const f = i + units;
        const c = f + units;
        const o = c + units;
        const shown = tanh(memoryAfter[at]);
        const byMemory = memory[at] + state[at] * gates[o] * (1 - shown * shown);
        fromInput[i] = byMemory * gates[c] * gates[i] * (1 - gates[i]);
        fromInput[f] = byMemory * memoryBefore[at] * gates[f] * (1 - gates[f]);
        fromInput[c] = byMemory * gates[i] * (1 - gates[c] * gates[c]);
        fromInput[o] = state[at] * shown * gates[o] * (1 - gates[o]);
        memory[at] = byMemory * gates[f];
        state[at] = 0;
      }
    }
  },
};

/** Gates in Keras' order: update, reset, candidate. Reset acts after the recurrent product (`reset_after`). */
export const GRU: Cell = {
  gates: 3,
  biases: 2,
  forward({ units, fromInput, fromState, gates, before, after }) {
    for (let row = 0, at = 0; row < gates.length; row += 3 * units) {
      for (let z = row; z < row + units; z++, at++) {
        const r = z + units;
        const c = r + units;
        gates[z] = sigmoid(fromInput[z] + fromState[z]);
        gates[r] = sigmoid(fromInput[r] + fromState[r]);
        gates[c] = tanh(fromInput[c] + gates[r] * fromState[c]);
        after[at] = gates[z] * before[at] + (1 - gates[z]) * gates[c];
      }
    }
  },
  backward(step, { fromInput, fromState, state }) {
    const { units, gates, before } = step;
    for (let row = 0, at = 0; row < gates.length; row += 3 * units) {
      for (let z = row; z < row + units; z++, at++) {
        const r = z + units;
        const c = r + units;
        const byCandidate = state[at] * (1 - gates[z]) * (1 - gates[c] * gates[c]);
        fromInput[z] = fromState[z] = state[at] * (before[at] - gates[c]) * gates[z] * (1 - gates[z]);
        fromInput[r] = fromState[r] = byCandidate * step.fromState[c] * gates[r] * (1 - gates[r]);
        fromInput[c] = byCandidate;
        fromState[c] = byCandidate * gates[r];
        state[at] *= gates[z];
      }
    }
  },
};

export const SimpleRNN: Cell = {
  gates: 1,
  biases: 1,
  forward({ fromInput, fromState, after }) {
    for (let at = 0; at < after.length; at++) after[at] = tanh(fromInput[at] + fromState[at]);
  },
  backward({ after }, { fromInput, state }) {
    for (let at = 0; at < after.length; at++) {
      fromInput[at] = state[at] * (1 - after[at] * after[at]);
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
