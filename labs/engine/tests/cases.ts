/** Every operation, at shapes that are drawn: what all tests of operations go through. */
import { sizeOf } from "../parameters";
import { additiveScores, causalMask, diagonalMask, dotScores, softmax, weightedSum } from "../operations/attention";
import { add, gelu, multiply, relu, scale, sigmoid, tanh } from "../operations/elementwise";
import { binaryCrossentropy, meanSquaredError, sparseCategoricalCrossentropy } from "../operations/losses";
import { concatenate, mean, permute, relativeBias, reshape, reverse, slice, sum, unstack } from "../operations/moves";
import { normalize } from "../operations/normalization";
import { matmul, rowsBy } from "../operations/products";
import { CELLS, recurrence, type CellName } from "../operations/recurrent";
import { embedding } from "../operations/tables";
import type { Tensor } from "../tape";
import type { Case, Draw } from "./helpers";

const elementwise = (operation: (x: Tensor) => Tensor) => (draw: Draw): Case => ({
  shapes: [[draw.length(), draw.length()]],
  build: (_, [x]) => operation(x),
});

/** Two operands, of which one or both are repeated along some axes. */
const broadcasting = (operation: (a: Tensor, b: Tensor) => Tensor) => (draw: Draw): Case => {
  const full = [draw.length(9), draw.length(20), draw.length(20)];
  const less = () => full.map((length) => (draw.choice([true, false]) ? length : 1)).slice(draw.integer(0, 2));
  return { shapes: draw.choice([[full, full], [full, less()], [less(), full]]), build: (_, [a, b]) => operation(a, b) };
};

const alongAnAxis = (operation: (x: Tensor, axis: number) => Tensor) => (draw: Draw): Case => {
  const axis = draw.integer(0, 2);
  return { shapes: [[draw.length(9), draw.length(20), draw.length(20)]], build: (_, [x]) => operation(x, axis) };
};

const recurrent = (cell: CellName) => (draw: Draw): Case => {
  const [samples, steps, inputs, units] = [draw.length(20), draw.length(9), draw.length(20), draw.length(40)];
  const { gates, biases, states } = CELLS[cell];
  const initial = Array.from({ length: draw.choice([0, states]) }, () => [samples, units]);
  const backwards = draw.choice([true, false]);
  const part = draw.choice(["sequence", "last", "state", "all"]);
  return {
    shapes: [[samples, steps, inputs], [inputs, gates * units], [units, gates * units], [biases, gates * units], ...initial],
    build(_, [x, kernel, drawn, bias, ...initialState]) {
      // As large as an orthogonal one; larger, small differences grow from step to step.
      const recurrent_kernel = scale(drawn, 1 / Math.sqrt(units));
      const run = recurrence(cell, x, { kernel, recurrent_kernel, bias }, { initialState, backwards });
      if (part === "sequence") return run.sequence;
      if (part === "last") return run.last;
      const flat = [...run.state, ...(part === "all" ? [run.sequence] : [])].map((tensor) => reshape(tensor, [tensor.size]));
      return concatenate(flat);
    },
  };
};

const attention = (draw: Draw) => {
  const heads = draw.choice([1, 1, 2, 3]);
  const [samples, queries, keys, units] = [draw.length(6), draw.length(20), draw.length(20), draw.length(20)];
  return { heads, samples, queries, keys, units, width: heads * units };
};

export const cases: Record<string, (draw: Draw) => Case> = {
  add: broadcasting(add),
  multiply: broadcasting(multiply),
  scale: elementwise((x) => scale(x, -0.7)),
  relu: elementwise(relu),
  tanh: elementwise(tanh),
  sigmoid: elementwise(sigmoid),
  gelu: elementwise((x) => gelu(scale(x, 2))),

  "matmul of rows": (draw) => {
    const [m, k, n] = [draw.length(), draw.length(), draw.length()];
    return { shapes: [draw.choice([[m, k], [2, m, k]]), [k, n]], build: (_, [a, b]) => matmul(a, b) };
  },
  "matmul of many": (draw) => {
    const [count, m, k, n] = [draw.length(5), draw.length(30), draw.length(30), draw.length(30)];
    return { shapes: [[count, m, k], [count, k, n]], build: (_, [a, b]) => matmul(a, b) };
  },
  dense: (draw) => {
    const [m, k, n] = [draw.length(), draw.length(), draw.length()];
    return { shapes: [[m, k], [k, n], [n]], build: (_, [x, kernel, bias]) => rowsBy(x, kernel, bias) };
  },

  softmax: (draw) => ({ shapes: [[draw.length(), draw.length()]], build: (_, [x]) => softmax(scale(x, 3)) }),
  "softmax with a mask": (draw) => {
    const shape = [draw.length(5), draw.length(3), draw.length(9), draw.length()];
    const masked = shape.map((length, axis) => (axis === 3 || draw.choice([true, false]) ? length : 1)).slice(draw.integer(0, 3));
    const mask = draw.mask(sizeOf(masked.slice(0, -1)), masked.at(-1) as number);
    return { shapes: [shape], build: (tape, [x]) => softmax(x, tape.constant(masked, mask)) };
  },

  permute: (draw) => {
    const axes = draw.choice([[1, 0, 2, 3], [0, 2, 1, 3], [3, 1, 2, 0], [2, 3, 0, 1], [0, 1, 3, 2], [3, 2, 1, 0], [1, 2, 3, 0]]);
    const shape = [draw.length(9), draw.length(9), draw.length(20), draw.length(20)];
    return { shapes: [shape], build: (_, [x]) => permute(x, axes) };
  },
  reverse: alongAnAxis(reverse),
  slice: (draw) => {
    const shape = [draw.length(9), draw.length(20), draw.length(20)];
    const axis = draw.integer(0, 2);
    const from = draw.integer(0, shape[axis] - 1);
    const to = draw.integer(from + 1, shape[axis]);
    return { shapes: [shape], build: (_, [x]) => slice(x, axis, from, to) };
  },
  "slices that overlap": (draw) => {
    const shape = [draw.integer(3, 9), draw.length(20)];
    const parts = (x: Tensor) => [slice(x, 0, 0, 2), slice(x, 0, 1, 3), slice(x, 0, 0, 2)];
    const axis = draw.integer(0, 1);
    return { shapes: [shape], build: (_, [x]) => concatenate(parts(tanh(x)), axis) };
  },
  "a slice and the whole": (draw) => {
    const shape = [draw.length(9), draw.integer(2, 20)];
    const cut = (x: Tensor) => slice(x, 1, 1, shape[1]);
    return { shapes: [shape], build: (_, [x]) => concatenate([tanh(scale(x, 2)), multiply(x, x), cut(x)]) };
  },
  unstack: (draw) => ({
    shapes: [[3, draw.length(20), draw.length(20)]],
    build(_, [x]) {
      const [first, , third] = unstack(x);
      return multiply(first, third);
    },
  }),
  concatenate: (draw) => {
    const axis = draw.integer(0, 2);
    const shape = [draw.length(9), draw.length(9), draw.length(20)];
    const shapes = Array.from({ length: draw.integer(1, 4) }, () => shape.with(axis, draw.length(20)));
    return { shapes, build: (_, parts) => concatenate(parts, axis) };
  },
  sum: alongAnAxis(sum),
  mean: alongAnAxis(mean),
  "a tensor used three times": (draw) => ({
    shapes: [[draw.length(), draw.length()]],
    build(_, [x]) {
      const y = tanh(x);
      return add(multiply(softmax(y), y), y);
    },
  }),

  embedding: (draw) => {
    const [tokens, rows, width] = [draw.length(), draw.length(), draw.length()];
    const numbers = draw.integers(tokens, rows);
    return { shapes: [[rows, width]], build: (tape, [table]) => embedding(tape.constant([tokens], numbers), table) };
  },
  "layer normalization": (draw) => {
    const [rows, width] = [draw.length(), draw.length()];
    return { shapes: [[rows, width], [width], [width]], build: (_, [x, gamma, beta]) => normalize(x, gamma, beta) };
  },

  LSTM: recurrent("LSTM"),
  GRU: recurrent("GRU"),
  SimpleRNN: recurrent("SimpleRNN"),

  "dot scores": (draw) => {
    const { heads, samples, queries, keys, width } = attention(draw);
    return { shapes: [[samples, queries, width], [samples, keys, width]], build: (_, [q, k]) => dotScores(q, k, heads) };
  },
  "weighted sum": (draw) => {
    const { heads, samples, queries, keys, width } = attention(draw);
    return { shapes: [[samples, heads, queries, keys], [samples, keys, width]], build: (_, [w, v]) => weightedSum(w, v) };
  },
  "additive scores": (draw) => {
    const { samples, queries, keys, width } = attention(draw);
    const shapes = [[samples, queries, width], [samples, keys, width], [width]];
    return { shapes, build: (_, [q, k, v]) => additiveScores(q, k, v) };
  },
  "relative bias": (draw) => {
    const [heads, queries, keys] = [draw.length(4), draw.length(20), draw.length(20)];
    const longest = Math.max(queries, keys);
    return { shapes: [[heads, 2 * longest - 1]], build: (tape, [table]) => relativeBias(table, queries, keys, tape) };
  },
  "self-attention of one tensor, masked": (draw) => {
    const { heads, samples, queries: steps, width } = attention(draw);
    const drawn = draw.mask(samples, steps);
    const kind = draw.choice(["causal", "diagonal", "padding", "causal and padding"]);
    return {
      shapes: [[samples, steps, width]],
      build(tape, [x]) {
        const padding = tape.constant([samples, 1, 1, steps], drawn);
        const masks: Record<string, () => Tensor> = {
          causal: () => causalMask(tape, steps),
          diagonal: () => diagonalMask(tape, steps),
          padding: () => padding,
          "causal and padding": () => multiply(padding, causalMask(tape, steps)),
        };
        const weights = softmax(scale(dotScores(x, x, heads), 0.5), masks[kind]());
        return add(weightedSum(weights, x), x);
      },
    };
  },

  "binary crossentropy": (draw) => {
    const count = draw.length();
    const targets = draw.integers(count, 2);
    return { shapes: [[count, 1]], build: (tape, [x]) => binaryCrossentropy(tape.constant([count, 1], targets), scale(x, 3)) };
  },
  "categorical crossentropy": (draw) => {
    const [rows, classes] = [draw.length(), draw.length()];
    const targets = draw.integers(rows, classes);
    const weights = draw.choice([null, draw.mask(1, rows)]);
    return {
      shapes: [[rows, classes]],
      build(tape, [x]) {
        const weighted = weights ? tape.constant([rows], weights) : undefined;
        return sparseCategoricalCrossentropy(tape.constant([rows], targets), scale(x, 2), weighted);
      },
    };
  },
  "mean squared error": (draw) => {
    const shape = [draw.length(), draw.length()];
    const targets = draw.normals(sizeOf(shape));
    return { shapes: [shape], build: (tape, [x]) => meanSquaredError(tape.constant(shape, targets), x) };
  },
};
