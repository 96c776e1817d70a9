/** The row of buttons under a lab. */
import { html } from "./html";

export function button(text: string, onClick: () => void): HTMLButtonElement {
  const node = html("button", { type: "button" }, text);
  node.addEventListener("click", onClick);
  return node;
}

/** A button that opens and closes a part of the lab. */
export function toggle(text: string, part: HTMLElement, onToggle: () => void): HTMLButtonElement {
  const node = button(text, () => {
    part.hidden = !part.hidden;
    node.setAttribute("aria-expanded", String(!part.hidden));
    onToggle();
  });
  node.setAttribute("aria-expanded", String(!part.hidden));
  node.setAttribute("aria-controls", part.id);
  return node;
}

/** Puts a link on the clipboard; where the browser keeps that closed, shows it. */
export async function copyLink(address: string, say: (sentence: string, ...more: Node[]) => void): Promise<void> {
  try {
    await navigator.clipboard.writeText(address);
    say("Copied: the link opens this lab with these settings.");
  } catch {
    const field = html("input", { type: "text", readonly: true, "aria-label": "Link to these settings", value: address });
    say("The browser keeps its clipboard closed; here is the link:", field);
    field.select();
  }
}
