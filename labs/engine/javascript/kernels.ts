/**
 * Every kernel in plain JavaScript: what runs where WebAssembly or its SIMD is missing, and what the fast ones
 * are tested against. They read like their formulas and take no shortcut.
 *
 * Addresses here are indices. A kernel writes the whole of its output, and nothing else.
 */
import { activations } from "./activations";
import { attention } from "./attention";
import { basics } from "./basics";
import { losses } from "./losses";
import { ArrayMemory, type Memory } from "./memory";
import { normalization } from "./normalization";
import { optimizers } from "./optimizers";
import { products } from "./products";
import { recurrent } from "./recurrent";
import { tables } from "./tables";

const kernelsOn = (memory: Memory) => ({
  ...basics(memory),
  ...products(memory),
  ...activations(memory),
  ...attention(memory),
  ...normalization(memory),
  ...tables(memory),
  ...recurrent(memory),
  ...losses(memory),
  ...optimizers(memory),
});

/** What a set of kernels can do; the WebAssembly module exports the same functions. */
export type Calls = ReturnType<typeof kernelsOn>;

/** A set of kernels and the memory that they work on. */
export interface Kernels extends Calls, Memory {}

/** @param memory Of double precision for tests of gradients. */
export const javascriptKernels = (memory: Memory = new ArrayMemory()): Kernels => Object.assign(memory, kernelsOn(memory));
