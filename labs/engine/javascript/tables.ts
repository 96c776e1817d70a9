import type { Memory } from "./memory";

export const tables = (memory: Memory) => ({
  /** The row of each token in a table of so many rows; of a token that has none, NaN. */
  embedding(tokens: number, table: number, y: number, count: number, width: number, rows: number): void {
    const h = memory.numbers;
    for (let i = 0; i < count; i++) {
      const token = h[tokens + i];
      const row = table + token * width;
      if (token >= 0 && token < rows) h.copyWithin(y + i * width, row, row + width);
      else h.fill(NaN, y + i * width, y + (i + 1) * width);
    }
  },

  /**
   * Adds each token's gradient to its row of the table, which is emptied before, and the squares of what is added
   * to `squares`, which is not; 0 stands for no squares.
   */
  embeddingGradient(
    tokens: number, dy: number, dtable: number, squares: number,
    count: number, width: number, rows: number,
  ): void {
    const h = memory.numbers;
    h.fill(0, dtable, dtable + rows * width);
    for (let i = 0; i < count; i++) {
      const token = h[tokens + i];
      if (!(token >= 0 && token < rows)) continue;
      const row = token * width;
      for (let j = 0; j < width; j++) {
        const gradient = h[dy + i * width + j];
        h[dtable + row + j] += gradient;
        if (squares) h[squares + row + j] += gradient * gradient;
      }
    }
  },
});
