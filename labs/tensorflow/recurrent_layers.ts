/**
 * Keras' recurrent layers.
 *
 * Composed of TensorFlow.js' operations, an LSTM takes some hundred small ones a time step and
 * 15 ms a training step at least. Here the products are TensorFlow's and all between them is a plain
 * loop; what the inputs give to the gates is one product, ahead of the loop over time.
 */
import * as tf from "@tensorflow/tfjs-core";
import { GRU, LSTM, SimpleRNN, type Cell, type Step } from "./cells";
import { glorotUniform, orthogonal, type Layer } from "./layers";
import type { Random } from "../shared/random";

export type CellName = "LSTM" | "GRU" | "SimpleRNN";
const cells: Record<CellName, Cell> = { LSTM, GRU, SimpleRNN };

interface RecurrentLayer extends Layer {
  kernel: tf.Tensor2D;
  recurrent_kernel: tf.Tensor2D;
  /** A row for the inputs' part of the gates; in a GRU a second one for the state's part. */
  bias: tf.Tensor2D;
}

/** Keras' defaults: a Glorot-uniform kernel, an orthogonal recurrent one, biases of 0, and of 1 to forget less. */
export function recurrentLayer(name: CellName, inputDim: number, units: number, random: Random): RecurrentLayer {
  const { gates, biases } = cells[name];
  const width = gates * units;
  const bias = new Float32Array(biases * width);
  if (name === "LSTM") bias.fill(1, units, 2 * units);
  return {
    kernel: glorotUniform(inputDim, width, random),
    recurrent_kernel: orthogonal(units, width, random),
    bias: tf.tensor2d(bias, [biases, width]),
  };
}

/** The states at all time steps: (samples, time steps, dimensions) → (samples, time steps, units). */
export function states(name: CellName, inputs: tf.Tensor3D, layer: RecurrentLayer, start?: tf.Tensor3D): tf.Tensor3D {
  return inBatch(rowsInTime(cells[name], inputs, layer, [0, inputs.shape[1]], start));
}

/** The state after the last time step: (samples, time steps, dimensions) → (samples, units). */
export function lastState(name: CellName, inputs: tf.Tensor3D, layer: RecurrentLayer): tf.Tensor2D {
  const [, timeSteps] = inputs.shape;
  return tf.squeeze(rowsInTime(cells[name], inputs, layer, [timeSteps - 1, timeSteps]), [0]);
}

/** The states at all time steps, and the end: the last state and an LSTM's last memory, where another layer can start. */
export function statesAndEnd(name: CellName, inputs: tf.Tensor3D, layer: RecurrentLayer) {
  const [, timeSteps] = inputs.shape;
  const rows = rowsInTime(cells[name], inputs, layer, [0, timeSteps + 1]);
  return {
    states: inBatch(tf.slice(rows, 0, timeSteps)),
    end: tf.slice(rows, timeSteps - 1, 2), // (2, samples, units)
  };
}

const inBatch = (rows: tf.Tensor3D): tf.Tensor3D => tf.transpose(rows, [1, 0, 2]);

/**
 * With time as the first axis, what belongs to one step lies together: a row for the state after each
 * time step, and one more for an LSTM's last memory. Returns those in a range.
 * `start`, (2, samples, units), is the state and the memory before the first step; without it, zeros.
 */
function rowsInTime(
  cell: Cell,
  inputs: tf.Tensor3D,
  { kernel, recurrent_kernel, bias }: RecurrentLayer,
  range: Range,
  start: tf.Tensor3D = tf.zeros<tf.Rank.R3>([2, inputs.shape[0], recurrent_kernel.shape[0]]),
): tf.Tensor3D {
  const [samples, timeSteps, inputDim] = inputs.shape;
  const inTime = tf.reshape(tf.transpose(inputs, [1, 0, 2]), [timeSteps * samples, inputDim]);
  const fromInputs = tf.matMul(inTime, kernel);
  const loop = tf.customGrad((...tensors) => {
    const [fromInputs, recurrentKernel, bias, start] = tensors;
    const run = new Run(cell, timeSteps, samples, recurrentKernel as tf.Tensor2D, bias as tf.Tensor2D);
    const value = run.forward(fromInputs as tf.Tensor2D, start as tf.Tensor3D, range);
    return { value, gradFunc: (upstream) => run.backward(upstream as tf.Tensor3D, range) };
  });
  return loop(fromInputs, recurrent_kernel, bias, start) as tf.Tensor3D;
}

/** From the first row to the one after the last. */
type Range = [from: number, to: number];

/** One way through the sequences, and once back. */
class Run {
  private readonly units: number;
  private readonly width: number;
  private readonly steps: Step[] = [];
  /** (time steps + 2, samples, units): the state at the start, those after each step, and the last memory. */
  private readonly states: Float32Array;
  /** (time steps, samples, width): what `Step` says of them. */
  private gates: Float32Array = new Float32Array();

  constructor(
    private readonly cell: Cell,
    private readonly timeSteps: number,
    private readonly samples: number,
    private readonly recurrentKernel: tf.Tensor2D,
    private readonly bias: tf.Tensor2D,
  ) {
    [this.units, this.width] = recurrentKernel.shape;
    this.states = new Float32Array((timeSteps + 2) * samples * this.units);
  }

  forward(fromInputs: tf.Tensor2D, start: tf.Tensor3D, [from, to]: Range): tf.Tensor3D {
    const { cell, timeSteps, samples, units, width, states } = this;
    const size = samples * units;
    const bias = this.bias.dataSync<"float32">();
    this.gates = fromInputs.dataSync<"float32">(); // a copy, ours to change
    addToRows(this.gates, bias.subarray(0, width));
    const memory = new Float32Array((timeSteps + 1) * size);
    const [state, firstMemory] = halves(start.dataSync<"float32">());
    states.set(state);
    memory.set(firstMemory);
    for (let time = 0; time < timeSteps; time++) {
      const before = part(states, time, size);
      const product = tf.matMul<tf.Tensor2D>(tf.tensor2d(before, [samples, units]), this.recurrentKernel);
      const fromState = product.dataSync<"float32">();
      addToRows(fromState, bias.subarray(width));
      const step = {
        units,
        gates: part(this.gates, time, samples * width),
        fromState,
        before,
        after: part(states, time + 1, size),
        memoryBefore: part(memory, time, size),
        memoryAfter: part(memory, time + 1, size),
      };
      cell.forward(step);
      this.steps.push(step);
    }
    states.set(part(memory, timeSteps, size), (timeSteps + 1) * size);
    return tf.tensor3d(states.subarray((from + 1) * size, (to + 1) * size), [to - from, samples, units]);
  }

  /** The gradients by the inputs' part of the gates, the recurrent kernel, the bias and the start. */
  backward(upstream: tf.Tensor3D, [from, to]: Range): tf.Tensor[] {
    const { cell, timeSteps, samples, units, width, steps, states, gates } = this;
    const size = samples * units;
    const arrived = upstream.dataSync<"float32">();
    const transposedKernel: tf.Tensor2D = tf.transpose(this.recurrentKernel);
    const start = new Float32Array(2 * size); // on the way back, the gradients arrive there
    const [state, memory] = halves(start);
    if (to > timeSteps) addTo(memory, part(arrived, timeSteps - from, size));
    for (let time = timeSteps - 1; time >= 0; time--) {
      if (time >= from) addTo(state, part(arrived, time - from, size));
      const step = steps[time];
      cell.backward(step, { state, memory });
      const byState = tf.tensor2d(cell.biases === 2 ? step.fromState : step.gates, [samples, width]);
      addTo(state, tf.matMul(byState, transposedKernel).dataSync<"float32">());
    }
    const rows = timeSteps * samples;
    const byStates = cell.biases === 2 ? joined(steps.map(({ fromState }) => fromState)) : gates;
    const before = tf.tensor2d(states.subarray(0, timeSteps * size), [rows, units]);
    const biases = [gates, byStates].slice(0, cell.biases).flatMap((rows) => [...sumOfRows(rows, width)]);
    return [
      tf.tensor2d(gates, [rows, width]),
      tf.matMul(tf.transpose(before), tf.tensor2d(byStates, [rows, width])),
      tf.tensor2d(biases, this.bias.shape),
      tf.tensor3d(start, [2, samples, units]),
    ];
  }
}

const part = (array: Float32Array, index: number, size: number): Float32Array => array.subarray(index * size, (index + 1) * size);

function joined(arrays: Float32Array[]): Float32Array {
  const all = new Float32Array(arrays.length * arrays[0].length);
  arrays.forEach((array, index) => all.set(array, index * array.length));
  return all;
}

const halves = (array: Float32Array): Float32Array[] => [0, 1].map((index) => part(array, index, array.length / 2));

function addTo(target: Float32Array, added: Float32Array): void {
  for (let i = 0; i < target.length; i++) target[i] += added[i];
}

function addToRows(rows: Float32Array, added: Float32Array): void {
  if (added.length === 0) return;
  for (let start = 0; start < rows.length; start += added.length) {
    for (let i = 0; i < added.length; i++) rows[start + i] += added[i];
  }
}

function sumOfRows(rows: Float32Array, width: number): Float32Array {
  const sum = new Float32Array(width);
  for (let start = 0; start < rows.length; start += width) {
    for (let i = 0; i < width; i++) sum[i] += rows[start + i];
  }
  return sum;
}
