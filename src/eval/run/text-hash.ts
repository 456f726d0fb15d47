/** @file A short name for a text: to notice that data has changed, not to keep anybody out. */

/** FNV-1a over UTF-16 code units, twice with different starts: 16 hexadecimal digits (Fowler, Noll, Vo; RFC 9923). */
export function textHash(text: string): string {
  return [0x811c9dc5, 0x9dc5811c].map((start) => fnv1a(text, start).toString(16).padStart(8, "0")).join("");
}

function fnv1a(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    // The FNV prime of 32 bits.
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}
