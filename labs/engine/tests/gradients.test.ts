/** Every operation's gradient is what finite differences in double precision say. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sizeOf } from "../parameters";
import { cases } from "./cases";
import { doublePrecision, Draw, Run } from "./helpers";

const SHAPES = 12;
const NUMBERS = 8; // of each parameter, as many are moved

for (const [name, draw] of Object.entries(cases)) {
  test(`the gradient of ${name}`, () => {
    const kernels = doublePrecision();
    for (let seed = 0; seed < SHAPES; seed++) {
      const run = new Run(kernels, draw(new Draw(seed)), seed);
      const { gradients } = run.all();
      const largest = Math.max(1, ...gradients.flat().map(Math.abs));
      const pick = new Draw(seed + 1000);
      run.parameters.list.forEach((parameter, index) => {
        for (let i = 0; i < NUMBERS; i++) {
          const at = pick.integer(0, sizeOf(parameter.shape) - 1);
          const [told, measured] = [gradients[index][at], run.difference(parameter, at)];
          const where = `seed ${seed}, parameter ${index} (${parameter.shape.join(", ")}), number ${at}`;
          assert.ok(Math.abs(told - measured) < 1e-6 * largest, `${where}: ${told}, but by differences ${measured}`);
        }
      });
    }
  });
}
