// node engine/benchmarks/run.mjs: what steps and matrix products cost here, after `npm run kernels`.
import { build } from "esbuild";
import path from "node:path";
import { pathToFileURL } from "node:url";

const here = import.meta.dirname;
const outfile = path.join(here, "..", "build", "benchmark.mjs");
await build({
  absWorkingDir: here,
  entryPoints: ["report.ts"],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  logLevel: "warning",
});
await import(pathToFileURL(outfile));
