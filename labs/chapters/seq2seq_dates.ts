/** Chapter 6: a date that the reader types in, read by the model that the chapter has trained. */
import { Parameters, predictor, type Arena } from "../engine";
import type { Findings, Given, Values } from "../shared/messages";
import { rowsOf } from "../shared/numbers";
import { seededRandom } from "../shared/random";
import type { TrainedBefore } from "./lab";
import { buildDecoder, buildEncoder, decode, encode, START } from "./seq2seq_attention";

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

/** The notebook's encoder and decoder with their weights, which come in the order of `get_weights`. */
function loadModel(arena: Arena, given: Given) {
  const [encoderWeights, decoderWeights] = [given.encoder, given.decoder] as Values[][];
  const [inputTokens, embeddingDim] = encoderWeights[0].shape;
  const [outputTokens] = decoderWeights[0].shape;
  const [units] = decoderWeights[2].shape; // of the recurrent kernel
  const [, scoreUnits] = decoderWeights[4].shape; // of the query's kernel
  const architecture = { score: "additive", inputTokens, outputTokens, embeddingDim, units, scoreUnits } as const;
  const random = seededRandom(0);
  const model = { encoder: buildEncoder(architecture, random), decoder: buildDecoder(architecture, random) };
  const parameters = new Parameters(arena, model);
  parameters.setWeights([...encoderWeights, ...decoderWeights].map(({ values }) => values));
  return { model, parameters };
}

/** A model that has read a text, asked how it may go on after each of some beginnings of a date. */
type Continue = (beginnings: number[][]) => { weights: number[][]; logits: number[][] }[];

/** Reads a text once; what it then writes reads the states that this leaves. */
function reader({ model, parameters }: ReturnType<typeof loadModel>, x: number[]): Continue {
  const encoded = predictor(parameters, { x: [x.length] }, (inputs) => encode(model.encoder, inputs.x))({ x: Float32Array.from(x) });
  const units = encoded.state.length;
  const inputs = { states: [x.length, units], state: [units], memory: [units], previous: [TARGET_STEPS] };
  const write = predictor(parameters, inputs, ({ previous, ...states }) => {
    const { weights, logits } = decode(model.decoder, states, previous);
    return { weights, logits };
  });
  return (beginnings) => {
    // The text is the same for all. What comes after a beginning changes nothing before it: zeros will do.
    const repeated = (values: Float32Array) => Float32Array.from(beginnings.flatMap(() => Array.from(values)));
    const previous = beginnings.flatMap((tokens) => Array.from({ length: TARGET_STEPS }, (_, step) => tokens[step] ?? 0));
    const { weights, logits } = write({
      states: repeated(encoded.states),
      state: repeated(encoded.state),
      memory: repeated(encoded.memory),
      previous: Float32Array.from(previous),
    });
    const ofEach = (values: Float32Array) => rowsOf(values, values.length / beginnings.length);
    return ofEach(weights).map((row, i) => ({
      weights: rowsOf(row, x.length),
      logits: rowsOf(ofEach(logits)[i], logits.length / (beginnings.length * TARGET_STEPS)),
    }));
  };
}

interface Beam {
  tokens: number[];
  logProbability: number;
}

/** The likeliest texts, token by token: every step keeps the best `width` of all that go on from those before. */
export function beamSearch(goOn: Continue, width: number): Beam[] {
  let beams: Beam[] = [{ tokens: [START], logProbability: 0 }];
  for (let step = 0; step < TARGET_STEPS; step++) {
    const next = goOn(beams.map(({ tokens }) => tokens));
    const longer = beams.flatMap(({ tokens, logProbability }, i) =>
      logSoftmax(next[i].logits[step]).map((more, token) => ({ tokens: [...tokens, token], logProbability: logProbability + more })),
    );
    beams = longer.sort((a, b) => b.logProbability - a.logProbability).slice(0, width);
  }
  return beams;
}

function logSoftmax(logits: number[]): number[] {
  const largest = Math.max(...logits);
  const logSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
  return logits.map((logit) => logit - largest - logSum);
}

function textOf(tokens: number[]): string {
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
  return { picture: null, verdict, found: false, margin: null, metrics: [] };
}

/** What the model makes of a text: an alignment, or a message where it is no date. */
export function read(model: ReturnType<typeof loadModel>, letters: string, words: string[], written: string): Findings {
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
  const goOn = reader(model, x);
  const beams = beamSearch(goOn, WIDTH);
  const isLikely = ({ logProbability }: Beam) => Math.exp(logProbability) > LEAST_PROBABILITY;
  const possible = beams.filter((beam) => isLikely(beam) && says(written, textOf(beam.tokens)));
  if (possible.length === 0) return message(`The model says ${textOf(beams[0].tokens)}, the text does not: no date?`);

  const [{ tokens, logProbability }, ...others] = possible;
  const answer = textOf(tokens);
  const weights = goOn([tokens])[0].weights.slice(0, answer.length);
  const also = others.map(({ tokens }) => ` It may also mean ${textOf(tokens)}.`).slice(0, 1);
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
    found: null,
    margin: null,
    verdict: `Alignment of “${answer}” with “${written}”.${also}`,
    metrics: [{ label: answer, value: `${Math.round(100 * Math.exp(logProbability))} %` }],
  };
}

export const dates: TrainedBefore = {
  read({ date }, given, arena) {
    for (const name of ["letters", "words", "encoder", "decoder"]) {
      if (!(name in given)) throw new Error(`the page hands over no ${name}`);
    }
    const words = (given.words as string).split(" ");
    return read(loadModel(arena, given), given.letters as string, words, String(date));
  },
};
