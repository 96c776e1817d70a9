import { add, load4, loadPart, mul, splat, store4, storePart, sub, sumOf } from "./simd";

export function layerNormalization(
  x: usize, gamma: usize, beta: usize, y: usize, normalized: usize, scales: usize,
  rows: i32, width: i32, epsilon: f32,
): void {
  const size = width << 2;
  const share: f32 = 1 / <f32>width;
  for (let row = 0; row < rows; row++, x += size, y += size, normalized += size, scales += 4) {
    let sums = splat(0);
    for (let i = 0; i < width; i += 4) sums = add(sums, some(x, i, width));
    const mean = sumOf(sums) * share;
    let squares = splat(0);
    for (let i = 0; i < width; i += 4) {
      const d = sub(some(x, i, width), splat(mean));
      squares = add(squares, mul(d, d));
    }
    // Lanes past the end hold (0 − mean)².
    const past = <f32>(-width & 3) * mean * mean;
    const scale: f32 = 1 / sqrt<f32>((sumOf(squares) - past) * share + epsilon);
    store<f32>(scales, scale);
    for (let i = 0; i < width; i += 4) {
      const value = mul(sub(some(x, i, width), splat(mean)), splat(scale));
      put(normalized, i, width, value);
      put(y, i, width, add(mul(some(gamma, i, width), value), some(beta, i, width)));
    }
  }
}

export function layerNormalizationGradient(
  normalized: usize, scales: usize, gamma: usize, dy: usize, dx: usize, dgamma: usize, dbeta: usize,
  rows: i32, width: i32,
): void {
  const size = width << 2;
  const share: f32 = 1 / <f32>width;
  memory.fill(dgamma, 0, size);
  memory.fill(dbeta, 0, size);
  for (let row = 0; row < rows; row++, normalized += size, dy += size, dx += size, scales += 4) {
    let sums = splat(0);
    let products = splat(0);
    for (let i = 0; i < width; i += 4) {
      const arrived = some(dy, i, width);
      const value = some(normalized, i, width);
      put(dgamma, i, width, add(some(dgamma, i, width), mul(arrived, value)));
      put(dbeta, i, width, add(some(dbeta, i, width), arrived));
      const g = mul(some(gamma, i, width), arrived);
      sums = add(sums, g);
      products = add(products, mul(g, value));
    }
    const mean = splat(sumOf(sums) * share);
    const meanProduct = splat(sumOf(products) * share);
    const scale = splat(load<f32>(scales));
    for (let i = 0; i < width; i += 4) {
      const g = mul(some(gamma, i, width), some(dy, i, width));
      put(dx, i, width, mul(scale, sub(sub(g, mean), mul(some(normalized, i, width), meanProduct))));
    }
  }
}

/** Four numbers of a row, or as many as there are, then zeros. */
@inline
function some(at: usize, i: i32, width: i32): v128 {
  return i + 4 <= width ? load4(at + (i << 2)) : loadPart(at + (i << 2), width - i, 0);
}

@inline
function put(at: usize, i: i32, width: i32, v: v128): void {
  if (i + 4 <= width) store4(at + (i << 2), v);
  else storePart(at + (i << 2), v, width - i);
}
