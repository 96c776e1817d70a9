import { add, exp4, largestOf, load4, loadPart, mul, splat, store4, storePart, sub, sumOf, tanh4 } from "./simd";

const NONE: f32 = -Infinity;

export function softmax(x: usize, y: usize, rows: i32, width: i32, mask: usize, repeat: i32, maskRows: i32): void {
  const size = width << 2;
  const whole = (width & ~3) << 2;
  const rest = width & 3;
  for (let row = 0; row < rows; row++, x += size, y += size) {
    const attended = mask ? mask + ((row / repeat) % maskRows) * size : 0;
    let four = splat(NONE);
    for (let i = 0; i < whole; i += 16) four = f32x4.pmax(four, visible(load4(x + i), attended, i, 4));
    if (rest) four = f32x4.pmax(four, visible(loadPart(x + whole, rest, NONE), attended, whole, rest));
    const largest = largestOf(four);
    if (mask && largest == NONE) {
      memory.fill(y, 0, size);
      continue;
    }
    const top = splat(largest);
    let sums = splat(0);
    for (let i = 0; i < whole; i += 16) {
      const value = weight(load4(x + i), top, attended, i, 4);
      sums = add(sums, value);
      store4(y + i, value);
    }
    if (rest) {
      const value = v128.and(weight(loadPart(x + whole, rest, NONE), top, attended, whole, rest), firstLanes(rest));
      sums = add(sums, value);
      storePart(y + whole, value, rest);
    }
    const factor = splat(1 / sumOf(sums));
    for (let i = 0; i < whole; i += 16) store4(y + i, mul(load4(y + i), factor));
    if (rest) storePart(y + whole, mul(loadPart(y + whole, rest, 0), factor), rest);
  }
}

/** Scores where they are attended to, and −∞ elsewhere. */
@inline
function visible(scores: v128, attended: usize, offset: i32, count: i32): v128 {
  return attended ? v128.bitselect(scores, splat(NONE), isAttended(attended + offset, count)) : scores;
}

@inline
function weight(scores: v128, top: v128, attended: usize, offset: i32, count: i32): v128 {
  const value = exp4(sub(scores, top));
  return attended ? v128.and(value, isAttended(attended + offset, count)) : value;
}

@inline
function isAttended(at: usize, count: i32): v128 {
  return f32x4.ne(count == 4 ? load4(at) : loadPart(at, count, 0), splat(0));
}

@inline
function firstLanes(count: i32): v128 {
  return i32x4.gt_s(i32x4.splat(count), i32x4(0, 1, 2, 3));
}

export function softmaxGradient(y: usize, dy: usize, dx: usize, rows: i32, width: i32): void {
  const size = width << 2;
  const whole = (width & ~3) << 2;
  const rest = width & 3;
  for (let row = 0; row < rows; row++, y += size, dy += size, dx += size) {
    let sums = splat(0);
    for (let i = 0; i < whole; i += 16) sums = add(sums, mul(load4(y + i), load4(dy + i)));
    if (rest) sums = add(sums, mul(loadPart(y + whole, rest, 0), loadPart(dy + whole, rest, 0)));
    const mean = splat(sumOf(sums));
    for (let i = 0; i < whole; i += 16) store4(dx + i, mul(load4(y + i), sub(load4(dy + i), mean)));
    if (rest) {
      const value = mul(loadPart(y + whole, rest, 0), sub(loadPart(dy + whole, rest, 0), mean));
      storePart(dx + whole, value, rest);
    }
  }
}

export function additiveScores(
  queries: usize, keys: usize, v: usize, scores: usize,
  samples: i32, numQueries: i32, numKeys: i32, units: i32,
): void {
  const size = units << 2;
  const whole = (units & ~3) << 2;
  const rest = units & 3;
  for (let sample = 0; sample < samples; sample++, keys += numKeys * size) {
    for (let query = 0; query < numQueries; query++, queries += size) {
      let key = keys;
      for (let j = 0; j < numKeys; j++, key += size, scores += 4) {
        let sums = splat(0);
        for (let i = 0; i < whole; i += 16) {
          sums = add(sums, mul(load4(v + i), tanh4(add(load4(queries + i), load4(key + i)))));
        }
        if (rest) {
          const bent = tanh4(add(loadPart(queries + whole, rest, 0), loadPart(key + whole, rest, 0)));
          sums = add(sums, mul(loadPart(v + whole, rest, 0), bent));
        }
        store<f32>(scores, sumOf(sums));
      }
    }
  }
}

export function additiveScoresGradient(
  queries: usize, keys: usize, v: usize, dscores: usize,
  dqueries: usize, dkeys: usize, dv: usize,
  samples: i32, numQueries: i32, numKeys: i32, units: i32,
): void {
  const size = units << 2;
  const whole = (units & ~3) << 2;
  const rest = units & 3;
  memory.fill(dqueries, 0, samples * numQueries * size);
  memory.fill(dkeys, 0, samples * numKeys * size);
  memory.fill(dv, 0, size);
  for (let sample = 0; sample < samples; sample++, keys += numKeys * size, dkeys += numKeys * size) {
    for (let query = 0; query < numQueries; query++, queries += size, dqueries += size) {
      let key = keys;
      let dkey = dkeys;
      for (let j = 0; j < numKeys; j++, key += size, dkey += size, dscores += 4) {
        const dscore = splat(load<f32>(dscores));
        for (let i = 0; i < whole; i += 16) {
          const bent = tanh4(add(load4(queries + i), load4(key + i)));
          const dsum = mul(mul(dscore, load4(v + i)), sub(splat(1), mul(bent, bent)));
          store4(dqueries + i, add(load4(dqueries + i), dsum));
          store4(dkey + i, add(load4(dkey + i), dsum));
          store4(dv + i, add(load4(dv + i), mul(dscore, bent)));
        }
        if (rest) {
          const bent = tanh4(add(loadPart(queries + whole, rest, 0), loadPart(key + whole, rest, 0)));
          const dsum = mul(mul(dscore, loadPart(v + whole, rest, 0)), sub(splat(1), mul(bent, bent)));
          storePart(dqueries + whole, add(loadPart(dqueries + whole, rest, 0), dsum), rest);
          storePart(dkey + whole, add(loadPart(dkey + whole, rest, 0), dsum), rest);
          storePart(dv + whole, add(loadPart(dv + whole, rest, 0), mul(dscore, bent)), rest);
        }
      }
    }
  }
}
