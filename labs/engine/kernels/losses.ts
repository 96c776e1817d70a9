import { add, exp4, load4, loadPart, log4, mul, sigmoid4, splat, store4, storePart, sub, sumOf } from "./simd";

const EPSILON: f32 = 1e-7;

export function binaryCrossentropy(targets: usize, logits: usize, loss: usize, count: i32): void {
  let sums = splat(0);
  for (let i = 0; i < count; i += 4) {
    const z = some(logits, i, count);
    const exponential = exp4(f32x4.neg(f32x4.abs(z)));
    let losses = sub(f32x4.pmax(z, splat(0)), mul(z, some(targets, i, count)));
    losses = add(losses, log4(add(splat(1), exponential)));
    if (i + 4 > count) losses = v128.and(losses, i32x4.gt_s(i32x4.splat(count - i), i32x4(0, 1, 2, 3)));
    sums = add(sums, losses);
  }
  store<f32>(loss, sumOf(sums) / <f32>count);
}

export function binaryCrossentropyGradient(targets: usize, logits: usize, dloss: usize, dlogits: usize, count: i32): void {
  const factor = splat(load<f32>(dloss) / <f32>count);
  for (let i = 0; i < count; i += 4) {
    put(dlogits, i, count, mul(factor, sub(sigmoid4(some(logits, i, count)), some(targets, i, count))));
  }
}

export function categoricalCrossentropy(
  targets: usize, probabilities: usize, weights: usize, loss: usize, rows: i32, classes: i32,
): void {
  let sum: f32 = 0;
  let total: f32 = 0;
  for (let row = 0; row < rows; row++, probabilities += classes << 2) {
    const weight: f32 = weights ? load<f32>(weights + (row << 2)) : 1;
    const target = load<f32>(targets + (row << 2));
    const isClass = target >= 0 && target < <f32>classes;
    const probability: f32 = isClass ? load<f32>(probabilities + (<i32>target << 2)) : NaN;
    // The logarithm sees bits, not NaN.
    const logarithm = f32x4.extract_lane(log4(splat(max(probability, EPSILON))), 0);
    sum -= isClass && probability == probability ? weight * logarithm : <f32>NaN;
    total += weight;
  }
  store<f32>(loss, total > 0 ? sum / total : 0);
}

export function categoricalCrossentropyGradient(
  targets: usize, probabilities: usize, weights: usize, dloss: usize, dlogits: usize, rows: i32, classes: i32,
): void {
  let total = <f32>rows;
  if (weights) {
    total = 0;
    for (let row = 0; row < rows; row++) total += load<f32>(weights + (row << 2));
  }
  const share: f32 = total > 0 ? load<f32>(dloss) / total : 0;
  for (let row = 0; row < rows; row++, probabilities += classes << 2, dlogits += classes << 2) {
    const factor: f32 = weights ? share * load<f32>(weights + (row << 2)) : share;
    for (let i = 0; i < classes; i += 4) put(dlogits, i, classes, mul(splat(factor), some(probabilities, i, classes)));
    const target = load<f32>(targets + (row << 2));
    if (!(target >= 0 && target < <f32>classes)) continue;
    const at = dlogits + (<i32>target << 2);
    store<f32>(at, load<f32>(at) - factor);
  }
}

export function squaredError(targets: usize, predictions: usize, loss: usize, count: i32): void {
  let sums = splat(0);
  for (let i = 0; i < count; i += 4) {
    const error = sub(some(predictions, i, count), some(targets, i, count));
    sums = add(sums, mul(error, error));
  }
  store<f32>(loss, sumOf(sums) / <f32>count);
}

export function squaredErrorGradient(targets: usize, predictions: usize, dloss: usize, dpredictions: usize, count: i32): void {
  const factor = splat((2 * load<f32>(dloss)) / <f32>count);
  for (let i = 0; i < count; i += 4) {
    put(dpredictions, i, count, mul(factor, sub(some(predictions, i, count), some(targets, i, count))));
  }
}

/** Four numbers from the i-th on, or as many as there are, then zeros. */
@inline
function some(at: usize, i: i32, count: i32): v128 {
  return i + 4 <= count ? load4(at + (i << 2)) : loadPart(at + (i << 2), count - i, 0);
}

@inline
function put(at: usize, i: i32, count: i32, v: v128): void {
  if (i + 4 <= count) store4(at + (i << 2), v);
  else storePart(at + (i << 2), v, count - i);
}
