/** Single precision to train with; double precision where tests measure gradients by differences. */
export type Numbers = Float32Array | Float64Array;

/** The numbers that kernels work on, found anew in each call: they move when the memory grows. */
export interface Memory {
  readonly numbers: Numbers;
  /** By how much an address grows from one number to the next. */
  readonly unit: number;
  /** The first address that may be used. */
  readonly first: number;
  /** Makes the memory reach to this address at least. */
  reserve(end: number): void;
}

/** A plain array that grows: addresses are indices. */
export class ArrayMemory implements Memory {
  readonly unit = 1;
  readonly first = 4; // 0 means "none" to some kernels

  constructor(public numbers: Numbers = new Float32Array(1 << 16)) {}

  reserve(end: number): void {
    if (end <= this.numbers.length) return;
    const old = this.numbers;
    const length = Math.max(end, 2 * old.length);
    this.numbers = old instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
    this.numbers.set(old);
  }
}
