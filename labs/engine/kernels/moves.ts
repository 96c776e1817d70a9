import { add, load4, loadPart, mul, splat, store4, storePart, sumOf } from "./simd";

/** The two inner axes in a loop of their own, of which the commonest ones take four numbers at a time. */
export function move(
  x: usize, x0: i32, x1: i32, x2: i32, x3: i32,
  y: usize, y0: i32, y1: i32, y2: i32, y3: i32,
  l0: i32, l1: i32, l2: i32, l3: i32,
  factor: f32, adding: i32,
): void {
  for (let i0 = 0; i0 < l0; i0++) {
    for (let i1 = 0; i1 < l1; i1++) {
      let from = x + ((i0 * x0 + i1 * x1) << 2);
      let to = y + ((i0 * y0 + i1 * y1) << 2);
      if (adding && x3 == 1 && y3 == 1 && y2 == 0) {
        sumOfRows(from, x2 << 2, to, l2, l3, factor);
        continue;
      }
      if (!adding && x2 == 1 && y3 == 1) {
        transpose(from, x3 << 2, to, y2 << 2, l2, l3, factor);
        continue;
      }
      for (let i2 = 0; i2 < l2; i2++, from += x2 << 2, to += y2 << 2) {
        if (x3 == 1 && y3 == 1) neighbours(from, to, l3, factor, adding);
        else if (y3 == 0 && adding) store<f32>(to, load<f32>(to) + factor * total(from, x3, l3));
        else oneByOne(from, x3, to, y3, l3, factor, adding);
      }
    }
  }
}

/** y (rows × columns) = factor · xᵀ, in squares of 4 × 4; a row of y, and a column of it in x, go on by so many bytes. */
export function transpose(x: usize, xColumn: i32, y: usize, yRow: i32, rows: i32, columns: i32, factor: f32): void {
  const f = splat(factor);
  let j = 0;
  for (; j + 4 <= columns; j += 4) {
    let from = x + j * xColumn;
    let to = y + (j << 2);
    let i = 0;
    for (; i + 4 <= rows; i += 4, from += 16, to += yRow << 2) {
      const v0 = mul(f, load4(from));
      const v1 = mul(f, load4(from + xColumn));
      const v2 = mul(f, load4(from + 2 * xColumn));
      const v3 = mul(f, load4(from + 3 * xColumn));
      const low01 = v128.shuffle<f32>(v0, v1, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(v0, v1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(v2, v3, 0, 4, 1, 5);
      const high23 = v128.shuffle<f32>(v2, v3, 2, 6, 3, 7);
      store4(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
      store4(to + yRow, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
      store4(to + 2 * yRow, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
      store4(to + 3 * yRow, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
    }
    for (; i < rows; i++, from += 4, to += yRow) {
      store<f32>(to, factor * load<f32>(from));
      store<f32>(to + 4, factor * load<f32>(from + xColumn));
      store<f32>(to + 8, factor * load<f32>(from + 2 * xColumn));
      store<f32>(to + 12, factor * load<f32>(from + 3 * xColumn));
    }
  }
  for (; j < columns; j++) {
    const from = x + j * xColumn;
    const to = y + (j << 2);
    for (let i = 0; i < rows; i++) store<f32>(to + i * yRow, factor * load<f32>(from + (i << 2)));
  }
}

/** Adds factor · (the sum of rows that go on by so many bytes) to y, a stripe of columns at a time, in registers. */
function sumOfRows(x: usize, step: i32, y: usize, rows: i32, columns: i32, factor: f32): void {
  const f = splat(factor);
  let j = 0;
  for (; j + 16 <= columns; j += 16, x += 64, y += 64) {
    let s0 = splat(0), s1 = splat(0), s2 = splat(0), s3 = splat(0);
    let from = x;
    for (let i = 0; i < rows; i++, from += step) {
      s0 = add(s0, load4(from));
      s1 = add(s1, load4(from + 16));
      s2 = add(s2, load4(from + 32));
      s3 = add(s3, load4(from + 48));
    }
    store4(y, add(load4(y), mul(f, s0)));
    store4(y + 16, add(load4(y + 16), mul(f, s1)));
    store4(y + 32, add(load4(y + 32), mul(f, s2)));
    store4(y + 48, add(load4(y + 48), mul(f, s3)));
  }
  for (; j + 4 <= columns; j += 4, x += 16, y += 16) {
    let sum = splat(0);
    let from = x;
    for (let i = 0; i < rows; i++, from += step) sum = add(sum, load4(from));
    store4(y, add(load4(y), mul(f, sum)));
  }
  for (; j < columns; j++, x += 4, y += 4) {
    let sum: f32 = 0;
    let from = x;
    for (let i = 0; i < rows; i++, from += step) sum += load<f32>(from);
    store<f32>(y, load<f32>(y) + factor * sum);
  }
}

@inline
function neighbours(x: usize, y: usize, count: i32, factor: f32, adding: i32): void {
  const f = splat(factor);
  let i = 0;
  if (adding) {
    for (; i + 4 <= count; i += 4, x += 16, y += 16) store4(y, add(load4(y), mul(f, load4(x))));
    if (i < count) storePart(y, add(loadPart(y, count - i, 0), mul(f, loadPart(x, count - i, 0))), count - i);
  } else {
    for (; i + 4 <= count; i += 4, x += 16, y += 16) store4(y, mul(f, load4(x)));
    if (i < count) storePart(y, mul(f, loadPart(x, count - i, 0)), count - i);
  }
}

@inline
function total(x: usize, step: i32, count: i32): f32 {
  let i = 0;
  let four = splat(0);
  if (step == 1) {
    for (; i + 4 <= count; i += 4) four = add(four, load4(x + (i << 2)));
  }
  let rest: f32 = sumOf(four);
  for (; i < count; i++) rest += load<f32>(x + ((i * step) << 2));
  return rest;
}

@inline
function oneByOne(x: usize, xStep: i32, y: usize, yStep: i32, count: i32, factor: f32, adding: i32): void {
  if (adding) {
    for (let i = 0; i < count; i++, x += xStep << 2, y += yStep << 2) store<f32>(y, load<f32>(y) + factor * load<f32>(x));
  } else {
    for (let i = 0; i < count; i++, x += xStep << 2, y += yStep << 2) store<f32>(y, factor * load<f32>(x));
  }
}
