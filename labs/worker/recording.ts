/** The moments of a training that is recorded, to be stepped through afterwards. */
import type { Samples, Trainer } from "../engine";
import type { Moment } from "../shared/messages";

/** About so many, or one a step where there are fewer steps. */
const MOMENTS = 120;

export interface Recording {
  /** After each step, with its loss. */
  add(loss: number): void;
  /** Whether enough steps have been taken since the last moment. The training's end is a moment in any case. */
  isDue(): boolean;
  moment(): Moment;
}

export function recording(training: Trainer<string>, batches: Samples<string>[], epochs: number, heldOut: Samples<string>[]): Recording {
  const steps = epochs * batches.length;
  const stride = Math.max(1, Math.ceil(steps / MOMENTS));
  let step = 0;
  let losses = [training.loss(batches[0])];
  let taken = 0;
  return {
    add(loss) {
      if (step === taken) losses = [];
      step += 1;
      losses.push(loss);
    },
    isDue: () => step - taken >= stride && step < steps,
    moment() {
      taken = step;
      return { step, steps, loss: mean(losses), heldOutLoss: mean(heldOut.map((batch) => training.loss(batch))) };
    },
  };
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
