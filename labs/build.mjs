// node build.mjs            → ../web/static/labs, what the site serves
// node build.mjs FOLDER     → the same and the harness of the tests and benchmarks, into FOLDER
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";

const here = import.meta.dirname;
const shipped = path.join(here, "..", "web", "static", "labs");
const folder = process.argv[2] ? path.resolve(process.argv[2]) : shipped;

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });

// What is loaded last is written first: the address of a file carries a version made of its content.
const compiled = spawnSync(
  process.execPath,
  ["node_modules/assemblyscript/bin/asc.js", "--config", "engine/kernels/asconfig.json"],
  { cwd: here, stdio: "inherit" },
);
if (compiled.status !== 0) process.exit(1);
await copyFile(path.join(here, "engine/build/kernels.wasm"), path.join(folder, "kernels.wasm"));

// "The model that runs here" shows a chapter's source itself, and all that it imports.
const lists = {};
for (const name of await readdir(path.join(here, "chapters"))) {
  if (name.endsWith(".ts") && !/^labs?\./.test(name)) lists[name.replace(/\.ts$/, "")] = await filesOf(`chapters/${name}`);
}
await writeFile(path.join(folder, "sources.json"), JSON.stringify(lists));
const sources = [...new Set(Object.values(lists).flat())];
for (const name of sources) {
  const copy = path.join(folder, "sources", `${name}.txt`);
  await mkdir(path.dirname(copy), { recursive: true });
  await copyFile(path.join(here, name), copy);
}

const workers = [{ in: "worker/worker.ts", out: "attention-lab-worker" }];
if (process.argv[2]) workers.push({ in: "harness/worker_of_jobs.ts", out: "harness-worker" });
await bundle(workers, await versionOf(["kernels.wasm"]));

const page = ["page/attention-lab.ts", "page/styles/attention-lab.css"].map((file) => ({ in: file, out: "attention-lab" }));
if (process.argv[2]) page.push({ in: "harness/draw_handed.ts", out: "harness-picture" });
await bundle(page, await versionOf(["attention-lab-worker.js", "sources.json", ...sources.map((name) => `sources/${name}.txt`)]));

/** A file of source first, then what it imports, as far as anything of that is used. */
async function filesOf(name) {
  const options = { absWorkingDir: here, entryPoints: [name], bundle: true, format: "esm", write: false, metafile: true };
  const { metafile } = await build(options);
  const [{ inputs }] = Object.values(metafile.outputs);
  const used = Object.keys(inputs).filter((file) => file !== name && inputs[file].bytesInOutput > 0);
  return [name, ...used.sort()];
}

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
    // Nested rules are older browsers' as well, once they are written out.
    target: ["es2022", "safari16.4", "chrome111", "firefox113"],
    minify: true,
    legalComments: "none",
    define: { VERSION: JSON.stringify(version) },
    logLevel: "info",
  });
}
