/** @file Text of a file, each distinct one kept once: a graph has a tensor's name where it is made, declared, and each time it is taken. */

/** The Encoding standard's class: every engine has it, the language's own types do not name it. */
interface Encoding {
  readonly TextDecoder: new () => { decode(bytes: Uint8Array): string };
}
const decoder = new (globalThis as unknown as Encoding).TextDecoder();

/** Places looked at for a text. Names with equal hashes are rare unless made so; those are kept more than once. */
const MAX_PROBES = 8;

export class Texts {
  private readonly known = new Map<number, string>();

  /** The UTF-8 text from `start` to `end`. */
  read(bytes: Uint8Array, start: number, end: number): string {
    const hash = hashOf(bytes, start, end);
    // Only of ASCII are the bytes the text's own code units, so that the two can be compared.
    if (hash === undefined) return decoder.decode(bytes.subarray(start, end));
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const key = (hash + probe) | 0;
      const known = this.known.get(key);
      if (known === undefined) {
        const text = decoder.decode(bytes.subarray(start, end));
        this.known.set(key, text);
        return text;
      }
      if (isText(known, bytes, start, end)) return known;
    }
    return decoder.decode(bytes.subarray(start, end));
  }
}

/** FNV-1a of the bytes (Fowler, Noll, Vo); undefined where one is not ASCII. */
function hashOf(bytes: Uint8Array, start: number, end: number): number | undefined {
  let hash = 0x811c9dc5 | 0;
  for (let i = start; i < end; i++) {
    if (bytes[i] > 0x7f) return undefined;
    hash = Math.imul(hash ^ bytes[i], 0x01000193);
  }
  return hash;
}

function isText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = start; i < end; i++) if (text.charCodeAt(i - start) !== bytes[i]) return false;
  return true;
}
