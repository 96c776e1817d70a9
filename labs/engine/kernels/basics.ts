import { add as sum, load4, loadPart, mul, store4, storePart } from "./simd";

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
