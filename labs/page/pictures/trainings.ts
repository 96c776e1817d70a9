/** The losses of several trainings in one chart, and a panel of bars for each below it. */
import type { BarsPicture, TrainingsPicture } from "../../shared/pictures";
import { fixed } from "../../shared/numbers";
import { html, svg } from "../html";
import { axis } from "./axis";
import { bars } from "./bars";
import { meanAndRange, type Drawing } from "./drawing";

const HEIGHT = 130;
/** Far above the chart, but no longer where a drawing of it goes wrong. */
const OUTSIDE = 10;

const asBars = (picture: TrainingsPicture): BarsPicture => ({ ...picture, kind: "bars" });

const inFewDigits = (loss: number): string => (loss < 1e4 ? loss.toFixed(3) : loss.toExponential(1));

export const trainings: Drawing<TrainingsPicture> = {
  showsLosses: true,
  layout: (picture) => [picture.epochs, bars.layout(asBars(picture))],
  build(picture) {
    const chart = buildChart(picture);
    const panels = bars.build(asBars(picture));
    return {
      nodes: [html("div", { class: "lab-trainings" }, ...chart.nodes, ...panels.nodes)],
      marks: panels.marks,
      update(picture, ghost) {
        chart.update(picture);
        panels.update(asBars(picture), ghost && asBars(ghost));
      },
    };
  },
  describe(picture) {
    const said = picture.panels.map(({ title }, i) => {
      const losses = picture.losses[i];
      return `${title} ${losses.every(Number.isFinite) ? losses.map((loss) => fixed(loss)).join(", ") : "diverged"}`;
    });
    return `Training loss of each epoch: ${said.join("; ")}. ${bars.describe(asBars(picture))}`;
  },
  onAnswer: (picture) => bars.onAnswer(asBars(picture)),
  read: (picture, row, column) => bars.read(asBars(picture), row, column),
  overSeeds(pictures) {
    const { panels } = bars.overSeeds(pictures.map(asBars));
    const losses = pictures[0].losses.map((_, i) => meanAndRange(pictures.map(({ losses }) => losses[i])).weights);
    return { ...pictures[0], panels, losses };
  },
  table(picture) {
    const weights = bars.table(asBars(picture));
    const losses = Array.from({ length: picture.epochs }, (_, epoch) => ({
      name: `loss, epoch ${epoch + 1}`,
      cells: picture.losses.map((losses) => ({ text: inFewDigits(losses[epoch] ?? NaN), isAnswer: false })),
    }));
    const named = weights.rows.map((row) => ({ ...row, name: `weight, ${picture.position} ${row.name}` }));
    return { head: ["loss or weight", ...weights.head.slice(1)], rows: [...losses, ...named] };
  },
};

function buildChart({ epochs, panels }: TrainingsPicture) {
  const lines = panels.map(() => svg("polyline", { class: "lab-loss-line" }));
  const samples = panels.map(({ title }) =>
    html(
      "span",
      { class: "lab-loss-name" },
      svg("svg", { width: 28, height: 4 }, svg("line", { class: "lab-loss-line", x1: 2, x2: 26, y1: 2, y2: 2 })),
      title,
    ),
  );
  const largest = svg("text", { class: "lab-tick", x: "100%", y: 0, dy: "0.32em", "text-anchor": "end" });
  const zero = svg("text", { class: "lab-tick", x: "100%", y: HEIGHT, dy: "0.32em", "text-anchor": "end" }, "0");
  const nodes = [
    html("p", { class: "lab-caption" }, "Training loss"),
    html("div", { class: "lab-loss-names" }, ...samples),
    html(
      "div",
      { class: "lab-panel" },
      html("span", { class: "lab-panel-title" }),
      svg("svg", { class: "lab-ticks", height: HEIGHT }, largest, zero),
      svg("svg", { class: "lab-losses", height: HEIGHT, preserveAspectRatio: "none", viewBox: "0 0 1 1" }, ...lines),
    ),
    html(
      "div",
      { class: "lab-panel" },
      html("span", { class: "lab-axis-title" }, "epoch"),
      axis(Array.from({ length: epochs }, (_, i) => String(i + 1)), []),
    ),
  ];

  function update({ losses }: TrainingsPicture) {
    const starts = losses.map(([first]) => first).filter(Number.isFinite);
    const top = 1.2 * (starts.length > 0 ? Math.min(...starts) : 1);
    largest.textContent = fixed(top);
    lines.forEach((line, i) => {
      const shown = losses[i].filter(Number.isFinite);
      const points = shown.map((loss, epoch) => `${(epoch + 0.5) / epochs},${1 - Math.min(loss / top, OUTSIDE)}`);
      // A line of one point is drawn only where it goes there twice.
      line.setAttribute("points", [...points.slice(0, 1), ...points].join(" "));
    });
  }
  return { nodes, update };
}
