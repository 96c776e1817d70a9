/** Draws what a lab found as SVG. Drawn again with other numbers, the same nodes move (see the style sheet). */
import { html, svg } from "./html";
import type { BarsPicture, Picture } from "./messages";
import { fixed, indexOfLargest } from "./verdict";

export interface PictureView {
  node: HTMLElement;
  draw(picture: Picture): void;
}

const LABEL_HEIGHT = 16;
const BAR_HEIGHT = 84;
const AXIS_HEIGHT = 16;

export function pictureView(): PictureView {
  const node = html("div", { class: "lab-picture", role: "img" });
  let layout = "";
  let update: (picture: BarsPicture) => void = () => {};
  return {
    node,
    draw(picture) {
      // Nodes are made anew only when there is another number of them or the answer has moved.
      const panels = picture.panels.map(({ title, weights }) => [title, weights.length]);
      const needed = JSON.stringify([picture.title, picture.answer, panels]);
      if (needed !== layout) {
        const bars = buildBars(picture);
        node.replaceChildren(...bars.nodes);
        update = bars.update;
        layout = needed;
      }
      update(picture);
      node.setAttribute("aria-label", describe(picture));
    },
  };
}

/** The numbers behind the picture, a row a position. */
export function numbersTable(picture: Picture): HTMLTableElement {
  const { position, answer, panels } = picture;
  const head = html("tr", {}, ...[position, ...panels.map(({ title }) => title)].map((text) => html("th", { scope: "col" }, text)));
  const rows = panels[0].weights.map((_, i) =>
    html(
      "tr",
      i === answer ? { class: "lab-answer" } : {},
      html("th", { scope: "row" }, i === answer ? `${i} (answer)` : String(i)),
      ...panels.map(({ weights }) => html("td", {}, weights[i].toFixed(3))),
    ),
  );
  return html("table", {}, html("caption", {}, picture.title), html("thead", {}, head), html("tbody", {}, ...rows));
}

function buildBars(picture: BarsPicture) {
  const panels = picture.panels.map(({ title, weights }) => buildPanel(title, weights.length, picture.answer));
  return {
    nodes: [
      html("p", { class: "lab-caption" }, picture.title),
      ...panels.map(({ node }) => node),
      buildAxis(picture),
    ],
    update: ({ panels: values }: BarsPicture) => panels.forEach((panel, i) => panel.update(values[i].weights)),
  };
}

function buildPanel(title: string, count: number, answer: number) {
  const bars = Array.from({ length: count }, (_, i) =>
    svg("rect", {
      class: "lab-bar",
      x: percent((i + 0.12) / count),
      width: percent(0.76 / count),
      y: LABEL_HEIGHT,
      height: BAR_HEIGHT,
    }),
  );
  const frame = svg("rect", {
    class: "lab-answer-frame",
    x: percent(answer / count),
    width: percent(1 / count),
    y: LABEL_HEIGHT,
    height: BAR_HEIGHT,
    rx: 2,
  });
  const answerLabel = svg("text", { class: "lab-answer-label", y: LABEL_HEIGHT - 5, ...anchored(answer, count) });
  const largestLabel = svg("text", { class: "lab-largest-label", "text-anchor": "middle" });
  const grid = [0, 0.5, 1].map((weight) => {
    const y = yOf(weight);
    return svg("line", { class: weight === 0 ? "lab-baseline" : "lab-grid", x1: 0, x2: "100%", y1: y, y2: y });
  });
  const ticks = [0, 0.5, 1].map((weight) =>
    svg("text", { class: "lab-tick", x: "100%", y: yOf(weight), dy: "0.32em", "text-anchor": "end" }, String(weight)),
  );
  const height = LABEL_HEIGHT + BAR_HEIGHT + 1;
  const node = html(
    "div",
    { class: "lab-panel" },
    html("span", { class: "lab-panel-title" }, title),
    svg("svg", { class: "lab-ticks", height }, ...ticks),
    svg("svg", { class: "lab-bars", height }, ...grid, frame, ...bars, answerLabel, largestLabel),
  );

  function update(weights: number[]) {
    const largest = indexOfLargest(weights);
    weights.forEach((weight, i) => bars[i].style.setProperty("transform", `scaleY(${weight})`));
    answerLabel.textContent = `answer ${fixed(weights[answer])}`;
    largestLabel.textContent = largest === answer ? "" : fixed(weights[largest]);
    largestLabel.setAttribute("x", percent((largest + 0.5) / count));
    largestLabel.setAttribute("y", String(yOf(weights[largest]) - 4));
  }
  return { node, update };
}

function buildAxis({ position, panels, answer }: BarsPicture): HTMLElement {
  const count = panels[0].weights.length;
  const every = Math.max(1, count / 8);
  // The answer always has its number; a regular tick that would touch it makes room.
  const shown = Array.from({ length: count }, (_, i) => i).filter(
    (i) => i === answer || (i % every === 0 && Math.abs(i - answer) >= Math.min(every, 3) / 2 + (every > 1 ? 0.5 : 0)),
  );
  const ticks = shown.map((i) =>
    svg("text", { class: i === answer ? "lab-answer-label" : "lab-tick", x: percent((i + 0.5) / count), y: 12, "text-anchor": "middle" }, String(i)),
  );
  return html(
    "div",
    { class: "lab-panel" },
    html("span", { class: "lab-axis-title" }, position),
    svg("svg", { class: "lab-axis", height: AXIS_HEIGHT }, ...ticks),
  );
}

const yOf = (weight: number): number => LABEL_HEIGHT + BAR_HEIGHT * (1 - weight);
const percent = (fraction: number): string => `${(100 * fraction).toFixed(3)}%`;

/** Where the label over position `i` is tied: over narrow bars it must stay inside at both ends. */
function anchored(i: number, count: number): { x: string; "text-anchor": string } {
  const middle = (i + 0.5) / count;
  const narrow = count > 4;
  if (narrow && middle < 0.15) return { x: percent(i / count), "text-anchor": "start" };
  if (narrow && middle > 0.85) return { x: percent((i + 1) / count), "text-anchor": "end" };
  return { x: percent(middle), "text-anchor": "middle" };
}

function describe({ title, position, answer, panels }: BarsPicture): string {
  const parts = panels.map(({ title, weights }) => {
    const largest = indexOfLargest(weights);
    return `${title}: largest ${fixed(weights[largest])} on ${position} ${largest}, answer ${fixed(weights[answer])}`;
  });
  return `${title}. ${parts.join("; ")}. The answer is ${position} ${answer}.`;
}
