import type { Memory } from "./memory";

export const products = (memory: Memory) => ({
  /**
   * c (m × n) = start + a (m × k) · b (k × n).
   *
   * Rows and columns of `a` and `b` lie any number of numbers apart, so that a transposed matrix is one with its two
   * steps exchanged; rows of `c` are whole. `start` is a matrix like `c`, or with `startRow` 0 one row for all, such
   * as a bias; 0 stands for zeros. `packed` is k · n numbers of scratch, used where columns of `b` are not neighbours.
   */
  matmul(
    a: number, aRow: number, aColumn: number,
    b: number, bRow: number, bColumn: number,
    c: number, cRow: number,
    m: number, k: number, n: number,
    start: number, startRow: number, _packed: number,
  ): void {
    const h = memory.numbers;
    for (let i = 0; i < m; i += 2) {
      // Two rows and four columns at a time: what is read once serves several sums. A last row may be alone.
      const isPair = i + 1 < m;
      const below = isPair ? aRow : 0;
      const from = start + i * startRow;
      const to = c + i * cRow;
      let j = 0;
      for (; j + 4 <= n; j += 4) {
        let c0 = 0;
        let c1 = 0;
        let c2 = 0;
        let c3 = 0;
        let d0 = 0;
        let d1 = 0;
        let d2 = 0;
        let d3 = 0;
        let left = a + i * aRow;
        let right = b + j * bColumn;
        for (let p = 0; p < k; p++, left += aColumn, right += bRow) {
          const upper = h[left];
          const lower = h[left + below];
          const b0 = h[right];
          const b1 = h[right + bColumn];
          const b2 = h[right + 2 * bColumn];
          const b3 = h[right + 3 * bColumn];
          c0 += upper * b0;
          c1 += upper * b1;
          c2 += upper * b2;
          c3 += upper * b3;
          d0 += lower * b0;
          d1 += lower * b1;
          d2 += lower * b2;
          d3 += lower * b3;
        }
        h[to + j] = (start ? h[from + j] : 0) + c0;
        h[to + j + 1] = (start ? h[from + j + 1] : 0) + c1;
        h[to + j + 2] = (start ? h[from + j + 2] : 0) + c2;
        h[to + j + 3] = (start ? h[from + j + 3] : 0) + c3;
        if (!isPair) continue;
        h[to + cRow + j] = (start ? h[from + startRow + j] : 0) + d0;
        h[to + cRow + j + 1] = (start ? h[from + startRow + j + 1] : 0) + d1;
        h[to + cRow + j + 2] = (start ? h[from + startRow + j + 2] : 0) + d2;
        h[to + cRow + j + 3] = (start ? h[from + startRow + j + 3] : 0) + d3;
      }
      for (; j < n; j++) {
        for (let row = i; row < Math.min(i + 2, m); row++) {
          let sum = 0;
          for (let p = 0; p < k; p++) sum += h[a + row * aRow + p * aColumn] * h[b + p * bRow + j * bColumn];
          h[c + row * cRow + j] = (start ? h[start + row * startRow + j] : 0) + sum;
        }
      }
    }
  },
});
