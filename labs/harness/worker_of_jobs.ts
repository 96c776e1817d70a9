/** A worker that does jobs for a page: for benchmarks, which time the labs where readers run them. */
import { loadKernels } from "../engine";
import { versioned } from "../shared/versioned";
import { trainHanded, type Job } from "./train_handed";

const loading = loadKernels(new URL(versioned("kernels.wasm"), import.meta.url));

self.onmessage = async ({ data }: MessageEvent<Job>) => {
  try {
    const { kernels, problem } = await loading;
    if (problem) throw new Error(problem);
    self.postMessage(trainHanded(kernels, data));
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
