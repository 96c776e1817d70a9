/** The row of buttons under a lab. */
import { html } from "./html";

export function button(text: string, onClick: () => void): HTMLButtonElement {
  const node = html("button", { type: "button" }, text);
  node.addEventListener("click", onClick);
  return node;
}

/** A button that opens and closes a part of the lab. */
export function toggle(text: string, part: HTMLElement, onOpen: () => void): HTMLButtonElement {
  const node = button(text, () => {
    part.hidden = !part.hidden;
    node.setAttribute("aria-expanded", String(!part.hidden));
    if (!part.hidden) onOpen();
  });
  node.setAttribute("aria-expanded", String(!part.hidden));
  node.setAttribute("aria-controls", part.id);
  return node;
}

/** What a reader takes along: what it is called, and what it is good for. */
interface Taken {
  name: string;
  says: string;
}

export const LINK: Taken = { name: "Link to these settings", says: "the link opens this lab with these settings" };
export const FRAME: Taken = { name: "Line for a page of your own", says: "the line shows this lab with these settings on a page of your own" };

/** Puts a text on the clipboard; where the browser keeps that closed, shows it. */
export async function copy(text: string, { name, says }: Taken, say: (sentence: string, ...more: Node[]) => void): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied: ${says}.`);
  } catch {
    const field = html("input", { type: "text", readonly: true, "aria-label": name, value: text });
    say(`The browser keeps its clipboard closed; ${says}:`, field);
    field.select();
  }
}
