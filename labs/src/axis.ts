/** The names of positions under a picture. */
import { svg } from "./html";

const HEIGHT = 16;
const MOST_NUMBERS = 8;

export const percent = (fraction: number): string => `${(100 * fraction).toFixed(3)}%`;

/** The answers always have their names; a regular one that would touch them makes room. */
export function axis(names: string[], answers: number[]): SVGSVGElement {
  const count = names.length;
  const every = Math.max(1, count / MOST_NUMBERS);
  const room = Math.min(every, 3) / 2 + (every > 1 ? 0.5 : 0);
  const isShown = (i: number) =>
    answers.includes(i) || (i % every === 0 && answers.every((answer) => Math.abs(i - answer) >= room));
  const texts = names.map((name, i) =>
    svg(
      "text",
      { class: answers.includes(i) ? "lab-answer-label" : "lab-tick", x: percent((i + 0.5) / count), y: 12, "text-anchor": "middle" },
      name,
    ),
  );
  return svg("svg", { class: "lab-axis", height: HEIGHT }, ...texts.filter((_, i) => isShown(i)));
}
