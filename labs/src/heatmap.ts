/** Weights over two axes: the stronger a cell's colour, the larger its weight. */
import { axis, percent } from "./axis";
import { html, svg } from "./html";
import type { HeatmapPicture } from "./messages";
import type { Drawing } from "./picture";
import { describeAnswers, fixed, indexOfLargest } from "./verdict";

// The strongest colour is the largest weight's; but weights that are all small, as before training, stay pale.
const LEAST_SCALE = 0.25;
const FEW_ROWS = 6;

export const heatmap: Drawing<HeatmapPicture> = {
  layout: ({ title, row, column, rowNames, columnNames, answers, weights }) => [
    [title, row, column, rowNames, columnNames, answers],
    [weights.length, weights[0].length],
  ],
  build,
  describe,
  table,
};

/** The names of rows and columns: their numbers where a lab gives no others. */
function namesOf({ rowNames, columnNames, weights }: HeatmapPicture) {
  return {
    rows: rowNames ?? weights.map((_, i) => String(i)),
    columns: columnNames ?? weights[0].map((_, i) => String(i)),
  };
}

function build(picture: HeatmapPicture) {
  const { weights, answers } = picture;
  const names = namesOf(picture);
  const [rows, columns] = [weights.length, weights[0].length];
  const rowHeight = rows <= FEW_ROWS ? 34 : 18;
  const place = (row: number, column: number) => ({
    x: percent(column / columns),
    width: percent(1 / columns),
    y: row * rowHeight,
    height: rowHeight,
  });
  const cells = weights.map((line, row) => line.map((_, column) => svg("rect", { class: "lab-cell", ...place(row, column) })));
  // A ring in the ground's colour around each frame sets it off from a strong cell.
  const frames = answers.flatMap(([row, column]) =>
    ["lab-answer-ring", "lab-answer-frame"].map((name) => svg("rect", { class: name, ...place(row, column), rx: 2 })),
  );
  const rowNames = names.rows.map((name) => html("span", {}, name));
  const onAnswers = weights.map(() => html("span"));
  const largest = html("span", { class: "lab-value" });

  const node = html(
    "div",
    { class: "lab-heatmap" },
    html("span", { class: "lab-axis-title" }, picture.row),
    html("span"),
    html("span", { class: "lab-answer-title" }, answers.length > 0 ? "on answer" : ""),
    html("div", { class: "lab-row-names" }, ...rowNames),
    svg("svg", { class: "lab-cells", height: rows * rowHeight }, ...cells.flat(), ...frames),
    html("div", { class: "lab-on-answers" }, ...onAnswers),
    html("span", { class: "lab-axis-title" }, picture.column),
    axis(names.columns, answers.map(([, column]) => column)),
    html("span"),
    html("span"),
    html("div", { class: "lab-scale" }, "0", html("span", { class: "lab-scale-colours" }), largest),
  );

  function update({ weights }: HeatmapPicture) {
    const scale = Math.max(LEAST_SCALE, ...weights.flat());
    weights.forEach((line, row) => {
      line.forEach((weight, column) => cells[row][column].style.setProperty("fill-opacity", String(weight / scale)));
      const ofRow = answers.filter(([answerRow]) => answerRow === row);
      onAnswers[row].textContent = ofRow.map(([, column]) => fixed(line[column])).join(" + ");
    });
    largest.textContent = fixed(scale);
  }
  return { nodes: [html("p", { class: "lab-caption" }, picture.title), node], update };
}

function describe(picture: HeatmapPicture): string {
  const { title, row, column, weights, answers } = picture;
  const names = namesOf(picture);
  if (weights.length > FEW_ROWS) {
    const told = answers.length > 0 ? ` ${describeAnswers(weights, answers, row).verdict}` : "";
    return `${title}: ${weights.length} by ${weights[0].length} weights, ${row} by ${column}.${told}`;
  }
  const lines = weights.map((line, i) => {
    const largest = indexOfLargest(line);
    const columns = answers.filter(([answerRow]) => answerRow === i).map(([, column]) => column);
    const onAnswers = columns.map((column) => `, answer ${names.columns[column]} has ${fixed(line[column])}`);
    return `${row} ${names.rows[i]}: largest ${fixed(line[largest])} on ${column} ${names.columns[largest]}${onAnswers.join("")}`;
  });
  return `${title}. ${lines.join("; ")}.`;
}

/** The longer side goes down the table, so that it stays narrow. */
function table(picture: HeatmapPicture) {
  const { row, column, weights, answers } = picture;
  const names = namesOf(picture);
  const cell = (row: number, column: number) => {
    const isAnswer = answers.some((answer) => answer[0] === row && answer[1] === column);
    return { text: weights[row][column].toFixed(3) + (isAnswer ? " (answer)" : ""), isAnswer };
  };
  if (names.columns.length > names.rows.length) {
    return {
      head: [column, ...names.rows.map((name) => `${row} ${name}`)],
      rows: names.columns.map((name, j) => ({ name, cells: names.rows.map((_, i) => cell(i, j)) })),
    };
  }
  return {
    head: [row, ...names.columns.map((name) => `${column} ${name}`)],
    rows: names.rows.map((name, i) => ({ name, cells: names.columns.map((_, j) => cell(i, j)) })),
  };
}
