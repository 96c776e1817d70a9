/** What a lab has found: the picture, the curve and the figures beside it, the verdict under both. */
import type { Findings } from "../shared/messages";
import type { Picture } from "../shared/pictures";
import { curveView } from "./curve";
import { html } from "./html";
import type { Run } from "./pins";
import { numbersTable } from "./pictures/numbers_table";
import { onAnswer, pictureView, showsLosses, tableOf } from "./pictures/picture";
import { progressView, type Shown } from "./progress";

/** A screen reader has heard it by then; left in the page, it would be met a second time under the verdict. */
const HEARD_MILLISECONDS = 2000;

export function stageView() {
  const picture = pictureView();
  const curve = curveView();
  const progress = progressView();
  const metrics = html("div", { class: "lab-metrics" });
  const verdict = html("p", { class: "lab-verdict" });
  const beside = html("div", { class: "lab-status" }, curve.node, html("div", {}, metrics, ...progress.nodes));
  const node = html("div", { class: "lab-stage", hidden: true }, picture.node, beside, verdict);
  /** Reads out the last verdict only: the visible one changes as the training goes on. */
  const announcement = html("p", { class: "lab-only-heard", "aria-live": "polite" });
  let drawn: Picture | null = null;
  /** The last run that came to its end: it stays as a faint outline until the next one has. */
  let settled: { picture: Picture | null; losses: number[] } | null = null;

  return {
    nodes: [node, announcement],
    start: progress.start,

    draw(at: Shown, findings: Findings): void {
      node.hidden = false;
      drawn = findings.picture;
      const ghost = at.finished ? null : settled;
      if (drawn) picture.draw(drawn, ghost?.picture);
      // Its place is kept: while a date is typed, the field stays where it is.
      picture.node.style.visibility = drawn ? "" : "hidden";
      curve.node.hidden = at.epochs === 0 || (drawn !== null && showsLosses(drawn));
      if (!curve.node.hidden) curve.draw(at, ghost?.losses);
      verdict.textContent = findings.verdict;
      metrics.replaceChildren(
        ...findings.metrics.map(({ label, value }) => html("p", {}, html("span", {}, label), " ", html("span", {}, value))),
      );
      progress.draw(at);
      if (at.finished) settled = { picture: drawn, losses: at.losses };
    },

    setBusy: (busy: boolean) => picture.node.setAttribute("aria-busy", String(busy)),

    announce({ verdict, metrics }: Findings): void {
      announcement.textContent = [verdict, ...metrics.map(({ label, value }) => `${label} ${value}.`)].join(" ");
      setTimeout(() => announcement.replaceChildren(), HEARD_MILLISECONDS);
    },

    /** The run shown now, to be kept; null while there is no picture. */
    run: (settings: string): Run | null =>
      drawn && {
        settings,
        picture: picture.copy(),
        curve: curve.node.cloneNode(true),
        verdict: verdict.textContent ?? "",
        onAnswer: onAnswer(drawn),
      },

    onAnswer: () => drawn && onAnswer(drawn),

    /** The numbers behind what is drawn. */
    numbers: (): Node | string => (drawn ? numbersTable(drawn.title, tableOf(drawn)) : "There are no numbers yet."),
  };
}
