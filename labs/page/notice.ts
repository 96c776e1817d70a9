/** The line in which a lab speaks of itself. */
import { html } from "./html";

/** `onSay` is called before it says anything. */
export function noticeView(lab: HTMLElement, onSay: () => void) {
  // Never hidden: what it says is read out only if it was there before.
  const node = html("div", { class: "lab-notice", role: "status" });
  return {
    node,
    say(sentence: string, ...more: Node[]): void {
      // What is taken away must not take the keyboard's place on the page with it.
      if (node.contains(document.activeElement)) {
        lab.tabIndex = -1;
        lab.focus({ preventScroll: true });
      }
      if (sentence) onSay();
      node.replaceChildren(sentence, ...more);
    },
  };
}
