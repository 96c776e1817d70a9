/** Sentences that say whether the attention is where the answer is. */

export const fixed = (value: number): string => value.toFixed(2);

export function indexOfLargest(weights: number[] | Float32Array): number {
  return weights.indexOf(Math.max(...weights));
}

/**
 * Looks at the panel with the largest weight of all: a model may attend to the answer for one class
 * of samples only, and which one is up to its initial weights.
 */
export function describeLargestWeight(panels: { title: string; weights: number[] }[], answer: number, position: string) {
  const [first] = panels;
  const { title, weights } = panels.reduce((a, b) => (Math.max(...b.weights) > Math.max(...a.weights) ? b : a));
  const largest = indexOfLargest(weights);
  const found = largest === answer;
  const where = title === first.title ? "" : ` where ${title}`;
  const sentence =
    `The largest weight, ${fixed(weights[largest])}${where}, is on ${position} ${largest}` +
    (found ? ": found." : `, the answer is ${position} ${answer}: not found.`);
  return { found, sentence };
}

/** The mean of several panels' weights, cell by cell. */
export function meanOf(panels: { weights: number[][] }[]): number[][] {
  const [{ weights: first }] = panels;
  return first.map((line, row) =>
    line.map((_, column) => panels.reduce((sum, { weights }) => sum + weights[row][column], 0) / panels.length),
  );
}

/** Looks at every row of a heatmap: its answers should be its largest weights, as many as they are; of equal ones the first count. */
export function describeAnswers(weights: number[][], answers: [row: number, column: number][], row: string) {
  const isFound = ([answerRow, column]: [number, number]) => {
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
