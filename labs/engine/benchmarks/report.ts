import { readFile } from "node:fs/promises";
import path from "node:path";
import { javascriptKernels, type Kernels } from "..";
import { wasmKernels } from "../load";
import { growing, jobs, type Job } from "./jobs";
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

/** A line of the table of benchmarks: JSON, for the program that prints it. */
const report = (name: string, figure: number, unit: string, bar = "") => console.log(JSON.stringify({ name, figure, unit, bar }));

for (const [name, makeJob] of Object.entries(jobs)) {
  for (const [set, load] of Object.entries(sets)) {
    const { milliseconds, whole } = measure(makeJob(await load()));
    report(`${name}, ${set}: a step`, milliseconds, "ms");
    report(`  ${name}, ${set}: the first whole job`, whole, "s");
  }
}

for (const [respect, sizes] of Object.entries(growing)) {
  for (const [size, makeJob] of Object.entries(sizes)) {
    report(`a step by ${respect}, ${size}`, measure(makeJob(await sets.wasm())).milliseconds, "ms");
  }
}

const speeds = measureProducts(await sets.wasm());
const inC = measureYardstick(path.join(import.meta.dirname, "..", "..", "..", "benchmarks", "matmul.c"));
speeds.forEach((speed, i) => {
  const name = `matrix product ${SIZES[i].join(" × ")}`;
  report(`${name}, billion operations a second`, speed, "");
  if (inC) report(`  ${name}, share of the same loop in C`, (100 * speed) / inC[i], "%", "at least 60 %");
});
