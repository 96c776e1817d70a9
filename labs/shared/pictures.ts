/** The kinds of picture that a lab may ask for. A new one is a type here, a drawing in `page/pictures/` and a row there. */

export type Picture = BarsPicture | HeatmapPicture | TokensPicture | TrainingsPicture;

/** Where weights are means over several seeds: the lowest and the highest of each. */
export interface Range<Weights> {
  low: Weights;
  high: Weights;
}

/** Panels of bars over the same positions: one attention weight a bar. */
export interface BarsPicture {
  kind: "bars";
  /** What the bars are, in a few words. */
  title: string;
  /** What a position is: "column", "time step". */
  position: string;
  /** The position that holds the answer. */
  answer: number;
  panels: { title: string; weights: number[]; range?: Range<number[]> }[];
  /** A position that the reader has picked, and the control that a click on another one moves. */
  picked?: { position: number; control: string };
}

/** Cells over two axes: one attention weight a cell. Panels have the same axes and the same answers. */
export interface HeatmapPicture {
  kind: "heatmap";
  title: string;
  /** What rows and columns count: "dimension" and "step". */
  row: string;
  column: string;
  /** What single ones are called, where that is not their number. */
  rowNames?: string[];
  columnNames?: string[];
  /** Weights are a list a row. A single panel needs no title. */
  panels: { title?: string; weights: number[][]; range?: Range<number[][]> }[];
  /** The cells that hold the answers. */
  answers: Cell[];
}

export type Cell = [row: number, column: number];

/** Sequences of tokens: one attention weight a token. */
export interface TokensPicture {
  kind: "tokens";
  title: string;
  /** What the token that holds the answer is called: "keyword". */
  answerName: string;
  samples: TokensSample[];
}

export interface TokensSample {
  /** A letter or a word each, and null for padding. */
  tokens: (string | null)[];
  weights: number[];
  /** Where the answer is. */
  answer: number;
}

/** Several trainings: their losses in one chart, and a panel of bars for each. */
export interface TrainingsPicture extends Omit<BarsPicture, "kind"> {
  kind: "trainings";
  epochs: number;
  /** The losses of each panel's training, one an epoch. Those of one that diverges end in what is no number. */
  losses: number[][];
}
