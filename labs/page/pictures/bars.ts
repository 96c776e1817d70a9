/** Panels of bars over the same positions, one below the other. */
import type { BarsPicture } from "../../shared/pictures";
import { fixed, indexOfLargest } from "../../shared/numbers";
import { html, svg } from "../html";
import { axis, percent } from "./axis";
import { inRange, meanAndRange, numberOf, PICKED, type Built, type Drawing, type Picked } from "./drawing";

const LABEL_HEIGHT = 16;
const BAR_HEIGHT = 84;

export const bars: Drawing<BarsPicture> = {
  layout: ({ title, answer, panels, picked }) => [
    title,
    answer,
    panels.map(({ title, weights }) => [title, weights.length]),
    picked?.control,
  ],
  build: buildBars,
  describe,
  read({ position, answer, panels }, row, column) {
    const { title, weights, range } = panels[row];
    const place = `${position} ${column}${column === answer ? " (the answer)" : ""}`;
    return `${panels.length > 1 ? `${title}, ` : ""}${place}: ${numberOf(column, weights, range)}`;
  },
  onAnswer: ({ answer, panels: [{ title, weights }] }) => ({ of: `Weight on the answer, ${title}:`, weight: weights[answer] }),
  table: ({ position, answer, panels }) => ({
    head: [position, ...panels.map(({ title }) => title)],
    rows: panels[0].weights.map((_, i) => ({
      name: i === answer ? `${i} (answer)` : String(i),
      cells: panels.map(({ weights, range }) => ({ text: weights[i].toFixed(3) + inRange(i, range), isAnswer: i === answer })),
    })),
  }),
  overSeeds: (pictures) => ({
    ...pictures[0],
    panels: pictures[0].panels.map(({ title }, i) => ({ title, ...meanAndRange(pictures.map(({ panels }) => panels[i].weights)) })),
  }),
};

function buildBars(picture: BarsPicture): Built<BarsPicture> {
  const panels = picture.panels.map(({ title, weights }) =>
    buildPanel(title, weights.length, picture.answer, picture.picked?.control),
  );
  return {
    nodes: [
      html("p", { class: "lab-caption" }, picture.title),
      ...panels.map(({ node }) => node),
      html(
        "div",
        { class: "lab-panel" },
        html("span", { class: "lab-axis-title" }, picture.position),
        axis(picture.panels[0].weights.map((_, i) => String(i)), [picture.answer]),
      ),
      ...(picture.picked ? [html("p", { class: "lab-hint" }, `Click a ${picture.position} to ${picture.picked.control} it.`)] : []),
    ],
    marks: panels.map(({ hits }) => hits),
    update: ({ panels: values, picked }, ghost) =>
      panels.forEach((panel, i) => panel.update(values[i], ghost?.panels[i]?.weights ?? [], picked?.position)),
  };
}

function buildPanel(title: string, count: number, answer: number, control?: string) {
  const place = (i: number) => ({ x: percent((i + 0.12) / count), width: percent(0.76 / count) });
  const bars = Array.from({ length: count }, (_, i) =>
    svg("rect", { class: "lab-bar", ...place(i), y: LABEL_HEIGHT, height: BAR_HEIGHT }),
  );
  const ghosts = bars.map((_, i) => svg("rect", { class: "lab-ghost", ...place(i), y: LABEL_HEIGHT, height: BAR_HEIGHT }));
  const ranges = bars.map((_, i) => {
    const x = percent((i + 0.5) / count);
    return svg("line", { class: "lab-range", x1: x, x2: x });
  });
  // A bar may be too low to be met: all of its column reads it.
  const hits = bars.map((_, i) =>
    svg("rect", { class: "lab-hit", x: percent(i / count), width: percent(1 / count), y: LABEL_HEIGHT, height: BAR_HEIGHT }),
  );
  const frame = svg("rect", {
    class: "lab-answer-frame",
    x: percent(answer / count),
    width: percent(1 / count),
    y: LABEL_HEIGHT,
    height: BAR_HEIGHT,
    rx: 2,
  });
  const pickedFrame = svg("rect", {
    class: "lab-picked-frame",
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
  const chart = svg("svg", { class: "lab-bars", height }, ...grid, frame, ...bars, ...ghosts, ...ranges, answerLabel, largestLabel, ...hits);
  const node = html(
    "div",
    { class: "lab-panel" },
    html("span", { class: "lab-panel-title" }, title),
    svg("svg", { class: "lab-ticks", height }, ...ticks),
    chart,
  );
  if (control) {
    hits[0].before(pickedFrame);
    chart.classList.add("lab-to-pick");
    chart.addEventListener("click", ({ clientX }) => {
      const { left, width } = chart.getBoundingClientRect();
      const position = Math.min(count - 1, Math.max(0, Math.floor((count * (clientX - left)) / width)));
      chart.dispatchEvent(new CustomEvent<Picked>(PICKED, { bubbles: true, detail: { position, control } }));
    });
  }

  function update({ weights, range }: BarsPicture["panels"][number], before: number[], picked = 0) {
    ranges.forEach((line, i) => {
      line.style.display = range ? "" : "none";
      line.setAttribute("y1", String(yOf(range?.low[i] ?? 0)));
      line.setAttribute("y2", String(yOf(range?.high[i] ?? 0)));
    });
    ghosts.forEach((ghost, i) => {
      ghost.style.display = before.length === count ? "" : "none";
      ghost.style.setProperty("transform", `scaleY(${before[i] ?? 0})`);
    });
    pickedFrame.setAttribute("x", percent(picked / count));
    const largest = indexOfLargest(weights);
    weights.forEach((weight, i) => bars[i].style.setProperty("transform", `scaleY(${weight})`));
    answerLabel.textContent = `answer ${fixed(weights[answer])}`;
    largestLabel.textContent = weights[largest] > weights[answer] ? fixed(weights[largest]) : "";
    largestLabel.setAttribute("x", percent((largest + 0.5) / count));
    largestLabel.setAttribute("y", String(yOf(weights[largest]) - 4));
  }
  return { node, hits, update };
}

const yOf = (weight: number): number => LABEL_HEIGHT + BAR_HEIGHT * (1 - weight);

/** Where the label over position `i` is tied: over narrow bars it must stay inside at both ends. */
function anchored(i: number, count: number): { x: string; "text-anchor": string } {
  const middle = (i + 0.5) / count;
  const narrow = count > 4;
  if (narrow && middle < 0.15) return { x: percent(i / count), "text-anchor": "start" };
  if (narrow && middle > 0.85) return { x: percent((i + 1) / count), "text-anchor": "end" };
  return { x: percent(middle), "text-anchor": "middle" };
}

function describe({ title, position, answer, panels, picked }: BarsPicture): string {
  const parts = panels.map(({ title, weights }) => {
    const largest = indexOfLargest(weights);
    return `${title}: largest ${fixed(weights[largest])} on ${position} ${largest}, answer ${fixed(weights[answer])}`;
  });
  const chosen = picked ? ` Picked is ${position} ${picked.position}.` : "";
  return `${title}. ${parts.join("; ")}. The answer is ${position} ${answer}.${chosen}`;
}
