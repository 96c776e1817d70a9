// node build.mjs            → ../book/assets/labs, what the site serves
// node build.mjs FOLDER     → the same and the harness of the tests and benchmarks, into FOLDER
import { build } from "esbuild";
import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";

const here = path.dirname(fileURLToPath(import.meta.url));
const shipped = path.join(here, "..", "book", "assets", "labs");
const folder = process.argv[2] ? path.resolve(process.argv[2]) : shipped;
const core = path.join(here, "node_modules/@tensorflow/tfjs-core/dist");
const wasm = path.join(here, "node_modules/@tensorflow/tfjs-backend-wasm/dist");

// TensorFlow's entry file registers all it has; base.js is the same API without that, so that what
// no lab uses can be left out. The threaded build is never used (see src/tensorflow.ts).
const trimTensorFlow = {
  name: "trim-tensorflow",
  setup(builder) {
    builder.onResolve({ filter: /^@tensorflow\/tfjs-core$/ }, () => ({ path: path.join(core, "base.js") }));
    builder.onResolve({ filter: /threaded-simd|platform_node/ }, () => ({ path: "unused", namespace: "none" }));
    builder.onLoad({ filter: /.*/, namespace: "none" }, () => ({
      contents: "export default null; export const wasmWorkerContents = '';",
    }));
  },
};

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });

const entryPoints = [
  { in: "src/attention-lab.ts", out: "attention-lab" },
  { in: "src/attention-lab.css", out: "attention-lab" },
  { in: "src/worker.ts", out: "attention-lab-worker" },
];
if (process.argv[2]) entryPoints.push({ in: "harness/worker.ts", out: "harness-worker" });

await build({
  absWorkingDir: here,
  entryPoints,
  outdir: folder,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  plugins: [trimTensorFlow],
  external: ["fs", "path", "worker_threads", "perf_hooks", "util", "crypto", "os", "url"],
  logLevel: "info",
});
for (const name of ["tfjs-backend-wasm-simd.wasm", "tfjs-backend-wasm.wasm"]) {
  await copyFile(path.join(wasm, name), path.join(folder, name));
}
// "The same model in TensorFlow.js" shows the source itself: every lab file beside this one.
for (const name of await readdir(here)) {
  if (name.endsWith(".ts") && name !== "labs.ts") await copyFile(path.join(here, name), path.join(folder, `${name}.txt`));
}
