/** The page's end of a lab's worker: one worker, started when first needed, replaced when it dies. */
import { beside } from "./beside";
import type { Findings, Given, Progress, Report, Request, Settings } from "./messages";

interface TrainerEvents {
  progress(progress: Progress, findings: Findings): void;
  /** The worker is gone; `train` starts another. */
  failed(message: string): void;
}

export class Trainer {
  private worker: Worker | null = null;
  private run = 0;
  private paused = false;
  private stopListening: () => void = () => {};

  constructor(
    private readonly lab: string,
    private readonly given: Given,
    private readonly events: TrainerEvents,
  ) {}

  /** Trains with these settings; what was training before stops and is never heard of again. */
  train(settings: Settings): void {
    this.worker ??= this.startWorker();
    this.run += 1;
    this.send({ kind: "train", run: this.run, lab: this.lab, settings, given: this.given });
  }

  setPaused(paused: boolean): void {
    if (paused === this.paused) return;
    this.paused = paused;
    this.send({ kind: paused ? "pause" : "resume" });
  }

  stop(): void {
    this.stopListening();
    this.worker?.terminate();
    this.worker = null;
  }

  private send(request: Request): void {
    this.worker?.postMessage(request);
  }

  private startWorker(): Worker {
    const worker = new Worker(beside("attention-lab-worker.js"), { type: "module" });
    // A worker that was stopped may still have messages on their way: nobody listens to them.
    const listening = new AbortController();
    this.stopListening = () => listening.abort();
    const { signal } = listening;
    worker.addEventListener("message", ({ data }: MessageEvent<Report>) => this.hear(data, signal), { signal });
    worker.addEventListener("error", ({ message }) => this.fail(message || "its program could not be loaded"), { signal });
    if (this.paused) worker.postMessage({ kind: "pause" } satisfies Request);
    return worker;
  }

  private hear(report: Report, listening: AbortSignal): void {
    if (report.kind === "ready") this.watch(report.lock, listening);
    else if (report.run !== this.run) return;
    else if (report.kind === "failed") this.fail(report.message);
    else this.events.progress(report.progress, report.findings);
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
