/** What a lab needs of the tape: steps of a training, and predictions. */
import type { Optimizer } from "./optimizers";
import { sizeOf, type Parameters } from "./parameters";
import { Tape, type Tensor } from "./tape";

/** The shape of one sample, by the name of the input. */
export type Inputs<Name extends string> = Readonly<Record<Name, readonly number[]>>;
/** Samples one behind the other, by the name of the input. */
export type Samples<Name extends string> = Readonly<Record<Name, Float32Array>>;
export type Tensors<Name extends string> = Record<Name, Tensor>;

export interface Trainer<Name extends string> {
  /** One step of the optimizer; returns the loss before it. */
  step(batch: Samples<Name>): number;
  loss(batch: Samples<Name>): number;
}

/** A recording for each size of batch that is met: mostly one, and one more for a smaller batch at the end. */
export function trainer<Name extends string>(
  parameters: Parameters,
  { inputs, loss, optimizer }: { inputs: Inputs<Name>; loss: (inputs: Tensors<Name>) => Tensor; optimizer: Optimizer },
): Trainer<Name> {
  const update = optimizer(parameters);
  const recordings = recorder(parameters, inputs, (tape, tensors: Tensors<Name>) => {
    const output = loss(tensors);
    tape.differentiate(output);
    return output;
  });
  const compute = (batch: Samples<Name>) => {
    const recording = recordings(batch);
    recording.load(batch);
    recording.tape.forward();
    return recording;
  };
  return {
    step(batch) {
      const { tape, output } = compute(batch);
      tape.backward();
      update();
      return tape.valueOf(output);
    },
    loss(batch) {
      const { tape, output } = compute(batch);
      return tape.valueOf(output);
    },
  };
}

/** Enough for the kernels to be busy, and little enough to stay in a cache. */
const SAMPLES_AT_A_TIME = 256;

/** A function from samples to what a model makes of them: flat arrays, a row a sample. */
export function predictor<Name extends string, Output extends string>(
  parameters: Parameters,
  inputs: Inputs<Name>,
  call: (inputs: Tensors<Name>) => Record<Output, Tensor>,
): (samples: Samples<Name>) => Record<Output, Float32Array> {
  const recordings = recorder(parameters, inputs, (_, tensors: Tensors<Name>) => call(tensors));
  return (samples) => {
    const pieces = splitIntoBatches(samples, inputs, SAMPLES_AT_A_TIME).map((batch) => {
      const { tape, load, output } = recordings(batch);
      load(batch);
      tape.forward();
      return mapValues(output, (tensor: Tensor) => Float32Array.from(tape.arena.view(tensor.at, tensor.size)));
    });
    return mapValues(pieces[0], (_, name) => joined(pieces.map((piece) => piece[name])));
  };
}

/** Views of the samples, in their order; the last batch may be smaller. */
export function splitIntoBatches<Name extends string>(
  samples: Samples<Name>,
  inputs: Inputs<Name>,
  batchSize: number,
): Samples<Name>[] {
  const count = countOf(samples, inputs);
  return Array.from({ length: Math.ceil(count / batchSize) }, (_, batch) =>
    mapValues(inputs, (shape: readonly number[], name) => {
      const size = sizeOf(shape);
      return samples[name].subarray(batch * batchSize * size, Math.min((batch + 1) * batchSize, count) * size);
    }),
  );
}

interface Recording<Name extends string, Output> {
  tape: Tape;
  output: Output;
  load(batch: Samples<Name>): void;
}

/** Finds the recording for a batch's size, or makes it. */
function recorder<Name extends string, Output>(
  parameters: Parameters,
  inputs: Inputs<Name>,
  record: (tape: Tape, tensors: Tensors<Name>) => Output,
): (batch: Samples<Name>) => Recording<Name, Output> {
  const names = Object.keys(inputs) as Name[];
  const bySize = new Map<number, Recording<Name, Output>>();
  const firstSize = sizeOf(inputs[names[0]]);
  return (batch) => {
    const size = batch[names[0]].length / firstSize;
    let recording = bySize.get(size);
    if (!recording) {
      countOf(batch, inputs);
      const tape = new Tape(parameters);
      const tensors = mapValues(inputs, (shape: readonly number[]) => tape.input([size, ...shape]));
      const load = (batch: Samples<Name>) => {
        for (let i = 0; i < names.length; i++) tape.load(tensors[names[i]], batch[names[i]]);
      };
      bySize.set(size, (recording = { tape, output: record(tape, tensors), load }));
    }
    return recording;
  };
}

/** How many samples there are; all inputs must have as many. */
function countOf<Name extends string>(samples: Samples<Name>, inputs: Inputs<Name>): number {
  const counts = (Object.keys(inputs) as Name[]).map((name) => samples[name].length / sizeOf(inputs[name]));
  if (counts[0] === 0 || !Number.isInteger(counts[0]) || counts.some((count) => count !== counts[0])) {
    throw new Error(`the inputs ${Object.keys(inputs).join(", ")} hold ${counts.join(", ")} samples`);
  }
  return counts[0];
}

function joined(arrays: Float32Array[]): Float32Array {
  const all = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  arrays.reduce((start, array) => (all.set(array, start), start + array.length), 0);
  return all;
}

const mapValues = <Name extends string, From, To>(record: Readonly<Record<Name, From>>, map: (value: From, name: Name) => To) =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value as From, name as Name)])) as Record<Name, To>;
