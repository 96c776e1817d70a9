/** The loss of every epoch so far as a small curve. */
import { html, svg } from "./html";
import type { Progress } from "./messages";

// A model that guesses has a binary cross-entropy of 0.69: most curves start there.
const USUAL_START = 0.7;

export function curveView() {
  const line = svg("polyline", { class: "lab-curve-line" });
  const drawing = svg("svg", { class: "lab-curve", preserveAspectRatio: "none", viewBox: "0 0 1 1", "aria-hidden": "true" }, line);
  const value = html("span", { class: "lab-value" });
  return {
    node: html("div", { class: "lab-loss" }, html("span", {}, "Training loss"), value, drawing),
    draw({ losses, epochs }: Progress): void {
      const top = Math.max(USUAL_START, ...losses);
      // A line needs two points; with one epoch both are the same and its round caps make a dot.
      const points = losses.length === 1 ? [...losses, ...losses] : losses;
      line.setAttribute(
        "points",
        points.map((loss, i) => `${epochs === 1 ? 0.5 : (losses.length === 1 ? 0 : i) / (epochs - 1)},${1 - loss / top}`).join(" "),
      );
      value.textContent = losses.length > 0 ? losses[losses.length - 1].toFixed(3) : "";
    },
  };
}
