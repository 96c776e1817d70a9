/**
 * A slider over numbers.
 *
 * An `<output>` is a live region by itself; here it repeats what its input already says when moved.
 */
import { html } from "../html";
import type { Kind, Named } from "./kind";

export interface SliderControl extends Named {
  kind: "integer" | "number";
  value: number;
  min: number;
  max: number;
  step: number;
}

export const slider: Kind<SliderControl> = {
  isWhole({ kind, value, min, max, step }) {
    const isNumber = (each: unknown): each is number => (kind === "integer" ? Number.isInteger(each) : Number.isFinite(each));
    return isNumber(value) && isNumber(min) && isNumber(max) && isNumber(step) && step > 0 && min <= value && value <= max;
  },

  read(text, { kind, value, min, max, step }) {
    const asked = text.trim() === "" ? NaN : Number(text);
    if (Number.isNaN(asked)) return { value, problem: "that is not a number." };
    // Sums of fractions are not exact: three steps of 0.1 are 0.30000000000000004.
    const last = Math.floor((max - min) / step + 1e-9);
    const onStep = min + Math.min(last, Math.max(0, Math.round((asked - min) / step))) * step;
    const nearest = kind === "integer" ? onStep : Number(onStep.toPrecision(12));
    if (nearest === asked) return { value: nearest };
    const steps = step === 1 ? "" : ` in steps of ${step}`;
    return { value: nearest, problem: `it goes from ${min} to ${max}${steps}, so here it is ${nearest}.` };
  },

  build({ label, min, max, step }, id, onInput) {
    const input = html("input", { type: "range", id, min, max, step });
    const output = html("output", { for: id, "aria-live": "off" });
    const showOutput = () => {
      output.textContent = input.value;
      input.style.setProperty("--lab-filled", `${(100 * (input.valueAsNumber - min)) / (max - min)}%`);
    };
    input.addEventListener("input", () => {
      showOutput();
      onInput(input.valueAsNumber);
    });
    return {
      node: html("div", { class: "lab-control" }, html("label", { for: id }, label), output, input),
      show(value) {
        input.value = String(value);
        showOutput();
      },
    };
  },
};
