/** What a training makes smaller: one number, the mean over samples and steps. */
import type { Tensor } from "../tape";
import { rowsAndWidth, written } from "./shapes";

/** Of targets 0 and 1, and of what goes into the sigmoid. */
export function binaryCrossentropy(targets: Tensor, logits: Tensor): Tensor {
  const { kernels } = logits.tape;
  const count = counted(targets, logits.size, logits);
  const loss: Tensor = logits.tape.record([logits], [], {
    forward: () => kernels.binaryCrossentropy(targets.at, logits.at, loss.at, count),
    gradients: [(dloss, dlogits) => kernels.binaryCrossentropyGradient(targets.at, logits.at, dloss, dlogits, count)],
  });
  return loss;
}

/**
 * Of class numbers, one a row of logits, and of what goes into the softmax. With weights, one a row too, it is
 * Σ weight · loss / Σ weight, or 0 where all weights are; Keras' `sample_weight` divides by the number of rows instead.
 * A target that is no class makes NaN.
 */
export function sparseCategoricalCrossentropy(targets: Tensor, logits: Tensor, weights?: Tensor): Tensor {
  const { tape } = logits;
  const { kernels } = tape;
  const [rows, classes] = rowsAndWidth(logits);
  counted(targets, rows, logits);
  if (weights) counted(weights, rows, logits);
  const weightsAt = weights?.at ?? 0;
  const probabilities = tape.scratch(logits.size);
  const loss: Tensor = tape.record([logits], [], {
    forward: () => {
      kernels.softmax(logits.at, probabilities, rows, classes, 0, 1, 1);
      kernels.categoricalCrossentropy(targets.at, probabilities, weightsAt, loss.at, rows, classes);
    },
    gradients: [
      (dloss, dlogits) =>
        kernels.categoricalCrossentropyGradient(targets.at, probabilities, weightsAt, dloss, dlogits, rows, classes),
    ],
  });
  return loss;
}

export function meanSquaredError(targets: Tensor, predictions: Tensor): Tensor {
  const { kernels } = predictions.tape;
  const count = counted(targets, predictions.size, predictions);
  const loss: Tensor = predictions.tape.record([predictions], [], {
    forward: () => kernels.squaredError(targets.at, predictions.at, loss.at, count),
    gradients: [(dloss, dx) => kernels.squaredErrorGradient(targets.at, predictions.at, dloss, dx, count)],
  });
  return loss;
}

function counted(targets: Tensor, count: number, outputs: Tensor): number {
  if (targets.size !== count) {
    throw new Error(`a loss of outputs ${written(outputs.shape)} takes ${count} targets or weights, not ${written(targets.shape)}`);
  }
  return count;
}
