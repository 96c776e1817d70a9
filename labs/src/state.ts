/** Settings and their place in an address: `#dense?attention_column=3&seed=2`. */
import type { Settings } from "./messages";

interface Named {
  name: string;
  label: string;
}

export type Control =
  | (Named & { kind: "integer" | "number"; value: number; min: number; max: number; step: number })
  | (Named & { kind: "choice"; value: number | string; choices: (number | string)[] })
  | (Named & { kind: "switch"; value: boolean })
  | (Named & { kind: "text"; value: string });

/** The controls as the notebook's cell wrote them. */
export function readControls(json: string | null): Control[] {
  const controls: unknown = JSON.parse(json ?? "null");
  if (!Array.isArray(controls)) throw new Error("its list of controls is missing");
  return controls as Control[];
}

export const defaultSettings = (controls: Control[]): Settings =>
  Object.fromEntries(controls.map(({ name, value }) => [name, value]));

export function toHash(lab: string, settings: Settings): string {
  const values = Object.entries(settings).map(([name, value]) => [name, String(value)]);
  return `#${lab}?${new URLSearchParams(values)}`;
}

/** The settings that a hash asks this lab for, and a sentence about each that it cannot have. */
export function fromHash(hash: string, lab: string, controls: Control[]): { settings: Settings; refused: string[] } | null {
  const [name, query] = splitOnce(hash.replace(/^#/, ""), "?");
  if (name !== lab) return null;
  const settings = defaultSettings(controls);
  const refused: string[] = [];
  for (const [key, text] of new URLSearchParams(query)) {
    const control = controls.find((control) => control.name === key);
    if (!control) {
      refused.push(`This lab has no setting “${shorten(key)}”.`);
      continue;
    }
    const { value, problem } = read(text, control);
    settings[key] = value;
    if (problem) refused.push(problem);
  }
  return { settings, refused };
}

function read(text: string, control: Control): { value: number | string | boolean; problem?: string } {
  const asked = `The link asks for ${control.label.toLowerCase()} “${shorten(text)}”`;
  switch (control.kind) {
    case "switch": {
      if (text === "true" || text === "false") return { value: text === "true" };
      return { value: control.value, problem: `${asked}; it is either true or false.` };
    }
    case "choice": {
      const choice = control.choices.find((choice) => String(choice) === text);
      if (choice !== undefined) return { value: choice };
      return { value: control.value, problem: `${asked}; the choices are ${control.choices.join(", ")}.` };
    }
    case "text":
      return { value: text };
    default: {
      const { min, max, step } = control;
      const number = text.trim() === "" ? NaN : Number(text);
      if (Number.isNaN(number)) return { value: control.value, problem: `${asked}, which is not a number.` };
      // Sums of fractions are not exact: three steps of 0.1 are 0.30000000000000004.
      const last = Math.floor((max - min) / step + 1e-9);
      const onStep = min + Math.min(last, Math.max(0, Math.round((number - min) / step))) * step;
      const value = control.kind === "integer" ? onStep : Number(onStep.toPrecision(12));
      if (value === number) return { value };
      const steps = step === 1 ? "" : ` in steps of ${step}`;
      return { value, problem: `${asked}; it goes from ${min} to ${max}${steps}, so here it is ${value}.` };
    }
  }
}

const shorten = (text: string): string => (text.length > 30 ? `${text.slice(0, 30)}…` : text);

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
