import { fixed } from "../../shared/numbers";
import type { Picture, Range } from "../../shared/pictures";

/** How one kind of picture is drawn. A new kind is a file beside this one and a line in `picture.ts`. */
export interface Drawing<Kind extends Picture> {
  /** Nodes are made anew only when this changes, in its JSON. */
  layout(picture: Kind): unknown;
  build(picture: Kind): Built<Kind>;
  /** What a single mark of `Built.marks` says: where it is, its weight, and what an equal share would be. */
  read(picture: Kind, row: number, column: number): string;
  /** The picture in words. */
  describe(picture: Kind): string;
  /** The numbers behind it. */
  table(picture: Kind): Table;
  /** One picture of several seeds' pictures. */
  overSeeds(pictures: Kind[]): Kind;
  /** The weight on the answer, and what it is of, to compare runs by; null where there is no answer. */
  onAnswer(picture: Kind): OnAnswer | null;
  /** Set where the losses are in the picture: a curve beside it would show them again. */
  showsLosses?: true;
}

/** The weight on the answer, and the words for what it is the weight of. */
export interface OnAnswer {
  of: string;
  weight: number;
}

export interface Built<Kind> {
  nodes: Node[];
  /** What a reader can point at, a list a row. */
  marks: Element[][];
  /** With a ghost, the run before this one stays as a faint outline where the picture can show it. */
  update(picture: Kind, ghost: Kind | null): void;
}

/**
 * The end of what a mark says: its number, the range of a mean, and an equal share beside it where the numbers are
 * shares of 1, as effects are not.
 */
export function numberOf(position: number, numbers: number[], range?: Range<number[]>): string {
  const areShares = Math.abs(numbers.reduce((sum, number) => sum + number, -1)) < 0.01;
  const share = areShares ? `; an equal share is ${fixed(1 / numbers.length)}.` : ".";
  return fixed(numbers[position]) + inRange(position, range) + share;
}

/** Beside a mean: the lowest and the highest. */
export const inRange = (position: number, range?: Range<number[]>): string =>
  range ? ` (${fixed(range.low[position])} to ${fixed(range.high[position])})` : "";

/** The mean of several seeds' weights, number by number, and the range of each. */
export function meanAndRange(each: number[][]): { weights: number[]; range: Range<number[]> } {
  const of = (summary: (values: number[]) => number) => each[0].map((_, i) => summary(each.map((weights) => weights[i])));
  return {
    weights: of((values) => values.reduce((sum, value) => sum + value, 0) / values.length),
    range: { low: of((values) => Math.min(...values)), high: of((values) => Math.max(...values)) },
  };
}

export interface Table {
  head: string[];
  rows: { name: string; cells: { text: string; isAnswer: boolean }[] }[];
}

/** The event of a click on a position of a picture whose positions can be picked. */
export const PICKED = "lab-picked";
export type Picked = { position: number; control: string };
