/** Chapter 4: which token is the keyword? Attention pooling over sequences of different lengths. */
import {
  adam,
  dense,
  embedding,
  glorotUniform,
  layer,
  matmul,
  notEqual,
  relu,
  reshape,
  softmax,
  sparseCategoricalCrossentropy,
  weightedSum,
  type Tensor,
  type Tensors,
} from "../engine";
import { judgeKeywords } from "../shared/found";
import { choiceOf, contextRows, dotTerms, says, softmaxRows, writtenSum } from "../shared/mechanism";
import { categoricalAccuracy, fixed, rowsOf } from "../shared/numbers";
import type { Random } from "../shared/random";
import type { LookedInside } from "./lab";

const TIME_STEPS = 40;
const SHORTEST = 5;
// Token 0 is padding, then come the keywords, then the distractors.
const NUM_KEYWORDS = 4;
const NUM_TOKENS = 1 + NUM_KEYWORDS + 26;
const EMBEDDING_DIM = 16;
const NUM_SHOWN = 6;

interface Task {
  max_length: number;
  /** How many kinds of them there are. */
  distractors: number;
  padding: "after" | "before";
}

/** Sequences of distractors with one keyword in each, which tells the class, padded to the same length. */
export function getData(numSamples: number, { max_length, distractors, padding }: Task, random: Random) {
  const below = (end: number) => Math.floor(random.uniform() * end);
  const x = new Float32Array(numSamples * TIME_STEPS);
  const y = new Float32Array(numSamples);
  const keywordSteps = new Float32Array(numSamples);
  for (let sample = 0; sample < numSamples; sample++) {
    const length = SHORTEST + below(max_length - SHORTEST + 1);
    const first = padding === "before" ? TIME_STEPS - length : 0;
    const start = sample * TIME_STEPS + first;
    for (let i = start; i < start + length; i++) x[i] = 1 + NUM_KEYWORDS + below(distractors);
    const place = below(length);
    y[sample] = below(NUM_KEYWORDS);
    x[start + place] = 1 + y[sample];
    keywordSteps[sample] = first + place;
  }
  return { x, y, keywordSteps };
}

/** One learned query: (…, dimensions) → (…, 1). */
function learnedQuery(random: Random) {
  const weights = { W: glorotUniform([EMBEDDING_DIM, 1], random) };
  return layer(weights, (x: Tensor) => matmul(x, weights.W));
}

export function buildModel(units: number, random: Random) {
  return {
    embedding: embedding(NUM_TOKENS, EMBEDDING_DIM, random),
    attention: learnedQuery(random),
    hidden: dense(EMBEDDING_DIM, units, random),
    output: dense(units, NUM_KEYWORDS, random),
  };
}

/** The model: one score a step, a softmax over the steps that are no padding, and the weighted sum of the steps. */
export function callModel(model: ReturnType<typeof buildModel>, { x }: Tensors<string>, { mask }: { mask: boolean }) {
  const [samples, timeSteps] = x.shape;
  const values = model.embedding(x); // (samples, time steps, dimensions)
  const scores = reshape(model.attention(values), [samples, timeSteps]);
  const weights = softmax(scores, mask ? notEqual(x, 0) : undefined);
  const context = weightedSum(reshape(weights, [samples, 1, 1, timeSteps]), values); // (samples, 1, dimensions)
  const hidden = relu(model.hidden(reshape(context, [samples, EMBEDDING_DIM])));
  return { values, scores, weights, context, logits: model.output(hidden) };
}

/** Keywords as capitals, distractors as small letters. */
function letter(token: number): string | null {
  if (token === 0) return null;
  return token <= NUM_KEYWORDS
    ? String.fromCharCode("A".charCodeAt(0) + token - 1)
    : String.fromCharCode("a".charCodeAt(0) + token - 1 - NUM_KEYWORDS);
}

interface Options extends Task {
  mask: boolean;
  units: number;
  num_samples: number;
  num_held_out: number;
  batch_size: number;
  learning_rate: number;
  epochs: number;
}

export const pooling: LookedInside<Options, ReturnType<typeof buildModel>> = {
  constants: { units: 128, num_samples: 1024, num_held_out: 1024, batch_size: 64, learning_rate: 0.003, epochs: 6 },

  data(options, random) {
    const { num_samples, num_held_out } = options;
    return { training: getData(num_samples, options, random), heldOut: getData(num_held_out, options, random) };
  },

  build: ({ units }, random) => buildModel(units, random),
  inputs: () => ({ x: [TIME_STEPS] }),
  targets: () => [1],
  call: callModel,
  loss: () => sparseCategoricalCrossentropy,
  plan: ({ epochs, learning_rate, batch_size }) => ({ epochs, runs: [{ optimizer: adam(learning_rate), batchSize: batch_size }] }),

  findings({ runs: [{ predict }], heldOut: { x, y, keywordSteps } }) {
    const { weights, logits } = predict({ x });
    const rows = rowsOf(weights, TIME_STEPS);
    const tokens = rowsOf(x, TIME_STEPS);
    const isPadding = tokens.map((row) => row.map((token) => token === 0));
    const { lost, ...judged } = judgeKeywords(rows, keywordSteps, isPadding);
    return {
      picture: {
        kind: "tokens",
        title: "Attention weights, six held-out samples",
        answerName: "keyword",
        samples: rows.slice(0, NUM_SHOWN).map((row, sample) => ({
          tokens: tokens[sample].map(letter),
          weights: row,
          answer: keywordSteps[sample],
        })),
      },
      ...judged,
      metrics: [
        { label: "Held-out accuracy", value: fixed(categoricalAccuracy(y, logits)) },
        { label: "Weight on padding", value: lost },
      ],
    };
  },

  inside: {
    tensors: (model, inputs, options) => ({ ...callModel(model, inputs, options), W: inputs.x.tape.use(model.attention.weights.W) }),

    mechanism({ values, scores, weights, context, logits, W }, { x, y, keywordSteps }, { mask, distractors }, chosen) {
      const dimension = choiceOf(chosen, { name: "dimension", label: "value’s dimension", min: 0, max: EMBEDDING_DIM - 1 });
      const embedded = rowsOf(values, EMBEDDING_DIM);
      const tokens = Array.from(x, letter).map((token) => token ?? "·");
      const isToken = Array.from(x, (token) => token !== 0);
      return {
        position: "step",
        answers: [...keywordSteps],
        rows: [
          { name: "token", cells: tokens, sums: tokens.map((token, step) => (isToken[step] ? `“${token}”` : "padding")) },
          ...softmaxRows(
            [...scores],
            embedded.map((value) => `learned query · value = ${writtenSum(dotTerms(W, value))}`),
            [...weights],
            mask ? isToken : undefined,
          ),
          ...contextRows([...weights], embedded.map((value) => value[dimension.value]), context[dimension.value], dimension.value),
        ],
        prediction: says([...logits], (keyword) => `keyword ${letter(1 + keyword)}`),
        target: `The target is ${letter(1 + y[0])}.`,
        choices: [dimension],
        replaceable: {
          label: "token",
          values: [...x],
          words: Array.from({ length: 1 + NUM_KEYWORDS + distractors }, (_, token) => letter(token) ?? "padding"),
        },
      };
    },
  },
};
