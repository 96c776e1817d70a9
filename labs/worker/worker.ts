/** The half of a lab that computes: trains what the page asks for last, and reports as it goes. */
import { labs } from "../chapters/labs";
import { Arena, loadKernels } from "../engine";
import { fileOf, isLabName } from "../shared/lab_files";
import type { Handed, Report, Request } from "../shared/messages";
import { versioned } from "../shared/versioned";
import { constantsOf } from "./constants";
import { train, type Ask } from "./training";

type TrainRequest = Extract<Request, { kind: "train" }>;

function serve(page: MessagePort): void {
  const report = (message: Report) => page.postMessage(message);
  const pause = new Pause();
  const nextTask = taskQueue();
  let opened: { lab: string; handed: Handed } | null = null;
  let newest: TrainRequest | null = null;
  /** The run whose parameters are in memory, once it has ended. */
  let trained: { run: number; look: Ask } | null = null;
  let idle = true;

  page.onmessage = ({ data }: MessageEvent<Request>) => {
    if (data.kind === "open") {
      opened = data;
    } else if (data.kind === "train") {
      newest = data;
      trained = null;
      if (idle) void work();
    } else if (data.kind === "inside") {
      if (trained?.run === data.run) report({ kind: "inside", run: data.run, question: data.question, seen: trained.look(data.look) });
    } else {
      pause.set(data.kind === "pause");
    }
  };

  async function work() {
    idle = false;
    let done: TrainRequest | null = null;
    while (newest !== done) {
      // Whatever came in while the one before was training but the last is passed over.
      const request = newest as TrainRequest;
      try {
        await run(request, new Arena((await loading).kernels));
      } catch (error) {
        report({ kind: "failed", run: request.run, message: describe(error) });
      }
      done = request;
    }
    idle = true;
  }

  async function run(request: TrainRequest, arena: Arena) {
    if (!opened || !isLabName(opened.lab)) {
      throw new Error(`there is no lab “${opened?.lab}”; there are: ${Object.keys(fileOf).join(", ")}`);
    }
    const lab = labs[opened.lab];
    const { constants, given } = opened.handed;
    if ("read" in lab) {
      const progress = { epoch: 0, epochs: 0, losses: [], seconds: 0, finished: true };
      return report({ kind: "progress", run: request.run, progress, findings: lab.read(request.settings, given, arena) });
    }
    const settings = { ...constantsOf(lab.constants, constants), ...request.settings };
    for (const { progress, findings, look } of train(arena, lab, settings, request.records)) {
      if (look) trained = { run: request.run, look };
      if (findings) report({ kind: "progress", run: request.run, progress, findings });
      await nextTask();
      await pause.over;
      if (newest !== request) return;
    }
  }

  const loading = loadKernels(new URL(versioned("kernels.wasm"), import.meta.url));
  void loading.then(({ problem }) => problem && report({ kind: "slow", why: problem }));
  // Locks exist on https and localhost only; without one, the page cannot see its worker die.
  if (navigator.locks) void holdLock().then((lock) => report({ kind: "started", lock }));
  else report({ kind: "started", lock: null });
}

class Pause {
  over: Promise<void> = Promise.resolve();
  private end: () => void = () => {};

  set(paused: boolean): void {
    this.end();
    if (paused) this.over = new Promise((resolve) => (this.end = resolve));
  }
}

/** Holds a lock for as long as the worker lives: the page gets it when the worker is gone. */
function holdLock(): Promise<string> {
  const lock = `attention-lab ${crypto.randomUUID()}`;
  return new Promise((resolve) => {
    void navigator.locks.request(lock, () => {
      resolve(lock);
      return new Promise(() => {});
    });
  });
}

/** Each call lets the messages that have arrived be read. A timer would wait four milliseconds each time. */
function taskQueue(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return () =>
    new Promise((resolve) => {
      port1.onmessage = () => resolve();
      port2.postMessage(null);
    });
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : JSON.stringify(error));

serve(self as unknown as MessagePort);
