/** The numbers behind a picture, as a table. */
import { html } from "../html";
import type { Table } from "./drawing";

export function numbersTable(title: string, { head, rows }: Table): HTMLTableElement {
  const body = rows.map(({ name, cells }) => {
    const isAnswer = cells.every((cell) => cell.isAnswer);
    return html(
      "tr",
      {},
      html("th", { scope: "row", ...marked(isAnswer) }, name),
      ...cells.map(({ text, isAnswer }) => html("td", marked(isAnswer), text)),
    );
  });
  return html(
    "table",
    {},
    html("caption", {}, title),
    html("thead", {}, html("tr", {}, ...head.map((text) => html("th", { scope: "col" }, text)))),
    html("tbody", {}, ...body),
  );
}

const marked = (isAnswer: boolean): Record<string, string> => (isAnswer ? { class: "lab-answer" } : {});
