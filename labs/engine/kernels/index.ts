/**
 * The kernels in AssemblyScript with 128-bit SIMD. Each does what its namesake in ../javascript does, which says what
 * that is; parameters are the same. Addresses are in bytes; counts, lengths and strides are in numbers.
 */
export * from "./activations";
export * from "./attention";
export * from "./basics";
export * from "./losses";
export { move } from "./moves";
export * from "./normalization";
export * from "./optimizers";
export * from "./products";
export * from "./recurrent";
export * from "./tables";

/** Where the memory begins that is not the compiler's own: below may lie tables that some of `Math` needs. */
export function firstFree(): usize {
  return __heap_base;
}
