// node build.mjs            → ../web/static/labs, what the site serves
// node build.mjs FOLDER     → the same and the harness of the tests and benchmarks, into FOLDER
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, readdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";

const here = path.dirname(fileURLToPath(import.meta.url));
const shipped = path.join(here, "..", "web", "static", "labs");
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

// What is loaded last is written first: the address of a file carries a version made of its content.
const wasmFiles = ["tfjs-backend-wasm-simd.wasm", "tfjs-backend-wasm.wasm"];
for (const name of wasmFiles) await copyFile(path.join(wasm, name), path.join(folder, name));
// "The same model in TensorFlow.js" shows the source itself: every lab file beside this one.
const sources = (await readdir(here)).filter((name) => name.endsWith(".ts") && name !== "labs.ts");
for (const name of sources) await copyFile(path.join(here, name), path.join(folder, `${name}.txt`));

const workers = [{ in: "src/worker.ts", out: "attention-lab-worker" }];
if (process.argv[2]) workers.push({ in: "harness/worker.ts", out: "harness-worker" });
await bundle(workers, await versionOf(wasmFiles));

const page = ["src/attention-lab.ts", "src/attention-lab.css"].map((file) => ({ in: file, out: "attention-lab" }));
if (process.argv[2]) page.push({ in: "harness/picture.ts", out: "harness-picture" });
await bundle(page, await versionOf(["attention-lab-worker.js", ...sources.map((name) => `${name}.txt`)]));

async function versionOf(names) {
  const hash = createHash("sha256");
  for (const name of names) hash.update(await readFile(path.join(folder, name)));
  return hash.digest("hex").slice(0, 12);
}

function bundle(entryPoints, version) {
  return build({
    absWorkingDir: here,
    entryPoints,
    outdir: folder,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    define: { "process.env.NODE_ENV": '"production"', VERSION: JSON.stringify(version) },
    plugins: [trimTensorFlow],
    external: ["fs", "path", "worker_threads", "perf_hooks", "util", "crypto", "os", "url"],
    logLevel: "info",
  });
}
