/**
 * Native inputs from the JSON of a notebook cell.
 *
 * An `<output>` is a live region by itself; here it repeats what its input already says when moved.
 */
import { html } from "./html";
import type { Settings } from "./messages";
import type { Control } from "./state";

type Value = number | string | boolean;

/** One control on the page: its node, and a way to move it from outside. */
interface Input {
  node: HTMLElement;
  show(value: Value): void;
}

export interface ControlPanel {
  node: HTMLElement;
  settings(): Settings;
  /** Moves the controls; does not call `onChange`, which is told the name of what a reader moved. */
  set(settings: Settings): void;
}

export function controlPanel(controls: Control[], idPrefix: string, onChange: (name: string) => void): ControlPanel {
  const current: Settings = {};
  const inputs = controls.map((control) =>
    buildInput(control, `${idPrefix}-${control.name}`, (value) => {
      current[control.name] = value;
      onChange(control.name);
    }),
  );
  const set = (settings: Settings) =>
    controls.forEach(({ name }, i) => {
      current[name] = settings[name];
      inputs[i].show(settings[name]);
    });
  return {
    node: html("div", { class: "lab-controls" }, ...inputs.map(({ node }) => node)),
    settings: () => ({ ...current }),
    set,
  };
}

function buildInput(control: Control, id: string, onInput: (value: Value) => void): Input {
  switch (control.kind) {
    case "switch":
      return switchInput(control.label, id, onInput);
    case "choice":
      return choiceInput(control, id, onInput);
    case "text":
      return textInput(control.label, id, onInput);
    default:
      return sliderInput(control, id, onInput);
  }
}

function sliderInput(
  { label, min, max, step }: Extract<Control, { min: number }>,
  id: string,
  onInput: (value: number) => void,
): Input {
  const slider = html("input", { type: "range", id, min, max, step });
  const output = html("output", { for: id, "aria-live": "off" });
  const showOutput = () => {
    output.textContent = slider.value;
    slider.style.setProperty("--lab-filled", `${(100 * (slider.valueAsNumber - min)) / (max - min)}%`);
  };
  slider.addEventListener("input", () => {
    showOutput();
    onInput(slider.valueAsNumber);
  });
  return {
    node: html("div", { class: "lab-control" }, html("label", { for: id }, label), output, slider),
    show(value) {
      slider.value = String(value);
      showOutput();
    },
  };
}

function choiceInput(
  { label, choices }: Extract<Control, { kind: "choice" }>,
  id: string,
  onInput: (value: number | string) => void,
): Input {
  const radios = choices.map((choice, i) => {
    const radio = html("input", { type: "radio", name: id, id: `${id}-${i}` });
    radio.addEventListener("change", () => onInput(choice));
    return radio;
  });
  const options = choices.map((choice, i) => html("label", { for: `${id}-${i}` }, radios[i], html("span", {}, String(choice))));
  const group = html("div", { class: "lab-choices", role: "radiogroup", "aria-labelledby": `${id}-label` }, ...options);
  return {
    node: html("div", { class: "lab-control" }, html("span", { id: `${id}-label` }, label), group),
    show(value) {
      choices.forEach((choice, i) => (radios[i].checked = choice === value));
    },
  };
}

function textInput(label: string, id: string, onInput: (value: string) => void): Input {
  const field = html("input", { type: "text", id, autocomplete: "off", spellcheck: "false" });
  field.addEventListener("input", () => onInput(field.value));
  return {
    node: html("div", { class: "lab-control lab-typed" }, html("label", { for: id }, label), field),
    show: (value) => (field.value = String(value)),
  };
}

function switchInput(label: string, id: string, onInput: (value: boolean) => void): Input {
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
}
