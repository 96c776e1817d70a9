import { add as sum, load4, loadPart, mul, splat, store4, storePart, sumOf } from "./simd";

export function fill(y: usize, count: i32, value: f32): void {
  if (value == 0) {
    memory.fill(y, 0, count << 2);
    return;
  }
  for (let i = 0; i < count; i++) store<f32>(y + (i << 2), value);
}

export function add(a: usize, b: usize, y: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4, a += 16, b += 16, y += 16) store4(y, sum(load4(a), load4(b)));
  if (i < count) storePart(y, sum(loadPart(a, count - i, 0), loadPart(b, count - i, 0)), count - i);
}

export function multiply(a: usize, b: usize, y: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4, a += 16, b += 16, y += 16) store4(y, mul(load4(a), load4(b)));
  if (i < count) storePart(y, mul(loadPart(a, count - i, 0), loadPart(b, count - i, 0)), count - i);
}

export function notEqual(x: usize, y: usize, count: i32, value: f32): void {
  for (let i = 0; i < count; i++) store<f32>(y + (i << 2), load<f32>(x + (i << 2)) == value ? 0 : 1);
}

/** The innermost axis in a loop of its own: neighbours four at a time, a sum in a register, and all else one by one. */
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
      for (let i2 = 0; i2 < l2; i2++, from += x2 << 2, to += y2 << 2) {
        if (x3 == 1 && y3 == 1) neighbours(from, to, l3, factor, adding);
        else if (y3 == 0 && adding) store<f32>(to, load<f32>(to) + factor * total(from, x3, l3));
        else oneByOne(from, x3, to, y3, l3, factor, adding);
      }
    }
  }
}

@inline
function neighbours(x: usize, y: usize, count: i32, factor: f32, adding: i32): void {
  const f = splat(factor);
  let i = 0;
  if (adding) {
    for (; i + 4 <= count; i += 4, x += 16, y += 16) store4(y, sum(load4(y), mul(f, load4(x))));
    if (i < count) storePart(y, sum(loadPart(y, count - i, 0), mul(f, loadPart(x, count - i, 0))), count - i);
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
    for (; i + 4 <= count; i += 4) four = sum(four, load4(x + (i << 2)));
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
