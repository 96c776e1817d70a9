/** Four numbers at a time: loads and stores, sums, and the functions that the kernels need. */

@inline export function splat(x: f32): v128 { return f32x4.splat(x); }
@inline export function load4(p: usize): v128 { return v128.load(p); }
@inline export function store4(p: usize, v: v128): void { v128.store(p, v); }
@inline export function add(a: v128, b: v128): v128 { return f32x4.add(a, b); }
@inline export function sub(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
@inline export function mul(a: v128, b: v128): v128 { return f32x4.mul(a, b); }

/** The first 1, 2 or 3 of four; the others are `fill`. */
@inline
export function loadPart(p: usize, count: i32, fill: f32): v128 {
  let v = v128.load_lane<f32>(p, splat(fill), 0);
  if (count > 1) v = v128.load_lane<f32>(p + 4, v, 1);
  if (count > 2) v = v128.load_lane<f32>(p + 8, v, 2);
  return v;
}

@inline
export function storePart(p: usize, v: v128, count: i32): void {
  v128.store_lane<f32>(p, v, 0);
  if (count > 1) v128.store_lane<f32>(p + 4, v, 1);
  if (count > 2) v128.store_lane<f32>(p + 8, v, 2);
}

@inline
export function sumOf(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

@inline
export function largestOf(v: v128): f32 {
  return max(max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)), max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)));
}

/** Cephes' expf: a power of two times a polynomial. NaN stays NaN: of `pmin(a, b)`, a is what remains then. */
@inline
export function exp4(v: v128): v128 {
  let x = f32x4.pmax(f32x4.pmin(v, splat(88.0)), splat(-87.0));
  // Adding 1.5 · 2²³ rounds to a whole number, which then stands in the last bits.
  const shifted = add(mul(x, splat(1.44269504088896341)), splat(12582912.0));
  const power = sub(shifted, splat(12582912.0));
  x = sub(x, mul(power, splat(0.693359375)));
  x = sub(x, mul(power, splat(-2.12194440e-4)));
  let y = splat(1.9875691500e-4);
  y = add(mul(y, x), splat(1.3981999507e-3));
  y = add(mul(y, x), splat(8.3334519073e-3));
  y = add(mul(y, x), splat(4.1665795894e-2));
  y = add(mul(y, x), splat(1.6666665459e-1));
  y = add(mul(y, x), splat(5.0000001201e-1));
  y = add(add(mul(y, mul(x, x)), x), splat(1.0));
  return mul(y, i32x4.shl(i32x4.add(shifted, i32x4.splat(127)), 23));
}

/** Cephes' logf, for numbers above 0: the exponent, and a polynomial of the rest. */
@inline
export function log4(v: v128): v128 {
  let exponent = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(v, 23), i32x4.splat(126)));
  let x = v128.or(v128.and(v, i32x4.splat(0x7fffff)), i32x4.splat(0x3f000000)); // 0.5 to 1
  const isSmall = f32x4.lt(x, splat(0.707106781186547524));
  exponent = sub(exponent, v128.and(isSmall, splat(1.0)));
  x = sub(add(x, v128.and(isSmall, x)), splat(1.0));
  const square = mul(x, x);
  let y = splat(7.0376836292e-2);
  y = add(mul(y, x), splat(-1.1514610310e-1));
  y = add(mul(y, x), splat(1.1676998740e-1));
  y = add(mul(y, x), splat(-1.2420140846e-1));
  y = add(mul(y, x), splat(1.4249322787e-1));
  y = add(mul(y, x), splat(-1.6668057665e-1));
  y = add(mul(y, x), splat(2.0000714765e-1));
  y = add(mul(y, x), splat(-2.4999993993e-1));
  y = add(mul(y, x), splat(3.3333331174e-1));
  y = mul(mul(y, x), square);
  y = add(y, mul(exponent, splat(-2.12194440e-4)));
  y = sub(y, mul(square, splat(0.5)));
  return add(add(x, y), mul(exponent, splat(0.693359375)));
}

/** As a ratio of polynomials, as Eigen and TensorFlow compute it: right to a float's last digit. */
@inline
export function tanh4(v: v128): v128 {
  const x = f32x4.pmax(f32x4.pmin(v, splat(7.9053111)), splat(-7.9053111));
  const s = mul(x, x);
  let above = sub(splat(2.00018790482477e-13), mul(s, splat(2.76076847742355e-16)));
  above = add(mul(s, above), splat(-8.60467152213735e-11));
  above = add(mul(s, above), splat(5.12229709037114e-8));
  above = add(mul(s, above), splat(1.48572235717979e-5));
  above = add(mul(s, above), splat(6.37261928875436e-4));
  above = add(mul(s, above), splat(4.89352455891786e-3));
  let below = add(splat(1.18534705686654e-4), mul(s, splat(1.19825839466702e-6)));
  below = add(mul(s, below), splat(2.26843463243900e-3));
  below = add(mul(s, below), splat(4.89352518554385e-3));
  return f32x4.div(mul(x, above), below);
}

@inline
export function sigmoid4(v: v128): v128 {
  return add(splat(0.5), mul(splat(0.5), tanh4(mul(splat(0.5), v))));
}

/** Abramowitz and Stegun, 7.1.26: right to 1.5e-7. */
@inline
export function erf4(v: v128): v128 {
  const x = f32x4.abs(v);
  const t = f32x4.div(splat(1.0), add(splat(1.0), mul(splat(0.3275911), x)));
  let y = splat(1.061405429);
  y = add(mul(y, t), splat(-1.453152027));
  y = add(mul(y, t), splat(1.421413741));
  y = add(mul(y, t), splat(-0.284496736));
  y = add(mul(y, t), splat(0.254829592));
  y = sub(splat(1.0), mul(mul(y, t), exp4(f32x4.neg(mul(x, x)))));
  return v128.bitselect(y, v, i32x4.splat(0x7fffffff)); // with the sign of v
}
