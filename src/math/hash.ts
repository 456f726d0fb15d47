/** @file Hashes in 32-bit integers, alike on every engine: seeds, and signs that data has changed. They keep nobody out. */

/** Mixes 32 bits so that neighboring inputs give unrelated outputs: MurmurHash3's finalizer (Appleby, 2011), one to one. @returns 0 to 2^32 - 1 */
export function mixBits(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** A seed from a text: FNV-1a over its UTF-16 code units, mixed. @returns 0 to 2^32 - 1 */
export function textSeed(text: string): number {
  return mixBits(fnv1a(text, FNV_BASIS));
}

/** A short name for a text: FNV-1a over its UTF-16 code units, twice with different starts, as 16 hexadecimal digits. */
export function textHash(text: string): string {
  return [FNV_BASIS, 0x9dc5811c].map((basis) => fnv1a(text, basis).toString(16).padStart(8, "0")).join("");
}

/** Offset basis and prime of 32 bits (Fowler, Noll, Vo; RFC 9923). */
const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

function fnv1a(text: string, basis: number): number {
  let hash = basis;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash >>> 0;
}
