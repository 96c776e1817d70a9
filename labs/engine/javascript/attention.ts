import { tanh } from "./activations";
import type { Memory } from "./memory";

export const attention = (memory: Memory) => ({
  /**
   * Weights over each row of scores. Where the mask has 0, the weight is exactly 0; a row of nothing else becomes zeros.
   * The mask of row r is row ⌊r / repeat⌋ mod maskRows of `mask`, whose address is 0 where all is attended to.
   */
  softmax(x: number, y: number, rows: number, width: number, mask: number, repeat: number, maskRows: number): void {
    const h = memory.numbers;
    for (let row = 0; row < rows; row++) {
      const from = x + row * width;
      const to = y + row * width;
      const attended = mask + (Math.floor(row / repeat) % maskRows) * width;
      let largest = -Infinity;
      for (let i = 0; i < width; i++) {
        if (!mask || h[attended + i] !== 0) largest = Math.max(largest, h[from + i]);
      }
      let sum = 0;
      for (let i = 0; i < width; i++) {
        const isAttended = !mask || h[attended + i] !== 0;
        sum += h[to + i] = isAttended ? Math.exp(h[from + i] - largest) : 0;
      }
      if (largest === -Infinity) continue;
      for (let i = 0; i < width; i++) h[to + i] /= sum;
    }
  },

  /** dx = y · (dy − Σ y · dy) */
  softmaxGradient(y: number, dy: number, dx: number, rows: number, width: number): void {
    const h = memory.numbers;
    for (let start = 0; start < rows * width; start += width) {
      let mean = 0;
      for (let i = start; i < start + width; i++) mean += h[y + i] * h[dy + i];
      for (let i = start; i < start + width; i++) h[dx + i] = h[y + i] * (h[dy + i] - mean);
    }
  },

  /** For each sample, query q and key k: scores[q, k] = v · tanh(query + key). */
  additiveScores(
    queries: number, keys: number, v: number, scores: number,
    samples: number, numQueries: number, numKeys: number, units: number,
  ): void {
    const h = memory.numbers;
    for (let query = 0; query < samples * numQueries; query++) {
      const firstKey = Math.floor(query / numQueries) * numKeys;
      for (let key = firstKey; key < firstKey + numKeys; key++) {
        let sum = 0;
        for (let unit = 0; unit < units; unit++) {
          sum += h[v + unit] * tanh(h[queries + query * units + unit] + h[keys + key * units + unit]);
        }
        h[scores++] = sum;
      }
    }
  },

  additiveScoresGradient(
    queries: number, keys: number, v: number, dscores: number,
    dqueries: number, dkeys: number, dv: number,
    samples: number, numQueries: number, numKeys: number, units: number,
  ): void {
    const h = memory.numbers;
    h.fill(0, dqueries, dqueries + samples * numQueries * units);
    h.fill(0, dkeys, dkeys + samples * numKeys * units);
    h.fill(0, dv, dv + units);
    for (let query = 0; query < samples * numQueries; query++) {
      const firstKey = Math.floor(query / numQueries) * numKeys;
      for (let key = firstKey; key < firstKey + numKeys; key++) {
        const dscore = h[dscores++];
        for (let unit = 0; unit < units; unit++) {
          const bent = tanh(h[queries + query * units + unit] + h[keys + key * units + unit]);
          const dsum = dscore * h[v + unit] * (1 - bent * bent);
          h[dqueries + query * units + unit] += dsum;
          h[dkeys + key * units + unit] += dsum;
          h[dv + unit] += dscore * bent;
        }
      }
    }
  },
});
