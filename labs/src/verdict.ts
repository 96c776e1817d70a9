/** Sentences that say whether the attention is where the answer is. */

export const fixed = (value: number): string => value.toFixed(2);

export function indexOfLargest(weights: number[] | Float32Array): number {
  return weights.indexOf(Math.max(...weights));
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
