/** Weights over two axes: the stronger a cell's colour, the larger its weight. */
import type { HeatmapPicture } from "../../shared/pictures";
import { judgeCells } from "../../shared/found";
import { fixed, indexOfLargest, meanOfPanels } from "../../shared/numbers";
import { html, svg } from "../html";
import { axis, percent } from "./axis";
import { inRange, meanAndRange, numberOf, type Built, type Drawing } from "./drawing";
import { colourScale } from "./scale";

// The strongest colour is the largest weight's; but weights that are all small, as before training, stay pale.
const LEAST_SCALE = 0.25;
const FEW_ROWS = 6;
/** Smaller weights of the run before would cover the picture with dots. */
const LEAST_GHOST = 0.15;

export const heatmap: Drawing<HeatmapPicture> = {
  layout: (picture) => {
    const { title, row, column, rowNames, columnNames, answers, panels } = picture;
    return [title, row, column, rowNames, columnNames, answers, panels.map(({ title }) => title), sizeOf(picture)];
  },
  build,
  describe,
  onAnswer({ answers, panels, row }) {
    if (answers.length === 0) return null;
    const rows = new Set(answers.map(([row]) => row)).size;
    const mean = meanOfPanels(panels.map(({ weights }) => weights));
    return { of: `Mean weight on the answers of a ${row}:`, weight: answers.reduce((sum, [i, j]) => sum + mean[i][j], 0) / rows };
  },
  read(picture, line, j) {
    const [rows] = sizeOf(picture);
    const [panel, i] = [picture.panels[Math.floor(line / rows)], line % rows];
    const names = namesOf(picture);
    const isAnswer = picture.answers.some(([row, column]) => row === i && column === j);
    const place = `${picture.row} ${names.rows[i]}, ${picture.column} ${names.columns[j]}${isAnswer ? " (an answer)" : ""}`;
    return `${panel.title ? `${panel.title}, ` : ""}${place}: ${numberOf(j, panel.weights[i], rangeOfRow(panel, i))}`;
  },
  overSeeds: (pictures) => ({
    ...pictures[0],
    panels: pictures[0].panels.map(({ title, weights }, panel) => {
      const rows = weights.map((_, row) => meanAndRange(pictures.map(({ panels }) => panels[panel].weights[row])));
      const range = { low: rows.map(({ range }) => range.low), high: rows.map(({ range }) => range.high) };
      return { title, weights: rows.map(({ weights }) => weights), range };
    }),
  }),
  table,
};

const sizeOf = ({ panels: [{ weights }] }: HeatmapPicture) => [weights.length, weights[0].length];

const rangeOfRow = ({ range }: HeatmapPicture["panels"][number], row: number) =>
  range && { low: range.low[row], high: range.high[row] };

/** The names of rows and columns: their numbers where a lab gives no others. */
function namesOf(picture: HeatmapPicture) {
  const [rows, columns] = sizeOf(picture);
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));
  return { rows: picture.rowNames ?? numbers(rows), columns: picture.columnNames ?? numbers(columns) };
}

function build(picture: HeatmapPicture): Built<HeatmapPicture> {
  const largest = html("span", { class: "lab-value" });
  const panels = picture.panels.map(({ title }) => buildPanel(picture, title));
  const nodes = [
    html("p", { class: "lab-caption" }, picture.title),
    html("div", { class: "lab-heatmaps" }, ...panels.map(({ node }) => node)),
    colourScale(largest),
  ];
  function update({ panels: values }: HeatmapPicture, ghost: HeatmapPicture | null) {
    const scale = Math.max(LEAST_SCALE, ...values.flatMap(({ weights }) => weights.flat()));
    panels.forEach((panel, i) => panel.update(values[i].weights, scale, ghost?.panels[i]?.weights ?? []));
    largest.textContent = fixed(scale);
  }
  return { nodes, marks: panels.flatMap(({ cells }) => cells), update };
}

function buildPanel(picture: HeatmapPicture, title: string | undefined) {
  const { answers } = picture;
  const names = namesOf(picture);
  const [rows, columns] = sizeOf(picture);
  const rowHeight = rows <= FEW_ROWS ? 34 : 18;
  const place = (row: number, column: number) => ({
    x: percent(column / columns),
    width: percent(1 / columns),
    y: row * rowHeight,
    height: rowHeight,
  });
  const cells = names.rows.map((_, row) =>
    names.columns.map((_, column) => svg("rect", { class: "lab-cell", ...place(row, column) })),
  );
  // The run before: the larger a square, the larger its cell's weight was.
  const ghosts = svg("g");
  const ghostsOf = (before: number[][]) =>
    before.flatMap((line, row) =>
      line.flatMap((was, column) => {
        if (before.length !== rows || line.length !== columns || was < LEAST_GHOST) return [];
        const ghost = svg("rect", { class: "lab-ghost lab-cell-ghost", ...place(row, column) });
        ghost.style.setProperty("transform", `scale(${was})`);
        return [ghost];
      }),
    );
  // A ring in the ground's colour around each frame sets it off from a strong cell.
  const frames = answers.flatMap(([row, column]) =>
    ["lab-answer-ring", "lab-answer-frame"].map((name) => svg("rect", { class: name, ...place(row, column), rx: 2 })),
  );
  const rowNames = names.rows.map((name) => html("span", {}, name));
  const onAnswers = names.rows.map(() => html("span"));

  const node = html(
    "div",
    { class: "lab-heatmap" },
    html("span", { class: "lab-axis-title" }, picture.row),
    html("span", { class: "lab-panel-title" }, title ?? ""),
    html("span", { class: "lab-answer-title" }, answers.length > 0 ? "on answer" : ""),
    html("div", { class: "lab-row-names" }, ...rowNames),
    svg("svg", { class: "lab-cells", height: rows * rowHeight }, ...cells.flat(), ghosts, ...frames),
    html("div", { class: "lab-on-answers" }, ...onAnswers),
    html("span", { class: "lab-axis-title" }, picture.column),
    axis(names.columns, answers.map(([, column]) => column)),
  );

  function update(weights: number[][], scale: number, before: number[][]) {
    ghosts.replaceChildren(...ghostsOf(before));
    weights.forEach((line, row) => {
      line.forEach((weight, column) => cells[row][column].style.setProperty("fill-opacity", String(weight / scale)));
      const ofRow = answers.filter(([answerRow]) => answerRow === row);
      onAnswers[row].textContent = ofRow.map(([, column]) => fixed(line[column])).join(" + ");
    });
  }
  return { node, cells, update };
}

function describe(picture: HeatmapPicture): string {
  const { title, row, column, panels, answers } = picture;
  const [rows, columns] = sizeOf(picture);
  if (rows > FEW_ROWS) {
    const told = answers.length > 0 ? ` ${judgeCells(meanOfPanels(panels.map(({ weights }) => weights)), answers, row).verdict}` : "";
    const size = `${rows} by ${columns} weights, ${row} by ${column}`;
    const each = panels.length > 1 ? `, for each of ${panels.map(({ title }) => title).join(" and ")}` : "";
    return `${title}: ${size}${each}.${told}`;
  }
  const names = namesOf(picture);
  const lines = panels.flatMap(({ title, weights }) =>
    weights.map((line, i) => {
      const largest = indexOfLargest(line);
      const columns = answers.filter(([answerRow]) => answerRow === i).map(([, column]) => column);
      const onAnswers = columns.map((column) => `, answer ${names.columns[column]} has ${fixed(line[column])}`);
      const where = `${title ? `${title}, ` : ""}${row} ${names.rows[i]}`;
      return `${where}: largest ${fixed(line[largest])} on ${column} ${names.columns[largest]}${onAnswers.join("")}`;
    }),
  );
  return `${title}. ${lines.join("; ")}.`;
}

/** The longer side goes down the table, so that it stays narrow. */
function table(picture: HeatmapPicture) {
  const { row, column, panels, answers } = picture;
  const names = namesOf(picture);
  const isAnswer = (i: number, j: number) => answers.some((answer) => answer[0] === i && answer[1] === j);
  const lines = panels.flatMap((panel) =>
    panel.weights.map((line, i) => ({
      panel: panel.title ? `${panel.title}, ` : "",
      name: names.rows[i],
      cells: line.map((weight, j) => ({
        text: weight.toFixed(3) + inRange(j, rangeOfRow(panel, i)) + (isAnswer(i, j) ? " (answer)" : ""),
        isAnswer: isAnswer(i, j),
      })),
    })),
  );
  if (names.columns.length > lines.length) {
    return {
      head: [column, ...lines.map(({ panel, name }) => `${panel}${row} ${name}`)],
      rows: names.columns.map((name, j) => ({ name, cells: lines.map(({ cells }) => cells[j]) })),
    };
  }
  return {
    head: [row, ...names.columns.map((name) => `${column} ${name}`)],
    rows: lines.map(({ panel, name, cells }) => ({ name: panel + name, cells })),
  };
}
