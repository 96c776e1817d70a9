/** One held-out sample, seen on its way through a trained model. */
import type { TrainedHere } from "../chapters/lab";
import { predictor, type Parameters, type Samples, type Weights } from "../engine";
import type { Look, Seen } from "../shared/mechanism";

export type LookInside = (heldOut: Samples<string>, look: Look) => Seen;

/** Reads the parameters as they are when it is asked; null where the lab has nothing to show. */
export function insideOf<Options, Model extends Weights>(
  lab: TrainedHere<Options, Model>,
  parameters: Parameters,
  model: Model,
  options: Options,
): LookInside | null {
  const { inside } = lab;
  if (!inside) return null;
  const inputs = lab.inputs(options);
  const read = predictor(parameters, inputs, (tensors) => inside.tensors(model, tensors, options));
  return (heldOut, { sample, replaced, chosen }) => {
    const [[name, shape]] = Object.entries(inputs);
    const count = heldOut[name].length / shape.reduce((size, length) => size * length, 1);
    const place = sample % count;
    const one = Object.fromEntries(
      Object.entries(heldOut).map(([name, { length }]) => [name, heldOut[name].slice((place * length) / count, ((place + 1) * length) / count)]),
    );
    for (const [position, value] of Object.entries(replaced)) one[name][Number(position)] = value;
    return { ...inside.mechanism(read(one), one, options, chosen), sample: place, count };
  };
}
