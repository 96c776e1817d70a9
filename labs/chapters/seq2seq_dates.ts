/** Chapter 6: a date that the reader types in, read by the model that the chapter has trained. */
import * as tf from "@tensorflow/tfjs-core";
import type { Findings, Given, Values } from "../shared/messages";
import type { TrainedBefore } from "./lab";
import { callDecoder, callModel, encode, START, type Encoded, type Model } from "./seq2seq_attention";

// Tokens 0, 1 and 2 are padding, start and end; then come the characters, in order.
const END = 2;
const FIRST_CHARACTER = 3;
const DIGITS = "-0123456789";
const SOURCE_LENGTH = 38;
const TARGET_STEPS = 11; // ten characters and the end
const WIDTH = 3;
// A month's name cannot be checked by `says`; what the model all but rules out is no second reading.
const LEAST_PROBABILITY = 0.01;
/** So many characters that the model does not know are named; more tell a reader nothing more. */
const MOST_NAMED = 3;

const tensor = <Rank extends tf.Rank>({ shape, values }: Values) => tf.tensor<Rank>(values, shape as tf.ShapeMap[Rank]);

function lstm([kernel, recurrentKernel, bias]: Values[]) {
  return {
    kernel: tensor<tf.Rank.R2>(kernel),
    recurrent_kernel: tensor<tf.Rank.R2>(recurrentKernel),
    bias: tf.tensor2d(bias.values, [1, bias.values.length]),
  };
}

/** The weights of the notebook's encoder and decoder, in the order of `get_weights`. */
function loadModel(given: Given): Model {
  const [read, ...recurrent] = given.encoder as Values[];
  const [written, ...rest] = given.decoder as Values[];
  const [W_q, W_k, v, kernel, bias] = rest.slice(3);
  return {
    inputs: { embeddings: tensor(read) },
    forward: lstm(recurrent),
    backward: lstm(recurrent.slice(3)),
    outputs: { embeddings: tensor(written) },
    decoder: lstm(rest),
    attention: { W_q: tensor(W_q), W_k: tensor(W_k), v: tensor(v) },
    output: { kernel: tensor(kernel), bias: tensor(bias) },
  };
}

interface Beam {
  tokens: number[];
  logProbability: number;
}

/** The likeliest texts, token by token: every step keeps the best `width` of all that go on from those before. */
export function beamSearch(model: Model, x: number[], width: number): Beam[] {
  let beams: Beam[] = [{ tokens: [START], logProbability: 0 }];
  tf.tidy(() => {
    const encoded = encode(model, tf.tensor2d([x]));
    for (let step = 0; step < TARGET_STEPS; step++) {
      const next = logProbabilities(model, encoded, beams);
      const longer = beams.flatMap(({ tokens, logProbability }, i) =>
        next[i].map((more, token) => ({ tokens: [...tokens, token], logProbability: logProbability + more })),
      );
      beams = longer.sort((a, b) => b.logProbability - a.logProbability).slice(0, width);
    }
  });
  return beams;
}

/** How likely each token is to come next, a row a beam. */
function logProbabilities(model: Model, { states, end }: Encoded, beams: Beam[]): number[][] {
  const steps = beams[0].tokens.length;
  const rows = tf.tidy(() => {
    const previous = tf.tensor2d(beams.map(({ tokens }) => tokens));
    // All beams read the one text.
    const repeated = { states: tf.concat(beams.map(() => states)), end: tf.concat(beams.map(() => end), 1) };
    return callDecoder(model, "additive", repeated, previous).logits.arraySync();
  });
  return beams.map((_, i) => {
    const logits = rows[(i + 1) * steps - 1];
    const largest = Math.max(...logits);
    const logSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
    return logits.map((logit) => logit - largest - logSum);
  });
}

function decode(tokens: number[]): string {
  const end = tokens.indexOf(END);
  return tokens.slice(1, end < 0 ? undefined : end).map((token) => DIGITS[token - FIRST_CHARACTER] ?? "").join("");
}

/** Whether day, year, and the month if it has no name, each stand in the text once, and no other number. */
export function says(written: string, answer: string): boolean {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(answer) && new Date(answer).toJSON()?.slice(0, 10) === answer;
  if (!isDate) return false;
  const numbers = (written.match(/[0-9]+/g) ?? []).map(Number);
  const [year, month, day] = answer.split("-").map(Number);
  const fields = [day, ...(numbers.length === 3 ? [month] : [])];
  const sorted = (values: number[]) => String(values.sort((a, b) => a - b));
  return [year, year % 100].some((said) => sorted([...fields, said]) === sorted(numbers));
}

const shortened = (word: string): string => (word.length > 20 ? `${word.slice(0, 20)}…` : word);

function message(verdict: string): Findings {
  return { picture: null, verdict, found: false, metrics: [] };
}

/** What the model makes of a text: an alignment, or a message where it is no date. */
export function read(model: Model, letters: string, words: string[], written: string): Findings {
  if (written.trim() === "") return message("Type a date.");
  const strange = written.match(/\p{L}+/gu)?.find((word) => !words.includes(word.toLowerCase()));
  if (strange !== undefined) return message(`No date that the model was trained on has the word “${shortened(strange)}”.`);
  const characters = [...written];
  const unknown = [...new Set(characters)].filter((character) => !letters.includes(character)).slice(0, MOST_NAMED);
  if (unknown.length > 0) {
    const named = unknown.map((character) => `“${character}”`).join(" or ");
    return message(`This is no date that the model can read: none of its dates has ${named} in it.`);
  }
  if (characters.length > SOURCE_LENGTH - 2) {
    const most = SOURCE_LENGTH - 2;
    return message(`This is no date that the model can read: it has ${characters.length} characters, and at most ${most} are possible.`);
  }
  const x = [START, ...characters.map((character) => [...letters].indexOf(character) + FIRST_CHARACTER), END];
  const beams = beamSearch(model, x, WIDTH);
  const isLikely = ({ logProbability }: Beam) => Math.exp(logProbability) > LEAST_PROBABILITY;
  const possible = beams.filter((beam) => isLikely(beam) && says(written, decode(beam.tokens)));
  if (possible.length === 0) return message(`The model says ${decode(beams[0].tokens)}, the text does not: no date?`);

  const [{ tokens, logProbability }, ...others] = possible;
  const answer = decode(tokens);
  const weights = tf.tidy(() => {
    const previous = tf.tensor2d([tokens.slice(0, answer.length)]);
    return callModel(model, "additive", tf.tensor2d([x]), previous).weights.arraySync()[0];
  });
  const also = others.map(({ tokens }) => ` It may also mean ${decode(tokens)}.`).slice(0, 1);
  return {
    picture: {
      kind: "heatmap",
      title: "Attention weight",
      row: "written",
      column: "read",
      rowNames: [...answer],
      columnNames: characters.map((character) => (character === " " ? "␣" : character)),
      panels: [{ weights: weights.map((row) => row.slice(1, -1)) }], // without start and end
      answers: [],
    },
    found: true,
    verdict: `Alignment of “${answer}” with “${written}”.${also}`,
    metrics: [{ label: answer, value: `${Math.round(100 * Math.exp(logProbability))} %` }],
  };
}

export const dates: TrainedBefore = {
  read({ date }, given) {
    for (const name of ["letters", "words", "encoder", "decoder"]) {
      if (!(name in given)) throw new Error(`the page hands over no ${name}`);
    }
    const words = (given.words as string).split(" ");
    const model = loadModel(given);
    try {
      return read(model, given.letters as string, words, String(date));
    } finally {
      tf.dispose(model);
    }
  },
};
