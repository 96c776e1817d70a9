/** Runs that a reader keeps beside the one shown now, with what has changed since in words. */
import { fixed } from "../shared/numbers";
import { button } from "./buttons";
import { html } from "./html";
import type { OnAnswer } from "./pictures/drawing";

/** What is kept of a run: copies, which no training changes. */
export interface Run {
  settings: string;
  picture: Node;
  curve: Node;
  verdict: string;
  /** Null where the picture has no answer. */
  onAnswer: OnAnswer | null;
}

const MOST = 2;

export function pinsView() {
  const node = html("div", { class: "lab-pins", hidden: true, role: "region", "aria-label": "Pinned runs" });
  const pins: { run: Run; difference: HTMLElement }[] = [];

  return {
    node,
    /** Returns why a run cannot be kept, or null. */
    pin(run: Run): string | null {
      if (pins.length === MOST) return `${MOST} runs are pinned already: unpin one first.`;
      const difference = html("p", { class: "lab-pin-difference" });
      const pinned = { run, difference };
      const unpin = button("Unpin", () => {
        pins.splice(pins.indexOf(pinned), 1);
        figure.remove();
        node.hidden = pins.length === 0;
      });
      const caption = html("figcaption", {}, html("strong", {}, `Pinned: ${run.settings}`), unpin);
      const figure = html("figure", {}, caption, run.picture, run.curve, html("p", {}, run.verdict), difference);
      pins.push(pinned);
      node.append(figure);
      node.hidden = false;
      return null;
    },
    /** Says of each pin how the weight on the answer differs from that of the run shown now. */
    compare(now: OnAnswer | null): void {
      for (const { run, difference } of pins) {
        const then = run.onAnswer;
        difference.textContent =
          then && now && then.of === now.of ? `${then.of} ${fixed(then.weight)} here, ${fixed(now.weight)} above.` : "";
      }
    },
  };
}
