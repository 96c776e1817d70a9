import * as tf from "@tensorflow/tfjs-core";

/**
 * An operation of our own: a plain loop over arrays, and its gradient.
 *
 * Many of TensorFlow.js' small operations take longer to start than to run, and the WebAssembly backend cannot
 * train some. The products are TensorFlow's; what lies between them is quickest, and shortest, as a loop.
 */
export function byHand<Result extends tf.Tensor>(
  shape: number[],
  inputs: tf.Tensor[],
  forward: (...values: Float32Array[]) => {
    value: Float32Array;
    /** By each of the inputs, given the gradient by the value, which a loss may take for 1. */
    gradients(upstream: Float32Array): Float32Array[];
  },
): Result {
  const operation = tf.customGrad(() => {
    const { value, gradients } = forward(...inputs.map((input) => input.dataSync<"float32">()));
    const gradFunc = (upstream: tf.Tensor | tf.Tensor[]) =>
      gradients((upstream as tf.Tensor).dataSync<"float32">()).map((gradient, i) => tf.tensor(gradient, inputs[i].shape));
    return { value: tf.tensor(value, shape), gradFunc };
  });
  return operation(...inputs) as Result;
}
