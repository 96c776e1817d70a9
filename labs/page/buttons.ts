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
