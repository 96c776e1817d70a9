/** Initial values, as in Keras. */
import type { Random } from "../shared/random";
import { Parameter, sizeOf } from "./parameters";

export const parameter = (shape: readonly number[], values: ArrayLike<number>): Parameter =>
  new Parameter(shape, Float32Array.from(values));

export const zeros = (shape: readonly number[]): Parameter => new Parameter(shape, new Float32Array(sizeOf(shape)));

export const ones = (shape: readonly number[]): Parameter => new Parameter(shape, new Float32Array(sizeOf(shape)).fill(1));

/** Numbers between −limit and +limit. */
export function uniform(shape: readonly number[], limit: number, random: Random): Parameter {
  return new Parameter(shape, Float32Array.from({ length: sizeOf(shape) }, () => limit * (2 * random.uniform() - 1)));
}

export function normal(shape: readonly number[], deviation: number, random: Random): Parameter {
  return new Parameter(shape, Float32Array.from({ length: sizeOf(shape) }, () => deviation * random.normal()));
}

/** Keras' default for kernels: the more inputs and outputs, the smaller. In front of the last two axes it sees a convolution. */
export function glorotUniform(shape: readonly number[], random: Random): Parameter {
  const [inputs, outputs] = shape.slice(-2);
  const window = sizeOf(shape.slice(0, -2));
  return uniform(shape, Math.sqrt(6 / (window * (inputs + outputs))), random);
}

/** Rows of length 1, each at right angles to all others: random ones, less what they share with those before. */
export function orthogonal(rows: number, columns: number, random: Random): Parameter {
  const kernel: number[][] = [];
  while (kernel.length < rows) {
    const row = Array.from({ length: columns }, () => random.normal());
    for (const earlier of kernel) {
      const shared = row.reduce((sum, value, i) => sum + value * earlier[i], 0);
      row.forEach((_, i) => (row[i] -= shared * earlier[i]));
    }
    const length = Math.hypot(...row);
    kernel.push(row.map((value) => value / length));
  }
  return parameter([rows, columns], kernel.flat());
}
