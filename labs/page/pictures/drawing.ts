import type { Picture } from "../../shared/pictures";

/** How one kind of picture is drawn. A new kind is a file beside this one and a line in `picture.ts`. */
export interface Drawing<Kind extends Picture> {
  /** Nodes are made anew only when this changes, in its JSON. */
  layout(picture: Kind): unknown;
  build(picture: Kind): { nodes: Node[]; update(picture: Kind): void };
  /** The picture in words. */
  describe(picture: Kind): string;
  /** The numbers behind it. */
  table(picture: Kind): Table;
  /** Set where the losses are in the picture: a curve beside it would show them again. */
  showsLosses?: true;
}

export interface Table {
  head: string[];
  rows: { name: string; cells: { text: string; isAnswer: boolean }[] }[];
}

/** The event of a click on a position of a picture whose positions can be picked. */
export const PICKED = "lab-picked";
export type Picked = { position: number; control: string };
