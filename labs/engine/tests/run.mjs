// node engine/tests/run.mjs [part of a test file's name]: bundles the tests and runs them with node's own runner.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import path from "node:path";

const here = import.meta.dirname;
const folder = path.join(here, "..", "build", "tests");
const names = (await readdir(here)).filter((name) => name.endsWith(".test.ts") && name.includes(process.argv[2] ?? ""));

await rm(folder, { recursive: true, force: true });
await build({
  absWorkingDir: here,
  entryPoints: names,
  outdir: folder,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  logLevel: "warning",
});
const files = names.map((name) => path.join(folder, name.replace(/\.ts$/, ".mjs")));
process.exitCode = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" }).status ?? 1;
