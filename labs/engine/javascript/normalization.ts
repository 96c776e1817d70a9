import type { Memory } from "./memory";

export const normalization = (memory: Memory) => ({
  /**
   * y = gamma · x̂ + beta with x̂ = (x − mean) / √(variance + epsilon), over each row.
   * `normalized` keeps x̂, and `scales` the factor 1 / √(…) of each row.
   */
  layerNormalization(
    x: number, gamma: number, beta: number, y: number, normalized: number, scales: number,
    rows: number, width: number, epsilon: number,
  ): void {
    const h = memory.numbers;
    for (let row = 0, start = 0; row < rows; row++, start += width) {
      let mean = 0;
      for (let i = start; i < start + width; i++) mean += h[x + i] / width;
      let variance = 0;
      for (let i = start; i < start + width; i++) variance += (h[x + i] - mean) ** 2 / width;
      const scale = (h[scales + row] = 1 / Math.sqrt(variance + epsilon));
      for (let i = 0; i < width; i++) {
        const value = (h[normalized + start + i] = (h[x + start + i] - mean) * scale);
        h[y + start + i] = h[gamma + i] * value + h[beta + i];
      }
    }
  },

  /** With g = gamma · dy: dx = scale · (g − mean(g) − x̂ · mean(g · x̂)), dgamma = Σ dy · x̂ and dbeta = Σ dy. */
  layerNormalizationGradient(
    normalized: number, scales: number, gamma: number, dy: number, dx: number, dgamma: number, dbeta: number,
    rows: number, width: number,
  ): void {
    const h = memory.numbers;
    h.fill(0, dgamma, dgamma + width);
    h.fill(0, dbeta, dbeta + width);
    for (let row = 0, start = 0; row < rows; row++, start += width) {
      let mean = 0;
      let meanProduct = 0;
      for (let i = 0; i < width; i++) {
        const arrived = h[dy + start + i];
        const value = h[normalized + start + i];
        h[dgamma + i] += arrived * value;
        h[dbeta + i] += arrived;
        mean += (h[gamma + i] * arrived) / width;
        meanProduct += (h[gamma + i] * arrived * value) / width;
      }
      for (let i = 0; i < width; i++) {
        const g = h[gamma + i] * h[dy + start + i];
        h[dx + start + i] = h[scales + row] * (g - mean - h[normalized + start + i] * meanProduct);
      }
    }
  },
});
