import { add, load4, loadPart, mul, store4, storePart } from "./simd";

export function embedding(tokens: usize, table: usize, y: usize, count: i32, width: i32, rows: i32): void {
  const size = width << 2;
  for (let i = 0; i < count; i++, y += size) {
    const token = load<f32>(tokens + (i << 2));
    if (token >= 0 && token < <f32>rows) {
      memory.copy(y, table + <i32>token * size, size);
    } else {
      for (let j = 0; j < size; j += 4) store<f32>(y + j, NaN);
    }
  }
}

export function embeddingGradient(
  tokens: usize, dy: usize, dtable: usize, squares: usize,
  count: i32, width: i32, rows: i32,
): void {
  const size = width << 2;
  const whole = (width & ~3) << 2;
  const rest = width & 3;
  memory.fill(dtable, 0, rows * size);
  for (let i = 0; i < count; i++, dy += size) {
    const token = load<f32>(tokens + (i << 2));
    if (!(token >= 0 && token < <f32>rows)) continue;
    const offset = <i32>token * size;
    const row = dtable + offset;
    for (let j = 0; j < whole; j += 16) store4(row + j, add(load4(row + j), load4(dy + j)));
    if (rest) storePart(row + whole, add(loadPart(row + whole, rest, 0), loadPart(dy + whole, rest, 0)), rest);
    if (squares) {
      const square = squares + offset;
      for (let j = 0; j < whole; j += 16) store4(square + j, add(load4(square + j), mul(load4(dy + j), load4(dy + j))));
      if (rest) {
        const gradient = loadPart(dy + whole, rest, 0);
        storePart(square + whole, add(loadPart(square + whole, rest, 0), mul(gradient, gradient)), rest);
      }
    }
  }
}
