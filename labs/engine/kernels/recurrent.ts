import { add, load4, loadPart, mul, sigmoid4, splat, store4, storePart, sub, tanh4 } from "./simd";

export function lstmCell(gates: usize, memoryBefore: usize, memoryAfter: usize, after: usize, rows: i32, units: i32): void {
  const size = units << 2;
  for (let row = 0; row < rows; row++, gates += size << 2, memoryBefore += size, memoryAfter += size, after += size) {
    for (let i = 0; i < units; i += 4) {
      const at = i << 2;
      const count = units - i;
      const input = sigmoid4(some(gates + at, count));
      const forget = sigmoid4(some(gates + size + at, count));
      const candidate = tanh4(some(gates + 2 * size + at, count));
      const output = sigmoid4(some(gates + 3 * size + at, count));
      const kept = add(mul(forget, some(memoryBefore + at, count)), mul(input, candidate));
      put(gates + at, input, count);
      put(gates + size + at, forget, count);
      put(gates + 2 * size + at, candidate, count);
      put(gates + 3 * size + at, output, count);
      put(memoryAfter + at, kept, count);
      put(after + at, mul(output, tanh4(kept)), count);
    }
  }
}

export function lstmCellGradient(
  gates: usize, memoryBefore: usize, memoryAfter: usize, dstate: usize, dmemory: usize,
  rows: i32, units: i32,
): void {
  const size = units << 2;
  const one = splat(1);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < units; i += 4) {
      const at = i << 2;
      const count = units - i;
      const input = some(gates + at, count);
      const forget = some(gates + size + at, count);
      const candidate = some(gates + 2 * size + at, count);
      const output = some(gates + 3 * size + at, count);
      const shown = tanh4(some(memoryAfter + at, count));
      const byState = some(dstate + at, count);
      const byMemory = add(some(dmemory + at, count), mul(mul(byState, output), sub(one, mul(shown, shown))));
      put(gates + at, mul(mul(byMemory, candidate), mul(input, sub(one, input))), count);
      put(gates + size + at, mul(mul(byMemory, some(memoryBefore + at, count)), mul(forget, sub(one, forget))), count);
      put(gates + 2 * size + at, mul(mul(byMemory, input), sub(one, mul(candidate, candidate))), count);
      put(gates + 3 * size + at, mul(mul(byState, shown), mul(output, sub(one, output))), count);
      put(dmemory + at, mul(byMemory, forget), count);
    }
    gates += size << 2;
    memoryBefore += size;
    memoryAfter += size;
    dstate += size;
    dmemory += size;
  }
}

export function gruCell(gates: usize, fromState: usize, before: usize, after: usize, rows: i32, units: i32): void {
  const size = units << 2;
  for (let row = 0; row < rows; row++, gates += 3 * size, fromState += 3 * size, before += size, after += size) {
    for (let i = 0; i < units; i += 4) {
      const at = i << 2;
      const count = units - i;
      const update = sigmoid4(add(some(gates + at, count), some(fromState + at, count)));
      const reset = sigmoid4(add(some(gates + size + at, count), some(fromState + size + at, count)));
      const given = mul(reset, some(fromState + 2 * size + at, count));
      const candidate = tanh4(add(some(gates + 2 * size + at, count), given));
      put(gates + at, update, count);
      put(gates + size + at, reset, count);
      put(gates + 2 * size + at, candidate, count);
      const kept = mul(update, some(before + at, count));
      put(after + at, add(kept, mul(sub(splat(1), update), candidate)), count);
    }
  }
}

export function gruCellGradient(gates: usize, fromState: usize, before: usize, dstate: usize, rows: i32, units: i32): void {
  const size = units << 2;
  const one = splat(1);
  for (let row = 0; row < rows; row++, gates += 3 * size, fromState += 3 * size, before += size, dstate += size) {
    for (let i = 0; i < units; i += 4) {
      const at = i << 2;
      const count = units - i;
      const update = some(gates + at, count);
      const reset = some(gates + size + at, count);
      const candidate = some(gates + 2 * size + at, count);
      const byState = some(dstate + at, count);
      const byCandidate = mul(mul(byState, sub(one, update)), sub(one, mul(candidate, candidate)));
      const byUpdate = mul(mul(byState, sub(some(before + at, count), candidate)), mul(update, sub(one, update)));
      const given = some(fromState + 2 * size + at, count);
      const byReset = mul(mul(byCandidate, given), mul(reset, sub(one, reset)));
      put(gates + at, byUpdate, count);
      put(fromState + at, byUpdate, count);
      put(gates + size + at, byReset, count);
      put(fromState + size + at, byReset, count);
      put(gates + 2 * size + at, byCandidate, count);
      put(fromState + 2 * size + at, mul(byCandidate, reset), count);
      put(dstate + at, mul(byState, update), count);
    }
  }
}

/** Four numbers, or fewer at the end of a row. */
@inline
function some(at: usize, count: i32): v128 {
  return count >= 4 ? load4(at) : loadPart(at, count, 0);
}

@inline
function put(at: usize, v: v128, count: i32): void {
  if (count >= 4) store4(at, v);
  else storePart(at, v, count);
}
