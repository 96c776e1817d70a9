/** What crosses between the page and its worker. */
import type { Look, Seen } from "./mechanism";
import type { Picture } from "./pictures";
import type { Settings } from "./settings";

/** What the notebook's cell hands to a lab beside its sliders. */
export interface Handed {
  /** Numbers that the notebook and the lab must agree on, such as the size of a batch, by name. */
  constants: Settings;
  /** What a lab that cannot train its model itself works with: texts, and tensors in the order of the notebook. */
  given: Given;
}

export type Given = Record<string, string | Values[]>;

export interface Values {
  shape: number[];
  values: Float32Array;
}

export interface Findings {
  /** Null where there is nothing to draw, and the verdict says why. */
  picture: Picture | null;
  /** The verdict in words, complete sentences. */
  verdict: string;
  /** Whether the attention found the known answer; null where none is known. */
  found: boolean | null;
  /** How clearly, at most 1. */
  margin: number | null;
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
  /** Only where the training is recorded: a report comes at every moment of it, and at no other time. */
  moment?: Moment;
}

/** One of the moments of a recorded training, which lie equally many steps of the optimizer apart. */
export interface Moment {
  /** Steps taken so far; 0 at the first moment. */
  step: number;
  /** Of the whole training. */
  steps: number;
  /** The mean training loss of the steps since the moment before; at the first one, that of the first batch. */
  loss: number;
  /** Of some held-out samples. */
  heldOutLoss: number;
}

export type Request =
  /** The first, and only once: a lab's model may be large. */
  | { kind: "open"; lab: string; handed: Handed }
  | { kind: "train"; run: number; settings: Settings; records: boolean }
  /** Answered if this run has ended and no other has begun. */
  | { kind: "inside"; run: number; question: number; look: Look }
  | { kind: "pause" }
  | { kind: "resume" };

export type Report =
  /** The program has arrived and begins to load what it computes with. */
  | { kind: "started"; lock: string | null }
  /** It computes without its fast kernels, and says why. */
  | { kind: "slow"; why: string }
  | { kind: "progress"; run: number; progress: Progress; findings: Findings }
  | { kind: "inside"; run: number; question: number; seen: Seen }
  | { kind: "failed"; run: number; message: string };
