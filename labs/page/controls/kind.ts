import type { Value } from "../../shared/settings";

/** What the notebook's cell writes of every control. */
export interface Named {
  name: string;
  label: string;
  kind: string;
}

/** One control on the page: its node, and a way to move it from outside. */
export interface Input {
  node: HTMLElement;
  show(value: Value): void;
}

/** One kind of control. A new one is a file beside this one and a line in `panel.ts`; `helpers/live.py` writes it. */
export interface Kind<Of extends Named> {
  /** Whether the JSON of a cell has what such a control needs, its value among what it offers. */
  isWhole(control: Partial<Record<keyof Of, unknown>>): boolean;
  /** What it makes of a text from an address: a value that it offers and, where that is another one, the problem. */
  read(text: string, control: Of): { value: Value; problem?: string };
  /** `onInput` is called with the new value when a reader moves it, and then only. */
  build(control: Of, id: string, onInput: (value: Value) => void): Input;
}

export const shorten = (text: string, length = 30): string => (text.length > length ? `${text.slice(0, length)}…` : text);
