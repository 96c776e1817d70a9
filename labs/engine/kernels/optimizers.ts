import { add, load4, mul, splat, store4, sub } from "./simd";

/** Parameters lie in multiples of four numbers. */
export function sgd(values: usize, gradients: usize, count: i32, rate: f32): void {
  const factor = splat(rate);
  for (let i = 0; i < count << 2; i += 16) store4(values + i, sub(load4(values + i), mul(factor, load4(gradients + i))));
}

export function adam(
  values: usize, gradients: usize, squares: usize, first: usize, second: usize,
  count: i32, countByRow: i32, rate: f32, beta1: f64, beta2: f64, epsilon: f32,
): void {
  const step = splat(rate);
  // In single precision, 1 − 0.999 has four right digits.
  const toFirst = splat(<f32>(1 - beta1));
  const toSecond = splat(<f32>(1 - beta2));
  for (let i = 0; i < count << 2; i += 16) {
    const gradient = load4(gradients + i);
    const square = i < countByRow << 2 ? load4(squares + i) : mul(gradient, gradient);
    let mean = load4(first + i);
    let variance = load4(second + i);
    mean = add(mean, mul(sub(gradient, mean), toFirst));
    variance = add(variance, mul(sub(square, variance), toSecond));
    store4(first + i, mean);
    store4(second + i, variance);
    const root = add(f32x4.sqrt(variance), splat(epsilon));
    store4(values + i, sub(load4(values + i), f32x4.div(mul(step, mean), root)));
  }
}
