/** Whole numbers from whole numbers, alike on every engine. */

/** Mixes 32 bits so that neighboring inputs give unrelated outputs: MurmurHash3's finalizer. @returns 0 to 2^32 - 1 */
export function hash32(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** 32 bits from a text: FNV-1a over its UTF-16 units, mixed. */
export function hashText(text: string): number {
  let bits = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) bits = Math.imul(bits ^ text.charCodeAt(i), 0x01000193);
  return hash32(bits);
}
