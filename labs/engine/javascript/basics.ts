import type { Memory } from "./memory";

/** Filling, moving, adding and multiplying. */
export const basics = (memory: Memory) => ({
  fill(y: number, count: number, value: number): void {
    memory.numbers.fill(value, y, y + count);
  },

  /** y = a + b; y may be a. */
  add(a: number, b: number, y: number, count: number): void {
    const h = memory.numbers;
    for (let i = 0; i < count; i++) h[y + i] = h[a + i] + h[b + i];
  },

  /** y = a · b, number by number. */
  multiply(a: number, b: number, y: number, count: number): void {
    const h = memory.numbers;
    for (let i = 0; i < count; i++) h[y + i] = h[a + i] * h[b + i];
  },

  /** y = 1 where x is not the value, else 0. */
  notEqual(x: number, y: number, count: number, value: number): void {
    const h = memory.numbers;
    for (let i = 0; i < count; i++) h[y + i] = h[x + i] === value ? 0 : 1;
  },

  /**
   * Numbers on four axes of lengths l0 … l3, from one place to another: y[i·ys] = factor · x[i·xs], or, with
   * `adding`, y[i·ys] += factor · x[i·xs]. Steps count numbers, and may be negative or 0: a step of 0 in x repeats
   * along that axis, one in y, with `adding`, sums along it.
   */
  move(
    x: number, x0: number, x1: number, x2: number, x3: number,
    y: number, y0: number, y1: number, y2: number, y3: number,
    l0: number, l1: number, l2: number, l3: number,
    factor: number, adding: number,
  ): void {
    const h = memory.numbers;
    for (let i0 = 0; i0 < l0; i0++) {
      for (let i1 = 0; i1 < l1; i1++) {
        for (let i2 = 0; i2 < l2; i2++) {
          let from = x + i0 * x0 + i1 * x1 + i2 * x2;
          let to = y + i0 * y0 + i1 * y1 + i2 * y2;
          if (adding && y3 === 0) {
            let sum = 0;
            for (let i3 = 0; i3 < l3; i3++, from += x3) sum += h[from];
            h[to] += factor * sum;
          } else if (adding) {
            for (let i3 = 0; i3 < l3; i3++, from += x3, to += y3) h[to] += factor * h[from];
          } else {
            for (let i3 = 0; i3 < l3; i3++, from += x3, to += y3) h[to] = factor * h[from];
          }
        }
      }
    }
  },
});
