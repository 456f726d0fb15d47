/** @file The few tags of a TIFF that say how its values are meant, where the decoder does not ask or does not say. */

/** Tags of the first image. */
const NAMES = {
  254: "subfile",
  259: "compression",
  262: "photometric",
  338: "extra",
  50706: "dng",
} as const;

type Tags = Partial<Record<(typeof NAMES)[keyof typeof NAMES], number>>;

/** First value of each tag of the first image; none of a file that is damaged. Classic and BigTIFF, of either byte order. */
export function tiffTags(bytes: Uint8Array): Tags {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  const big = view.getUint16(2, little) === 43;
  const offset = (at: number) => (big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
  const tags: Tags = {};
  try {
    const at = offset(big ? 8 : 4);
    const count = big ? offset(at) : view.getUint16(at, little);
    const [first, size] = big ? [at + 8, 20] : [at + 2, 12];
    for (let entry = first; entry < first + count * size; entry += size) {
      const name = NAMES[view.getUint16(entry, little) as keyof typeof NAMES];
      if (name !== undefined) tags[name] ??= firstValue(view, entry, big, little);
    }
  } catch (error) {
    // Beyond the file's end: the decoder will say so.
    if (!(error instanceof RangeError)) throw error;
  }
  return tags;
}

/** Of bytes (type 1), 16 bits (3) or more; values that fit stand in the entry itself. */
function firstValue(view: DataView, entry: number, big: boolean, little: boolean): number {
  const type = view.getUint16(entry + 2, little);
  const at = entry + (big ? 12 : 8);
  if (type === 1) return view.getUint8(at);
  return type === 3 ? view.getUint16(at, little) : view.getUint32(at, little);
}

/** What keeps a TIFF from being read as it is meant, in words; undefined for nothing. Compression 6 and 7 are JPEG. */
export function tiffProblem({ subfile = 0, compression = 1, photometric, dng }: Tags): string | undefined {
  if (dng !== undefined || photometric === 32803 || photometric === 34892) return "a camera's raw file";
  if (subfile === 1) return "a file whose first image is a preview only, as a camera's raw file has it";
  if (photometric === 6 && compression !== 6 && compression !== 7) return "YCbCr colors without JPEG compression";
  return undefined;
}
