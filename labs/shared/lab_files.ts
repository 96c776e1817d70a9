/** Every lab: its name, as in `<attention-lab lab="…">`, and its file in `chapters/`. */
export const fileOf = {
  dense: "dense_attention",
  recurrent: "recurrent_attention",
  per_dimension: "shared_and_per_dimension",
  pooling: "attention_pooling",
  self_attention: "self_attention",
  seq2seq: "seq2seq_attention",
  dates: "seq2seq_dates",
  explanation: "attention_as_explanation",
  workers: "beyond_one_machine",
} as const;

export type LabName = keyof typeof fileOf;

/** The labs that a reader can look into, those with the part `inside`: the page offers it before anything is trained. */
export const LOOKED_INTO = ["dense", "pooling", "self_attention", "seq2seq"] as const satisfies LabName[];

export type LookedInto = (typeof LOOKED_INTO)[number];

export const isLookedInto = (name: string): boolean => LOOKED_INTO.some((lab) => lab === name);

export const isLabName = (name: string): name is LabName => Object.hasOwn(fileOf, name);
