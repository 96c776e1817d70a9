/** A line to type in. */
import { html } from "../html";
import type { Kind, Named } from "./kind";

export interface TextControl extends Named {
  kind: "text";
  value: string;
}

/** More than any date has; what is longer fills screens and says nothing. */
const LONGEST = 60;

export const textField: Kind<TextControl> = {
  isWhole: ({ value }) => typeof value === "string" && value.length <= LONGEST,

  read(text) {
    if (text.length <= LONGEST) return { value: text };
    return { value: text.slice(0, LONGEST), problem: `of its ${text.length} characters, here are the first ${LONGEST}.` };
  },

  build({ label }, id, onInput) {
    const field = html("input", { type: "text", id, maxlength: LONGEST, autocomplete: "off", spellcheck: "false" });
    field.addEventListener("input", () => onInput(field.value));
    return {
      node: html("div", { class: "lab-control lab-typed" }, html("label", { for: id }, label), field),
      show: (value) => (field.value = String(value)),
    };
  },
};
