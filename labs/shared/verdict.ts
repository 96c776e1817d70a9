/** What weights say: their means, how right a model is, and sentences on whether the attention is where the answer is. */
import type { Cell } from "./pictures";

export const fixed = (value: number): string => value.toFixed(2);

export function indexOfLargest(weights: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 1; i < weights.length; i++) if (weights[i] > weights[largest]) largest = i;
  return largest;
}

/** Flat numbers as a list a row. */
export function rowsOf(values: ArrayLike<number>, columns: number): number[][] {
  return Array.from({ length: values.length / columns }, (_, row) =>
    Array.from({ length: columns }, (_, column) => values[row * columns + column]),
  );
}

/** (samples, …) → (…), flat. */
export function meanOfSamples(values: ArrayLike<number>, samples: number): number[] {
  return meanOfRows(values, values.length / samples, () => true);
}

/** Of the samples of one class only. */
export function meanWeightsOfClass(values: ArrayLike<number>, y: ArrayLike<number>, target: number): number[] {
  return meanOfRows(values, values.length / y.length, (row) => y[row] === target);
}

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

/** (samples, steps, units) → (samples, steps), flat. */
export function meanOverUnits(values: ArrayLike<number>, samples: number, steps: number): number[] {
  const units = values.length / (samples * steps);
  return rowsOf(values, units).map((row) => row.reduce((sum, value) => sum + value, 0) / units);
}

/** The share of samples whose logit is on the side of its target. */
export function binaryAccuracy(targets: ArrayLike<number>, logits: Float32Array): number {
  return logits.filter((logit, sample) => Number(logit > 0) === targets[sample]).length / targets.length;
}

/** The share of rows whose largest logit is their target's. */
export function categoricalAccuracy(targets: Float32Array, logits: Float32Array): number {
  const rows = rowsOf(logits, logits.length / targets.length);
  return rows.filter((row, i) => indexOfLargest(row) === targets[i]).length / rows.length;
}

/**
 * Says of each panel where its largest weight is. The answer counts as found where the largest weight of
 * all is on it: a model may attend to it for one class of samples only, and which one is up to its initial weights.
 */
export function describeLargestWeights(panels: { title: string; weights: number[] }[], answer: number, position: string) {
  const sentences = panels.map(({ title, weights }, index) => {
    const largest = indexOfLargest(weights);
    const where = index === 0 ? "Largest weight where" : "Where";
    return `${where} ${title}: ${fixed(weights[largest])}, on ${position} ${largest}: ${largest === answer ? "found" : "not found"}.`;
  });
  const { weights } = panels.reduce((a, b) => (Math.max(...b.weights) > Math.max(...a.weights) ? b : a));
  return { found: indexOfLargest(weights) === answer, verdict: sentences.join(" ") };
}

/** The mean of several panels' weights, cell by cell. */
export function meanOf(panels: { weights: number[][] }[]): number[][] {
  const [{ weights: first }] = panels;
  return first.map((line, row) =>
    line.map((_, column) => panels.reduce((sum, { weights }) => sum + weights[row][column], 0) / panels.length),
  );
}

/** Looks at every row of a heatmap: its answers should be its largest weights, as many as they are; of equal ones the first count. */
export function describeAnswers(weights: number[][], answers: Cell[], row: string) {
  const isFound = ([answerRow, column]: Cell) => {
    const line = weights[answerRow];
    const count = answers.filter(([row]) => row === answerRow).length;
    return line.filter((weight, at) => weight > line[column] || (weight === line[column] && at < column)).length < count;
  };
  const foundCount = answers.filter(isFound).length;
  return {
    found: foundCount === answers.length,
    verdict: `Answers found, as the largest weights of their ${row}: ${foundCount} of ${answers.length}.`,
  };
}
