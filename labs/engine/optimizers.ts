import type { Parameters } from "./parameters";

/** Binds to a model's parameters, and then moves all of them at each call, by the gradients that lie beside them. */
export type Optimizer = (parameters: Parameters) => () => void;

/** Gradient descent without momentum. */
export const sgd =
  (learningRate: number): Optimizer =>
  ({ arena: { kernels }, values, gradients, extent }) =>
  () =>
    kernels.sgd(values, gradients, extent, learningRate);

/** Adam with Keras' defaults. */
export const adam =
  (learningRate: number, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7): Optimizer =>
  ({ arena, values, gradients, squares, extent, extentByRow }) => {
    const { kernels } = arena;
    const [first, second] = [arena.allocate(extent), arena.allocate(extent)];
    let step = 0;
    return () => {
      step += 1;
      const rate = (learningRate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
      kernels.adam(values, gradients, squares, first, second, extent, extentByRow, rate, beta1, beta2, epsilon);
    };
  };
