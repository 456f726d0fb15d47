/** @file Sums of float32 values in numpy's order of additions. */

/** Below this many values numpy adds with eight running sums; above it, it halves (its PW_BLOCKSIZE). */
const BLOCK = 128;

/** Sum of `length` values in float32, in numpy's pairwise order of additions: means equal numpy's bit for bit. */
export function pairwiseSum(values: Float32Array, start: number, length: number): number {
  const f32 = Math.fround;
  if (length > BLOCK) {
    const half = (length >> 1) - ((length >> 1) % 8);
    return f32(pairwiseSum(values, start, half) + pairwiseSum(values, start + half, length - half));
  }
  if (length < 8) {
    let sum = 0;
    for (let i = 0; i < length; i++) sum = f32(sum + values[start + i]);
    return sum;
  }
  let s0 = values[start];
  let s1 = values[start + 1];
  let s2 = values[start + 2];
  let s3 = values[start + 3];
  let s4 = values[start + 4];
  let s5 = values[start + 5];
  let s6 = values[start + 6];
  let s7 = values[start + 7];
  const end = start + length;
  const whole = end - (length % 8);
  for (let i = start + 8; i < whole; i += 8) {
    s0 = f32(s0 + values[i]);
    s1 = f32(s1 + values[i + 1]);
    s2 = f32(s2 + values[i + 2]);
    s3 = f32(s3 + values[i + 3]);
    s4 = f32(s4 + values[i + 4]);
    s5 = f32(s5 + values[i + 5]);
    s6 = f32(s6 + values[i + 6]);
    s7 = f32(s7 + values[i + 7]);
  }
  let sum = f32(f32(f32(s0 + s1) + f32(s2 + s3)) + f32(f32(s4 + s5) + f32(s6 + s7)));
  for (let i = whole; i < end; i++) sum = f32(sum + values[i]);
  return sum;
}
