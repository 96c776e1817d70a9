/** The half of a lab that computes: trains what the page asks for last, and reports as it goes. */
import { labs } from "../labs";
import type { Report, Request } from "./messages";
import { startTensorFlow } from "./tensorflow";
import { disposeExperiment, train } from "./training";

type TrainRequest = Extract<Request, { kind: "train" }>;

function serve(page: MessagePort): void {
  const report = (message: Report) => page.postMessage(message);
  const pause = new Pause();
  let newest: TrainRequest | null = null;
  let idle = true;

  page.onmessage = ({ data }: MessageEvent<Request>) => {
    if (data.kind === "train") {
      newest = data;
      if (idle) void work();
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
        await started;
        await run(request);
      } catch (error) {
        report({ kind: "failed", run: request.run, message: describe(error) });
      }
      done = request;
    }
    idle = true;
  }

  async function run(request: TrainRequest) {
    const lab = labs[request.lab];
    if (!lab) throw new Error(`there is no lab “${request.lab}”; there are: ${Object.keys(labs).join(", ")}`);
    const experiment = lab(request.settings, request.given);
    try {
      for (const { progress, findings } of train(experiment)) {
        if (findings) report({ kind: "progress", run: request.run, progress, findings });
        await nextTask();
        await pause.over;
        if (newest !== request) return;
      }
    } finally {
      disposeExperiment(experiment);
    }
  }

  const started = startTensorFlow();
  // Whoever awaits `started` reports its failure; until then it must not count as unhandled.
  started.catch(() => {});
  // Locks exist on https and localhost only; without one, the page cannot see its worker die.
  if (navigator.locks) void holdLock().then((lock) => report({ kind: "ready", lock }));
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

/** Lets the messages that have arrived be read. A timer would wait four milliseconds each time. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(null);
  });
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : JSON.stringify(error));

serve(self as unknown as MessagePort);
