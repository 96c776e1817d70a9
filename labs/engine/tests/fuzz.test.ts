/** Tapes of drawn operations, shapes and depth: the SIMD kernels against the JavaScript ones. FUZZ=1000 draws more. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { javascriptKernels } from "../javascript/kernels";
import { dotScores, softmax, weightedSum } from "../operations/attention";
import { add, gelu, multiply, relu, scale, sigmoid, tanh } from "../operations/elementwise";
import { concatenate, mean, permute, reshape, reverse, slice, sum } from "../operations/moves";
import { normalize } from "../operations/normalization";
import { matmul, rowsBy } from "../operations/products";
import { CELLS, recurrence, type CellName } from "../operations/recurrent";
import type { Tape, Tensor } from "../tape";
import { distance, Draw, loadWasm, Run, type Case } from "./helpers";

const COUNT = Number(process.env.FUZZ ?? 200);
/** Differences add up along a tape, and gradients may cancel out. */
const TOLERANCE = 1e-4;

type Shape = [samples: number, steps: number, width: number];

/** A tape under construction: operations take the latest tensor, or an earlier one too. */
class Plan implements Case {
  readonly shapes: number[][];
  readonly names: string[] = [];
  private readonly operations: ((tape: Tape, tensors: Tensor[], parameters: Tensor[]) => Tensor)[] = [];
  /** The shapes of all tensors so far. */
  private readonly tensors: Shape[];

  constructor(private readonly draw: Draw) {
    const shape: Shape = [draw.length(12), draw.length(9), draw.length(24)];
    this.shapes = [shape];
    this.tensors = [shape];
    const depth = draw.integer(1, 10);
    for (let i = 0; i < depth; i++) this.grow();
  }

  build(tape: Tape, parameters: Tensor[]): Tensor {
    const tensors = [parameters[0]];
    for (const operation of this.operations) tensors.push(operation(tape, tensors, parameters));
    return tensors.at(-1) as Tensor;
  }

  private parameter(shape: number[]): number {
    return this.shapes.push(shape) - 1;
  }

  /** A matrix whose products are as large as what it multiplies. */
  private matrix(rows: number, columns: number) {
    const index = this.parameter([rows, columns]);
    return (parameters: Tensor[]) => scale(parameters[index], 1 / Math.sqrt(rows));
  }

  private append(shape: Shape, operation: (x: Tensor, tape: Tape, tensors: Tensor[], parameters: Tensor[]) => Tensor): void {
    const at = this.tensors.length - 1;
    this.tensors.push(shape);
    this.operations.push((tape, tensors, parameters) => operation(tensors[at], tape, tensors, parameters));
  }

  private grow(): void {
    const { draw } = this;
    const shape = this.tensors.at(-1) as Shape;
    const [samples, steps, width] = shape;
    const same = this.tensors.findIndex((other) => String(other) === String(shape));
    const grown: Record<string, () => void> = {
      activation: () => this.append(shape, draw.choice([relu, tanh, sigmoid, gelu])),
      dense: () => {
        const units = draw.length(40);
        const bias = this.parameter([units]);
        const kernel = this.matrix(width, units);
        this.append([samples, steps, units], (x, _, __, parameters) => rowsBy(x, kernel(parameters), parameters[bias]));
      },
      softmax: () => {
        const mask = draw.mask(samples, width);
        this.append(shape, (x, tape) => softmax(x, tape.constant([samples, 1, width], mask)));
      },
      normalize: () => {
        const [gamma, beta] = [this.parameter([width]), this.parameter([width])];
        this.append(shape, (x, _, __, parameters) => normalize(x, parameters[gamma], parameters[beta]));
      },
      residual: () => this.append(shape, (x, _, tensors) => add(x, tensors[same])),
      product: () => this.append(shape, (x, _, tensors) => multiply(x, tanh(tensors[same]))),
      turn: () => this.append([samples, width, steps], (x) => permute(x, [0, 2, 1])),
      reverse: () => this.append(shape, (x) => reverse(x, 1)),
      slice: () => {
        const axis = draw.integer(0, 2);
        const from = draw.integer(0, shape[axis] - 1);
        this.append(shape.with(axis, shape[axis] - from) as Shape, (x) => slice(x, axis, from, shape[axis]));
      },
      concatenate: () => {
        if (2 * width < 60) this.append([samples, steps, 2 * width], (x, _, tensors) => concatenate([x, tensors[same]]));
      },
      centred: () => this.append(shape, (x) => add(x, scale(reshape(mean(x, 1), [samples, 1, width]), -0.5))),
      total: () => this.append(shape, (x) => multiply(x, reshape(sum(scale(x, 1 / width), 2), [samples, steps, 1]))),
      attention: () => {
        const heads = draw.choice([1, 2, 3].filter((heads) => width % heads === 0));
        const kernels = [1, 2, 3].map(() => this.matrix(width, width));
        this.append(shape, (x, _, __, parameters) => {
          const [queries, keys, values] = kernels.map((kernel) => matmul(x, kernel(parameters)));
          return weightedSum(softmax(dotScores(queries, keys, heads)), values);
        });
      },
      recurrent: () => {
        const [cell, units] = [draw.choice(Object.keys(CELLS) as CellName[]), draw.length(24)];
        const { gates, biases } = CELLS[cell];
        const [kernel, recurrent] = [this.matrix(width, gates * units), this.matrix(units, gates * units)];
        const bias = this.parameter([biases, gates * units]);
        const backwards = draw.choice([true, false]);
        this.append([samples, steps, units], (x, _, __, parameters) => {
          const weights = { kernel: kernel(parameters), recurrent_kernel: recurrent(parameters), bias: parameters[bias] };
          return recurrence(cell, x, weights, { backwards }).sequence;
        });
      },
    };
    const name = draw.choice(Object.keys(grown));
    this.names.push(name);
    grown[name]();
  }
}

test(`${COUNT} drawn tapes`, async () => {
  const [wasm, plain] = [await loadWasm(), javascriptKernels()];
  for (let seed = 0; seed < COUNT; seed++) {
    const plan = new Plan(new Draw(seed));
    const [fast, reference] = [wasm, plain].map((kernels) => new Run(kernels, plan, seed).all());
    const far = [distance(fast.output, reference.output), distance(fast.gradients.flat(), reference.gradients.flat())];
    assert.ok(Math.max(...far) < TOLERANCE, `seed ${seed}, ${plan.names.join(", ")}: differ by ${far.join(" and ")}`);
  }
});
