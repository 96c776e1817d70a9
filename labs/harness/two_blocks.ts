/** The 369-parameter job of chapter 1: 4 inputs, two attention blocks. Timed, and compared with Keras. */
import { getData } from "../chapters/dense_attention";
import type { TrainedHere } from "../chapters/lab";
import { adam, binaryCrossentropy, dense, multiply, projection, softmax } from "../engine";
import type { Random } from "../shared/random";

const INPUT_DIM = 4;
const UNITS = 16;
const NUM_SAMPLES = 8000;

const buildModel = (random: Random) => ({
  attention: projection(INPUT_DIM, INPUT_DIM, random),
  hidden: dense(INPUT_DIM, UNITS, random),
  hiddenAttention: projection(UNITS, UNITS, random),
  output: dense(UNITS, 1, random),
});

export const twoBlocks: TrainedHere<object, ReturnType<typeof buildModel>> = {
  constants: {},

  data(_, random) {
    const samples = () => getData(NUM_SAMPLES, { input_dim: INPUT_DIM, attention_column: 1, signed: false }, random);
    return { training: samples(), heldOut: samples() };
  },

  build: (_, random) => buildModel(random),
  inputs: () => ({ x: [INPUT_DIM] }),
  targets: () => [1],

  call(model, { x }) {
    const weights = softmax(model.attention(x));
    const hidden = model.hidden(multiply(weights, x));
    return { weights, logits: model.output(multiply(softmax(model.hiddenAttention(hidden)), hidden)) };
  },

  loss: () => binaryCrossentropy,
  plan: () => ({ epochs: 20, runs: [{ optimizer: adam(0.001), batchSize: 128 }] }),

  findings() {
    throw new Error("it is timed and compared, not looked at");
  },
};
