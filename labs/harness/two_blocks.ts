/** The 369-parameter job of chapter 1: 4 inputs, two attention blocks. Timed, and compared with Keras. */
import * as tf from "@tensorflow/tfjs-core";
import { binaryCrossentropy, dense, denseLayer, glorotUniform } from "../src/layers";
import type { Random } from "../src/random";

export function buildTwoBlocks(inputDim: number, random: Random) {
  return {
    attention: { kernel: glorotUniform(inputDim, inputDim, random) },
    hidden: denseLayer(inputDim, 16, random),
    hiddenAttention: { kernel: glorotUniform(16, 16, random) },
    output: denseLayer(16, 1, random),
  };
}

export function twoBlocksLoss(model: ReturnType<typeof buildTwoBlocks>, x: tf.Tensor2D, y: tf.Tensor2D): tf.Scalar {
  const context = tf.mul<tf.Tensor2D>(tf.softmax(tf.matMul(x, model.attention.kernel)), x);
  const hidden: tf.Tensor2D = dense(context, model.hidden);
  const hiddenContext = tf.mul<tf.Tensor2D>(tf.softmax(tf.matMul(hidden, model.hiddenAttention.kernel)), hidden);
  return binaryCrossentropy(y, dense(hiddenContext, model.output));
}
