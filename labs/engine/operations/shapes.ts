/** What the operations share in handling shapes, and how they complain. */
import { sizeOf } from "../parameters";
import type { Tensor } from "../tape";

export type Shape = readonly number[];

export const written = (shape: Shape): string => `(${shape.join(", ")})`;

/** By how many numbers one goes on along each axis. */
export function stridesOf(shape: Shape): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** An axis counted from 0; −1 is the last. */
export function axisOf(shape: Shape, axis: number, operation: string): number {
  const counted = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(counted) || counted < 0 || counted >= shape.length) {
    throw new Error(`${operation}: a tensor of shape ${written(shape)} has no axis ${axis}`);
  }
  return counted;
}

export const isSame = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((length, axis) => length === b[axis]);

export function rowsAndWidth({ shape, size }: Tensor): [rows: number, width: number] {
  const width = shape.at(-1) ?? 1;
  return [size / width, width];
}
