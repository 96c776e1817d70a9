/** One setting trained with several seeds: is what one run shows luck? */
import type { Findings } from "../shared/messages";
import { fixed } from "../shared/numbers";
import type { Settings } from "../shared/settings";
import type { Control } from "./controls/panel";
import { onAnswer, overSeeds as pictureOverSeeds } from "./pictures/picture";
import { describeProgress } from "./progress";
import type { Report } from "./time";

export const SEEDS = [0, 1, 2, 3, 4];

/** The name of the switch, in settings and in links. */
export const FIVE_SEEDS = "five_seeds";

/** The switch stands beside the seed, where there is one. */
export const withFiveSeeds = (controls: Control[]): Control[] =>
  controls.flatMap((control) =>
    control.name === "seed" ? [control, { kind: "switch", name: FIVE_SEEDS, label: "five seeds", value: false }] : [control],
  );

/** What these settings train, one after another. */
export const runsOf = (settings: Settings): Settings[] =>
  settings[FIVE_SEEDS] ? SEEDS.map((seed) => ({ ...settings, seed })) : [settings];

/** What the ends of several trainings come to: means, with the lowest and the highest. */
export function overSeeds(ends: Report[]): Report {
  const progress = ends[ends.length - 1].progress;
  const losses = progress.losses.map((_, i) => mean(ends.map(({ progress }) => progress.losses[i])));
  const seconds = ends.reduce((sum, { progress }) => sum + progress.seconds, 0);
  const told = `${ends.length} seeds, ${describeProgress({ ...progress, seconds })}`;
  return { progress: { ...progress, losses, seconds, told }, findings: findingsOver(ends.map(({ findings }) => findings)) };
}

function findingsOver(all: Findings[]): Findings {
  const last = all[all.length - 1];
  const pictures = all.flatMap(({ picture }) => picture ?? []);
  const { views } = last;
  return {
    picture: pictures.length > 0 ? pictureOverSeeds(pictures) : null,
    verdict: verdictOver(all),
    found: last.found === null ? null : all.every(({ found }) => found),
    margin: last.margin === null ? null : Math.min(...all.map(({ margin }) => margin ?? 0)),
    metrics: last.metrics.map(({ label }, i) => ({ label, value: rangeOf(all.map(({ metrics }) => metrics[i].value)) })),
    ...(views && {
      views: { control: views.control, of: views.of.map((_, i) => findingsOver(all.flatMap(({ views }) => views?.of[i] ?? []))) },
    }),
  };
}

function verdictOver(all: Findings[]): string {
  const seeds = `Seeds ${SEEDS[0]} to ${SEEDS[SEEDS.length - 1]}`;
  const weights = all.flatMap(({ picture }) => (picture && onAnswer(picture)) ?? []);
  const share = weights.length === all.length ? ` ${weights[0].of} ${rangeOf(weights.map(({ weight }) => fixed(weight)))}.` : "";
  if (all[0].found === null) return `${seeds}.${share}`;
  const missed = SEEDS.filter((_, i) => !all[i].found);
  const where = missed.length > 0 && missed.length < all.length ? `, not with ${missed.join(", ")}` : "";
  return `${seeds}: found in ${all.length - missed.length} of ${all.length}${where}.${share}`;
}

/** Of figures as they are written. */
function rangeOf(values: string[]): string {
  const [low, high] = [...values].sort((a, b) => Number(a) - Number(b)).filter((_, i) => i === 0 || i === values.length - 1);
  return low === high ? low : `${low} to ${high}`;
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
