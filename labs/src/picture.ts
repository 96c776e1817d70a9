/** Draws what a lab found as SVG. Drawn again with other numbers, the same nodes move (see the style sheet). */
import { bars } from "./bars";
import { heatmap } from "./heatmap";
import { html } from "./html";
import type { Picture } from "./messages";
import { tokens } from "./tokens";
import { trainings } from "./trainings";

/** A click on a position of a picture whose positions can be picked. */
export const PICKED = "lab-picked";
export type Picked = { position: number; control: string };

/** How one kind of picture is drawn. */
export interface Drawing<Kind extends Picture> {
  /** Nodes are made anew only when this changes, in its JSON. */
  layout(picture: Kind): unknown;
  build(picture: Kind): { nodes: Node[]; update(picture: Kind): void };
  /** The picture in words. */
  describe(picture: Kind): string;
  /** The numbers behind it. */
  table(picture: Kind): Table;
}

interface Table {
  head: string[];
  rows: { name: string; cells: { text: string; isAnswer: boolean }[] }[];
}

interface PictureView {
  node: HTMLElement;
  draw(picture: Picture): void;
}

const drawings = { bars, heatmap, tokens, trainings };

const drawingOf = (picture: Picture) => drawings[picture.kind] as Drawing<Picture>;

export function pictureView(): PictureView {
  const node = html("div", { class: "lab-picture", role: "img" });
  let layout = "";
  let update: (picture: Picture) => void = () => {};
  return {
    node,
    draw(picture) {
      const drawing = drawingOf(picture);
      const needed = JSON.stringify([picture.kind, drawing.layout(picture)]);
      if (needed !== layout) {
        const built = drawing.build(picture);
        node.replaceChildren(...built.nodes);
        update = built.update;
        layout = needed;
      }
      update(picture);
      node.setAttribute("aria-label", drawing.describe(picture));
    },
  };
}

export function numbersTable(picture: Picture): HTMLTableElement {
  const { head, rows } = drawingOf(picture).table(picture);
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
    html("caption", {}, picture.title),
    html("thead", {}, html("tr", {}, ...head.map((text) => html("th", { scope: "col" }, text)))),
    html("tbody", {}, ...body),
  );
}

const marked = (isAnswer: boolean): Record<string, string> => (isAnswer ? { class: "lab-answer" } : {});
