/** One of a few numbers or words, all in sight. */
import { html } from "../html";
import type { Kind, Named } from "./kind";

export interface ChoiceControl extends Named {
  kind: "choice";
  value: number | string;
  choices: (number | string)[];
}

export const choice: Kind<ChoiceControl> = {
  isWhole({ value, choices }) {
    return Array.isArray(choices) && choices.includes(value) && choices.every((each) => ["number", "string"].includes(typeof each));
  },

  read(text, { value, choices }) {
    const chosen = choices.find((choice) => String(choice) === text);
    if (chosen !== undefined) return { value: chosen };
    return { value, problem: `the choices are ${choices.join(", ")}.` };
  },

  build({ label, choices }, id, onInput) {
    const radios = choices.map((choice, i) => {
      const radio = html("input", { type: "radio", name: id, id: `${id}-${i}` });
      radio.addEventListener("change", () => onInput(choice));
      return radio;
    });
    const options = choices.map((choice, i) => html("label", { for: `${id}-${i}` }, radios[i], html("span", {}, String(choice))));
    const group = html("div", { class: "lab-choices", role: "radiogroup", "aria-labelledby": `${id}-label` }, ...options);
    return {
      node: html("div", { class: "lab-control" }, html("span", { id: `${id}-label` }, label), group),
      show: (value) => choices.forEach((choice, i) => (radios[i].checked = choice === value)),
    };
  },
};
