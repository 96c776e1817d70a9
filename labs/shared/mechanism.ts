/** One sample on its way through the attention: every number, and how it was made. */
import { fixed, indexOfLargest } from "./numbers";

/** What a reader asks for: a held-out sample, some of its inputs replaced, and which part of the model. */
export interface Look {
  sample: number;
  /** By position. */
  replaced: Record<number, number>;
  /** By the choice's name. */
  chosen: Record<string, number>;
}

export interface Mechanism {
  /** What a position is: "column", "step". */
  position: string;
  /** The names of the positions that hold the answer are marked. */
  answers: number[];
  rows: Row[];
  /** What the model makes of it, and what would be right: complete sentences. */
  prediction: string;
  target: string;
  /** Which part of the model is shown, where there are several. */
  choices: Choice[];
  /** What a reader may replace the inputs by; null where he may not. */
  replaceable: Replaceable | null;
}

/** The same with the sample's place among those held out. */
export type Seen = Mechanism & { sample: number; count: number };

/** A number or a word for each position, and how each came about. */
export interface Row {
  name: string;
  cells: (number | string)[];
  sums: string[];
  /** What they add up to, where that means something. */
  total?: { cell: number; sum: string };
  /** Numbers between 0 and 1, which a drawing may show as strengths of colour. */
  areShares?: true;
}

export interface Choice {
  name: string;
  label: string;
  value: number;
  min: number;
  max: number;
}

/** Numbers of a range, or one of some words, whose place in the list is what the model reads. */
export type Replaceable =
  | { label: string; values: number[]; min: number; max: number; step: number }
  | { label: string; values: number[]; words: string[] };

/** A number as a sum has it: with a true minus, and none before a zero. */
export function told(value: number, digits = 3): string {
  const text = fixed(value, digits);
  return Number(text) === 0 ? fixed(0, digits) : text.replace("-", "−");
}

export interface Term {
  text: string;
  value: number;
}

/** The part of a model that the reader chose, the first where he chose none; of fewer parts, the last. */
export const choiceOf = (chosen: Look["chosen"], choice: Omit<Choice, "value">): Choice => ({
  ...choice,
  value: Math.min(chosen[choice.name] ?? choice.min, choice.max),
});

function factor(value: number): string {
  const text = told(value);
  return text.startsWith("−") ? `(${text})` : text;
}

export const product = (a: number, b: number): Term => ({ text: `${factor(a)} × ${factor(b)}`, value: a * b });

/** The dot product of two vectors, term by term. */
export const dotTerms = (a: ArrayLike<number>, b: ArrayLike<number>): Term[] => Array.from(a, (value, i) => product(value, b[i]));

/** The sum of v × tanh(a + b), term by term. */
export const additiveTerms = (v: ArrayLike<number>, a: ArrayLike<number>, b: ArrayLike<number>): Term[] =>
  Array.from(v, (own, i) => ({ text: `${factor(own)} × tanh(${told(a[i])} + ${factor(b[i])})`, value: own * Math.tanh(a[i] + b[i]) }));

/** A sum in one line: its largest terms, and what the others come to. */
export function writtenSum(terms: Term[], most = 3): string {
  const sorted = terms.toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const shown = terms.length <= most + 1 ? terms.length : most;
  const rest = sorted.slice(shown);
  const others = rest.length > 0 ? [`${factor(rest.reduce((sum, { value }) => sum + value, 0))} (${rest.length} smaller terms)`] : [];
  return [...sorted.slice(0, shown).map(({ text }) => text), ...others].join(" + ");
}

/** What a model takes for the likeliest. */
export function says(logits: number[], nameOf: (index: number) => string): string {
  const likeliest = indexOfLargest(logits);
  const probability = 1 / logits.reduce((sum, logit) => sum + Math.exp(logit - logits[likeliest]), 0);
  return `The model says ${nameOf(likeliest)}, with probability ${fixed(probability)}.`;
}

/** From scores to weights. `made` says of each score how it came about; what the mask hides has 0. */
export function softmaxRows(scores: number[], made: string[], weights: number[], mask?: boolean[]): Row[] {
  const isOpen = (position: number) => mask?.[position] ?? true;
  const largest = Math.max(...scores.filter((_, position) => isOpen(position)));
  const exponentials = scores.map((score, position) => (isOpen(position) ? Math.exp(score - largest) : 0));
  const sum = exponentials.reduce((total, exponential) => total + exponential, 0);
  const masked = "masked: the weight is exactly 0";
  return [
    { name: "score", cells: scores, sums: scores.map((score, position) => `${made[position]} = ${told(score)}`) },
    ...(mask
      ? [{ name: "mask", cells: mask.map((open) => (open ? "1" : "0")), sums: mask.map((open) => (open ? "1: a weight goes here" : `0: ${masked}`)) }]
      : []),
    {
      name: "exponential",
      cells: exponentials,
      sums: exponentials.map((exponential, position) =>
        isOpen(position) ? `e^(score − largest score) = e^(${told(scores[position])} − ${factor(largest)}) = ${told(exponential)}` : masked,
      ),
      total: { cell: sum, sum: `all exponentials together: ${told(sum)}` },
      areShares: true,
    },
    {
      name: "weight",
      cells: weights,
      sums: weights.map((weight, position) => `exponential / their sum = ${told(exponentials[position])} / ${told(sum)} = ${told(weight)}`),
      total: { cell: weights.reduce((total, weight) => total + weight, 0), sum: "all weights together: 1" },
      areShares: true,
    },
  ];
}

/** From weights to one number of the context, which is the model's own. */
export function contextRows(weights: number[], values: number[], context: number, dimension: number): Row[] {
  const terms = weights.map((weight, position) => product(weight, values[position]));
  return [
    { name: "value", cells: values, sums: values.map((value) => `the value’s dimension ${dimension}: ${told(value)}`) },
    {
      name: "weight × value",
      cells: terms.map(({ value }) => value),
      sums: terms.map(({ text, value }) => `${text} = ${told(value)}`),
      total: { cell: context, sum: `the context’s dimension ${dimension}: ${writtenSum(terms)} = ${told(context)}` },
    },
  ];
}
