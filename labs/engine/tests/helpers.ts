/** What the tests share: memories, drawn numbers, and what is measured on a tape. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { seededRandom } from "../../shared/random";
import { Arena, type Address } from "../arena";
import { javascriptKernels, type Kernels } from "../javascript/kernels";
import { ArrayMemory } from "../javascript/memory";
import { wasmKernels } from "../load";
import { multiply } from "../operations/elementwise";
import { reshape, sum } from "../operations/moves";
import { Parameter, Parameters, sizeOf } from "../parameters";
import { Tape, type Tensor } from "../tape";

/** The engine's folder: tests run from build/tests. */
const engine = path.join(import.meta.dirname, "..", "..");

export const loadWasm = async (): Promise<Kernels> => wasmKernels(await readFile(path.join(engine, "build", "kernels.wasm")));

export const doublePrecision = (): Kernels => javascriptKernels(new ArrayMemory(new Float64Array(1 << 16)));

/** Draws, the same for the same seed. */
export class Draw {
  private readonly random;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  /** From the first to the last, both included. */
  integer(first: number, last: number): number {
    return first + Math.floor(this.random.uniform() * (last - first + 1));
  }

  /** 1 to 70, small ones as often as large ones. */
  length(most = 70): number {
    return this.integer(1, this.random.uniform() < 0.5 ? Math.min(9, most) : most);
  }

  choice<Value>(values: readonly Value[]): Value {
    return values[this.integer(0, values.length - 1)];
  }

  integers(count: number, below: number): number[] {
    return Array.from({ length: count }, () => this.integer(0, below - 1));
  }

  normals(count: number): Float32Array {
    return Float32Array.from({ length: count }, () => this.random.normal());
  }

  /** 1 and 0: everything attended to, nothing, one a row, or drawn. */
  mask(rows: number, width: number): number[] {
    const kind = this.choice(["all", "none", "one", "drawn"]);
    return Array.from({ length: rows }, () => {
      const one = this.integer(0, width - 1);
      return Array.from({ length: width }, (_, i) => {
        if (kind === "drawn") return this.integer(0, 1);
        return Number(kind === "all" || (kind === "one" && i === one));
      });
    }).flat();
  }
}

/** An operation, or several, on parameters of some shapes. */
export interface Case {
  shapes: number[][];
  build(tape: Tape, parameters: Tensor[]): Tensor;
}

const BAND = 8;
const MARK = 12345.678;

/** Puts a band of marks before and behind every buffer, so that whatever is written outside is seen. */
export class GuardedArena extends Arena {
  private readonly bands: { at: Address; count: number }[] = [];

  override allocate(count: number): Address {
    const at = super.allocate(count + 2 * BAND);
    this.view(at, count + 2 * BAND).fill(MARK);
    const inside = at + BAND * this.kernels.unit;
    this.view(inside, count).fill(0);
    this.bands.push({ at, count: BAND }, { at: inside + count * this.kernels.unit, count: BAND });
    return inside;
  }

  check(): void {
    const mark = this.kernels.numbers instanceof Float32Array ? Math.fround(MARK) : MARK;
    for (const { at, count } of this.bands) {
      assert.ok(this.view(at, count).every((value) => value === mark), "something was written outside a buffer");
    }
  }
}

/** A case on a tape, with Σ output · drawn numbers for its loss, so that every output has a gradient of its own. */
export class Run {
  readonly arena: GuardedArena;
  readonly parameters: Parameters;
  readonly tape: Tape;
  private readonly output: Tensor;
  private readonly loss: Tensor;

  constructor(kernels: Kernels, tested: Case, seed: number) {
    const draw = new Draw(seed);
    const list = tested.shapes.map((shape) => new Parameter(shape, draw.normals(sizeOf(shape))));
    this.arena = new GuardedArena(kernels);
    this.parameters = new Parameters(this.arena, Object.fromEntries(list.entries()));
    this.tape = new Tape(this.parameters);
    this.output = tested.build(this.tape, list.map((parameter) => this.tape.use(parameter)));
    const factors = this.tape.constant([this.output.size], draw.normals(this.output.size));
    this.loss = sum(multiply(reshape(this.output, [this.output.size]), factors), 0);
    this.tape.differentiate(this.loss);
  }

  /** The loss, without a way back. */
  forward(): number {
    this.tape.forward();
    return this.tape.valueOf(this.loss);
  }

  /** Twice, for what the first time leaves behind must not matter. */
  all() {
    for (const _ of [1, 2]) {
      this.tape.forward();
      this.tape.backward();
    }
    this.arena.check();
    const output = Array.from(this.arena.view(this.output.at, this.output.size));
    const gradients = this.parameters.list.map((parameter) =>
      Array.from(this.arena.view(this.parameters.placeOf(parameter).gradient, sizeOf(parameter.shape))),
    );
    return { output, gradients };
  }

  /** The derivative of the loss by one number of a parameter, as a difference. */
  difference(parameter: Parameter, index: number): number {
    const view = this.arena.view(this.parameters.placeOf(parameter).value, sizeOf(parameter.shape));
    const [value, step] = [view[index], 1e-5];
    view[index] = value + step;
    const above = this.forward();
    view[index] = value - step;
    const below = this.forward();
    view[index] = value;
    return (above - below) / (2 * step);
  }
}

/** Of numbers that should be the same: the largest difference, measured by the largest of them. */
export function distance(a: readonly number[], b: readonly number[]): number {
  assert.equal(a.length, b.length);
  const largest = Math.max(1e-3, ...b.map(Math.abs));
  return a.reduce((worst, value, i) => (Number.isFinite(value) ? Math.max(worst, Math.abs(value - b[i]) / largest) : Infinity), 0);
}
