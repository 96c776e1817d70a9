import type { Address, Arena } from "./arena";

/** One weight of a layer, by its initial values. */
export class Parameter {
  /**
   * @param byRow Whether its gradient arrives as a list of rows, one an occurrence of the row's token, as an
   *   embedding's does. Adam wants the square of a gradient, and Keras on TensorFlow squares such a list row by
   *   row: the more often a token occurs in a batch, the larger its steps. Same model, same steps.
   */
  constructor(
    readonly shape: readonly number[],
    readonly initial: Float32Array,
    readonly byRow = false,
  ) {
    if (initial.length !== sizeOf(shape)) {
      throw new Error(`a parameter of shape (${shape.join(", ")}) takes ${sizeOf(shape)} numbers, not ${initial.length}`);
    }
  }
}

/** A model: parameters, things that have `weights`, and records of both; read in the order in which they are written. */
export type Weights = Parameter | { readonly weights: Weights } | { readonly [name: string]: Weights };

export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1);

/** A model's parameters as a flat list, in Keras' order. */
export function parametersOf(model: Weights): Parameter[] {
  if (model instanceof Parameter) return [model];
  if ("weights" in model) return parametersOf(model.weights as Weights);
  return Object.values(model).flatMap(parametersOf);
}

/** Where a parameter lies, where its gradient arrives, and, if that comes by row, where the rows' squares add up. */
export interface Place {
  value: Address;
  gradient: Address;
  squares: Address | null;
}

/**
 * A model's parameters side by side in one memory, and their gradients in the same order, so that an optimizer is
 * one call. Those with gradients by row come first: for these, and no others, there are `squares`.
 */
export class Parameters {
  /** In Keras' order. */
  readonly list: Parameter[];
  /** How many numbers the model has. */
  readonly size: number;
  /** How many numbers lie side by side: every parameter begins at a multiple of four, and zeros fill the gaps. */
  readonly extent: number;
  readonly extentByRow: number;
  readonly values: Address;
  readonly gradients: Address;
  readonly squares: Address;
  private readonly offsets = new Map<Parameter, number>();

  constructor(
    readonly arena: Arena,
    model: Weights,
  ) {
    this.list = [...new Set(parametersOf(model))]; // layers may share a parameter
    this.size = this.list.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const byRow = this.list.filter((parameter) => parameter.byRow);
    this.extentByRow = this.layOut(byRow, 0);
    this.extent = this.layOut(this.list.filter((parameter) => !parameter.byRow), this.extentByRow);
    this.values = arena.allocate(this.extent);
    this.gradients = arena.allocate(this.extent);
    this.squares = arena.allocate(this.extentByRow);
    this.setWeights(this.list.map(({ initial }) => initial));
  }

  private layOut(parameters: Parameter[], start: number): number {
    return parameters.reduce((offset, parameter) => {
      this.offsets.set(parameter, offset);
      return offset + Math.ceil(sizeOf(parameter.shape) / 4) * 4;
    }, start);
  }

  placeOf(parameter: Parameter): Place {
    const offset = this.offsets.get(parameter);
    if (offset === undefined) throw new Error(`a parameter of shape (${parameter.shape.join(", ")}) is not of this model`);
    const at = (start: Address) => start + offset * this.arena.kernels.unit;
    return { value: at(this.values), gradient: at(this.gradients), squares: parameter.byRow ? at(this.squares) : null };
  }

  /** Copies of all weights, a flat array each, in Keras' order. */
  getWeights(): Float32Array[] {
    return this.list.map((parameter) => Float32Array.from(this.view(parameter, "value")));
  }

  /** Copies of the last step's gradients, like `getWeights`. */
  getGradients(): Float32Array[] {
    return this.list.map((parameter) => Float32Array.from(this.view(parameter, "gradient")));
  }

  /** Takes what `getWeights` gives, or the arrays of Keras' `get_weights`, each flat. */
  setWeights(weights: readonly ArrayLike<number>[]): void {
    if (weights.length !== this.list.length) throw new Error(`the model has ${this.list.length} weights, not ${weights.length}`);
    this.list.forEach((parameter, index) => {
      const view = this.view(parameter, "value");
      if (weights[index].length !== view.length) {
        const shape = parameter.shape.join(", ");
        throw new Error(`weight ${index} has shape (${shape}), ${view.length} numbers, not ${weights[index].length}`);
      }
      view.set(weights[index]);
    });
  }

  private view(parameter: Parameter, which: "value" | "gradient"): Float32Array | Float64Array {
    return this.arena.view(this.placeOf(parameter)[which], sizeOf(parameter.shape));
  }
}
