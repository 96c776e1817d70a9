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
  const outputWidth = width / 3;
  const units = outputWidth / heads;
  const scale = 1 / Math.sqrt(units);
  const weights = new Float32Array(rows * heads * timeSteps);

  const context = byHand<tf.Tensor2D>([rows, outputWidth], [projected], (values) => {
    const context = new Float32Array(rows * outputWidth);
    for (const { query, key, value, output, row } of everyQuery()) {
      for (let j = 0; j < timeSteps; j++) row[j] = scale * dot(values, query, values, key + j * width, units);
      softmaxInPlace(row);
      for (let j = 0; j < timeSteps; j++) addScaled(context, output, row[j], values, value + j * width, units);
    }

    const gradients = (upstream: Float32Array) => {
      const byProjected = new Float32Array(values.length);
      const byWeights = new Float32Array(timeSteps);
      for (const { query, key, value, output, row } of everyQuery()) {
        let mean = 0;
        for (let j = 0; j < timeSteps; j++) {
          addScaled(byProjected, value + j * width, row[j], upstream, output, units);
          byWeights[j] = dot(upstream, output, values, value + j * width, units);
          mean += row[j] * byWeights[j];
        }
        for (let j = 0; j < timeSteps; j++) {
          const byScore = scale * row[j] * (byWeights[j] - mean);
          addScaled(byProjected, query, byScore, values, key + j * width, units);
          addScaled(byProjected, key + j * width, byScore, values, query, units);
        }
      }
      return [byProjected];
    };
    return { value: context, gradients };
  });
  return { weights, context };

  /** Where each query begins, the first key and value of its sample, its context, and its row of weights. */
  function* everyQuery() {
    for (let first = 0, at = 0; first < rows; first += timeSteps) {
      for (let head = 0; head < heads; head++) {
        const start = first * width + head * units;
        for (let i = 0; i < timeSteps; i++, at += timeSteps) {
          yield {
            query: start + i * width,
            key: start + outputWidth,
            value: start + 2 * outputWidth,
            output: (first + i) * outputWidth + head * units,
            row: weights.subarray(at, at + timeSteps),
          };
        }
      }
    }
  }
}

/** The product of two vectors of so many `units`, each somewhere in an array. */
function dot(left: Float32Array, a: number, right: Float32Array, b: number, units: number): number {
  let sum = 0;
  for (let i = 0; i < units; i++) sum += left[a + i] * right[b + i];
  return sum;
}

function addScaled(target: Float32Array, to: number, factor: number, source: Float32Array, from: number, units: number) {
  for (let i = 0; i < units; i++) target[to + i] += factor * source[from + i];
}
