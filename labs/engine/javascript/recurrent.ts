import { sigmoid, tanh } from "./activations";
import type { Memory } from "./memory";

/**
 * One step of Keras' three recurrent cells for all rows of a batch, forward and back.
 *
 * Forward, a cell finds in `gates` what goes into them and leaves there what comes out; back, it leaves there the
 * gradient by what went in.
 */
export const recurrent = (memory: Memory) => ({
  /** Gates in Keras' order: input, forget, candidate, output. */
  lstmCell(gates: number, memoryBefore: number, memoryAfter: number, after: number, rows: number, units: number): void {
    const h = memory.numbers;
    for (let row = 0, at = 0; row < rows; row++) {
      const start = gates + row * 4 * units;
      for (let i = start; i < start + units; i++, at++) {
        const f = i + units;
        const c = f + units;
        const o = c + units;
        h[i] = sigmoid(h[i]);
        h[f] = sigmoid(h[f]);
        h[c] = tanh(h[c]);
        h[o] = sigmoid(h[o]);
        h[memoryAfter + at] = h[f] * h[memoryBefore + at] + h[i] * h[c];
        h[after + at] = h[o] * tanh(h[memoryAfter + at]);
      }
    }
  },

  /** `dmemory` comes as the gradient by the memory after the step and leaves as that by the memory before it. */
  lstmCellGradient(
    gates: number, memoryBefore: number, memoryAfter: number, dstate: number, dmemory: number,
    rows: number, units: number,
  ): void {
    const h = memory.numbers;
    for (let row = 0, at = 0; row < rows; row++) {
      const start = gates + row * 4 * units;
      for (let i = start; i < start + units; i++, at++) {
        const f = i + units;
        const c = f + units;
        const o = c + units;
        const input = h[i];
        const forget = h[f];
        const candidate = h[c];
        const output = h[o];
        const shown = tanh(h[memoryAfter + at]);
        const byState = h[dstate + at];
        const byMemory = h[dmemory + at] + byState * output * (1 - shown * shown);
        h[i] = byMemory * candidate * input * (1 - input);
        h[f] = byMemory * h[memoryBefore + at] * forget * (1 - forget);
        h[c] = byMemory * input * (1 - candidate * candidate);
        h[o] = byState * shown * output * (1 - output);
        h[dmemory + at] = byMemory * forget;
      }
    }
  },

  /**
   * Gates in Keras' order: update, reset, candidate. `fromState` is what the state before gives to them, with a bias
   * of its own: reset acts after the recurrent product (`reset_after`).
   */
  gruCell(gates: number, fromState: number, before: number, after: number, rows: number, units: number): void {
    const h = memory.numbers;
    for (let row = 0, at = 0; row < rows; row++) {
      const start = row * 3 * units;
      for (let i = start; i < start + units; i++, at++) {
        const z = gates + i;
        const r = z + units;
        const c = r + units;
        const s = fromState + i;
        h[z] = sigmoid(h[z] + h[s]);
        h[r] = sigmoid(h[r] + h[s + units]);
        h[c] = tanh(h[c] + h[r] * h[s + 2 * units]);
        h[after + at] = h[z] * h[before + at] + (1 - h[z]) * h[c];
      }
    }
  },

  /** `dstate` leaves as what arrives at the state before, less what comes through `fromState`, which becomes its gradient. */
  gruCellGradient(gates: number, fromState: number, before: number, dstate: number, rows: number, units: number): void {
    const h = memory.numbers;
    for (let row = 0, at = 0; row < rows; row++) {
      const start = row * 3 * units;
      for (let i = start; i < start + units; i++, at++) {
        const z = gates + i;
        const r = z + units;
        const c = r + units;
        const s = fromState + i;
        const update = h[z];
        const reset = h[r];
        const candidate = h[c];
        const byCandidate = h[dstate + at] * (1 - update) * (1 - candidate * candidate);
        h[z] = h[s] = h[dstate + at] * (h[before + at] - candidate) * update * (1 - update);
        h[r] = h[s + units] = byCandidate * h[s + 2 * units] * reset * (1 - reset);
        h[c] = byCandidate;
        h[s + 2 * units] = byCandidate * reset;
        h[dstate + at] *= update;
      }
    }
  },
});
