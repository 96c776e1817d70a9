import { add, erf4, exp4, load4, loadPart, mul, sigmoid4, splat, store4, storePart, sub, tanh4 } from "./simd";

const RELU = 0;
const TANH = 1;
const SIGMOID = 2;
const GELU = 3;

/** `kind` is a constant wherever this is written in, so that one branch of it remains. */
@inline
function activated(kind: i32, x: v128): v128 {
  if (kind == RELU) return f32x4.pmax(x, splat(0));
  if (kind == TANH) return tanh4(x);
  if (kind == SIGMOID) return sigmoid4(x);
  return mul(x, below(x));
}

/** From what came out, but of GELU from what went in. */
@inline
function slope(kind: i32, v: v128): v128 {
  if (kind == RELU) return v128.and(f32x4.gt(v, splat(0)), splat(1));
  if (kind == TANH) return sub(splat(1), mul(v, v));
  if (kind == SIGMOID) return mul(v, sub(splat(1), v));
  return add(below(v), mul(v, density(v)));
}

/** How much of the normal distribution lies below x, and how dense it is there. */
@inline
function below(x: v128): v128 {
  return mul(splat(0.5), add(splat(1), erf4(mul(x, splat(0.7071067811865476)))));
}

@inline
function density(x: v128): v128 {
  return mul(splat(0.3989422804014327), exp4(mul(splat(-0.5), mul(x, x))));
}

@inline
function each(kind: i32, x: usize, y: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4, x += 16, y += 16) store4(y, activated(kind, load4(x)));
  if (i < count) storePart(y, activated(kind, loadPart(x, count - i, 0)), count - i);
}

@inline
function gradient(kind: i32, at: usize, dy: usize, dx: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4, at += 16, dy += 16, dx += 16) store4(dx, mul(load4(dy), slope(kind, load4(at))));
  if (i < count) {
    const rest = count - i;
    storePart(dx, mul(loadPart(dy, rest, 0), slope(kind, loadPart(at, rest, 0))), rest);
  }
}

export function relu(x: usize, y: usize, count: i32): void { each(RELU, x, y, count); }
export function tanh(x: usize, y: usize, count: i32): void { each(TANH, x, y, count); }
export function sigmoid(x: usize, y: usize, count: i32): void { each(SIGMOID, x, y, count); }
export function gelu(x: usize, y: usize, count: i32): void { each(GELU, x, y, count); }

export function reluGradient(y: usize, dy: usize, dx: usize, count: i32): void { gradient(RELU, y, dy, dx, count); }
export function tanhGradient(y: usize, dy: usize, dx: usize, count: i32): void { gradient(TANH, y, dy, dx, count); }
export function sigmoidGradient(y: usize, dy: usize, dx: usize, count: i32): void { gradient(SIGMOID, y, dy, dx, count); }
export function geluGradient(x: usize, dy: usize, dx: usize, count: i32): void { gradient(GELU, x, dy, dx, count); }
