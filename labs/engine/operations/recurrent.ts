/**
 * Keras' recurrent layers, as one operation each: what the inputs give to the gates is one product, ahead of the
 * loop over time. With time as the first axis, what belongs to one step lies together.
 */
import type { Address } from "../arena";
import type { Operand, Tape, Tensor } from "../tape";
import { permute, slice } from "./moves";
import { sumOfRows } from "./products";
import { written } from "./shapes";

export type CellName = "LSTM" | "GRU" | "SimpleRNN";

/** How many gates a cell has, how many biases each of them, and how many states go from step to step. */
export const CELLS: Record<CellName, { gates: number; biases: 1 | 2; states: 1 | 2 }> = {
  LSTM: { gates: 4, biases: 1, states: 2 },
  GRU: { gates: 3, biases: 2, states: 1 },
  SimpleRNN: { gates: 1, biases: 1, states: 1 },
};

export interface RecurrentWeights<W = Operand> {
  kernel: W;
  recurrent_kernel: W;
  bias: W;
}

export interface RecurrentOptions {
  /** The states before the first step, (samples, units) each: an LSTM's state and memory. Without them, zeros. */
  initialState?: readonly Tensor[];
  /** From the last step to the first. */
  backwards?: boolean;
}

/** What a recurrent layer returns; what is not read is not computed. */
export class Recurrence {
  private ordered?: Tensor;

  /** @param rows (states, time steps + 1, samples, units): the initial state and those after each step, in time. */
  constructor(
    private readonly rows: Tensor,
    private readonly backwards: boolean,
  ) {}

  /** The states at all steps, in the order of the inputs: (samples, time steps, units). */
  get sequence(): Tensor {
    const [state] = this.tracks;
    const steps = state.shape[0] - 1;
    const inTime = this.backwards ? slice(state, 0, 0, steps) : slice(state, 0, 1, steps + 1);
    return (this.ordered ??= permute(inTime, [1, 0, 2]));
  }

  /** The state after the last step read: (samples, units). */
  get last(): Tensor {
    return this.state[0];
  }

  /** What Keras returns for `return_state`: the last state and, of an LSTM, the last memory. */
  get state(): Tensor[] {
    return this.tracks.map((track) => {
      const [rows, ...shape] = track.shape;
      return track.tape.view(track, shape, this.backwards ? 0 : (rows - 1) * shape[0] * shape[1]);
    });
  }

  private get tracks(): Tensor[] {
    const { tape, shape, size } = this.rows;
    const [count, ...rest] = shape;
    return Array.from({ length: count }, (_, i) => tape.view(this.rows, rest, (i * size) / count));
  }
}

/** (samples, time steps, dimensions) → the states. */
export function recurrence(cell: CellName, x: Tensor, weights: RecurrentWeights, options: RecurrentOptions = {}): Recurrence {
  const { tape } = x;
  const { initialState = [], backwards = false } = options;
  const { gates, biases, states } = CELLS[cell];
  const [samples, , inputDim] = x.shape;
  const [kernel, recurrentKernel, bias] = [weights.kernel, weights.recurrent_kernel, weights.bias].map((w) => tape.use(w));
  const [units] = recurrentKernel.shape;
  const fits =
    x.shape.length === 3 && kernel.shape[0] === inputDim && kernel.shape[1] === gates * units && bias.size === biases * gates * units;
  if (!fits) throw new Error(`${cell}: inputs ${written(x.shape)} and a kernel ${written(kernel.shape)} do not fit`);
  if (initialState.length !== 0 && initialState.length !== states) {
    throw new Error(`${cell}: an initial state has ${states} tensors, not ${initialState.length}`);
  }
  if (initialState.some(({ shape }) => shape[0] !== samples || shape[1] !== units)) {
    throw new Error(`${cell}: an initial state has shape (${samples}, ${units}), not ${initialState.map(({ shape }) => written(shape)).join(" and ")}`);
  }
  const inTime = permute(x, [1, 0, 2]);
  const run = new Loop(tape, cell, inTime, { kernel, recurrent_kernel: recurrentKernel, bias }, [...initialState], backwards);
  return new Recurrence(run.record(), backwards);
}

/** The way of one batch through the steps, and back. */
class Loop {
  private readonly timeSteps: number;
  private readonly samples: number;
  private readonly inputDim: number;
  private readonly units: number;
  private readonly width: number;
  /** How many numbers a step has in a state, and in the gates. */
  private readonly size: number;
  private readonly gatesSize: number;
  /** (time steps, samples, gates · units) each: what goes into the gates, then what comes out, then the gradient. */
  private readonly gates: Address;
  private readonly fromState: Address;
  private readonly dstate: Address;
  private readonly dmemory: Address;
  private readonly packed: Address;
  private readonly sumOfGates: (x: Address, y: Address) => void;

  constructor(
    private readonly tape: Tape,
    private readonly cell: CellName,
    private readonly x: Tensor,
    private readonly weights: RecurrentWeights<Tensor>,
    private readonly initialState: Tensor[],
    private readonly backwards: boolean,
  ) {
    [this.timeSteps, this.samples, this.inputDim] = x.shape;
    [this.units, this.width] = weights.recurrent_kernel.shape;
    this.size = this.samples * this.units;
    this.gatesSize = this.samples * this.width;
    this.gates = tape.scratch(this.timeSteps * this.gatesSize);
    this.fromState = CELLS[cell].biases === 2 ? tape.scratch(this.timeSteps * this.gatesSize) : this.gates;
    this.dstate = tape.scratch(this.size);
    this.dmemory = tape.scratch(this.size);
    this.packed = tape.scratch(Math.max(weights.kernel.size, weights.recurrent_kernel.size));
    this.sumOfGates = sumOfRows(tape, this.timeSteps * this.samples, this.width);
  }

  record(): Tensor {
    const { kernel, recurrent_kernel, bias } = this.weights;
    const { states } = CELLS[this.cell];
    const inputs = [this.x, kernel, recurrent_kernel, bias, ...this.initialState];
    const rows: Tensor = this.tape.record(inputs, [states, this.timeSteps + 1, this.samples, this.units], {
      forward: () => this.forward(rows.at),
      backward: (drows, dx, dkernel, drecurrent, dbias, dinitial, dinitialMemory) =>
        this.backward(rows.at, drows, dx, dkernel, drecurrent, dbias, dinitial, dinitialMemory),
    });
    return rows;
  }

  /** Where the state before a step lies, and after it: forwards one row further on, backwards one row back. */
  private before(rows: Address, step: number): Address {
    return this.tape.step(rows, (this.backwards ? step + 1 : step) * this.size);
  }

  private after(rows: Address, step: number): Address {
    return this.tape.step(rows, (this.backwards ? step : step + 1) * this.size);
  }

  private memories(rows: Address): Address {
    return this.tape.step(rows, (this.timeSteps + 1) * this.size);
  }

  private stepAt(index: number): number {
    return this.backwards ? this.timeSteps - 1 - index : index;
  }

  private forward(rows: Address): void {
    const { tape, cell, x, weights, width, units, samples, timeSteps, inputDim, size, gatesSize, initialState } = this;
    const { kernels } = tape;
    const { kernel, recurrent_kernel, bias } = weights;
    kernels.matmul(x.at, inputDim, 1, kernel.at, width, 1, this.gates, width, timeSteps * samples, inputDim, width, bias.at, 0, 0);
    const first = this.stepAt(0);
    if (initialState.length > 0) this.copy(initialState[0].at, this.before(rows, first), size);
    if (initialState.length > 1) this.copy(initialState[1].at, this.before(this.memories(rows), first), size);
    for (let index = 0; index < timeSteps; index++) {
      const step = this.stepAt(index);
      const before = this.before(rows, step);
      const after = this.after(rows, step);
      const gates = tape.step(this.gates, step * gatesSize);
      // The state's part of the gates is added to the inputs', or begins with its own bias.
      const fromState = tape.step(this.fromState, step * gatesSize);
      const start = cell === "GRU" ? tape.step(bias.at, width) : gates;
      const startRow = cell === "GRU" ? 0 : width;
      // Zeros before the first step give nothing to the gates, but for a bias.
      if (index > 0 || initialState.length > 0 || cell === "GRU") {
        kernels.matmul(before, units, 1, recurrent_kernel.at, width, 1, fromState, width, samples, units, width, start, startRow, 0);
      }
      if (cell === "LSTM") {
        const memories = this.memories(rows);
        kernels.lstmCell(gates, this.before(memories, step), this.after(memories, step), after, samples, units);
      } else if (cell === "GRU") {
        kernels.gruCell(gates, fromState, before, after, samples, units);
      } else {
        kernels.tanh(gates, after, size);
      }
    }
  }

  /** Writes the gradients by all inputs, in their order; initial states may be missing. */
  private backward(
    rows: Address,
    drows: Address,
    dx: Address,
    dkernel: Address,
    drecurrent: Address,
    dbias: Address,
    dinitial?: Address,
    dinitialMemory?: Address,
  ): void {
    const { tape, cell, x, weights, width, units, samples, timeSteps, inputDim, size, gatesSize, dstate, dmemory } = this;
    const { kernels } = tape;
    kernels.fill(dstate, size, 0);
    kernels.fill(dmemory, size, 0);
    // The transpose of the recurrent kernel, once for all steps.
    kernels.move(weights.recurrent_kernel.at, 0, 0, 1, width, this.packed, 0, 0, units, 1, 1, 1, width, units, 1, 0);
    if (cell === "LSTM") {
      // Of the memories, only the last one can have been read by others.
      const last = this.after(this.memories(drows), this.stepAt(timeSteps - 1));
      kernels.add(dmemory, last, dmemory, size);
    }
    for (let index = timeSteps - 1; index >= 0; index--) {
      const step = this.stepAt(index);
      const gates = tape.step(this.gates, step * gatesSize);
      const fromState = tape.step(this.fromState, step * gatesSize);
      const before = this.before(rows, step);
      kernels.add(dstate, this.after(drows, step), dstate, size);
      if (cell === "LSTM") {
        const memories = this.memories(rows);
        kernels.lstmCellGradient(gates, this.before(memories, step), this.after(memories, step), dstate, dmemory, samples, units);
      } else if (cell === "GRU") {
        kernels.gruCellGradient(gates, fromState, before, dstate, samples, units);
      } else {
        kernels.tanhGradient(this.after(rows, step), dstate, gates, size);
      }
      if (index === 0 && dinitial === undefined) break;
      // A GRU's state goes on by itself too.
      const start = cell === "GRU" ? dstate : 0;
      kernels.matmul(fromState, width, 1, this.packed, units, 1, dstate, units, samples, width, units, start, units, 0);
    }
    const all = timeSteps * samples;
    const before = this.backwards ? tape.step(rows, size) : rows;
    kernels.matmul(before, 1, units, this.fromState, width, 1, drecurrent, width, units, all, width, 0, 0, 0);
    kernels.matmul(x.at, 1, inputDim, this.gates, width, 1, dkernel, width, inputDim, all, width, 0, 0, 0);
    this.sumOfGates(this.gates, dbias);
    if (cell === "GRU") this.sumOfGates(this.fromState, tape.step(dbias, width));
    if (x.trained) {
      kernels.matmul(this.gates, width, 1, weights.kernel.at, 1, width, dx, inputDim, all, width, inputDim, 0, 0, this.packed);
    }
    if (dinitial !== undefined) this.copy(dstate, dinitial, size);
    if (dinitialMemory !== undefined) this.copy(dmemory, dinitialMemory, size);
  }

  private copy(from: Address, to: Address, count: number): void {
    this.tape.kernels.move(from, 0, 0, 0, 1, to, 0, 0, 0, 1, 1, 1, 1, count, 1, 0);
  }
}
