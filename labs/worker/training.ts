/** The one training loop that all labs share. */
import type { Predict, State, TrainedHere } from "../chapters/lab";
import { Parameters, predictor, splitIntoBatches, trainer, type Arena, type Inputs, type Optimizer, type Samples, type Weights } from "../engine";
import type { Look, Seen } from "../shared/mechanism";
import type { Findings, Progress } from "../shared/messages";
import { seededRandom } from "../shared/random";
import type { Settings } from "../shared/settings";
import { insideOf } from "./inside";
import { recording } from "./recording";

/** A lab's model in a memory, ready to be trained and asked. */
export function prepare<Options, Model extends Weights>(
  arena: Arena,
  lab: TrainedHere<Options, Model>,
  options: Options,
  model: Model,
  optimizer: Optimizer,
) {
  const parameters = new Parameters(arena, model);
  const inputs = lab.inputs(options);
  const training = trainer(parameters, {
    inputs: { ...inputs, y: lab.targets(options) },
    loss: (tensors) => lab.loss(options)(tensors.y, lab.call(model, tensors, options).logits),
    optimizer,
  });
  const predict: Predict = predictor(parameters, inputs, (tensors) => {
    const { weights, logits } = lab.call(model, tensors, options);
    return { weights, logits };
  });
  return { parameters, training, predict, inside: insideOf(lab, parameters, model, options) };
}

/** What a reader who looks inside is answered. */
export type Ask = (look: Look) => Seen;

/** So that a model's first weights have nothing to do with its data. */
const STREAM_OF_WEIGHTS = 100;
/** How long the loop may go without looking up: a slider move waits no longer than this. */
const CHUNK_MILLISECONDS = 12;
/** There is something new to see this often: findings take time too. */
const PICTURE_MILLISECONDS = 100;
/** Until the end, so many held-out samples are enough to see where the training goes. */
const NUM_GLANCED = 512;

/**
 * Trains, and pauses at every chunk's end so that the worker can read its messages.
 * A pause after which there is something new to show comes with findings: ten times a second or, in a training that is
 * recorded, at each of its moments. Both trainings take the same steps. The last one comes with a way to look inside.
 */
export function* train(
  arena: Arena,
  lab: TrainedHere,
  options: Settings,
  records = false,
): Generator<{ progress: Progress; findings: Findings | null; look?: Ask | null }> {
  const start = performance.now();
  const seed = Number(options.seed);
  const { training: samples, heldOut } = lab.data(options, seededRandom(seed));
  const { epochs, runs: plans, mayDiverge } = lab.plan(options);
  const shapes = { ...lab.inputs(options), y: lab.targets(options) };
  const runs = plans.map(({ optimizer, batchSize }) => {
    const model = lab.build(options, seededRandom(seed + STREAM_OF_WEIGHTS));
    const batches = splitIntoBatches(samples, shapes, batchSize);
    return { ...prepare(arena, lab, options, model, optimizer), batches, losses: [] as number[] };
  });
  const glanced = firstOf(heldOut, lab.inputs(options), NUM_GLANCED);
  const last = runs[runs.length - 1];
  const judged = splitIntoBatches(glanced, shapes, plans[plans.length - 1].batchSize);
  const recorded = records ? recording(last.training, last.batches, epochs, judged) : null;

  const progress = (epoch: number, finished: boolean): Progress => {
    return { epoch, epochs, losses: last.losses.slice(), finished, seconds: (performance.now() - start) / 1000 };
  };
  const findings = (isFinished: boolean): Findings => {
    const state: State = { runs, heldOut: isFinished ? heldOut : glanced, isFinished };
    return lab.findings(state, options);
  };

  const atMoment = (epoch: number) => {
    return { progress: { ...progress(epoch, false), moment: recorded?.moment() }, findings: findings(false) };
  };

  for (const { training, batches, losses } of runs) losses.push(training.loss(batches[0]));
  if (recorded) yield atMoment(1);
  let chunkEnd = start + CHUNK_MILLISECONDS;
  // The reader sees something move long before the first epoch is over.
  let nextPicture = start;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (const { training, batches, losses } of runs) {
      let sum = 0;
      for (const batch of batches) {
        const loss = training.step(batch);
        sum += loss;
        if (!Number.isFinite(sum) && !mayDiverge) throw new Error(`the loss became ${sum} in epoch ${epoch}`);
        if (training === last.training) recorded?.add(loss);
        // Several models are equally far only where an epoch ends.
        if (runs.length === 1 && recorded?.isDue()) yield atMoment(epoch);
        if (performance.now() < chunkEnd) continue;
        const isDue = !recorded && performance.now() >= nextPicture;
        yield { progress: progress(epoch, false), findings: isDue ? findings(false) : null };
        if (isDue) nextPicture = performance.now() + PICTURE_MILLISECONDS;
        chunkEnd = performance.now() + CHUNK_MILLISECONDS;
      }
      losses.push(sum / batches.length);
    }
    if (runs.length > 1 && recorded?.isDue()) yield atMoment(epoch);
  }
  const [{ inside }] = runs;
  const look = inside ? (asked: Look) => inside(heldOut, asked) : null;
  const end = { ...progress(epochs, true), moment: recorded?.moment() };
  yield { progress: end, findings: findings(true), look };
}

/** Not more than the first so many samples. */
function firstOf(samples: Samples<string>, inputs: Inputs<string>, most: number): Samples<string> {
  const [name, shape] = Object.entries(inputs)[0];
  const count = samples[name].length / shape.reduce((size, length) => size * length, 1);
  const kept = Math.min(count, most) / count;
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, values.subarray(0, kept * values.length)]));
}
