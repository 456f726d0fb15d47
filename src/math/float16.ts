/** @file IEEE 754 half precision as raw bits, for runtimes without a Float16Array. */

const floatView = new Float32Array(1);
const bitView = new Uint32Array(floatView.buffer);

/** The value of float16 bits; exact. */
export function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  // 2^-24 is the smallest subnormal; 15 is the bias.
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest float16 bits, ties to even; beyond 65504 infinity, as IEEE 754 rounds. The value is taken as float32. */
export function toFloat16(value: number): number {
  floatView[0] = value;
  const bits = bitView[0];
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65520 (0x477ff000) is the first float32 that rounds to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Below 2^-14: subnormal; adding 0.5 lines up the bits so that the float32 addition does the rounding.
    floatView[0] = Math.abs(floatView[0]) + 0.5;
    return sign | (bitView[0] - 0x3f000000);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** Half-precision bits of all values. */
export function toFloat16Array(values: ArrayLike<number>): Uint16Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = toFloat16(values[i]);
  return out;
}

/** Float32 values of all half-precision bits; exact. */
export function fromFloat16Array(bits: Uint16Array): Float32Array {
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = fromFloat16(bits[i]);
  return out;
}
