/** Scores, weights and their sums. Weights always have four axes: (samples, heads, queries, keys). */
import type { Operand, Tape, Tensor } from "../tape";
import { broadcast, broadcastShape } from "./moves";
import { products, transposed, type Matrices } from "./products";
import { isSame, rowsAndWidth, written, type Shape } from "./shapes";

/** Queries, keys or values (samples, steps, width), the width cut into heads: a matrix (steps, units) a sample and head. */
const perHead = ([, steps, width]: Shape, heads: number): Matrices => ({
  outer: steps * width,
  inner: width / heads,
  row: width,
  column: 1,
});

const scoresAt = (heads: number, queries: number, keys: number): Matrices => ({
  outer: heads * queries * keys,
  inner: queries * keys,
  row: keys,
  column: 1,
});

/** How well each key answers each query: query · key. To be scaled by who wants it scaled. */
export function dotScores(queries: Tensor, keys: Tensor, heads = 1): Tensor {
  const [samples, numQueries, width] = queries.shape;
  const [otherSamples, numKeys, otherWidth] = keys.shape;
  if (samples !== otherSamples || width !== otherWidth || width % heads !== 0) {
    throw new Error(`dotScores: ${written(queries.shape)}, ${written(keys.shape)} and ${heads} heads do not fit`);
  }
  return products(
    queries,
    keys,
    [samples, heads, numQueries, numKeys],
    { outer: samples, inner: heads, m: numQueries, k: width / heads, n: numKeys },
    perHead(queries.shape, heads),
    transposed(perHead(keys.shape, heads)),
    scoresAt(heads, numQueries, numKeys),
  );
}

/** The context of each query: its weights' sum of the values, heads side by side. */
export function weightedSum(weights: Tensor, values: Tensor): Tensor {
  const [samples, heads, queries, keys] = weights.shape;
  const [otherSamples, steps, width] = values.shape;
  if (weights.shape.length !== 4 || samples !== otherSamples || keys !== steps || width % heads !== 0) {
    throw new Error(`weightedSum: weights ${written(weights.shape)} and values ${written(values.shape)} do not fit`);
  }
  const shape = [samples, queries, width];
  return products(
    weights,
    values,
    shape,
    { outer: samples, inner: heads, m: queries, k: keys, n: width / heads },
    scoresAt(heads, queries, keys),
    perHead(values.shape, heads),
    perHead(shape, heads),
  );
}

/** v · tanh(query + key), for queries and keys that have been through their kernels: (samples, 1, queries, keys). */
export function additiveScores(queries: Tensor, keys: Tensor, v: Operand): Tensor {
  const { tape } = queries;
  const { kernels } = tape;
  const [samples, numQueries, units] = queries.shape;
  const [otherSamples, numKeys, otherUnits] = keys.shape;
  const factors = tape.use(v);
  if (samples !== otherSamples || units !== otherUnits || units !== factors.size) {
    const shapes = [queries, keys, factors].map(({ shape }) => written(shape));
    throw new Error(`additiveScores: ${shapes.join(", ")} do not fit`);
  }
  const y: Tensor = tape.record([queries, keys, factors], [samples, 1, numQueries, numKeys], {
    forward: () => kernels.additiveScores(queries.at, keys.at, factors.at, y.at, samples, numQueries, numKeys, units),
    backward: (dy, dqueries, dkeys, dv) =>
      kernels.additiveScoresGradient(
        queries.at, keys.at, factors.at, dy, dqueries, dkeys, dv, samples, numQueries, numKeys, units,
      ),
  });
  return y;
}

/**
 * Weights over the last axis. A mask has 1 where one may attend and 0 elsewhere, and broadcasts to the scores: the
 * weight of what is masked is exactly 0, and a row with nothing to attend to becomes zeros.
 */
export function softmax(scores: Tensor, mask?: Tensor): Tensor {
  const { tape } = scores;
  const { kernels } = tape;
  const [rows, width] = rowsAndWidth(scores);
  const { at, repeat, maskRows } = mask ? rowsOfMask(mask, scores.shape) : { at: 0, repeat: 1, maskRows: 1 };
  const y: Tensor = tape.record([scores], scores.shape, {
    forward: () => kernels.softmax(scores.at, y.at, rows, width, at, repeat, maskRows),
    gradients: [(dy, dx) => kernels.softmaxGradient(y.at, dy, dx, rows, width)],
  });
  return y;
}

/** Which row of the mask belongs to which row of scores, where it is enough to count; elsewhere the mask is written out. */
function rowsOfMask(mask: Tensor, shape: Shape) {
  if (!isSame(broadcastShape(mask.shape, shape, "softmax"), shape)) {
    throw new Error(`softmax: a mask of shape ${written(mask.shape)} is too large for scores of shape ${written(shape)}`);
  }
  const aligned = [...Array<number>(shape.length - mask.shape.length).fill(1), ...mask.shape];
  const own = aligned.map((length) => length !== 1);
  const from = own.indexOf(true);
  const to = own.lastIndexOf(true, shape.length - 2) + 1;
  const size = (lengths: Shape) => lengths.reduce((product, length) => product * length, 1);
  const middle = shape.slice(from, to);
  const isRun = isSame(aligned.slice(from, to), middle) && aligned.at(-1) === shape.at(-1);
  if (!isRun) return { at: broadcast(mask, shape).at, repeat: 1, maskRows: size(shape.slice(0, -1)) };
  return { at: mask.at, repeat: size(shape.slice(to, -1)), maskRows: size(middle) };
}

/** (steps, steps): no step attends to a later one. */
export function causalMask(tape: Tape, steps: number): Tensor {
  return tape.constant([steps, steps], Array.from({ length: steps * steps }, (_, i) => Number(i % steps <= Math.floor(i / steps))));
}

/** (steps, steps): no step attends to itself. */
export function diagonalMask(tape: Tape, steps: number): Tensor {
  return tape.constant([steps, steps], Array.from({ length: steps * steps }, (_, i) => Number(i % steps !== Math.floor(i / steps))));
}
