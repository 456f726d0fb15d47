/** @file Positions of float32 values, sorted by value without a comparator. */

/**
 * Positions of float32 values in ascending order of value; equal values in ascending order of position. No comparator: each value's
 * bits become an integer of the same order, sorted together with the position as one double. That is several times faster. For up
 * to 2^21 finite values (32 + 21 bits fill a double).
 */
export function sortPositions(values: Float32Array): Uint32Array {
  const count = values.length;
  const bits = new Uint32Array(1);
  const value = new Float32Array(bits.buffer);
  const keys = new Float64Array(count);
  const positions = 2 ** 21;
  for (let i = 0; i < count; i++) {
    value[0] = values[i] + 0; // -0 becomes 0: they are equal
    const ordered = bits[0] & 0x80000000 ? ~bits[0] >>> 0 : bits[0] + 0x80000000;
    keys[i] = ordered * positions + i;
  }
  keys.sort();
  const sorted = new Uint32Array(count);
  for (let i = 0; i < count; i++) sorted[i] = keys[i] % positions;
  return sorted;
}
