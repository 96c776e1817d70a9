import { readFile } from "node:fs/promises";
import path from "node:path";
import { javascriptKernels, type Kernels } from "..";
import { wasmKernels } from "../load";
import { jobs, type Job } from "./jobs";
import { measureProducts, measureYardstick, SIZES } from "./products";

const MILLISECONDS = Number(process.env.MILLISECONDS ?? 800); // of measuring, each

const file = await readFile(path.join(import.meta.dirname, "kernels.wasm"));
const sets: Record<string, () => Promise<Kernels>> = { wasm: () => wasmKernels(file), javascript: async () => javascriptKernels() };

/** Processor time, which other programs on the machine disturb least: of a step once all is warm, and of the first whole job. */
function measure({ step, steps }: Job) {
  const seconds = (work: () => void) => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  };
  const whole = seconds(() => {
    for (let i = 0; i < steps; i++) step(i);
  });
  const count = Math.ceil((MILLISECONDS / 1000 / whole) * steps);
  const again = seconds(() => {
    for (let i = 0; i < count; i++) step(i);
  });
  return { milliseconds: (1000 * again) / count, whole };
}

for (const [name, makeJob] of Object.entries(jobs)) {
  for (const [set, load] of Object.entries(sets)) {
    const { milliseconds, whole } = measure(makeJob(await load()));
    console.log(`${name.padEnd(28)} ${set.padEnd(11)} ${milliseconds.toFixed(4)} ms a step, the first whole job ${whole.toFixed(3)} s`);
  }
}

const yardstick = measureYardstick(path.join(import.meta.dirname, "..", "..", "..", "benchmarks", "matmul.c"));
measureProducts(await sets.wasm()).forEach((speed, i) => {
  const beside = yardstick ? `, in C ${yardstick[i].toFixed(1)}: ${Math.round((100 * speed) / yardstick[i])} %` : "";
  console.log(`matrix product ${SIZES[i].join(" × ").padEnd(15)} ${speed.toFixed(1)} billion operations a second${beside}`);
});
