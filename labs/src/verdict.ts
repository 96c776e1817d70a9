/** Sentences that say whether the attention is where the answer is. */

export const fixed = (value: number): string => value.toFixed(2);

export function describeLargestWeight(weights: number[], answer: number, position: string) {
  const largest = weights.indexOf(Math.max(...weights));
  const found = largest === answer;
  const sentence =
    `The largest weight, ${fixed(weights[largest])}, is on ${position} ${largest}` +
    (found ? ": found." : `, the answer is ${position} ${answer}: not found.`);
  return { found, sentence };
}
