/**
 * Scaled dot-product attention of every step over every step, for all heads at once.
 *
 * A head's products are small, and TensorFlow.js has no fast kernel for many small ones: here they are plain loops.
 */
import * as tf from "@tensorflow/tfjs-core";
import { byHand } from "./by_hand";
import { softmaxInPlace } from "./layers";

/**
 * `projected` holds a row a step: its query, its key and its value, each with all heads side by side;
 * (samples · time steps, 3 · heads · units). `context` has the same rows: (…, heads · units).
 * `weights` are flat: (samples, heads, queries, keys).
 */
export function attendToSelf(projected: tf.Tensor2D, timeSteps: number, heads: number) {
  const [rows, width] = projected.shape;
  const units = width / 3 / heads;
  const scale = 1 / Math.sqrt(units);
  const weights = new Float32Array(rows * heads * timeSteps);

  /** Calls for every head of every sample, with where its weights begin, and its queries, keys, values, contexts. */
  function forEachHead(visit: (weights: number, query: number, key: number, value: number, context: number) => void) {
    for (let row = 0, at = 0; row < rows; row += timeSteps) {
      for (let head = 0; head < heads; head++, at += timeSteps * timeSteps) {
        const query = row * width + head * units;
        visit(at, query, query + width / 3, query + (2 * width) / 3, (row * width) / 3 + head * units);
      }
    }
  }

  const context = byHand<tf.Tensor2D>([rows, width / 3], [projected], (values) => {
    const context = new Float32Array((rows * width) / 3);
    forEachHead((at, query, key, value, to) => {
      for (let i = 0; i < timeSteps; i++) {
        const row = weights.subarray(at + i * timeSteps, at + (i + 1) * timeSteps);
        for (let j = 0; j < timeSteps; j++) row[j] = scale * dot(values, query + i * width, key + j * width, units);
        softmaxInPlace(row);
        for (let j = 0; j < timeSteps; j++) {
          addScaled(context, to + (i * width) / 3, row[j], values, value + j * width, units);
        }
      }
    });
    const gradients = (upstream: Float32Array) => {
      const byProjected = new Float32Array(values.length);
      const byScores = new Float32Array(timeSteps);
      forEachHead((at, query, key, value, from) => {
        for (let i = 0; i < timeSteps; i++) {
          const upstreamRow = from + (i * width) / 3;
          let sum = 0;
          for (let j = 0; j < timeSteps; j++) {
            const weight = weights[at + i * timeSteps + j];
            addScaled(byProjected, value + j * width, weight, upstream, upstreamRow, units);
            byScores[j] = weight * dotOf(upstream, upstreamRow, values, value + j * width, units);
            sum += byScores[j];
          }
          for (let j = 0; j < timeSteps; j++) {
            const byScore = scale * (byScores[j] - weights[at + i * timeSteps + j] * sum);
            addScaled(byProjected, query + i * width, byScore, values, key + j * width, units);
            addScaled(byProjected, key + j * width, byScore, values, query + i * width, units);
          }
        }
      });
      return [byProjected];
    };
    return { value: context, gradients };
  });
  return { weights, context };
}

const dot = (values: Float32Array, a: number, b: number, size: number): number => dotOf(values, a, values, b, size);

function dotOf(first: Float32Array, a: number, second: Float32Array, b: number, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += first[a + i] * second[b + i];
  return sum;
}

function addScaled(target: Float32Array, to: number, factor: number, source: Float32Array, from: number, size: number): void {
  for (let i = 0; i < size; i++) target[to + i] += factor * source[from + i];
}
