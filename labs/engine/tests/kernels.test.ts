/** The SIMD kernels do what the JavaScript ones do, and write nowhere else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { javascriptKernels } from "../javascript/kernels";
import { cases } from "./cases";
import { distance, Draw, loadWasm, Run } from "./helpers";

const SHAPES = 25;
const TOLERANCE = 1e-5;

const wasm = await loadWasm();
const plain = javascriptKernels();

test("both sets have the same kernels with the same parameters", () => {
  const signatures = (kernels: object) =>
    Object.entries(kernels)
      .filter(([name, value]) => typeof value === "function" && name !== "reserve")
      .map(([name, { length }]: [string, () => void]) => `${name}/${length}`)
      .sort();
  assert.deepEqual(signatures(wasm), signatures(plain));
});

for (const [name, draw] of Object.entries(cases)) {
  test(`${name}, in both sets of kernels`, () => {
    for (let seed = 0; seed < SHAPES; seed++) {
      const [fast, reference] = [wasm, plain].map((kernels) => new Run(kernels, draw(new Draw(seed)), seed).all());
      const what = (of: string) => `seed ${seed}, shapes ${JSON.stringify(draw(new Draw(seed)).shapes)}: ${of} differ by`;
      const far = distance(fast.output, reference.output);
      assert.ok(far < TOLERANCE, `${what("outputs")} ${far}`);
      fast.gradients.forEach((gradient, index) => {
        const far = distance(gradient, reference.gradients[index]);
        assert.ok(far < TOLERANCE, `${what(`gradients ${index}`)} ${far}`);
      });
    }
  });
}
