/** @file Dot product in double precision. */

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
