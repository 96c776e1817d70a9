/** Chapter 2's planted series: of four features one matters, at three steps, and those three numbers are to be forecast. */
import { dense, multiply, permute, recurrent, reshape, softmax, type CellName, type Tensor } from "../engine";
import { judgeCells, type Verdict } from "../shared/found";
import { fixed, meanOfSamples, rowsOf } from "../shared/numbers";
import type { Cell, HeatmapPicture } from "../shared/pictures";
import type { Random } from "../shared/random";

export const TIME_STEPS = 20;
export const FEATURES = 4;
/** The feature that matters, and how many steps of it. */
const PLANTED = 2;
export const HORIZON = 3;

/** Where the planted steps begin: at the slider's step or, near the end, so that all three are within the series. */
export const startOf = (step: number): number => Math.min(step, TIME_STEPS - HORIZON);

/** x (samples, time steps, features) is standard normal; y (samples, 3) are three of its numbers. */
export function getSeries(numSamples: number, start: number, random: Random) {
  const x = Float32Array.from({ length: numSamples * TIME_STEPS * FEATURES }, () => random.normal());
  const y = Float32Array.from({ length: numSamples * HORIZON }, (_, i) => {
    const [sample, ahead] = [Math.floor(i / HORIZON), i % HORIZON];
    return x[(sample * TIME_STEPS + start + ahead) * FEATURES + PLANTED];
  });
  return { x, y };
}

/** The block over steps has one kernel for all features; the one over cells has a kernel of all steps and features. */
export function buildForecast(cell: CellName, units: number, overCells: boolean, random: Random) {
  const attended = overCells ? TIME_STEPS * FEATURES : TIME_STEPS;
  return {
    attend: dense(attended, attended, random),
    states: recurrent(cell, FEATURES, units, random),
    output: dense(units, HORIZON, random),
  };
}

/** One softmax over all cells of a sample, so that features compete too. */
function cellBlock(x: Tensor, attend: (x: Tensor) => Tensor) {
  const [samples, timeSteps, features] = x.shape;
  const weights = reshape(softmax(attend(reshape(x, [samples, timeSteps * features]))), x.shape);
  return { weights, context: multiply(weights, x) };
}

/** A softmax over the steps, in each feature. */
function stepBlock(x: Tensor, attend: (x: Tensor) => Tensor) {
  const weights = permute(softmax(attend(permute(x, [0, 2, 1]))), [0, 2, 1]);
  return { weights, context: multiply(weights, x) };
}

export function callForecast({ attend, states, output }: ReturnType<typeof buildForecast>, x: Tensor, overCells: boolean) {
  const { weights, context } = overCells ? cellBlock(x, attend) : stepBlock(x, attend);
  return { weights, logits: output(states(context).last) };
}

/** The weights as features by steps, and how much of them is on the planted steps: of the feature that matters, of another. */
export function findingsOfForecast(
  { weights, forecasts, y }: { weights: Float32Array; forecasts: Float32Array; y: Float32Array },
  start: number,
): Verdict & { picture: HeatmapPicture; metrics: { label: string; value: string }[] } {
  const bySteps = rowsOf(meanOfSamples(weights, y.length / HORIZON), FEATURES);
  const rows = bySteps[0].map((_, feature) => bySteps.map((step) => step[feature]));
  const answers = Array.from({ length: HORIZON }, (_, ahead): Cell => [PLANTED, start + ahead]);
  const onSteps = rows.map((row) => row.slice(start, start + HORIZON).reduce((sum, weight) => sum + weight, 0));
  const others = onSteps.filter((_, feature) => feature !== PLANTED);
  const error = forecasts.reduce((sum, forecast, i) => sum + (forecast - y[i]) ** 2, 0) / y.length;
  return {
    picture: {
      kind: "heatmap",
      title: "Mean attention weight before the recurrent layer, held-out samples",
      row: "feature",
      column: "step",
      panels: [{ weights: rows }],
      answers,
    },
    ...judgeCells(rows, answers, "feature"),
    metrics: [
      { label: "Squared error", value: fixed(error) },
      { label: `On the steps, feature ${PLANTED}`, value: fixed(onSteps[PLANTED]) },
      { label: "On the steps, each other", value: fixed(others.reduce((sum, weight) => sum + weight, 0) / others.length) },
    ],
  };
}
