/** All controls of a lab, native inputs from the JSON of a notebook cell. */
import type { Settings, Value } from "../../shared/settings";
import { html } from "../html";
import { choice, type ChoiceControl } from "./choice";
import { shorten, type Kind } from "./kind";
import { onOff, type SwitchControl } from "./on_off";
import { slider, type SliderControl } from "./slider";
import { textField, type TextControl } from "./text_field";

export type Control = SliderControl | ChoiceControl | SwitchControl | TextControl;

const kinds: { [Name in Control["kind"]]: Kind<Extract<Control, { kind: Name }>> } = {
  integer: slider as Kind<SliderControl & { kind: "integer" }>,
  number: slider as Kind<SliderControl & { kind: "number" }>,
  choice,
  switch: onOff,
  text: textField,
};

const kindOf = (control: Control) => kinds[control.kind] as Kind<Control>;

/** The controls as the notebook's cell wrote them, checked. */
export function readControls(json: string | null): Control[] {
  const controls: unknown = JSON.parse(json ?? "null");
  if (!Array.isArray(controls)) throw new Error("its list of controls is missing");
  for (const control of controls) {
    if (!isControl(control)) throw new Error(`one of its controls cannot be read: ${shorten(JSON.stringify(control), 80)}`);
  }
  return controls;
}

function isControl(json: unknown): json is Control {
  if (typeof json !== "object" || json === null) return false;
  const control = json as Partial<Record<keyof Control, unknown>>;
  const isNamed = typeof control.name === "string" && typeof control.label === "string";
  return isNamed && Object.hasOwn(kinds, String(control.kind)) && kindOf(json as Control).isWhole(control);
}

/** "signed on", "epochs 20" */
export const inWords = ({ label }: Control, value: Value): string => `${label} ${value === true ? "on" : value === false ? "off" : value}`;

export const defaultSettings = (controls: Control[]): Settings =>
  Object.fromEntries(controls.map(({ name, value }) => [name, value]));

/** The value that a text in an address asks for, and a sentence where the control does not offer it. */
export function readValue(text: string, control: Control): { value: Value; refused?: string } {
  const { value, problem } = kindOf(control).read(text, control);
  if (!problem) return { value };
  return { value, refused: `The link asks for ${control.label.toLowerCase()} “${shorten(text)}”; ${problem}` };
}

export interface ControlPanel {
  node: HTMLElement;
  settings(): Settings;
  /** Moves the controls; does not call `onChange`, which is told the name of what a reader moved. */
  set(settings: Settings): void;
  /** Hides all others, which keep their settings. */
  showOnly(names: string[]): void;
}

export function controlPanel(controls: Control[], idPrefix: string, onChange: (name: string) => void): ControlPanel {
  const current: Settings = {};
  const inputs = controls.map((control) =>
    kindOf(control).build(control, `${idPrefix}-${control.name}`, (value) => {
      current[control.name] = value;
      onChange(control.name);
    }),
  );
  const node = html("div", { class: "lab-controls" }, ...inputs.map(({ node }) => node));
  return {
    node,
    settings: () => ({ ...current }),
    set: (settings) =>
      controls.forEach(({ name }, i) => {
        current[name] = settings[name];
        inputs[i].show(settings[name]);
      }),
    showOnly(names) {
      node.hidden = names.length === 0;
      controls.forEach(({ name }, i) => (inputs[i].node.hidden = !names.includes(name)));
    },
  };
}
