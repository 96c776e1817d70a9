import { transpose } from "./moves";
import { add, load4, loadPart, mul, splat, store4, storePart } from "./simd";

/** Tiles of 4 × 8 sums, which is what sixteen registers hold; what is left over comes in smaller ones. */
export function matmul(
  a: usize, aRow: i32, aColumn: i32,
  b: usize, bRow: i32, bColumn: i32,
  c: usize, cRow: i32,
  m: i32, k: i32, n: i32,
  start: usize, startRow: i32, packed: usize,
): void {
  if (bColumn != 1) {
    pack(b, bRow, bColumn, packed, k, n);
    b = packed;
    bRow = n;
  }
  aRow <<= 2;
  aColumn <<= 2;
  bRow <<= 2;
  cRow <<= 2;
  startRow <<= 2;
  let i = 0;
  for (; i + 4 <= m; i += 4) {
    fourRows(a, aRow, aColumn, b, bRow, c, cRow, k, n, start, startRow);
    a += aRow << 2;
    c += cRow << 2;
    if (start) start += startRow << 2;
  }
  for (; i < m; i++) {
    oneRow(a, aColumn, b, bRow, c, k, n, start);
    a += aRow;
    c += cRow;
    if (start) start += startRow;
  }
}

/** Copies a matrix whose columns are not neighbours. */
@inline
function pack(b: usize, bRow: i32, bColumn: i32, packed: usize, k: i32, n: i32): void {
  if (bRow == 1) {
    transpose(b, bColumn << 2, packed, n << 2, k, n, 1);
    return;
  }
  for (let p = 0; p < k; p++) {
    for (let j = 0; j < n; j++) {
      store<f32>(packed + ((p * n + j) << 2), load<f32>(b + ((p * bRow + j * bColumn) << 2)));
    }
  }
}

function fourRows(
  a: usize, aRow: i32, aColumn: i32, b: usize, bRow: i32, c: usize, cRow: i32, k: i32, n: i32, start: usize, startRow: i32,
): void {
  let j = 0;
  for (; j + 8 <= n; j += 8, b += 32, c += 32) {
    let c00 = splat(0), c01 = splat(0), c10 = splat(0), c11 = splat(0);
    let c20 = splat(0), c21 = splat(0), c30 = splat(0), c31 = splat(0);
    if (start) {
      c00 = load4(start);
      c01 = load4(start + 16);
      c10 = load4(start + startRow);
      c11 = load4(start + startRow + 16);
      c20 = load4(start + 2 * startRow);
      c21 = load4(start + 2 * startRow + 16);
      c30 = load4(start + 3 * startRow);
      c31 = load4(start + 3 * startRow + 16);
      start += 32;
    }
    let a0 = a, a1 = a0 + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
    let right = b;
    for (let p = 0; p < k; p++) {
      const b0 = load4(right), b1 = load4(right + 16);
      let s = v128.load32_splat(a0);
      c00 = add(c00, mul(s, b0));
      c01 = add(c01, mul(s, b1));
      s = v128.load32_splat(a1);
      c10 = add(c10, mul(s, b0));
      c11 = add(c11, mul(s, b1));
      s = v128.load32_splat(a2);
      c20 = add(c20, mul(s, b0));
      c21 = add(c21, mul(s, b1));
      s = v128.load32_splat(a3);
      c30 = add(c30, mul(s, b0));
      c31 = add(c31, mul(s, b1));
      right += bRow;
      a0 += aColumn;
      a1 += aColumn;
      a2 += aColumn;
      a3 += aColumn;
    }
    store4(c, c00);
    store4(c + 16, c01);
    store4(c + cRow, c10);
    store4(c + cRow + 16, c11);
    store4(c + 2 * cRow, c20);
    store4(c + 2 * cRow + 16, c21);
    store4(c + 3 * cRow, c30);
    store4(c + 3 * cRow + 16, c31);
  }
  for (; j < n; j += 4, b += 16, c += 16) {
    const count = min(4, n - j);
    let c0 = splat(0), c1 = splat(0), c2 = splat(0), c3 = splat(0);
    if (start) {
      c0 = load1to4(start, count);
      c1 = load1to4(start + startRow, count);
      c2 = load1to4(start + 2 * startRow, count);
      c3 = load1to4(start + 3 * startRow, count);
      start += 16;
    }
    let a0 = a, a1 = a0 + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
    let right = b;
    for (let p = 0; p < k; p++) {
      const b0 = load1to4(right, count);
      c0 = add(c0, mul(v128.load32_splat(a0), b0));
      c1 = add(c1, mul(v128.load32_splat(a1), b0));
      c2 = add(c2, mul(v128.load32_splat(a2), b0));
      c3 = add(c3, mul(v128.load32_splat(a3), b0));
      right += bRow;
      a0 += aColumn;
      a1 += aColumn;
      a2 += aColumn;
      a3 += aColumn;
    }
    store1to4(c, c0, count);
    store1to4(c + cRow, c1, count);
    store1to4(c + 2 * cRow, c2, count);
    store1to4(c + 3 * cRow, c3, count);
  }
}

function oneRow(a: usize, aColumn: i32, b: usize, bRow: i32, c: usize, k: i32, n: i32, start: usize): void {
  let j = 0;
  for (; j + 16 <= n; j += 16, b += 64, c += 64) {
    let c0 = splat(0), c1 = splat(0), c2 = splat(0), c3 = splat(0);
    if (start) {
      c0 = load4(start);
      c1 = load4(start + 16);
      c2 = load4(start + 32);
      c3 = load4(start + 48);
      start += 64;
    }
    let left = a, right = b;
    for (let p = 0; p < k; p++, left += aColumn, right += bRow) {
      const s = v128.load32_splat(left);
      c0 = add(c0, mul(s, load4(right)));
      c1 = add(c1, mul(s, load4(right + 16)));
      c2 = add(c2, mul(s, load4(right + 32)));
      c3 = add(c3, mul(s, load4(right + 48)));
    }
    store4(c, c0);
    store4(c + 16, c1);
    store4(c + 32, c2);
    store4(c + 48, c3);
  }
  for (; j < n; j += 4, b += 16, c += 16) {
    const count = min(4, n - j);
    let sum = start ? load1to4(start, count) : splat(0);
    if (start) start += 16;
    let left = a, right = b;
    for (let p = 0; p < k; p++, left += aColumn, right += bRow) {
      sum = add(sum, mul(v128.load32_splat(left), load1to4(right, count)));
    }
    store1to4(c, sum, count);
  }
}

@inline
function load1to4(p: usize, count: i32): v128 {
  return count == 4 ? load4(p) : loadPart(p, count, 0);
}

@inline
function store1to4(p: usize, v: v128, count: i32): void {
  if (count == 4) store4(p, v);
  else storePart(p, v, count);
}
