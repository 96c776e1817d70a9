import * as tf from "@tensorflow/tfjs-core";
import type { Layer } from "./layers";

/**
 * The sum of the squares of what each token's occurrences add to the gradient of an embedding.
 *
 * Adam wants the square of the sum. But Keras on TensorFlow keeps such a gradient as a list, a row an occurrence,
 * and squares the rows: the more often a token occurs in a batch, the larger its steps. Same model, same steps.
 */
export const squaresOfOccurrences = new WeakMap<tf.Tensor, Float32Array>();

/**
 * A rule by which the parameters of a model change.
 *
 * It works on plain arrays: in TensorFlow.js, Adam takes a dozen small operations a tensor, and
 * their overhead would be more than half the time of a training step. A tensor cannot be changed
 * in place: the WebAssembly kernels keep a packed copy of a matrix for as long as it lives.
 */
export abstract class Optimizer {
  private readonly slots: { layer: Layer; name: string; values: Float32Array }[];

  constructor(parameters: Record<string, Layer>) {
    this.slots = Object.values(parameters).flatMap((layer) =>
      Object.keys(layer).map((name) => ({ layer, name, values: layer[name].dataSync<"float32">() })),
    );
  }

  /** The tensors to differentiate by, in the order in which `update` takes their gradients. */
  tensors(): tf.Tensor[] {
    return this.slots.map(({ layer, name }) => layer[name]);
  }

  /** Puts a new tensor in the place of every parameter and frees the old one. */
  update(gradients: tf.Tensor[]): void {
    this.slots.forEach(({ layer, name, values }, slot) => {
      const old = layer[name];
      this.move(values, gradients[slot].dataSync<"float32">(), old, slot);
      layer[name] = tf.tensor(values, old.shape);
      old.dispose();
    });
  }

  /** Changes `values`, those of the tensor with the number `slot`. */
  protected abstract move(values: Float32Array, gradient: Float32Array, tensor: tf.Tensor, slot: number): void;
}

/** Gradient descent without momentum. */
export class SGD extends Optimizer {
  constructor(
    parameters: Record<string, Layer>,
    private readonly learningRate: number,
  ) {
    super(parameters);
  }

  protected move(values: Float32Array, gradient: Float32Array): void {
    for (let i = 0; i < values.length; i++) values[i] -= this.learningRate * gradient[i];
  }
}

/** Adam with Keras' defaults and Keras' place for epsilon. */
export class Adam extends Optimizer {
  private step = 0;
  private readonly moments: { first: Float32Array; second: Float32Array }[];

  constructor(
    parameters: Record<string, Layer>,
    private readonly learningRate: number,
    private readonly beta1 = 0.9,
    private readonly beta2 = 0.999,
    private readonly epsilon = 1e-7,
  ) {
    super(parameters);
    this.moments = this.tensors().map(({ size }) => ({ first: new Float32Array(size), second: new Float32Array(size) }));
  }

  override update(gradients: tf.Tensor[]): void {
    this.step += 1;
    super.update(gradients);
  }

  protected move(values: Float32Array, gradient: Float32Array, tensor: tf.Tensor, slot: number): void {
    const { beta1, beta2, epsilon } = this;
    const { first, second } = this.moments[slot];
    const rate = (this.learningRate * Math.sqrt(1 - beta2 ** this.step)) / (1 - beta1 ** this.step);
    const squares = squaresOfOccurrences.get(tensor) ?? gradient.map((value) => value * value);
    for (let i = 0; i < values.length; i++) {
      first[i] += (gradient[i] - first[i]) * (1 - beta1);
      second[i] += (squares[i] - second[i]) * (1 - beta2);
      values[i] -= (rate * first[i]) / (Math.sqrt(second[i]) + epsilon);
    }
  }
}
