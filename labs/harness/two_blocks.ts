/** The 369-parameter job of chapter 1: 4 inputs, two attention blocks. Timed, and compared with Keras. */
import * as tf from "@tensorflow/tfjs-core";
import { getData } from "../chapters/dense_attention";
import type { TrainedHere } from "../chapters/lab";
import type { Random } from "../shared/random";
import { binaryCrossentropy, dense, denseLayer, glorotUniform } from "../tensorflow/layers";
import { adam } from "../tensorflow/optimizers";

const INPUT_DIM = 4;
const UNITS = 16;
const NUM_SAMPLES = 8000;

const buildModel = (random: Random) => ({
  attention: { kernel: glorotUniform(INPUT_DIM, INPUT_DIM, random) },
  hidden: denseLayer(INPUT_DIM, UNITS, random),
  hiddenAttention: { kernel: glorotUniform(UNITS, UNITS, random) },
  output: denseLayer(UNITS, 1, random),
});

export const twoBlocks: TrainedHere<object, ReturnType<typeof buildModel>> = {
  constants: {},

  data(_, random) {
    const samples = () => getData(NUM_SAMPLES, { input_dim: INPUT_DIM, attention_column: 1, signed: false }, random);
    return { training: samples(), heldOut: samples() };
  },

  build: (_, random) => buildModel(random),
  inputs: () => ({ x: [INPUT_DIM], y: [1] }),

  call(model, { x }) {
    const inputs = x as tf.Tensor2D;
    const weights = tf.softmax(tf.matMul(inputs, model.attention.kernel));
    const hidden: tf.Tensor2D = dense(tf.mul(weights, inputs), model.hidden);
    const hiddenContext = tf.mul<tf.Tensor2D>(tf.softmax(tf.matMul(hidden, model.hiddenAttention.kernel)), hidden);
    return { weights, logits: dense(hiddenContext, model.output) };
  },

  loss: binaryCrossentropy,
  plan: () => ({ epochs: 20, runs: [{ rule: adam(0.001), batchSize: 128 }] }),

  findings() {
    throw new Error("it is timed and compared, not looked at");
  },
};
