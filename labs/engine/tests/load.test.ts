/** Where the kernels' file cannot be used, the plain ones run, and the reason names the file. */
import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { loadKernels } from "..";

const file = await readFile(path.join(import.meta.dirname, "..", "kernels.wasm"));

async function loadFrom(listener: RequestListener, milliseconds?: number) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await loadKernels(`http://127.0.0.1:${(server.address() as AddressInfo).port}/kernels.wasm`, milliseconds);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("the file is used, whatever type the server says it has", async () => {
  const { kernels, problem } = await loadFrom((_, response) => response.end(file));
  assert.equal(problem, null);
  assert.equal(kernels.unit, 4);
});

const failures: Record<string, { listener: RequestListener; reason: RegExp }> = {
  "is not there": { listener: (_, response) => response.writeHead(404).end(), reason: /kernels\.wasm could not be used: the server answered 404/ },
  "does not arrive": { listener: () => {}, reason: /kernels\.wasm could not be used: it did not arrive in time/ },
  "stops half way": {
    listener: (_, response) => void response.writeHead(200).write(file.subarray(0, 100)),
    reason: /kernels\.wasm could not be used: it did not arrive in time/,
  },
  "is something else": { listener: (_, response) => response.end("<html>"), reason: /kernels\.wasm could not be used: .*WebAssembly/ },
};

for (const [name, { listener, reason }] of Object.entries(failures)) {
  test(`the file ${name}: plain kernels`, async () => {
    const { kernels, problem } = await loadFrom(listener, 300);
    assert.match(String(problem), reason);
    assert.equal(kernels.unit, 1);
  });
}

test("no WebAssembly: plain kernels", async () => {
  const { WebAssembly } = globalThis;
  Reflect.deleteProperty(globalThis, "WebAssembly");
  try {
    const { kernels, problem } = await loadFrom((_, response) => response.end(file));
    assert.match(String(problem), /WebAssembly is not defined/);
    assert.equal(kernels.unit, 1);
  } finally {
    globalThis.WebAssembly = WebAssembly;
  }
});
