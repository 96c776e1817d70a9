/** Matrix products: the engine's beside the same loop in C with 128-bit SIMD, where a C compiler is at hand. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Arena, type Kernels } from "..";

/** Products of the labs' models, and a large one: m, k and n of (m × k) · (k × n). */
export const SIZES = [
  [64, 64, 64],
  [64, 32, 128],
  [1024, 32, 32],
  [128, 16, 16],
  [256, 256, 256],
];

const MILLISECONDS = 400;

/** Billions of additions and multiplications a second, at its best. */
export function measureProducts(kernels: Kernels): number[] {
  return SIZES.map(([m, k, n]) => {
    const arena = new Arena(kernels);
    const [a, b, c] = [m * k, k * n, m * n].map((size) => arena.allocate(size));
    arena.view(a, m * k + k * n).forEach((_, i, values) => (values[i] = ((i * 7919) % 2003) / 2003 - 0.5));
    const operations = 2 * m * k * n;
    const repeats = 1 + Math.floor(2e6 / operations);
    let best = Infinity;
    for (const end = performance.now() + MILLISECONDS; performance.now() < end; ) {
      const start = performance.now();
      for (let i = 0; i < repeats; i++) kernels.matmul(a, k, 1, b, n, 1, c, n, m, k, n, 0, 0, 0);
      best = Math.min(best, (performance.now() - start) / repeats);
    }
    return operations / best / 1e6;
  });
}

/** The same of benchmarks/matmul.c; null without a compiler, or on a processor of another kind. */
export function measureYardstick(source: string): number[] | null {
  const folder = mkdtempSync(path.join(tmpdir(), "matmul-"));
  try {
    const program = path.join(folder, "matmul");
    const built = spawnSync("cc", ["-O3", "-msse4.1", source, "-o", program]);
    if (built.status !== 0) return null;
    const { stdout } = spawnSync(program, SIZES.flat().map(String), { encoding: "utf8" });
    return stdout.trim().split("\n").map((line) => Number(line.split(" ")[3]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
