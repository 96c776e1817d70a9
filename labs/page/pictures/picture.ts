/** Draws what a lab found as SVG. Drawn again with other numbers, the same nodes move (see the style sheet). */
import type { Picture } from "../../shared/pictures";
import { html } from "../html";
import { readingView } from "../reading";
import { bars } from "./bars";
import type { Built, Drawing, Table } from "./drawing";
import { heatmap } from "./heatmap";
import { tokens } from "./tokens";
import { trainings } from "./trainings";

const drawings: { [Name in Picture["kind"]]: Drawing<Extract<Picture, { kind: Name }>> } = { bars, heatmap, tokens, trainings };

const drawingOf = (picture: Picture) => drawings[picture.kind] as Drawing<Picture>;

export function pictureView() {
  const node = html("div", { class: "lab-picture", role: "img" });
  const reading = readingView(node);
  let layout = "";
  let built: Built<Picture> | null = null;
  return {
    node: reading.node,
    /** What is drawn now, for keeps. */
    copy: (): Node => node.cloneNode(true),
    draw(picture: Picture, ghost: Picture | null = null): void {
      const drawing = drawingOf(picture);
      const needed = JSON.stringify([picture.kind, drawing.layout(picture)]);
      if (built === null || needed !== layout) {
        built = drawing.build(picture);
        node.replaceChildren(...built.nodes);
        layout = needed;
      }
      built.update(picture, ghost?.kind === picture.kind ? ghost : null);
      node.setAttribute("aria-label", drawing.describe(picture));
      reading.use({ nodes: built.marks, read: (row, column) => drawing.read(picture, row, column) });
    },
  };
}

export const tableOf = (picture: Picture): Table => drawingOf(picture).table(picture);

export const onAnswer = (picture: Picture) => drawingOf(picture).onAnswer(picture);

export const overSeeds = (pictures: Picture[]): Picture => drawingOf(pictures[0]).overSeeds(pictures);

export const showsLosses = (picture: Picture): boolean => drawingOf(picture).showsLosses === true;
