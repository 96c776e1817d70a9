/** Chapter 6: which symbol does the decoder read as it writes? Luong's attention between two LSTMs. */
import {
  adam,
  additiveScores,
  bidirectional,
  concatenate,
  dense,
  dotScores,
  embedding,
  glorotUniform,
  layer,
  lstm,
  matmul,
  softmax,
  sparseCategoricalCrossentropy,
  uniform,
  weightedSum,
  type Layer,
  type Tensor,
  type Tensors,
  type Weights,
} from "../engine";
import { judgeCells } from "../shared/found";
import { additiveTerms, choiceOf, contextRows, dotTerms, says, softmaxRows, writtenSum } from "../shared/mechanism";
import { categoricalAccuracy, fixed, meanOfSamples, rowsOf } from "../shared/numbers";
import type { Cell } from "../shared/pictures";
import type { Random } from "../shared/random";
import type { LookedInside } from "./lab";

const NUM_SYMBOLS = 10;
// Token 0 is padding, 1 the start, 2 the end; then come the symbols.
export const START = 1;
const FIRST_SYMBOL = 3;
const NUM_TOKENS = FIRST_SYMBOL + NUM_SYMBOLS;
const EMBEDDING_DIM = 16;

export type Task = "reverse" | "copy" | "shift" | "every_second";
export type Score = "dot" | "general" | "additive";

/** The input step that each output step comes from. */
export function getAlignment(task: Task, length: number): number[] {
  const steps = Array.from({ length }, (_, step) => step);
  const from = {
    reverse: () => steps.reverse(),
    copy: () => steps,
    shift: () => steps.map((step) => (step + 1) % length),
    every_second: () => steps.filter((step) => step % 2 === 0),
  };
  return from[task]();
}

/**
 * Sequences of symbols, those that they are to be turned into, and what the decoder has before each step, had it
 * made no mistake: teacher forcing.
 */
export function getData(numSamples: number, length: number, alignment: number[], random: Random) {
  const symbol = () => FIRST_SYMBOL + Math.floor(random.uniform() * NUM_SYMBOLS);
  const x = Float32Array.from({ length: numSamples * length }, symbol);
  const steps = alignment.length;
  const y = Float32Array.from({ length: numSamples * steps }, (_, i) => x[Math.floor(i / steps) * length + alignment[i % steps]]);
  const previous = y.map((_, i) => (i % steps === 0 ? START : y[i - 1]));
  return { x, previous, y };
}

/** How well each state answers each query: (samples, 1, outputs, inputs), and what was compared for it. */
interface Scored extends Tensors<string> {
  scores: Tensor;
  queries: Tensor;
  keys: Tensor;
}
type Scores = Layer<Weights, (queries: Tensor, states: Tensor) => Scored>;

function scoresLayer(score: Score, units: number, scoreUnits: number, random: Random): Scores {
  const compared = (queries: Tensor, keys: Tensor): Scored => ({ scores: dotScores(queries, keys), queries, keys });
  if (score === "dot") return layer({}, compared);
  if (score === "general") {
    const weights = { W: glorotUniform([units, units], random) };
    return layer(weights, (queries: Tensor, states: Tensor) => compared(matmul(queries, weights.W), states));
  }
  const kernel = () => glorotUniform([units, scoreUnits], random);
  const weights = { W_q: kernel(), W_k: kernel(), v: uniform([scoreUnits], Math.sqrt(6 / (2 * scoreUnits)), random) };
  return layer(weights, (ofDecoder: Tensor, states: Tensor) => {
    const [queries, keys] = [matmul(ofDecoder, weights.W_q), matmul(states, weights.W_k)];
    return { scores: additiveScores(queries, keys, weights.v), queries, keys, v: states.tape.use(weights.v) };
  });
}

export interface Architecture {
  score: Score;
  inputTokens: number;
  outputTokens: number;
  embeddingDim: number;
  units: number;
  /** Of the additive score's hidden layer; as many as `units` where it is not said. */
  scoreUnits?: number;
}

export function buildEncoder({ inputTokens, embeddingDim, units }: Architecture, random: Random) {
  const half = () => lstm(embeddingDim, units / 2, random);
  return { inputs: embedding(inputTokens, embeddingDim, random), states: bidirectional(half(), half()) };
}

export function buildDecoder({ score, outputTokens, embeddingDim, units, scoreUnits = units }: Architecture, random: Random) {
  return {
    outputs: embedding(outputTokens, embeddingDim, random),
    decoder: lstm(embeddingDim, units, random),
    attention: scoresLayer(score, units, scoreUnits, random),
    output: dense(2 * units, outputTokens, random),
  };
}

/** One LSTM from the left and one from the right: the states at all steps, and how both ended, state and memory. */
export function encode({ inputs, states }: ReturnType<typeof buildEncoder>, tokens: Tensor) {
  const { sequence, state } = states(inputs(tokens));
  const [right, rightMemory, left, leftMemory] = state;
  return { states: sequence, state: concatenate([right, left]), memory: concatenate([rightMemory, leftMemory]) };
}
export type Encoded = ReturnType<typeof encode>;

/** `previous` holds the token before each output step. */
export function decode(model: ReturnType<typeof buildDecoder>, { states, state, memory }: Encoded, previous: Tensor) {
  const { sequence: queries } = model.decoder(model.outputs(previous), { initialState: [state, memory] });
  const scored = model.attention(queries, states);
  const weights = softmax(scored.scores);
  const context = weightedSum(weights, states);
  return { scored, weights, context, logits: model.output(concatenate([context, queries])) };
}

interface Options {
  task: Task;
  score: Score;
  length: number;
  units: number;
  num_samples: number;
  num_held_out: number;
  batch_size: number;
  learning_rate: number;
  epochs: number;
}

/** What a score compares: W, W_q and W_k are learned kernels, v a learned vector. */
const SCORE_AS_WORDS: Record<Score, string> = {
  dot: "query · state",
  general: "(query W) · state",
  additive: "v · tanh(query W_q + state W_k)",
};

const nameOf = (token: number): string => ["padding", "the start", "the end"][token] ?? String(token - FIRST_SYMBOL);

const alignmentOf = ({ task, length }: Options): number[] => getAlignment(task, length);

function buildModel({ score, units }: Options, random: Random) {
  const architecture = { score, units, inputTokens: NUM_TOKENS, outputTokens: NUM_TOKENS, embeddingDim: EMBEDDING_DIM };
  return { encoder: buildEncoder(architecture, random), decoder: buildDecoder(architecture, random) };
}

export const seq2seq: LookedInside<Options, ReturnType<typeof buildModel>> = {
  constants: { units: 32, num_samples: 4096, num_held_out: 256, batch_size: 64, learning_rate: 0.01 },

  data(options, random) {
    const samples = (count: number) => getData(count, options.length, alignmentOf(options), random);
    return { training: samples(options.num_samples), heldOut: samples(options.num_held_out) };
  },

  build: buildModel,

  inputs: (options) => ({ x: [options.length], previous: [alignmentOf(options).length] }),
  targets: (options) => [alignmentOf(options).length],
  call: (model, { x, previous }) => decode(model.decoder, encode(model.encoder, x), previous),
  loss: () => sparseCategoricalCrossentropy,
  plan: ({ epochs, learning_rate, batch_size }) => ({ epochs, runs: [{ optimizer: adam(learning_rate), batchSize: batch_size }] }),

  findings({ runs: [{ predict }], heldOut: { x, previous, y } }, options) {
    const alignment = alignmentOf(options);
    const { weights, logits } = predict({ x, previous });
    const rows = rowsOf(meanOfSamples(weights, x.length / options.length), options.length);
    const answers = alignment.map((input, output): Cell => [output, input]);
    return {
      picture: {
        kind: "heatmap",
        title: "Mean attention weight, held-out samples",
        row: "output step",
        column: "input step",
        panels: [{ weights: rows }],
        answers,
      },
      ...judgeCells(rows, answers, "output step"),
      metrics: [{ label: "Held-out accuracy", value: fixed(categoricalAccuracy(y, logits)) }],
    };
  },

  inside: {
    tensors(model, { x, previous }) {
      const encoded = encode(model.encoder, x);
      const { scored, ...decoded } = decode(model.decoder, encoded, previous);
      return { ...scored, ...decoded, states: encoded.states };
    },

    mechanism({ queries, keys, v, states, scores, weights, context, logits }, { x, y, previous }, options, chosen) {
      const { length, units, score } = options;
      const alignment = alignmentOf(options);
      const output = choiceOf(chosen, { name: "output", label: "output step", min: 0, max: alignment.length - 1 });
      const dimension = choiceOf(chosen, { name: "dimension", label: "state’s dimension", min: 0, max: units - 1 });
      const query = rowsOf(queries, units)[output.value];
      const made = rowsOf(keys, units).map((key) => {
        const sum = score === "additive" ? writtenSum(additiveTerms(v, query, key), 2) : writtenSum(dotTerms(query, key));
        return `${SCORE_AS_WORDS[score]} = ${sum}`;
      });
      const weightsOfOutput = rowsOf(weights, length)[output.value];
      const statesThere = rowsOf(states, units).map((state) => state[dimension.value]);
      const contextThere = rowsOf(context, units)[output.value][dimension.value];
      const before = previous[output.value];
      return {
        position: "input step",
        answers: [alignment[output.value]],
        rows: [
          { name: "symbol", cells: Array.from(x, nameOf), sums: Array.from(x, (token) => `symbol ${nameOf(token)}`) },
          ...softmaxRows(rowsOf(scores, length)[output.value], made, weightsOfOutput),
          ...contextRows(weightsOfOutput, statesThere, contextThere, dimension.value),
        ],
        prediction: says(rowsOf(logits, NUM_TOKENS)[output.value], (token) => `${nameOf(token)} at step ${output.value}, after ${nameOf(before)}`),
        target: `The target there is ${nameOf(y[output.value])}.`,
        choices: [output, dimension],
        replaceable: null,
      };
    },
  },
};
