/** The few layers and losses that the labs share, named as in Keras. */
import * as tf from "@tensorflow/tfjs-core";
import { byHand } from "./by_hand";
import { squaresOfOccurrences } from "./occurrences";
import type { Random } from "../shared/random";

export type Layer = Record<string, tf.Tensor>;

export interface DenseLayer extends Layer {
  kernel: tf.Tensor2D;
  bias: tf.Tensor1D;
}

export interface EmbeddingLayer extends Layer {
  embeddings: tf.Tensor2D;
}

/** Keras' smallest probability, so that no logarithm is infinite. */
const EPSILON = 1e-7;

export function glorotUniform(inputDim: number, units: number, random: Random): tf.Tensor2D {
  return uniform([inputDim, units], Math.sqrt(6 / (inputDim + units)), random);
}

/** Numbers between −limit and +limit. */
export function uniform<Rank extends tf.Rank>(shape: tf.ShapeMap[Rank], limit: number, random: Random): tf.Tensor<Rank> {
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => limit * (2 * random.uniform() - 1));
  return tf.tensor(values, shape);
}

/** Rows of length 1, each at right angles to all others: random ones, less what they share with those before. */
export function orthogonal(rows: number, columns: number, random: Random): tf.Tensor2D {
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
  return tf.tensor2d(kernel, [rows, columns]);
}

/** Keras' defaults: a Glorot-uniform kernel and a bias of zeros. */
export function denseLayer(inputDim: number, units: number, random: Random): DenseLayer {
  return { kernel: glorotUniform(inputDim, units, random), bias: tf.tensor1d(new Float32Array(units)) };
}

export function dense(inputs: tf.Tensor2D, { kernel, bias }: DenseLayer): tf.Tensor2D {
  return tf.add(tf.matMul<tf.Tensor2D>(inputs, kernel), bias);
}

export function relu(inputs: tf.Tensor2D): tf.Tensor2D {
  return byHand(inputs.shape, [inputs], (values) => ({
    value: values.map((value) => Math.max(value, 0)),
    gradients: (upstream) => [upstream.map((gradient, i) => (values[i] > 0 ? gradient : 0))],
  }));
}

/** Keras' default: small numbers, a row a token. */
export function embeddingLayer(tokens: number, units: number, random: Random): EmbeddingLayer {
  return { embeddings: uniform([tokens, units], 0.05, random) };
}

/** The row of each token: (…) → (…, units). */
export function embedding<Result extends tf.Tensor>(tokens: tf.Tensor, { embeddings }: EmbeddingLayer): Result {
  const ids = tokens.dataSync<"float32">();
  const [, units] = embeddings.shape;
  return byHand([...tokens.shape, units], [embeddings], (table) => {
    const value = new Float32Array(ids.length * units);
    ids.forEach((id, i) => value.set(table.subarray(id * units, (id + 1) * units), i * units));
    const gradients = (upstream: Float32Array) => {
      const byTable = new Float32Array(table.length);
      const squares = new Float32Array(table.length);
      ids.forEach((id, i) => {
        for (let unit = 0; unit < units; unit++) {
          const gradient = upstream[i * units + unit];
          byTable[id * units + unit] += gradient;
          squares[id * units + unit] += gradient * gradient;
        }
      });
      squaresOfOccurrences.set(embeddings, squares);
      return [byTable];
    };
    return { value, gradients };
  });
}

/** Softmax over the last axis, but the weight of whatever is not `attended`, which has 1 or 0 a score, is exactly 0. */
export function maskedSoftmax(scores: tf.Tensor2D, attended: Float32Array): tf.Tensor2D {
  const [, columns] = scores.shape;
  return byHand(scores.shape, [scores], (values) => {
    const weights = values.map((score, i) => (attended[i] ? score : -Infinity));
    rowsOf(weights, columns).forEach(softmaxInPlace);
    const gradients = (upstream: Float32Array) => {
      const byScores = weights.map((weight, i) => weight * upstream[i]);
      rowsOf(byScores, columns).forEach((row, i) => {
        const sum = row.reduce((sum, value) => sum + value, 0);
        for (let column = 0; column < columns; column++) row[column] -= weights[i * columns + column] * sum;
      });
      return [byScores];
    };
    return { value: weights, gradients };
  });
}

/** A row with nothing to attend to becomes zeros. */
export function softmaxInPlace(row: Float32Array): void {
  const largest = row.reduce((a, b) => Math.max(a, b));
  if (largest === -Infinity) row.fill(0);
  else {
    let sum = 0;
    for (let i = 0; i < row.length; i++) sum += row[i] = Math.exp(row[i] - largest);
    for (let i = 0; i < row.length; i++) row[i] /= sum;
  }
}

const rowsOf = (values: Float32Array, columns: number): Float32Array[] =>
  Array.from({ length: values.length / columns }, (_, row) => values.subarray(row * columns, (row + 1) * columns));

/** The mean of Keras' `sparse_categorical_crossentropy` over a softmax, computed from what goes into the softmax. */
export function categoricalCrossentropy(targets: tf.Tensor, logits: tf.Tensor2D): tf.Scalar {
  const classes = targets.dataSync<"float32">();
  return byHand([], [logits], (probabilities) => {
    let sum = 0;
    rowsOf(probabilities, logits.shape[1]).forEach((row, i) => {
      softmaxInPlace(row);
      sum -= Math.log(Math.max(row[classes[i]], EPSILON));
      row[classes[i]] -= 1; // from here on the gradient
    });
    return {
      value: Float32Array.of(sum / classes.length),
      gradients: () => [probabilities.map((value) => value / classes.length)],
    };
  });
}

/** The mean of Keras' `binary_crossentropy` over a sigmoid, computed from what goes into the sigmoid. */
export function binaryCrossentropy(targets: tf.Tensor, logits: tf.Tensor2D): tf.Scalar {
  const y = targets.dataSync<"float32">();
  return byHand([], [logits], (values) => {
    const losses = values.map((z, sample) => Math.max(z, 0) - z * y[sample] + Math.log1p(Math.exp(-Math.abs(z))));
    return {
      value: Float32Array.of(losses.reduce((sum, loss) => sum + loss, 0) / losses.length),
      gradients: () => [values.map((z, sample) => (1 / (1 + Math.exp(-z)) - y[sample]) / losses.length)],
    };
  });
}
