/** What crosses between the page and its worker, and what a lab hands to both. */

/** One value a control of the lab, by the control's name. */
export type Settings = Record<string, number | string | boolean>;

/** Panels of bars over the same positions: one attention weight a bar. */
export interface BarsPicture {
  kind: "bars";
  /** What the bars are, in a few words. */
  title: string;
  /** What a position is: "column", "time step". */
  position: string;
  /** The position that holds the answer. */
  answer: number;
  panels: { title: string; weights: number[] }[];
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
  panels: { title?: string; weights: number[][] }[];
  /** The cells that hold the answers. */
  answers: [row: number, column: number][];
}

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

/** What the notebook's cell hands to a lab that cannot train it itself: texts, and tensors in the order of the notebook. */
export type Given = Record<string, string | Values[]>;

export interface Values {
  shape: number[];
  values: Float32Array;
}

export type Picture = TrainingsPicture | BarsPicture | HeatmapPicture | TokensPicture;

export interface Findings {
  /** Null where there is nothing to draw, and the verdict says why. */
  picture: Picture | null;
  /** The verdict in words, complete sentences. */
  verdict: string;
  /** Whether the attention found the known answer. */
  found: boolean;
  /** Figures to show beside the picture, such as the held-out accuracy. */
  metrics: { label: string; value: string }[];
  /** What there is to see at each value of a control from 0 on, which so trains nothing when it moves. */
  views?: { control: string; of: Findings[] };
}

export interface Progress {
  epoch: number;
  /** 0 where nothing is trained. */
  epochs: number;
  /** The training loss of the first batch, before any step, then the mean of every finished epoch; of several trainings, the last one's. */
  losses: number[];
  /** Spent on training so far, the pauses of a hidden tab included. */
  seconds: number;
  finished: boolean;
}

export type Request =
  | { kind: "train"; run: number; lab: string; settings: Settings; given: Given }
  | { kind: "pause" }
  | { kind: "resume" };

export type Report =
  | { kind: "ready"; lock: string }
  | { kind: "progress"; run: number; progress: Progress; findings: Findings }
  | { kind: "failed"; run: number; message: string };
