import type { Operand, Tensor } from "../tape";
import { rowsAndWidth, written } from "./shapes";

/** gamma · (x − mean) / √(variance + epsilon) + beta over the last axis; Keras' epsilon is larger than others'. */
export function normalize(x: Tensor, gamma: Operand, beta: Operand, epsilon = 1e-3): Tensor {
  const { tape } = x;
  const { kernels } = tape;
  const [rows, width] = rowsAndWidth(x);
  const [factor, shift] = [tape.use(gamma), tape.use(beta)];
  if (factor.size !== width || shift.size !== width) {
    throw new Error(`normalize: ${written(x.shape)}, ${written(factor.shape)} and ${written(shift.shape)} do not fit`);
  }
  const normalized = tape.scratch(x.size);
  const scales = tape.scratch(rows);
  const y: Tensor = tape.record([x, factor, shift], x.shape, {
    forward: () => kernels.layerNormalization(x.at, factor.at, shift.at, y.at, normalized, scales, rows, width, epsilon),
    backward: (dy, dx, dgamma, dbeta) =>
      kernels.layerNormalizationGradient(normalized, scales, factor.at, dy, dx, dgamma, dbeta, rows, width),
  });
  return y;
}
