/** Draws what a lab found as SVG. Drawn again with other numbers, the same nodes move (see the style sheet). */
import type { Picture } from "../../shared/pictures";
import { html } from "../html";
import { bars } from "./bars";
import type { Drawing, Table } from "./drawing";
import { heatmap } from "./heatmap";
import { tokens } from "./tokens";
import { trainings } from "./trainings";

const drawings: { [Name in Picture["kind"]]: Drawing<Extract<Picture, { kind: Name }>> } = { bars, heatmap, tokens, trainings };

const drawingOf = (picture: Picture) => drawings[picture.kind] as Drawing<Picture>;

export function pictureView() {
  const node = html("div", { class: "lab-picture", role: "img" });
  let layout = "";
  let update: (picture: Picture) => void = () => {};
  return {
    node,
    draw(picture: Picture): void {
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

export const tableOf = (picture: Picture): Table => drawingOf(picture).table(picture);

export const showsLosses = (picture: Picture): boolean => drawingOf(picture).showsLosses === true;
