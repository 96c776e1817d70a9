/** The few layers and losses that the labs share, named as in Keras. */
import * as tf from "@tensorflow/tfjs-core";
import type { Random } from "./random";

export type Layer = Record<string, tf.Tensor>;

export interface DenseLayer extends Layer {
  kernel: tf.Tensor2D;
}

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

/** Keras' defaults: a Glorot-uniform kernel and, if wanted, a bias of zeros. */
export function denseLayer(inputDim: number, units: number, random: Random, useBias = true): DenseLayer {
  const layer: DenseLayer = { kernel: glorotUniform(inputDim, units, random) };
  if (useBias) layer.bias = tf.tensor1d(new Float32Array(units));
  return layer;
}

export function dense(inputs: tf.Tensor2D, { kernel, bias }: DenseLayer): tf.Tensor2D {
  const product: tf.Tensor2D = tf.matMul(inputs, kernel);
  return bias ? tf.add(product, bias) : product;
}

/** The mean of Keras' `binary_crossentropy` over a sigmoid, computed from what goes into the sigmoid. */
export function binaryCrossentropy(targets: tf.Tensor2D, logits: tf.Tensor2D): tf.Scalar {
  const meanLoss = tf.customGrad((logits, save) => {
    (save as tf.GradSaveFunc)([logits as tf.Tensor]);
    const y = targets.dataSync();
    const losses = (logits as tf.Tensor)
      .dataSync<"float32">()
      .map((z, sample) => Math.max(z, 0) - z * y[sample] + Math.log1p(Math.exp(-Math.abs(z))));
    return {
      value: tf.scalar(losses.reduce((sum, loss) => sum + loss, 0) / losses.length),
      gradFunc: (_, [logits]) => tf.mul(tf.sub(tf.sigmoid(logits), targets), 1 / losses.length),
    };
  });
  return meanLoss(logits) as tf.Scalar;
}

export function binaryAccuracy(targets: Float32Array, logits: tf.Tensor2D): number {
  const right = logits.dataSync().filter((logit, sample) => Number(logit > 0) === targets[sample]);
  return right.length / targets.length;
}
