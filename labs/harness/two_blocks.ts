/** The 369-parameter job of chapter 1: 4 inputs, two attention blocks. Timed, and compared with Keras. */
import * as tf from "@tensorflow/tfjs-core";
import { binaryCrossentropy, dense, denseLayer } from "../src/layers";
import type { Random } from "../src/random";

export function buildTwoBlocks(inputDim: number, random: Random) {
  return {
    attention: denseLayer(inputDim, inputDim, random, false),
    hidden: denseLayer(inputDim, 16, random),
    hiddenAttention: denseLayer(16, 16, random, false),
    output: denseLayer(16, 1, random),
  };
}

export function twoBlocksLoss(model: ReturnType<typeof buildTwoBlocks>, x: tf.Tensor2D, y: tf.Tensor2D): tf.Scalar {
  const context = tf.mul<tf.Tensor2D>(tf.softmax(dense(x, model.attention)), x);
  const hidden: tf.Tensor2D = dense(context, model.hidden);
  const hiddenContext = tf.mul<tf.Tensor2D>(tf.softmax(dense(hidden, model.hiddenAttention)), hidden);
  return binaryCrossentropy(y, dense(hiddenContext, model.output));
}
