/** The page's end of a lab's worker: one worker, started when first needed, replaced when it dies. */
import type { Look, Seen } from "../shared/mechanism";
import type { Findings, Handed, Progress, Report, Request } from "../shared/messages";
import type { Settings } from "../shared/settings";
import { versioned } from "../shared/versioned";

const PROGRAM = "attention-lab-worker.js";
/** A reader waits no longer for a word on what is the matter. */
const SILENCE_MILLISECONDS = 5000;

interface TrainerEvents {
  progress(progress: Progress, findings: Findings): void;
  /** The answer to the last `look`. */
  inside(seen: Seen): void;
  /** The worker is gone; `train` starts another. */
  failed(message: string): void;
  /** The worker does its work, but slowly. */
  slow(why: string): void;
  /** Nothing has come for a while. It may yet: a slow network is no failure. */
  silent(message: string): void;
}

export class Trainer {
  private worker: Worker | null = null;
  private run = 0;
  private question = 0;
  private paused = false;
  private started = false;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private stopListening: () => void = () => {};

  constructor(
    private readonly lab: string,
    private readonly handed: Handed,
    private readonly events: TrainerEvents,
  ) {}

  /** Trains with these settings; with `records`, reports come at each moment of it; what was training before stops and is never heard of again. */
  train(settings: Settings, records: boolean): void {
    try {
      this.worker ??= this.startWorker();
    } catch (error) {
      // A page in a sandbox, or from another origin than its program, may not start one.
      return this.fail(`this page may start no program (${(error as Error).message})`);
    }
    this.run += 1;
    this.send({ kind: "train", run: this.run, settings, records });
    this.listenForSilence();
  }

  /** Asks about the run that has ended; nothing comes back where another has begun. */
  look(look: Look): void {
    this.question += 1;
    this.send({ kind: "inside", run: this.run, question: this.question, look });
  }

  setPaused(paused: boolean): void {
    if (paused === this.paused) return;
    this.paused = paused;
    this.send({ kind: paused ? "pause" : "resume" });
    if (this.silence !== undefined) this.listenForSilence();
  }

  stop(): void {
    this.stopListening();
    this.endSilence();
    this.worker?.terminate();
    this.worker = null;
  }

  private send(request: Request): void {
    this.worker?.postMessage(request);
  }

  private startWorker(): Worker {
    const worker = new Worker(new URL(versioned(PROGRAM), import.meta.url), { type: "module" });
    this.started = false;
    // A worker that was stopped may still have messages on their way: nobody listens to them.
    const listening = new AbortController();
    this.stopListening = () => listening.abort();
    const { signal } = listening;
    worker.addEventListener("message", ({ data }: MessageEvent<Report>) => this.hear(data, signal), { signal });
    worker.addEventListener("error", ({ message }) => this.fail(message || `its program, ${PROGRAM}, could not be loaded`), { signal });
    worker.postMessage({ kind: "open", lab: this.lab, handed: this.handed } satisfies Request);
    if (this.paused) worker.postMessage({ kind: "pause" } satisfies Request);
    return worker;
  }

  private hear(report: Report, listening: AbortSignal): void {
    if (report.kind === "started") {
      this.started = true;
      this.listenForSilence();
      if (report.lock !== null) this.watch(report.lock, listening);
    } else if (report.kind === "slow") {
      this.events.slow(report.why);
    } else if (report.run === this.run) {
      if (report.kind === "failed") return this.fail(report.message);
      if (report.kind === "inside") {
        if (report.question === this.question) this.events.inside(report.seen);
        return;
      }
      this.listenForSilence();
      if (report.progress.finished) this.endSilence();
      this.events.progress(report.progress, report.findings);
    }
  }

  /** From now on. A paused worker may be as silent as it likes. */
  private listenForSilence(): void {
    clearTimeout(this.silence);
    const missing = this.started ? "the training does not answer" : `its program, ${PROGRAM}, does not arrive`;
    const tell = () => !this.paused && this.events.silent(`${missing} (for ${SILENCE_MILLISECONDS / 1000} seconds now)`);
    this.silence = setTimeout(tell, SILENCE_MILLISECONDS);
  }

  private endSilence(): void {
    clearTimeout(this.silence);
    this.silence = undefined;
  }

  /** The worker holds this lock; who is granted it knows that the worker has died. */
  private watch(lock: string, signal: AbortSignal): void {
    const granted = () => {
      // The grant may have been on its way when the worker was stopped from here.
      if (!signal.aborted) this.fail("the browser ended its worker");
    };
    navigator.locks.request(lock, { signal }, granted).catch(() => {});
  }

  private fail(message: string): void {
    this.stop();
    this.events.failed(message);
  }
}
