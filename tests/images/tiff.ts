/** Values of the tags that are written beside those of the sizes. */
export interface TiffTags {
  readonly bits: number;
  /** 0 and 1: gray, 2: RGB, 3: palette, 5: CMYK, 6: YCbCr, 8 to 10: Lab. */
  readonly photometric: number;
  /** Values a pixel. */
  readonly values: number;
  readonly more?: Readonly<Record<number, readonly number[]>>;
}

const OFFSETS = 273;
const LENGTHS = 279;

/** A TIFF of one or more strips, uncompressed, each with all rows: by hand, as writers of pictures make no odd ones. */
export function tiff(
  { bits, photometric, values, more }: TiffTags,
  [width, height]: readonly [number, number],
  strips: readonly Uint8Array[],
  bigEndian = false,
): Uint8Array {
  const tags: Record<number, readonly number[]> = {
    256: [width],
    257: [height],
    258: Array(values).fill(bits),
    259: [1],
    262: [photometric],
    [OFFSETS]: strips.map(() => 0),
    277: [values],
    278: [height],
    [LENGTHS]: strips.map(({ length }) => length),
    ...more,
  };
  const entries = Object.entries(tags).map(([tag, list]) => [Number(tag), list] as const);
  const listed = entries.filter(([, list]) => list.length > 1);
  const end = 8 + 2 + 12 * entries.length + 4;
  const size = end + listed.reduce((sum, [, list]) => sum + 4 * list.length, 0);
  const head = new DataView(new ArrayBuffer(size));
  head.setUint16(0, bigEndian ? 0x4d4d : 0x4949);
  head.setUint16(2, 42, !bigEndian);
  head.setUint32(4, 8, !bigEndian);
  head.setUint16(8, entries.length, !bigEndian);
  let free = end;
  let strip = size;
  entries.forEach(([tag, list], i) => {
    const at = 10 + 12 * i;
    head.setUint16(at, tag, !bigEndian);
    // 32 bits a value.
    head.setUint16(at + 2, 4, !bigEndian);
    head.setUint32(at + 4, list.length, !bigEndian);
    if (list.length > 1) head.setUint32(at + 8, free, !bigEndian);
    let to = list.length > 1 ? free : at + 8;
    list.forEach((value, which) => {
      head.setUint32(to, tag === OFFSETS ? strip : value, !bigEndian);
      if (tag === OFFSETS) strip += strips[which].length;
      to += 4;
    });
    if (list.length > 1) free = to;
  });
  return Buffer.concat([new Uint8Array(head.buffer), ...strips]);
}
