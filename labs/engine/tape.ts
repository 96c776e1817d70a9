import type { Address, Arena } from "./arena";
import type { Kernels } from "./javascript/kernels";
import { sizeOf, type Parameter, type Parameters } from "./parameters";

/** Numbers of a known shape at a known place. */
export class Tensor {
  readonly size: number;
  /** The tensor whose memory this one shares; mostly itself. */
  readonly base: Tensor;

  constructor(
    readonly tape: Tape,
    readonly shape: readonly number[],
    readonly at: Address,
    /** Whether it depends on parameters, so that there is a gradient by it. */
    readonly trained: boolean,
    base?: Tensor,
    readonly parameter?: Parameter,
  ) {
    this.size = sizeOf(shape);
    this.base = base ?? this;
  }
}

/** What an operation takes besides its first tensor. */
export type Operand = Tensor | Parameter;

/** How an operation is computed. All is called again and again: nothing in it may ask for memory. */
interface Calls {
  /** Writes the output, all of it. */
  forward(): void;
  /**
   * For each input, what writes the gradient by it at `dx`, all of it, given the gradient by the output at `dy`;
   * null for what has none, such as token numbers.
   */
  gradients?: (((dy: Address, dx: Address) => void) | null)[];
  /** In place of `gradients`: writes those by all inputs at once. For inputs that are not trained, the place is scratch. */
  backward?(dy: Address, ...dxs: Address[]): void;
  /** Whether the gradient by a parameter comes as a list of rows, whose squares the operation adds up itself. */
  byRow?: boolean;
}

interface Operation extends Calls {
  inputs: Tensor[];
  output: Tensor;
}

/** The gradient by a tensor, and which ranges of its numbers have been written to so far. */
interface Gradient {
  at: Address;
  written: Range[];
}
type Range = readonly [from: number, to: number];

/** One way through a model for inputs of fixed shapes, forward and back. */
export class Tape {
  readonly arena: Arena;
  readonly kernels: Kernels;
  private readonly operations: Operation[] = [];
  private readonly forwardCalls: (() => void)[] = [];
  private readonly backwardCalls: (() => void)[] = [];
  private readonly used = new Map<Parameter, Tensor>();
  private readonly gradients = new Map<Tensor, Gradient>();
  /** Parameters whose gradient would come by row, if no other operation added to it. */
  private readonly notByRow = new Set<Parameter>();

  constructor(readonly parameters: Parameters) {
    this.arena = parameters.arena;
    this.kernels = this.arena.kernels;
  }

  /** To be filled before each run. */
  input(shape: readonly number[]): Tensor {
    return new Tensor(this, shape, this.arena.allocate(sizeOf(shape)), false);
  }

  /** Fills an input. */
  load(tensor: Tensor, values: ArrayLike<number>): void {
    if (values.length !== tensor.size) throw new Error(`an input of ${tensor.size} numbers got ${values.length}`);
    this.kernels.numbers.set(values, tensor.at / this.kernels.unit);
  }

  /** The one number of a loss. */
  valueOf(loss: Tensor): number {
    return this.kernels.numbers[loss.at / this.kernels.unit];
  }

  constant(shape: readonly number[], values: ArrayLike<number>): Tensor {
    const tensor = this.input(shape);
    this.arena.view(tensor.at, tensor.size).set(values);
    return tensor;
  }

  /** A parameter as a tensor; tensors pass through. */
  use(operand: Operand): Tensor {
    if (operand instanceof Tensor) return operand;
    let tensor = this.used.get(operand);
    if (!tensor) {
      tensor = new Tensor(this, operand.shape, this.parameters.placeOf(operand).value, true, undefined, operand);
      this.used.set(operand, tensor);
    }
    return tensor;
  }

  /** Appends an operation, and returns its output. */
  record(inputs: Tensor[], shape: readonly number[], calls: Calls): Tensor {
    const trained = inputs.some((input) => input.trained);
    const output = new Tensor(this, shape, this.scratch(sizeOf(shape)), trained);
    this.operations.push({ inputs, output, ...calls });
    this.forwardCalls.push(calls.forward);
    return output;
  }

  /** The same numbers, or so many of them from an offset on, under another shape. */
  view(tensor: Tensor, shape: readonly number[], offset = 0): Tensor {
    return new Tensor(this, shape, this.step(tensor.at, offset), tensor.trained, tensor.base);
  }

  /** Memory for an operation's own use. */
  scratch(count: number): Address {
    return this.arena.allocate(count);
  }

  /** The address so many numbers further on. */
  step(at: Address, count: number): Address {
    return at + count * this.kernels.unit;
  }

  forward(): void {
    for (let i = 0; i < this.forwardCalls.length; i++) this.forwardCalls[i]();
  }

  /** After `forward`: writes the gradients of what was given to `differentiate`. */
  backward(): void {
    for (let i = 0; i < this.backwardCalls.length; i++) this.backwardCalls[i]();
  }

  /** Writes down the way back from one number: from the last operation to the first. */
  differentiate(loss: Tensor): void {
    if (loss.size !== 1) throw new Error(`a loss is one number, not a tensor of shape (${loss.shape.join(", ")})`);
    if (!loss.trained) throw new Error("the loss depends on no parameter");
    this.arena.view(this.gradientOf(loss.base).at, 1).fill(1);
    for (let i = this.operations.length - 1; i >= 0; i--) {
      const operation = this.operations[i];
      const arrived = this.gradients.get(operation.output);
      if (arrived) this.backwardCalls.push(...this.waysBack(operation, arrived.at));
    }
    this.backwardCalls.unshift(...this.zeros());
    this.backwardCalls.push(...this.squares());
  }

  private waysBack({ inputs, gradients, backward, byRow }: Operation, dy: Address): (() => void)[] {
    const calls: (() => void)[] = [];
    const sums: (() => void)[] = [];
    const place = (input: Tensor): Address => {
      const { parameter } = input.base;
      if (parameter && !byRow) this.notByRow.add(parameter);
      const { at, before, after } = this.placeForGradient(input);
      calls.push(...before);
      sums.push(...after);
      return at;
    };
    if (backward) {
      const dxs = inputs.map((input) => (input.trained ? place(input) : this.scratch(input.size)));
      calls.push(() => backward(dy, ...dxs));
    }
    inputs.forEach((input, index) => {
      const gradient = gradients?.[index];
      if (!gradient || !input.trained) return;
      const dx = place(input);
      calls.push(() => gradient(dy, dx));
    });
    return [...calls, ...sums];
  }

  /**
   * Where the next gradient by a tensor is to be written. The first one goes where it belongs; one that meets
   * another goes elsewhere, and is added `after` it is written.
   */
  private placeForGradient(tensor: Tensor) {
    const { kernels } = this;
    const gradient = this.gradientOf(tensor.base);
    const from = (tensor.at - tensor.base.at) / kernels.unit;
    const range: Range = [from, from + tensor.size];
    const at = this.step(gradient.at, from);
    const fresh = gapsIn(gradient.written, range);
    gradient.written.push(range);
    const meets = fresh.reduce((sum, [start, end]) => sum + end - start, 0) < tensor.size;
    if (!meets) return { at, before: [], after: [] };
    // Of two slices that overlap in part, only the part is there to be added to.
    const before = fresh.map(([start, end]) => () => kernels.fill(this.step(gradient.at, start), end - start, 0));
    const elsewhere = this.scratch(tensor.size);
    return { at: elsewhere, before, after: [() => kernels.add(at, elsewhere, at, tensor.size)] };
  }

  /** Zeros at first: what is never written, such as the gradient by a step that nobody reads, stays zero. */
  private gradientOf(base: Tensor): Gradient {
    let gradient = this.gradients.get(base);
    if (!gradient) {
      const at = base.parameter ? this.parameters.placeOf(base.parameter).gradient : this.scratch(base.size);
      this.gradients.set(base, (gradient = { at, written: [] }));
    }
    return gradient;
  }

  /** Another tape on the same parameters may have written a gradient that this one does not, and squares are added up. */
  private zeros(): (() => void)[] {
    const { kernels } = this;
    return this.parameters.list.flatMap((parameter) => {
      const { gradient, squares } = this.parameters.placeOf(parameter);
      const size = sizeOf(parameter.shape);
      const tensor = this.used.get(parameter);
      const written = (tensor && this.gradients.get(tensor)?.written) ?? [];
      const isWritten = gapsIn(written, [0, size]).length === 0;
      return [
        ...(isWritten ? [] : [() => kernels.fill(gradient, size, 0)]),
        ...(squares === null ? [] : [() => kernels.fill(squares, size, 0)]),
      ];
    });
  }

  /** A list of rows that meets another gradient becomes a sum, in Keras too, and the square is the sum's. */
  private squares(): (() => void)[] {
    return [...this.notByRow].flatMap((parameter) => {
      const { gradient, squares } = this.parameters.placeOf(parameter);
      const size = sizeOf(parameter.shape);
      return squares === null ? [] : [() => this.kernels.multiply(gradient, gradient, squares, size)];
    });
  }
}

/** The parts of a range that no other range covers. */
function gapsIn(covering: readonly Range[], range: Range): Range[] {
  return covering.reduce<Range[]>(
    (gaps, [from, to]) =>
      gaps.flatMap(([start, end]): Range[] =>
        to <= start || end <= from ? [[start, end]] : ([[start, from], [to, end]] as Range[]).filter(([a, b]) => a < b),
      ),
    [range],
  );
}
