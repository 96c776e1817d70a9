import type { Address } from "../arena";
import type { Calls } from "../javascript/kernels";
import type { Operand, Tensor } from "../tape";
import { broadcast, broadcastShape, mover } from "./moves";

export function add(a: Tensor, b: Operand): Tensor {
  const { tape } = a;
  const { kernels } = tape;
  const [left, right, shape] = alike(a, b, "add");
  const copy = mover(tape, [left.size], { offset: 0, strides: [1] }, { offset: 0, strides: [1] });
  const y: Tensor = tape.record([left, right], shape, {
    forward: () => kernels.add(left.at, right.at, y.at, y.size),
    gradients: [copy, copy],
  });
  return y;
}

export function multiply(a: Tensor, b: Operand): Tensor {
  const { tape } = a;
  const { kernels } = tape;
  const [left, right, shape] = alike(a, b, "multiply");
  const y: Tensor = tape.record([left, right], shape, {
    forward: () => kernels.multiply(left.at, right.at, y.at, y.size),
    gradients: [
      (dy, da) => kernels.multiply(dy, right.at, da, y.size),
      (dy, db) => kernels.multiply(dy, left.at, db, y.size),
    ],
  });
  return y;
}

/** Two operands of the shape that NumPy would give the result. */
function alike(a: Tensor, b: Operand, operation: string): [Tensor, Tensor, number[]] {
  const other = a.tape.use(b);
  const shape = broadcastShape(a.shape, other.shape, operation);
  return [broadcast(a, shape), broadcast(other, shape), shape];
}

export function scale(x: Tensor, factor: number): Tensor {
  const flat = { offset: 0, strides: [1] };
  const scaled = mover(x.tape, [x.size], flat, flat, { factor });
  const y: Tensor = x.tape.record([x], x.shape, { forward: () => scaled(x.at, y.at), gradients: [scaled] });
  return y;
}

/** 1 where x is not the value, else 0: from token numbers, the mask of what is no padding. */
export function notEqual(x: Tensor, value: number): Tensor {
  const { kernels } = x.tape;
  const y: Tensor = x.tape.record([x], x.shape, {
    forward: () => kernels.notEqual(x.at, y.at, y.size, value),
    gradients: [null],
  });
  return y;
}

type Elementwise = (x: Address, y: Address, count: number) => void;
type Gradient = (at: Address, dy: Address, dx: Address, count: number) => void;

/** An activation whose slope is told from what came out. */
const activation = (forward: (calls: Calls) => Elementwise, gradient: (calls: Calls) => Gradient) =>
  function (x: Tensor): Tensor {
    const { kernels } = x.tape;
    const [there, back] = [forward(kernels), gradient(kernels)];
    const y: Tensor = x.tape.record([x], x.shape, {
      forward: () => there(x.at, y.at, y.size),
      gradients: [(dy, dx) => back(y.at, dy, dx, y.size)],
    });
    return y;
  };

export const relu = activation((calls) => calls.relu, (calls) => calls.reluGradient);
export const tanh = activation((calls) => calls.tanh, (calls) => calls.tanhGradient);
export const sigmoid = activation((calls) => calls.sigmoid, (calls) => calls.sigmoidGradient);

/** The exact one, Keras' default. Its slope is told from what went in. */
export function gelu(x: Tensor): Tensor {
  const { kernels } = x.tape;
  const y: Tensor = x.tape.record([x], x.shape, {
    forward: () => kernels.gelu(x.at, y.at, y.size),
    gradients: [(dy, dx) => kernels.geluGradient(x.at, dy, dx, y.size)],
  });
  return y;
}
