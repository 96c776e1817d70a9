/** A switch. */
import { html } from "../html";
import type { Kind, Named } from "./kind";

export interface SwitchControl extends Named {
  kind: "switch";
  value: boolean;
}

export const onOff: Kind<SwitchControl> = {
  isWhole: ({ value }) => typeof value === "boolean",

  read(text, { value }) {
    if (text === "true" || text === "false") return { value: text === "true" };
    return { value, problem: "it is either true or false." };
  },

  build({ label }, id, onInput) {
    const checkbox = html("input", { type: "checkbox", role: "switch", id });
    const output = html("output", { for: id, "aria-live": "off" });
    const showOutput = () => (output.textContent = checkbox.checked ? "on" : "off");
    checkbox.addEventListener("change", () => {
      showOutput();
      onInput(checkbox.checked);
    });
    return {
      node: html("div", { class: "lab-control" }, html("label", { for: id }, label), output, checkbox),
      show(value) {
        checkbox.checked = Boolean(value);
        showOutput();
      },
    };
  },
};
