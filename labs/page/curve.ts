/** The loss so far as a small curve. */
import type { Progress } from "../shared/messages";
import { html, svg } from "./html";

// A model that guesses has a binary cross-entropy of 0.69: most curves start there.
const USUAL_START = 0.7;

export function curveView() {
  const line = svg("polyline", { class: "lab-curve-line" });
  const ghost = svg("polyline", { class: "lab-curve-ghost" });
  const drawing = svg("svg", { class: "lab-curve", preserveAspectRatio: "none", viewBox: "0 0 1 1", "aria-hidden": "true" }, ghost, line);
  const value = html("span", { class: "lab-value" });
  return {
    node: html("div", { class: "lab-loss" }, html("span", {}, "Training loss"), value, drawing),
    draw({ losses, epochs }: Progress, before: number[] = []): void {
      const top = Math.max(USUAL_START, ...losses, ...before);
      const points = (values: number[]) => values.map((loss, epoch) => `${epoch / epochs},${1 - loss / top}`).join(" ");
      line.setAttribute("points", points(losses));
      ghost.setAttribute("points", points(before.slice(0, epochs + 1)));
      value.textContent = losses[losses.length - 1].toFixed(3);
    },
  };
}
