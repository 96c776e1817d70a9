/** What weights and predictions come to. Arrays are flat, a row a sample, unless they are lists of rows. */

/** As Python writes it: of two figures equally near, the even one. */
export function fixed(value: number, digits = 2): string {
  const doubled = value * 2 ** (digits + 1);
  const isTie = Number.isInteger(doubled) && doubled % 2 !== 0;
  if (!isTie) return value.toFixed(digits);
  const below = Math.floor(value * 10 ** digits);
  return ((below % 2 === 0 ? below : below + 1) / 10 ** digits).toFixed(digits);
}

/** Of equal ones the first. */
export function indexOfLargest(weights: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 1; i < weights.length; i++) if (weights[i] > weights[largest]) largest = i;
  return largest;
}

export function rowsOf(values: ArrayLike<number>, columns: number): number[][] {
  return Array.from({ length: values.length / columns }, (_, row) =>
    Array.from({ length: columns }, (_, column) => values[row * columns + column]),
  );
}

/** (samples, …) → (…) */
export const meanOfSamples = (values: ArrayLike<number>, samples: number): number[] =>
  meanOfRows(values, values.length / samples, () => true);

/** (samples, …) → (…), over the samples of one class. */
export const meanOfClass = (values: ArrayLike<number>, y: ArrayLike<number>, target: number): number[] =>
  meanOfRows(values, values.length / y.length, (row) => y[row] === target);

function meanOfRows(values: ArrayLike<number>, columns: number, counts: (row: number) => boolean): number[] {
  const sums = Array.from({ length: columns }, () => 0);
  let count = 0;
  for (let row = 0; row < values.length / columns; row++) {
    if (!counts(row)) continue;
    count += 1;
    for (let column = 0; column < columns; column++) sums[column] += values[row * columns + column];
  }
  return sums.map((sum) => sum / count);
}

/** (samples, steps, units) → (samples, steps) */
export function meanOverUnits(values: ArrayLike<number>, samples: number, steps: number): number[] {
  const units = values.length / (samples * steps);
  return rowsOf(values, units).map((row) => row.reduce((sum, value) => sum + value, 0) / units);
}

/** The mean of several panels' weights, cell by cell. */
export const meanOfPanels = (panels: number[][][]): number[][] =>
  panels[0].map((line, row) => line.map((_, column) => panels.reduce((sum, weights) => sum + weights[row][column], 0) / panels.length));

/** The share of samples whose logit is on the side of its target, 0 or 1. */
export const binaryAccuracy = (targets: ArrayLike<number>, logits: Float32Array): number =>
  logits.filter((logit, sample) => Number(logit > 0) === targets[sample]).length / targets.length;

/** The share of rows whose largest logit is their target's. */
export function categoricalAccuracy(targets: ArrayLike<number>, logits: Float32Array): number {
  const rows = rowsOf(logits, logits.length / targets.length);
  return rows.filter((row, i) => indexOfLargest(row) === targets[i]).length / rows.length;
}
