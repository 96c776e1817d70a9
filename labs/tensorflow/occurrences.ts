import type * as tf from "@tensorflow/tfjs-core";

/**
 * The sum of the squares of what each token's occurrences add to the gradient of an embedding.
 *
 * Adam wants the square of the sum. But Keras on TensorFlow keeps such a gradient as a list, a row an occurrence,
 * and squares the rows: the more often a token occurs in a batch, the larger its steps. Same model, same steps.
 */
export const squaresOfOccurrences = new WeakMap<tf.Tensor, Float32Array>();
