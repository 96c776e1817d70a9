/** The names of positions under a picture. */
import { svg } from "../html";

const HEIGHT = 16;
const MOST_NAMES = 8;
const ROUND_STEPS = [1, 2, 5, 10, 20, 50];

export const percent = (fraction: number): string => `${(100 * fraction).toFixed(3)}%`;

/**
 * The answers always have their names, and a regular one that would touch them makes room; but
 * where most positions are answers, their names would touch each other and say nothing.
 */
export function axis(names: string[], allAnswers: number[]): SVGSVGElement {
  const count = names.length;
  const answers = new Set(allAnswers).size > MOST_NAMES ? [] : allAnswers;
  const areNarrow = names.every((name) => name.length === 1);
  const every = areNarrow ? 1 : (ROUND_STEPS.find((step) => count / step <= MOST_NAMES) ?? count);
  const room = Math.min(every, 3) / 2 + (every > 1 ? 0.5 : 0);
  const isShown = (i: number) =>
    answers.includes(i) || (i % every === 0 && answers.every((answer) => Math.abs(i - answer) >= room));
  // The names of two answers side by side lean away from each other, if they are wide enough to touch.
  const tied = (i: number) => {
    const [left, right] = [answers.includes(i - 1), answers.includes(i + 1)];
    if (areNarrow || !answers.includes(i) || left === right) return { x: percent((i + 0.5) / count), dx: 0, "text-anchor": "middle" };
    return right
      ? { x: percent((i + 1) / count), dx: -1, "text-anchor": "end" }
      : { x: percent(i / count), dx: 1, "text-anchor": "start" };
  };
  const texts = names.map((name, i) =>
    svg("text", { class: answers.includes(i) ? "lab-answer-label" : "lab-tick", y: 12, ...tied(i) }, name),
  );
  return svg("svg", { class: "lab-axis", height: HEIGHT }, ...texts.filter((_, i) => isShown(i)));
}
