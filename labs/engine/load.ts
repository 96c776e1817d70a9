import { javascriptKernels, type Calls, type Kernels } from "./javascript/kernels";
import type { Memory } from "./javascript/memory";

const PAGE = 65536; // bytes, WebAssembly's unit of memory

/** The file's exports: the kernels, and where the memory that the file itself needs ends. */
type Exports = Calls & { firstFree(): number };

export interface Loaded {
  kernels: Kernels;
  /** Why these are the slow ones; null if they are not. */
  problem: string | null;
}

/**
 * The kernels of the file at `url`; where it cannot be had in time, or the browser has no WebAssembly with SIMD, or a
 * policy forbids it, those in plain JavaScript, with the same results and a reason.
 */
export async function loadKernels(url: string | URL, milliseconds = 5000): Promise<Loaded> {
  try {
    // Not compiled from the stream: many servers send the wrong type for that, and the file is small.
    const response = await fetch(url, { signal: AbortSignal.timeout(milliseconds) });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return { kernels: await wasmKernels(await response.arrayBuffer()), problem: null };
  } catch (error) {
    const reason = error instanceof DOMException && error.name === "TimeoutError" ? "it did not arrive in time" : messageOf(error);
    return { kernels: javascriptKernels(), problem: `${String(url)} could not be used: ${reason}` };
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export async function wasmKernels(file: BufferSource): Promise<Kernels> {
  const memory = new WebAssembly.Memory({ initial: 16 });
  const { instance } = await WebAssembly.instantiate(file, { env: { memory } });
  const { firstFree, ...calls } = instance.exports as unknown as Exports;
  return Object.assign(wasmMemory(memory, firstFree()), calls);
}

function wasmMemory(memory: WebAssembly.Memory, firstFree: number): Memory {
  let numbers = new Float32Array(memory.buffer);
  return {
    get numbers() {
      return numbers;
    },
    unit: 4,
    // Buffers begin at multiples of 16 bytes, and 0 means "none" to some kernels.
    first: Math.max(16, Math.ceil(firstFree / 16) * 16),
    reserve(end) {
      const missing = end - memory.buffer.byteLength;
      if (missing <= 0) return;
      memory.grow(Math.ceil(Math.max(missing, memory.buffer.byteLength / 2) / PAGE));
      numbers = new Float32Array(memory.buffer); // the old buffer is void
    },
  };
}
