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
    for (let i = 0; i < m; i++) {
      const row = a + i * aRow;
      const from = start + i * startRow;
      const to = c + i * cRow;
      let j = 0;
      // Four columns at a time: an element of `a` is read once for all of them.
      for (; j + 4 <= n; j += 4) {
        let c0 = 0;
        let c1 = 0;
        let c2 = 0;
        let c3 = 0;
        let left = row;
        let right = b + j * bColumn;
        for (let p = 0; p < k; p++, left += aColumn, right += bRow) {
          const value = h[left];
          c0 += value * h[right];
          c1 += value * h[right + bColumn];
          c2 += value * h[right + 2 * bColumn];
          c3 += value * h[right + 3 * bColumn];
        }
        h[to + j] = (start ? h[from + j] : 0) + c0;
        h[to + j + 1] = (start ? h[from + j + 1] : 0) + c1;
        h[to + j + 2] = (start ? h[from + j + 2] : 0) + c2;
        h[to + j + 3] = (start ? h[from + j + 3] : 0) + c3;
      }
      for (; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++) sum += h[row + p * aColumn] * h[b + j * bColumn + p * bRow];
        h[to + j] = (start ? h[from + j] : 0) + sum;
      }
    }
  },
});
