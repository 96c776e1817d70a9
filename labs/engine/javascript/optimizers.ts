import type { Memory } from "./memory";

export const optimizers = (memory: Memory) => ({
  sgd(values: number, gradients: number, count: number, rate: number): void {
    const h = memory.numbers;
    for (let i = 0; i < count; i++) h[values + i] -= rate * h[gradients + i];
  },

  /**
   * Adam, with Keras' place for epsilon; `rate` has the corrections for the first steps in it. The first so many
   * parameters, `countByRow`, take the squares of their gradients from `squares`.
   */
  adam(
    values: number, gradients: number, squares: number, first: number, second: number,
    count: number, countByRow: number, rate: number, beta1: number, beta2: number, epsilon: number,
  ): void {
    const h = memory.numbers;
    for (let i = 0; i < count; i++) {
      const gradient = h[gradients + i];
      const square = i < countByRow ? h[squares + i] : gradient * gradient;
      h[first + i] += (gradient - h[first + i]) * (1 - beta1);
      h[second + i] += (square - h[second + i]) * (1 - beta2);
      h[values + i] -= (rate * h[first + i]) / (Math.sqrt(h[second + i]) + epsilon);
    }
  },
});
