/** @file Dot products: in double precision, and in float32 to the bit the same in plain loops and in SIMD. */

/**
 * Dot product of `length` float32 values in double precision. Four running sums keep the additions from waiting for each other.
 * Used where one pass over the data decides (CLS attention, text similarity).
 */
export function dot(a: Float32Array, aStart: number, b: Float32Array, bStart: number, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  const whole = length - (length % 4);
  for (let i = 0; i < whole; i += 4) {
    s0 += a[aStart + i] * b[bStart + i];
    s1 += a[aStart + i + 1] * b[bStart + i + 1];
    s2 += a[aStart + i + 2] * b[bStart + i + 2];
    s3 += a[aStart + i + 3] * b[bStart + i + 3];
  }
  let sum = s0 + s1 + (s2 + s3);
  for (let i = whole; i < length; i++) sum += a[aStart + i] * b[bStart + i];
  return sum;
}

/**
 * Dot product in float32 by one fixed order of additions, that of four-lane SIMD. Lane l sums the products at positions l, l + 4, l
 * + 8, … in order. Each product and each sum is rounded to float32. The result is (lane 0 + lane 1) + (lane 2 + lane 3). A length
 * that is no multiple of 4 is padded with zeros, which changes no sum. The error is at most (length / 4 + 3) · 2^-24 of the sum of
 * the products' magnitudes (lengths to 8,000, no underflow).
 */
export function dotFloat32(a: Float32Array, aStart: number, b: Float32Array, bStart: number, length: number): number {
  const f32 = Math.fround;
  let lane0 = f32(0);
  let lane1 = f32(0);
  let lane2 = f32(0);
  let lane3 = f32(0);
  const whole = length - (length % 4);
  for (let i = 0; i < whole; i += 4) {
    lane0 = f32(lane0 + f32(a[aStart + i] * b[bStart + i]));
    lane1 = f32(lane1 + f32(a[aStart + i + 1] * b[bStart + i + 1]));
    lane2 = f32(lane2 + f32(a[aStart + i + 2] * b[bStart + i + 2]));
    lane3 = f32(lane3 + f32(a[aStart + i + 3] * b[bStart + i + 3]));
  }
  const left = length - whole;
  if (left > 0) lane0 = f32(lane0 + f32(a[aStart + whole] * b[bStart + whole]));
  if (left > 1) lane1 = f32(lane1 + f32(a[aStart + whole + 1] * b[bStart + whole + 1]));
  if (left > 2) lane2 = f32(lane2 + f32(a[aStart + whole + 2] * b[bStart + whole + 2]));
  return f32(f32(lane0 + lane1) + f32(lane2 + lane3));
}
