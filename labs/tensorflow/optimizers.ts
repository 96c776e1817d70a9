import * as tf from "@tensorflow/tfjs-core";
import type { Layer } from "./layers";
import { squaresOfOccurrences } from "./occurrences";

/** How the parameters of a model change: what moves `values`, the parameters of one tensor, at a step counted from 1. */
export type Rule = (values: Float32Array, gradient: Float32Array, squares: Float32Array, moments: Moments, step: number) => void;

interface Moments {
  first: Float32Array;
  second: Float32Array;
}

/** Gradient descent without momentum. */
export const sgd =
  (learningRate: number): Rule =>
  (values, gradient) => {
    for (let i = 0; i < values.length; i++) values[i] -= learningRate * gradient[i];
  };

/** Adam with Keras' defaults and Keras' place for epsilon. */
export const adam =
  (learningRate: number, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7): Rule =>
  (values, gradient, squares, { first, second }, step) => {
    const rate = (learningRate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
    for (let i = 0; i < values.length; i++) {
      first[i] += (gradient[i] - first[i]) * (1 - beta1);
      second[i] += (squares[i] - second[i]) * (1 - beta2);
      values[i] -= (rate * first[i]) / (Math.sqrt(second[i]) + epsilon);
    }
  };

/**
 * Moves the parameters of one model by a rule.
 *
 * It works on plain arrays: in TensorFlow.js, Adam takes a dozen small operations a tensor, and
 * their overhead would be more than half the time of a training step. A tensor cannot be changed
 * in place: the WebAssembly kernels keep a packed copy of a matrix for as long as it lives.
 */
export class Optimizer {
  private step = 0;
  private readonly slots: { layer: Layer; name: string; values: Float32Array; moments: Moments }[];

  constructor(
    model: Record<string, Layer>,
    private readonly rule: Rule,
  ) {
    const slot = (layer: Layer, name: string) => {
      const values = layer[name].dataSync<"float32">();
      return { layer, name, values, moments: { first: new Float32Array(values.length), second: new Float32Array(values.length) } };
    };
    this.slots = Object.values(model).flatMap((layer) => Object.keys(layer).map((name) => slot(layer, name)));
  }

  /** The tensors to differentiate by, in the order in which `update` takes their gradients. */
  tensors(): tf.Tensor[] {
    return this.slots.map(({ layer, name }) => layer[name]);
  }

  /** Puts a new tensor in the place of every parameter and frees the old one. */
  update(gradients: tf.Tensor[]): void {
    this.step += 1;
    this.slots.forEach(({ layer, name, values, moments }, slot) => {
      const old = layer[name];
      const gradient = gradients[slot].dataSync<"float32">();
      const squares = squaresOfOccurrences.get(old) ?? gradient.map((value) => value * value);
      this.rule(values, gradient, squares, moments, this.step);
      layer[name] = tf.tensor(values, old.shape);
      old.dispose();
    });
  }
}
