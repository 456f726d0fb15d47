/**
 * @file Row kernels in four-lane SIMD (AssemblyScript). Each dot product adds in the order of `dotFloat32`: one vector of four
 * sums, reduced as (0 + 1) + (2 + 3). Blocks of 1 x 4 and 2 x 4 dot products share their loads; more sums do not fit into 16
 * registers. A dot product's own order of additions is the same in every block shape, so the bits are too. No fused multiply-add:
 * engines differ in it.
 *
 * Rows lie `stride` bytes apart (a multiple of 16, padded with zeros). Lists hold the rows' byte addresses as u32.
 */

/** Fewest rows for which packing four columns costs no more than it saves. */
const PACK_ROWS: u32 = 4;

/** (lane 0 + lane 1) + (lane 2 + lane 3). */
// @ts-ignore: decorator of AssemblyScript
@inline
function reduce(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

function dot1x1(a: usize, b: usize, stride: usize): f32 {
  let s = f32x4.splat(0);
  for (let i: usize = 0; i < stride; i += 16) s = f32x4.add(s, f32x4.mul(v128.load(a + i), v128.load(b + i)));
  return reduce(s);
}

/** One row with four columns: four results from `out` on. */
function dot1x4(a: usize, b0: usize, b1: usize, b2: usize, b3: usize, stride: usize, out: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  for (let i: usize = 0; i < stride; i += 16) {
    const va = v128.load(a + i);
    s0 = f32x4.add(s0, f32x4.mul(va, v128.load(b0 + i)));
    s1 = f32x4.add(s1, f32x4.mul(va, v128.load(b1 + i)));
    s2 = f32x4.add(s2, f32x4.mul(va, v128.load(b2 + i)));
    s3 = f32x4.add(s3, f32x4.mul(va, v128.load(b3 + i)));
  }
  f32.store(out, reduce(s0));
  f32.store(out + 4, reduce(s1));
  f32.store(out + 8, reduce(s2));
  f32.store(out + 12, reduce(s3));
}

/** Four columns side by side, 16 bytes of each in turn, so that `dot2x4` reaches them through one address. */
function pack(c0: usize, c1: usize, c2: usize, c3: usize, stride: usize, columns: usize): void {
  for (let i: usize = 0; i < stride; i += 16) {
    v128.store(columns, v128.load(c0 + i));
    v128.store(columns, v128.load(c1 + i), 16);
    v128.store(columns, v128.load(c2 + i), 32);
    v128.store(columns, v128.load(c3 + i), 48);
    columns += 64;
  }
}

/** Two rows with the four packed columns: four results from each of `outA` and `outB` on. */
function dot2x4(a: usize, b: usize, columns: usize, stride: usize, outA: usize, outB: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  let t0 = f32x4.splat(0);
  let t1 = f32x4.splat(0);
  let t2 = f32x4.splat(0);
  let t3 = f32x4.splat(0);
  for (let i: usize = 0; i < stride; i += 16) {
    const va = v128.load(a + i);
    const vb = v128.load(b + i);
    const v0 = v128.load(columns);
    s0 = f32x4.add(s0, f32x4.mul(va, v0));
    t0 = f32x4.add(t0, f32x4.mul(vb, v0));
    const v1 = v128.load(columns, 16);
    s1 = f32x4.add(s1, f32x4.mul(va, v1));
    t1 = f32x4.add(t1, f32x4.mul(vb, v1));
    const v2 = v128.load(columns, 32);
    s2 = f32x4.add(s2, f32x4.mul(va, v2));
    t2 = f32x4.add(t2, f32x4.mul(vb, v2));
    const v3 = v128.load(columns, 48);
    s3 = f32x4.add(s3, f32x4.mul(va, v3));
    t3 = f32x4.add(t3, f32x4.mul(vb, v3));
    columns += 64;
  }
  f32.store(outA, reduce(s0));
  f32.store(outA + 4, reduce(s1));
  f32.store(outA + 8, reduce(s2));
  f32.store(outA + 12, reduce(s3));
  f32.store(outB, reduce(t0));
  f32.store(outB + 4, reduce(t1));
  f32.store(outB + 8, reduce(t2));
  f32.store(outB + 12, reduce(t3));
}

/** `out[i] = row i · row i`, rows one after another from `base` on. Four go at a time, so that no sum waits for another. */
export function squaredNorms(base: usize, count: u32, stride: usize, out: usize): void {
  let i: u32 = 0;
  for (; i + 4 <= count; i += 4) {
    const row = base + <usize>i * stride;
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    let s2 = f32x4.splat(0);
    let s3 = f32x4.splat(0);
    for (let c: usize = row; c < row + stride; c += 16) {
      const v0 = v128.load(c);
      const v1 = v128.load(c + stride);
      const v2 = v128.load(c + 2 * stride);
      const v3 = v128.load(c + 3 * stride);
      s0 = f32x4.add(s0, f32x4.mul(v0, v0));
      s1 = f32x4.add(s1, f32x4.mul(v1, v1));
      s2 = f32x4.add(s2, f32x4.mul(v2, v2));
      s3 = f32x4.add(s3, f32x4.mul(v3, v3));
    }
    f32.store(out + i * 4, reduce(s0));
    f32.store(out + i * 4 + 4, reduce(s1));
    f32.store(out + i * 4 + 8, reduce(s2));
    f32.store(out + i * 4 + 12, reduce(s3));
  }
  for (; i < count; i++) {
    const row = base + <usize>i * stride;
    f32.store(out + i * 4, dot1x1(row, row, stride));
  }
}

/**
 * `out[i * bins + b] = Σ signs[c] · row i[c]` over the channels c = b, b + bins, b + 2 bins, … in order; `width` is the bins' bytes, a
 * multiple of 16. Rows lie one after another from `base` on, signs as long as a row.
 */
export function foldRows(base: usize, count: u32, stride: usize, signs: usize, width: usize, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    for (let b: usize = 0; b < width; b += 16) {
      let s = f32x4.splat(0);
      for (let c = b; c < stride; c += width) s = f32x4.add(s, f32x4.mul(v128.load(base + c), v128.load(signs + c)));
      v128.store(out + b, s);
    }
    base += stride;
    out += width;
  }
}

/**
 * `out[r * columnCount + c] = row rows[r] · row columns[c]`. Columns outside, so that four of them stay in the cache. For several
 * rows they are packed into `interleaved`, room for four rows.
 */
export function dots(
  rows: usize,
  rowCount: u32,
  columns: usize,
  columnCount: u32,
  stride: usize,
  interleaved: usize,
  out: usize,
): void {
  let c: u32 = 0;
  for (; c + 4 <= columnCount; c += 4) {
    const list = columns + c * 4;
    const c0 = load<u32>(list);
    const c1 = load<u32>(list + 4);
    const c2 = load<u32>(list + 8);
    const c3 = load<u32>(list + 12);
    let r: u32 = 0;
    if (rowCount >= PACK_ROWS) {
      pack(c0, c1, c2, c3, stride, interleaved);
      for (; r + 2 <= rowCount; r += 2) {
        const to = out + (r * columnCount + c) * 4;
        dot2x4(load<u32>(rows + r * 4), load<u32>(rows + r * 4 + 4), interleaved, stride, to, to + columnCount * 4);
      }
    }
    for (; r < rowCount; r++) dot1x4(load<u32>(rows + r * 4), c0, c1, c2, c3, stride, out + (r * columnCount + c) * 4);
  }
  for (; c < columnCount; c++) {
    const column = load<u32>(columns + c * 4);
    for (let r: u32 = 0; r < rowCount; r++) {
      f32.store(out + (r * columnCount + c) * 4, dot1x1(load<u32>(rows + r * 4), column, stride));
    }
  }
}

/**
 * `out[c] = Σ weights[e] · row rows[e][c]` in double precision, entry after entry, rounded to float32 once. Sixteen columns
 * at a time, one cache line of each row.
 */
export function weightedSum(rows: usize, weights: usize, entries: u32, stride: usize, out: usize): void {
  for (let c: usize = 0; c < stride; c += 64) {
    // The last columns may be fewer than sixteen; what is read beyond them lies in the memory and is not used.
    let s0 = f64x2.splat(0);
    let s1 = f64x2.splat(0);
    let s2 = f64x2.splat(0);
    let s3 = f64x2.splat(0);
    let s4 = f64x2.splat(0);
    let s5 = f64x2.splat(0);
    let s6 = f64x2.splat(0);
    let s7 = f64x2.splat(0);
    for (let e: u32 = 0; e < entries; e++) {
      const row = load<u32>(rows + e * 4) + c;
      const w = f64x2.splat(f64(f32.load(weights + e * 4)));
      const v0 = v128.load(row);
      s0 = f64x2.add(s0, f64x2.mul(w, low(v0)));
      s1 = f64x2.add(s1, f64x2.mul(w, high(v0)));
      const v1 = v128.load(row + 16);
      s2 = f64x2.add(s2, f64x2.mul(w, low(v1)));
      s3 = f64x2.add(s3, f64x2.mul(w, high(v1)));
      const v2 = v128.load(row + 32);
      s4 = f64x2.add(s4, f64x2.mul(w, low(v2)));
      s5 = f64x2.add(s5, f64x2.mul(w, high(v2)));
      const v3 = v128.load(row + 48);
      s6 = f64x2.add(s6, f64x2.mul(w, low(v3)));
      s7 = f64x2.add(s7, f64x2.mul(w, high(v3)));
    }
    v128.store(out + c, narrow(s0, s1));
    v128.store(out + c + 16, narrow(s2, s3));
    v128.store(out + c + 32, narrow(s4, s5));
    v128.store(out + c + 48, narrow(s6, s7));
  }
}

/** The first two float32 values as doubles. */
// @ts-ignore: decorator of AssemblyScript
@inline
function low(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

/** The last two float32 values as doubles. */
// @ts-ignore: decorator of AssemblyScript
@inline
function high(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3));
}

/** Four doubles rounded to float32. */
// @ts-ignore: decorator of AssemblyScript
@inline
function narrow(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(a), f32x4.demote_f64x2_zero(b), 0, 1, 4, 5);
}
