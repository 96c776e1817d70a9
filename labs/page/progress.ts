/** How far the training is. */
import type { Progress } from "../shared/messages";
import { html } from "./html";

export interface Shown extends Progress {
  /** Where one training's own words would not do: it is one of several. */
  told?: string;
}

export function progressView() {
  const bar = html("progress", { "aria-label": "Training progress", value: 0, max: 1 });
  const text = html("span", { class: "lab-progress-text" });
  return {
    nodes: [text, bar],
    start(): void {
      text.textContent = "starting …";
      bar.removeAttribute("value");
    },
    draw(progress: Shown): void {
      bar.hidden = progress.epochs === 0;
      bar.max = progress.epochs;
      bar.value = finishedEpochs(progress);
      text.textContent = progress.told ?? describeProgress(progress);
    },
  };
}

/** The first loss is that before any step. */
export const finishedEpochs = ({ losses }: Progress): number => Math.max(0, losses.length - 1);

export function describeProgress({ epoch, epochs, seconds, finished }: Progress): string {
  if (epochs === 0) return "";
  if (!finished) return `epoch ${epoch} of ${epochs}`;
  return `${epochs === 1 ? "1 epoch" : `${epochs} epochs`} in ${seconds.toFixed(1)} s`;
}
