/** Operations that only move numbers. All are one kernel, with other steps: see `move` in javascript/basics.ts. */
import type { Address } from "../arena";
import { sizeOf } from "../parameters";
import type { Operand, Tape, Tensor } from "../tape";
import { axisOf, isSame, stridesOf, written, type Shape } from "./shapes";

/** Numbers somewhere: where the first one lies, and how far it is to the next along each axis. */
interface Layout {
  offset: number;
  strides: readonly number[];
}

/** A call that copies numbers of a shape from one layout to another, or adds them. */
export function mover(tape: Tape, shape: Shape, from: Layout, to: Layout, options: { factor?: number; adding?: boolean } = {}) {
  const { kernels } = tape;
  const { factor = 1, adding = false } = options;
  const axes = fourAxes(shape, from.strides, to.strides);
  const [l0, l1, l2, l3] = axes.map(({ length }) => length);
  const [x0, x1, x2, x3] = axes.map(({ x }) => x);
  const [y0, y1, y2, y3] = axes.map(({ y }) => y);
  const [fromOffset, toOffset] = [from.offset, to.offset].map((offset) => tape.step(0, offset));
  return (x: Address, y: Address): void =>
    kernels.move(x + fromOffset, x0, x1, x2, x3, y + toOffset, y0, y1, y2, y3, l0, l1, l2, l3, factor, Number(adding));
}

/** Axes that lie one behind the other in both layouts are one; then there are hardly ever more than four. */
function fourAxes(shape: Shape, xStrides: readonly number[], yStrides: readonly number[]) {
  const axes: { length: number; x: number; y: number }[] = [];
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const [x, y] = [xStrides[axis], yStrides[axis]];
    const last = axes.at(-1);
    if (last && last.x === x * length && last.y === y * length) {
      Object.assign(last, { length: last.length * length, x, y });
    } else {
      axes.push({ length, x, y });
    }
  });
  if (axes.length > 4) throw new Error(`numbers of shape ${written(shape)} are moved along more than four axes at once`);
  while (axes.length < 4) axes.unshift({ length: 1, x: 0, y: 0 });
  return axes;
}

/** The output takes its numbers from x in some layout, each number of x at most once; the gradients go the same way back. */
function rearranged(x: Tensor, shape: Shape, from: Layout): Tensor {
  const { tape } = x;
  const to = { offset: 0, strides: stridesOf(shape) };
  const there = mover(tape, shape, from, to);
  const back = mover(tape, shape, to, from);
  const isAll = sizeOf(shape) === x.size;
  const y: Tensor = tape.record([x], shape, {
    forward: () => there(x.at, y.at),
    gradients: [
      (dy, dx) => {
        if (!isAll) tape.kernels.fill(dx, x.size, 0);
        back(dy, dx);
      },
    ],
  });
  return y;
}

/** The same numbers in the same order; costs nothing. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const given = sizeOf(shape.filter((length) => length !== -1));
  const full = shape.map((length) => (length === -1 ? x.size / given : length));
  if (sizeOf(full) !== x.size || !full.every(Number.isInteger)) {
    throw new Error(`reshape: numbers of shape ${written(x.shape)} do not fit into ${written(shape)}`);
  }
  return x.tape.view(x, full);
}

/** Axis i of the output is axis `axes[i]` of the input. */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  if (!isSame([...axes].sort(), x.shape.map((_, axis) => axis))) {
    throw new Error(`permute: (${axes.join(", ")}) are not the axes of a tensor of shape ${written(x.shape)}`);
  }
  const strides = stridesOf(x.shape);
  return rearranged(x, axes.map((axis) => x.shape[axis]), { offset: 0, strides: axes.map((axis) => strides[axis]) });
}

export function reverse(x: Tensor, axis: number): Tensor {
  const reversed = axisOf(x.shape, axis, "reverse");
  const strides = stridesOf(x.shape);
  const offset = (x.shape[reversed] - 1) * strides[reversed];
  return rearranged(x, x.shape, { offset, strides: strides.map((stride, i) => (i === reversed ? -stride : stride)) });
}

/** Positions `from` to before `to` on one axis. On the first axis it costs nothing. */
export function slice(x: Tensor, axis: number, from: number, to: number): Tensor {
  const cut = axisOf(x.shape, axis, "slice");
  if (!(from >= 0 && from < to && to <= x.shape[cut])) {
    throw new Error(`slice: axis ${cut} of ${written(x.shape)} has no positions from ${from} to ${to}`);
  }
  const shape = x.shape.map((length, i) => (i === cut ? to - from : length));
  const strides = stridesOf(x.shape);
  const offset = from * strides[cut];
  const isWhole = sizeOf(x.shape.slice(0, cut)) === 1;
  return isWhole ? x.tape.view(x, shape, offset) : rearranged(x, shape, { offset, strides });
}

/** The parts along the first axis, which disappears. */
export function unstack(x: Tensor): Tensor[] {
  const [count, ...shape] = x.shape;
  return Array.from({ length: count }, (_, i) => x.tape.view(x, shape, i * sizeOf(shape)));
}

export function concatenate(parts: readonly Tensor[], axis = -1): Tensor {
  const [{ tape, shape: first }] = parts;
  const joined = axisOf(first, axis, "concatenate");
  const isAlike = parts.every(({ shape }) => isSame(shape.with(joined, 0), first.with(joined, 0)));
  if (!isAlike) throw new Error(`concatenate: ${parts.map(({ shape }) => written(shape)).join(" and ")} differ beyond axis ${joined}`);
  const lengths = parts.map(({ shape }) => shape[joined]);
  const shape = first.with(joined, lengths.reduce((sum, length) => sum + length, 0));
  const strides = stridesOf(shape);
  const moves = parts.map((part, i) => {
    const offset = strides[joined] * lengths.slice(0, i).reduce((sum, length) => sum + length, 0);
    const [own, place] = [{ offset: 0, strides: stridesOf(part.shape) }, { offset, strides }];
    return { part, there: mover(tape, part.shape, own, place), back: mover(tape, part.shape, place, own) };
  });
  const y: Tensor = tape.record([...parts], shape, {
    forward: () => {
      for (let i = 0; i < moves.length; i++) moves[i].there(moves[i].part.at, y.at);
    },
    gradients: moves.map(({ back }) => back),
  });
  return y;
}

/** The shape of what NumPy makes of two shapes. */
export function broadcastShape(a: Shape, b: Shape, operation: string): number[] {
  const rank = Math.max(a.length, b.length);
  const [long, other] = [a, b].map((shape) => [...Array<number>(rank - shape.length).fill(1), ...shape]);
  return long.map((length, axis) => {
    if (length !== other[axis] && length !== 1 && other[axis] !== 1) {
      throw new Error(`${operation}: ${written(a)} and ${written(b)} do not fit`);
    }
    return length === 1 ? other[axis] : length;
  });
}

/** Repeats x along the axes of length 1, or missing in front, until it has the shape. */
export function broadcast(x: Tensor, shape: Shape): Tensor {
  if (isSame(x.shape, shape)) return x;
  const { tape } = x;
  const aligned = [...Array<number>(shape.length - x.shape.length).fill(1), ...x.shape];
  if (isSame(aligned, shape)) return tape.view(x, shape);
  const strides = stridesOf(aligned).map((stride, axis) => (aligned[axis] === 1 ? 0 : stride));
  return repeated(x, shape, strides, 0);
}

/** The output takes its numbers from x in steps that may come by the same number again; the gradients add up there. */
export function repeated(x: Tensor, shape: Shape, strides: readonly number[], offset: number): Tensor {
  const { tape } = x;
  const [from, to] = [{ offset, strides }, { offset: 0, strides: stridesOf(shape) }];
  const there = mover(tape, shape, from, to);
  const back = mover(tape, shape, to, from, { adding: true });
  const y: Tensor = tape.record([x], shape, {
    forward: () => there(x.at, y.at),
    gradients: [
      (dy, dx) => {
        tape.kernels.fill(dx, x.size, 0);
        back(dy, dx);
      },
    ],
  });
  return y;
}

/** The sum over one axis, which disappears. */
export const sum = (x: Tensor, axis: number): Tensor => reduced(x, axisOf(x.shape, axis, "sum"), 1);

export function mean(x: Tensor, axis: number): Tensor {
  const over = axisOf(x.shape, axis, "mean");
  return reduced(x, over, 1 / x.shape[over]);
}

function reduced(x: Tensor, axis: number, factor: number): Tensor {
  const { tape, shape } = x;
  const rest = shape.toSpliced(axis, 1);
  const from = { offset: 0, strides: stridesOf(shape) };
  const to = { offset: 0, strides: stridesOf(shape.with(axis, 1)).with(axis, 0) };
  const there = mover(tape, shape, from, to, { factor, adding: true });
  const back = mover(tape, shape, to, from, { factor });
  const y: Tensor = tape.record([x], rest, {
    forward: () => {
      tape.kernels.fill(y.at, y.size, 0);
      there(x.at, y.at);
    },
    gradients: [back],
  });
  return y;
}

/** A number a distance, (heads, 2 n − 1) → (heads, queries, keys): that of query i and key j is n − 1 + i − j. */
export function relativeBias(table: Operand, queries: number, keys: number, tape: Tape): Tensor {
  const tensor = tape.use(table);
  const [heads, distances] = tensor.shape;
  if (queries + keys - 1 > distances) {
    throw new Error(`relativeBias: a table of ${distances} distances is too small for ${queries} queries and ${keys} keys`);
  }
  return repeated(tensor, [heads, queries, keys], [distances, 1, -1], (distances - 1) / 2);
}
