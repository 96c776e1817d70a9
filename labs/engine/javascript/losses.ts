import { sigmoid } from "./activations";
import type { Memory } from "./memory";

/** Keras' smallest probability, so that no logarithm is infinite. */
const EPSILON = 1e-7;

/** Each writes one number, the mean, to `loss`; each gradient takes the gradient by that number from `dloss`. */
export const losses = (memory: Memory) => ({
  /** Keras' `binary_crossentropy` over a sigmoid, computed from what goes into the sigmoid. */
  binaryCrossentropy(targets: number, logits: number, loss: number, count: number): void {
    const h = memory.numbers;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const z = h[logits + i];
      sum += Math.max(z, 0) - z * h[targets + i] + Math.log1p(Math.exp(-Math.abs(z)));
    }
    h[loss] = sum / count;
  },

  binaryCrossentropyGradient(targets: number, logits: number, dloss: number, dlogits: number, count: number): void {
    const h = memory.numbers;
    const factor = h[dloss] / count;
    for (let i = 0; i < count; i++) h[dlogits + i] = factor * (sigmoid(h[logits + i]) - h[targets + i]);
  },

  /**
   * Keras' `sparse_categorical_crossentropy` over a softmax, given the softmax's probabilities, a row a target.
   * A target counts as much as its weight says; `weights` is 0 where all count 1. A target that is no class makes NaN.
   */
  categoricalCrossentropy(
    targets: number, probabilities: number, weights: number, loss: number, rows: number, classes: number,
  ): void {
    const h = memory.numbers;
    let sum = 0;
    let total = 0;
    for (let row = 0; row < rows; row++) {
      const weight = weights ? h[weights + row] : 1;
      const target = h[targets + row];
      const probability = target >= 0 && target < classes ? h[probabilities + row * classes + target] : NaN;
      sum -= weight * Math.log(Math.max(probability, EPSILON));
      total += weight;
    }
    h[loss] = total > 0 ? sum / total : 0;
  },

  /** By what went into the softmax. */
  categoricalCrossentropyGradient(
    targets: number, probabilities: number, weights: number, dloss: number, dlogits: number, rows: number, classes: number,
  ): void {
    const h = memory.numbers;
    let total = rows;
    if (weights) {
      total = 0;
      for (let row = 0; row < rows; row++) total += h[weights + row];
    }
    for (let row = 0; row < rows; row++) {
      const factor = total > 0 ? (h[dloss] * (weights ? h[weights + row] : 1)) / total : 0;
      const start = row * classes;
      for (let i = start; i < start + classes; i++) h[dlogits + i] = factor * h[probabilities + i];
      const target = h[targets + row];
      if (target >= 0 && target < classes) h[dlogits + start + target] -= factor;
    }
  },

  squaredError(targets: number, predictions: number, loss: number, count: number): void {
    const h = memory.numbers;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += (h[predictions + i] - h[targets + i]) ** 2;
    h[loss] = sum / count;
  },

  squaredErrorGradient(targets: number, predictions: number, dloss: number, dpredictions: number, count: number): void {
    const h = memory.numbers;
    const factor = (2 * h[dloss]) / count;
    for (let i = 0; i < count; i++) h[dpredictions + i] = factor * (h[predictions + i] - h[targets + i]);
  },
});
