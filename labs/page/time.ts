/** A training, recorded to be stepped through: its losses by step, a scrubber over its moments, and a player. */
import type { Findings, Moment } from "../shared/messages";
import { fixed } from "../shared/numbers";
import { button } from "./buttons";
import { choice } from "./controls/choice";
import { html, svg } from "./html";
import type { Shown } from "./progress";

/** What there was to see at a moment of the training. */
export interface Report {
  progress: Shown;
  findings: Findings;
}

type Recorded = Report & { progress: { moment: Moment } };

/** Moments a second. */
const SPEEDS = { slow: 4, normal: 12, fast: 40 } as const;
type Speed = keyof typeof SPEEDS;

/** As in curve.ts: most curves start below it. */
const USUAL_TOP = 0.7;

/** `onMove` is called when the reader, or the player, goes to another moment than the one shown. */
export function timeView(id: string, onMove: () => void) {
  let moments: Recorded[] = [];
  let at = 0;
  /** Whether what is shown is the newest, also while more moments arrive. */
  let follows = true;
  let speed: Speed = "normal";
  let player: ReturnType<typeof setInterval> | undefined;

  const lines = { training: curve("lab-time-training"), heldOut: curve("lab-time-held-out") };
  const foundMark = svg("line", { class: "lab-time-found", y1: 0, y2: 1 });
  const cursor = svg("line", { class: "lab-time-cursor", y1: 0, y2: 1 });
  const chart = svg(
    "svg",
    { class: "lab-time-chart", preserveAspectRatio: "none", viewBox: "0 0 1 1", "aria-hidden": "true" },
    foundMark,
    ...Object.values(lines),
    cursor,
  );
  const scrubber = html("input", { type: "range", min: 0, max: 0, step: 1, "aria-label": "Moment of the training" });
  const place = html("p", { class: "lab-time-place" });
  const found = html("p", { class: "lab-time-first" });
  const play = button("Play", () => (player === undefined ? start() : pause()));
  const walks = [walk(-1, "epoch"), walk(-1, "moment"), walk(1, "moment"), walk(1, "epoch")];
  const [epochBack, back, on, epochOn] = walks.map(({ node }) => node);
  const players = html("div", { class: "lab-time-buttons" }, epochBack, back, play, on, epochOn);
  const speeds = choice.build(
    { kind: "choice", name: "speed", label: "speed", value: speed, choices: Object.keys(SPEEDS) },
    `${id}-speed`,
    (value) => {
      speed = value as Speed;
      if (player !== undefined) start();
    },
  );
  speeds.show(speed);
  const legend = html(
    "p",
    { class: "lab-time-legend" },
    "Loss by step: ",
    html("span", { class: "lab-time-name" }, "training"),
    ", ",
    html("span", { class: "lab-time-name lab-time-name-held-out" }, "held out"),
  );
  const node = html(
    "div",
    { class: "lab-time", role: "region", "aria-label": "Step through the training", hidden: true },
    legend,
    chart,
    scrubber,
    place,
    found,
    html("div", { class: "lab-time-player" }, players, speeds.node),
  );
  node.id = id;
  scrubber.addEventListener("input", () => go(scrubber.valueAsNumber));

  function walk(by: 1 | -1, what: "epoch" | "moment") {
    const node = button("", () => go(what === "epoch" ? atEpochs(by) : at + by));
    /** Moments may lie several steps apart. */
    const name = () => {
      const steps = moments[1]?.progress.moment.step ?? 1;
      const size = what === "epoch" ? "1 epoch" : steps === 1 ? "1 step" : `${steps} steps`;
      node.textContent = `${by < 0 ? "−" : "+"} ${size}`;
      node.setAttribute("aria-label", `${size} ${by < 0 ? "back" : "on"}`);
    };
    name();
    return { node, name };
  }

  function start(): void {
    clearInterval(player);
    if (at === moments.length - 1) go(0);
    play.textContent = "Pause";
    player = setInterval(() => (at < moments.length - 1 ? move(at + 1) : pause()), 1000 / SPEEDS[speed]);
  }

  function pause(): void {
    clearInterval(player);
    player = undefined;
    play.textContent = "Play";
  }

  /** By hand: what plays stops. */
  function go(to: number): void {
    pause();
    move(to);
  }

  function move(to: number): void {
    if (moments.length === 0) return;
    at = Math.min(moments.length - 1, Math.max(0, to));
    follows = at === moments.length - 1;
    draw();
    onMove();
  }

  /** The moment nearest to that of now, so many epochs away. */
  function atEpochs(epochs: number): number {
    const { steps, step } = moments[at]?.progress.moment ?? { steps: 0, step: 0 };
    const asked = step + (epochs * steps) / (moments[at]?.progress.epochs ?? 1);
    const distances = moments.map(({ progress }) => Math.abs(progress.moment.step - asked));
    return distances.indexOf(Math.min(...distances));
  }

  function draw(): void {
    const shown = moments[at]?.progress.moment;
    if (!shown) return;
    const losses = moments.flatMap(({ progress: { moment } }) => [moment.loss, moment.heldOutLoss]).filter(Number.isFinite);
    const top = Math.max(USUAL_TOP, ...losses);
    for (const [line, name] of [[lines.training, "loss"], [lines.heldOut, "heldOutLoss"]] as const) {
      const points = moments.map(({ progress: { moment } }) => [moment.step / moment.steps, 1 - moment[name] / top]);
      line.setAttribute("points", points.filter(([, y]) => Number.isFinite(y)).join(" "));
    }
    mark(cursor, shown);
    const first = moments.find(({ findings }) => findings.found)?.progress.moment;
    mark(foundMark, first);
    found.textContent = describeFound(first);
    scrubber.max = String(moments.length - 1);
    scrubber.value = String(at);
    scrubber.style.setProperty("--lab-filled", `${(100 * at) / Math.max(1, moments.length - 1)}%`);
    for (const { name } of walks) name();
    const words = describe(moments[at]);
    scrubber.setAttribute("aria-valuetext", words);
    place.textContent = words;
  }

  /** The moments that are still to come may yet have found it. */
  function describeFound(first: Moment | undefined): string {
    if (first) return `Found first at step ${first.step}.`;
    const isOver = moments.at(-1)?.progress.finished;
    const isKnown = moments.at(-1)?.findings.found !== null;
    return isOver && isKnown ? "Not found at any moment." : "";
  }

  return {
    node,
    isOpen: () => !node.hidden,
    isRecorded: () => moments.length > 0,
    /** A training starts: what was recorded is another one's. */
    clear(): void {
      pause();
      moments = [];
      at = 0;
      follows = true;
    },
    add(report: Report): void {
      if (!report.progress.moment) return;
      moments.push(report as Recorded);
      if (follows) at = moments.length - 1;
      draw();
    },
    /** What the reader has gone to; null at the newest moment and while this is closed. */
    picked: (): Report | null => (node.hidden || follows ? null : moments[at]),
    /** Back to the end. */
    leave(): void {
      pause();
      follows = true;
      at = Math.max(0, moments.length - 1);
      draw();
    },
  };
}

const curve = (name: string) => svg("polyline", { class: name });

function mark(line: SVGLineElement, moment: Moment | undefined): void {
  line.style.display = moment ? "" : "none";
  for (const end of ["x1", "x2"]) line.setAttribute(end, String(moment ? moment.step / moment.steps : 0));
}

function describe({ progress: { moment, epoch, epochs } }: Recorded): string {
  return `Step ${moment.step} of ${moment.steps}, epoch ${epoch} of ${epochs}: training loss ${fixed(moment.loss)}, held out ${fixed(moment.heldOutLoss)}.`;
}
