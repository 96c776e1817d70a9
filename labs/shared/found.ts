/**
 * Whether the attention is where the answer is: one rule a kind of picture, and the sentence that says so.
 *
 * The rules are those of helpers/plots/found.py, which explains them, word by word; `tests/found_cases.json` holds
 * both sides to them.
 */
import { fixed, meanOfPanels } from "./numbers";
import type { Cell } from "./pictures";

const CLEAR = 0.05;
/** Percent of the samples. */
const ENOUGH = 99;

export interface Verdict {
  verdict: string;
  /** Null where no answer is known. */
  found: boolean | null;
  /** How clearly, at most 1. */
  margin: number | null;
}

/** What one row of weights says about its answer. */
interface Row {
  /** Where the largest weight is; null where it is no number. */
  largest: number | null;
  /** How many of the largest weights are the answer's. */
  hits: number;
  isLargest: boolean;
  share: number;
  equal: number;
}

/** A list of names and rows: an object would put names that are numbers in an order of its own. */
type Rows = [name: string, row: Row][];

const marginOf = ({ share, equal }: Row): number => (equal < 1 ? (share - equal) / (1 - equal) : 0);

/** Looks at a row whose answer is at `places`, each once. */
export function look(weights: ArrayLike<number>, places: number[], oneIsEnough = false): Row {
  const values = Array.from(weights);
  const equal = places.length / values.length;
  if (!values.every(Number.isFinite)) return { largest: null, hits: 0, isLargest: false, share: equal, equal };
  const total = sum(values);
  const share = total > 0 ? sum(places.map((place) => values[place])) / total : equal;
  const order = values.map((_, i) => i).sort((a, b) => values[b] - values[a]);
  const hits = order.slice(0, places.length).filter((place) => places.includes(place)).length;
  const isLargest = oneIsEnough ? places.includes(order[0]) : hits === places.length;
  return { largest: order[0], hits, isLargest, share, equal };
}

const sum = (values: number[]): number => values.reduce((sum, value) => sum + value, 0);

/** "found", "not found", or "not clear yet" and why. */
function wordFor(rows: Rows): string {
  if (!rows.every(([, row]) => row.isLargest)) return "not found";
  const [name, row] = rows.reduce((least, each) => (marginOf(each[1]) < marginOf(least[1]) ? each : least));
  if (marginOf(row) >= CLEAR) return "found";
  return `not clear yet (${name ? `${name}: ` : ""}${fixed(row.share)} of all, an equal share is ${fixed(row.equal)})`;
}

/** What is to be added to a count that is complete, but by chance. */
function unlessClear(rows: Rows): string {
  const word = wordFor(rows);
  return word.startsWith("not clear") ? `, ${word}` : "";
}

function judged(sentences: string[], rows: Row[]): Verdict {
  const verdict = sentences.join(" ");
  if (rows.length === 0) return { verdict, found: null, margin: null };
  const margin = Math.min(...rows.map(marginOf));
  return { verdict, found: margin >= CLEAR && rows.every((row) => row.isLargest), margin };
}

/** Panels of bars whose answer is at the index `answer`. */
export function judgeBars(panels: { title: string; weights: number[] }[], answer: number, axis: string): Verdict {
  const rows = panels.map(({ weights }) => look(weights, [answer]));
  const said = panels.map(({ title, weights }, i) => {
    const row = rows[i];
    let sentence = "The weights are no finite numbers: not found.";
    if (row.largest !== null) {
      const elsewhere = row.isLargest ? "" : `, the answer on ${axis} ${answer}`;
      sentence = `The largest weight, ${fixed(weights[row.largest])}, is on ${axis} ${row.largest}${elsewhere}: ${wordFor([["", row]])}.`;
    }
    return title ? `${title}: ${sentence}` : sentence;
  });
  return judged(said, rows);
}

/** Several rows of weights with one answer, in fewer words. */
export function judgeGrid(rows: { name: string; weights: number[] }[], answer: number, axis: string): Verdict {
  const looks = rows.map(({ name, weights }): Rows[number] => [name, look(weights, [answer])]);
  const said = looks.map(([name, row]) =>
    row.largest === null ? `${name}: no finite numbers, not found.` : `${name}: largest on ${axis} ${row.largest}, ${wordFor([["", row]])}.`,
  );
  return judged(said, values(looks));
}

/** Weights (rows, columns); `row` is what the rows count. */
export function judgeCells(weights: number[][], answers: Cell[], row: string): Verdict {
  if (answers.length === 0) return judged([], []);
  const withAnswers = [...new Set(answers.map(([r]) => r))].sort((a, b) => a - b);
  const rows = withAnswers.map((r): Rows[number] => {
    const places = [...new Set(answers.filter(([other]) => other === r).map(([, column]) => column))];
    return [`${row} ${r}`, look(weights[r], places)];
  });
  const count = sum(rows.map(([, { hits }]) => hits));
  const total = new Set(answers.map(String)).size;
  return judged([`Answers found, as the largest weights of their ${row}: ${count} of ${total}${unlessClear(rows)}.`], values(rows));
}

/** Panels (queries, keys), by each query's key. */
export function judgeQueries(panels: { title?: string; weights: number[][] }[], alignment: number[]): Verdict {
  const aligned = (weights: number[][]) => weights.map((row, r): Rows[number] => [`row ${r}`, look(row, [alignment[r]])]);
  const rows = aligned(meanOfPanels(panels.map(({ weights }) => weights)));
  const each = panels.map(({ title, weights }) => `${title}: ${countOf(aligned(weights))}`).join(", ");
  const aside = panels.length > 1 ? ` (${each})` : "";
  return judged([`The answer has the largest mean weight in ${countOf(rows)} of ${rows.length} rows${aside}: ${wordFor(rows)}.`], values(rows));
}

const values = (rows: Rows): Row[] => rows.map(([, row]) => row);

const countOf = (rows: Rows): number => rows.filter(([, row]) => row.isLargest).length;

/** Samples (samples, steps) by each one's keyword; `padding` is true at padding. `lost` says the mean weight there. */
export function judgeKeywords(weights: number[][], answers: ArrayLike<number>, padding: boolean[][]): Verdict & { lost: string } {
  const rows = weights.map((row, sample) => look(row, [answers[sample]]));
  const onPadding = sum(weights.map((row, sample) => sum(row.filter((_, step) => padding[sample][step])))) / weights.length;
  const lost = onPadding === 0 ? "exactly 0" : onPadding < 0.01 ? "below 0.01" : fixed(onPadding);
  const percent = Math.floor((100 * rows.filter((row) => row.isLargest).length) / rows.length);
  // Of the clearest 99 %, rounded up, the least clear.
  const sorted = rows.toSorted((a, b) => marginOf(a) - marginOf(b));
  const least = sorted[Math.floor(((100 - ENOUGH) * rows.length) / 100)];
  const word = wordFor([["", { ...least, isLargest: percent >= ENOUGH }]]);
  const verdict = `Mean weight on padding: ${lost}. Largest weight on the keyword in ${percent} % of held-out samples: ${word}.`;
  return { verdict, found: word === "found", margin: marginOf(least), lost };
}

/** Trainings with the losses of their epochs, and the weights they have come to. */
export function judgeTrainings(trainings: { name: string; losses: number[]; weights: number[] }[], answer: number): Verdict {
  const rows = trainings.map(({ losses, weights }) => look(losses.every(Number.isFinite) ? weights : [NaN], [answer]));
  const said = trainings.map(({ name, losses }, i) => {
    if (rows[i].largest === null) return `${name}: diverged, not found.`;
    const reached = losses.length === 0 ? "" : `loss ${fixed(losses[losses.length - 1])} after ${counted(losses.length, "epoch")}, `;
    return `${name}: ${reached}${wordFor([["", rows[i]]])}.`;
  });
  return judged(said, rows);
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** Weights and effects over the same positions; of the one that is ablated, the effect is said as well. */
export function judgeEffects(title: string, weights: number[], effects: number[], answer: number, axis: string, ablated: number): Verdict {
  const rows: Rows = [
    ["weight", look(weights, [answer])],
    ["effect", look(effects, [answer])],
  ];
  const largest = rows.map(([name, row]) => `largest ${name} ${row.largest === null ? "nowhere" : `on ${axis} ${row.largest}`}`);
  const [ofAblated, ofAnswer] = [ablated, answer].map((position) => fixed(effects[position], 1));
  const changes =
    ablated === answer
      ? `Ablating the answer, ${axis} ${answer}, changes the prediction by ${ofAnswer}.`
      : `Ablating ${axis} ${ablated} changes the prediction by ${ofAblated}, ablating the answer, ${axis} ${answer}, by ${ofAnswer}.`;
  return judged([`${title}: ${largest.join(", ")}, ${wordFor(rows)}.`, changes], values(rows));
}
