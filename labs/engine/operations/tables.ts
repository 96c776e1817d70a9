import type { Operand, Tensor } from "../tape";
import { written } from "./shapes";

/** The row of each token: (…), (tokens, units) → (…, units). A token without a row makes NaN, and so the loss. */
export function embedding(tokens: Tensor, embeddings: Operand): Tensor {
  const { tape } = tokens;
  const { kernels } = tape;
  const table = tape.use(embeddings);
  const [rows, width] = table.shape;
  if (table.shape.length !== 2) throw new Error(`embedding: a table has two axes, not ${written(table.shape)}`);
  const squares = (table.parameter && tape.parameters.placeOf(table.parameter).squares) ?? 0;
  const y: Tensor = tape.record([tokens, table], [...tokens.shape, width], {
    forward: () => kernels.embedding(tokens.at, table.at, y.at, tokens.size, width, rows),
    gradients: [null, (dy, dtable) => kernels.embeddingGradient(tokens.at, dy, dtable, squares, tokens.size, width, rows)],
    byRow: squares !== 0,
  });
  return y;
}
