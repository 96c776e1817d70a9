import type { Kernels } from "./javascript/kernels";

/** Where a number lies in the kernels' memory: in bytes for WebAssembly, in numbers for JavaScript. */
export type Address = number;

/**
 * The memory of one experiment, filled from the front and never emptied: the next experiment's arena starts
 * again at the beginning, so that the memory is as large as the largest experiment and no larger.
 */
export class Arena {
  private top: Address;

  constructor(readonly kernels: Kernels) {
    this.top = kernels.first;
  }

  /** Room for so many numbers, zeros for now. Buffers begin at multiples of 16 bytes. */
  allocate(count: number): Address {
    const at = this.top;
    this.top += Math.ceil(count / 4) * 4 * this.kernels.unit;
    this.kernels.reserve(this.top);
    this.view(at, count).fill(0);
    return at;
  }

  /** The numbers themselves; void as soon as the memory grows, so not to be kept while there is more to allocate. */
  view(at: Address, count: number): Float32Array | Float64Array {
    const first = at / this.kernels.unit;
    return this.kernels.numbers.subarray(first, first + count);
  }
}
