import type { Address } from "../arena";
import { sizeOf } from "../parameters";
import type { Operand, Tape, Tensor } from "../tape";
import { isSame, rowsAndWidth, written } from "./shapes";

/** Many matrices: where rows and columns of each go, and how far it is from one matrix to the next on two axes. */
export interface Matrices {
  outer: number;
  inner: number;
  row: number;
  column: number;
}

export const transposed = (matrices: Matrices): Matrices => ({ ...matrices, row: matrices.column, column: matrices.row });

interface Sizes {
  outer: number;
  inner: number;
  m: number;
  k: number;
  n: number;
}

/** A call that multiplies each matrix (m × k) of `a` by one (k × n) of `b`; columns of `c` are neighbours. */
export function multiplier(tape: Tape, sizes: Sizes, a: Matrices, b: Matrices, c: Matrices) {
  const { kernels } = tape;
  const { outer, inner, m, k, n } = sizes;
  const packed = isPacked(b) ? 0 : tape.scratch(k * n);
  const step = ({ outer, inner }: Matrices) => [tape.step(0, outer), tape.step(0, inner)];
  const [[aFar, aNear], [bFar, bNear], [cFar, cNear]] = [step(a), step(b), step(c)];
  return (atA: Address, atB: Address, atC: Address): void => {
    for (let i = 0; i < outer; i++) {
      for (let j = 0; j < inner; j++) {
        kernels.matmul(
          atA + i * aFar + j * aNear, a.row, a.column,
          atB + i * bFar + j * bNear, b.row, b.column,
          atC + i * cFar + j * cNear, c.row,
          m, k, n, 0, 0, packed,
        );
      }
    }
  };
}

const isPacked = ({ column }: Matrices): boolean => column === 1;

/**
 * (…, m, k), (k, n) → (…, m, n): each row by one matrix. Or (…, m, k), (…, k, n) → (…, m, n) with the same axes
 * in front: each matrix by its own.
 */
export function matmul(a: Tensor, b: Operand): Tensor {
  const right = a.tape.use(b);
  return right.shape.length === 2 ? rowsBy(a, right) : each(a, right);
}

/** x · kernel + bias, the bias being where the sums begin. */
export function rowsBy(x: Tensor, kernel: Tensor, bias?: Tensor): Tensor {
  const { tape } = x;
  const { kernels } = tape;
  const [rows, width] = rowsAndWidth(x);
  const [inputs, units] = kernel.shape;
  if (width !== inputs) throw new Error(`matmul: ${written(x.shape)} and ${written(kernel.shape)} do not fit`);
  if (bias && bias.size !== units) throw new Error(`matmul: a bias of shape ${written(bias.shape)} is not one for ${units} units`);
  const packed = tape.scratch(kernel.size);
  const sum = sumOfRows(tape, rows, units);
  const y: Tensor = tape.record(bias ? [x, kernel, bias] : [x, kernel], [...x.shape.slice(0, -1), units], {
    forward: () => kernels.matmul(x.at, width, 1, kernel.at, units, 1, y.at, units, rows, width, units, bias?.at ?? 0, 0, 0),
    gradients: [
      (dy, dx) => kernels.matmul(dy, units, 1, kernel.at, 1, units, dx, width, rows, units, width, 0, 0, packed),
      (dy, dkernel) => kernels.matmul(x.at, 1, width, dy, units, 1, dkernel, units, width, rows, units, 0, 0, 0),
      sum,
    ],
  });
  return y;
}

/** A call that sums rows up. */
export function sumOfRows({ kernels }: Tape, rows: number, width: number) {
  return (x: Address, y: Address): void => {
    kernels.fill(y, width, 0);
    kernels.move(x, 0, 0, width, 1, y, 0, 0, 0, 1, 1, 1, rows, width, 1, 1);
  };
}

function each(a: Tensor, b: Tensor): Tensor {
  const front = a.shape.slice(0, -2);
  const [m, k] = a.shape.slice(-2);
  const [inputs, n] = b.shape.slice(-2);
  if (!isSame(front, b.shape.slice(0, -2)) || k !== inputs) {
    throw new Error(`matmul: ${written(a.shape)} and ${written(b.shape)} do not fit`);
  }
  return products(a, b, [...front, m, n], { outer: sizeOf(front), inner: 1, m, k, n }, whole(m, k), whole(k, n), whole(m, n));
}

const whole = (rows: number, columns: number): Matrices => ({ outer: rows * columns, inner: 0, row: columns, column: 1 });

/** c = a · b for many matrices at once, so da = dc · bᵀ and db = aᵀ · dc. */
export function products(a: Tensor, b: Tensor, shape: readonly number[], sizes: Sizes, aAt: Matrices, bAt: Matrices, cAt: Matrices) {
  const { tape } = a;
  const { m, k, n } = sizes;
  const there = multiplier(tape, sizes, aAt, bAt, cAt);
  const byA = gradientMultiplier(tape, { ...sizes, m, k: n, n: k }, cAt, transposed(bAt), aAt);
  const byB = gradientMultiplier(tape, { ...sizes, m: k, k: m, n }, transposed(aAt), cAt, bAt);
  const y: Tensor = tape.record([a, b], shape, {
    forward: () => there(a.at, b.at, y.at),
    gradients: [(dy, da) => byA(dy, b.at, da), (dy, db) => byB(a.at, dy, db)],
  });
  return y;
}

/** Where the columns of what is to be written are no neighbours, its transpose is written: cᵀ = bᵀ · aᵀ. */
function gradientMultiplier(tape: Tape, sizes: Sizes, a: Matrices, b: Matrices, c: Matrices) {
  if (c.column === 1) return multiplier(tape, sizes, a, b, c);
  const { m, n } = sizes;
  const turned = multiplier(tape, { ...sizes, m: n, n: m }, transposed(b), transposed(a), transposed(c));
  return (atA: Address, atB: Address, atC: Address): void => turned(atB, atA, atC);
}

