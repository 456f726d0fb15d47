/** Values of images as their formats mean them, by hand or from their writer; what has no one meaning is refused by name. */
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { FormatError } from "../../src/core/index.js";
import { readImage } from "../../src/files/index.js";
import { type TiffTags, tiff } from "./tiff.js";

const read = async (bytes: Uint8Array) => [...(await readImage(bytes)).data];
const grays = (...values: number[]) => values.flatMap((value) => [value, value, value]);
const bytesOf = (values: Uint16Array | Float32Array | Int32Array | Float64Array) => new Uint8Array(values.buffer);
const deep = (...values: number[]) => bytesOf(Uint16Array.from(values, (value) => 257 * value));
/** Red rises, green falls, blue is 7. */
const palette = (size: number) =>
  [(i: number) => i, (i: number) => 255 - i, () => 7].flatMap((of) =>
    Array.from({ length: size }, (_, i) => 257 * of(i)),
  );

const GRAY: TiffTags = { bits: 8, photometric: 1, values: 1 };
const RGB: TiffTags = { bits: 8, photometric: 2, values: 3 };

describe("a TIFF is read as it is meant", () => {
  it.each<[string, TiffTags, Uint8Array, number[]]>([
    ["gray", GRAY, Uint8Array.of(3, 200), grays(3, 200)],
    ["gray, white is 0", { ...GRAY, photometric: 0 }, Uint8Array.of(0, 200), grays(255, 55)],
    ["gray of 16 bits", { ...GRAY, bits: 16 }, deep(100, 200), grays(100, 200)],
    ["gray of 16 bits, white is 0", { ...GRAY, bits: 16, photometric: 0 }, deep(0, 200), grays(255, 55)],
    ["1 bit", { ...GRAY, bits: 1 }, Uint8Array.of(0b10000000), grays(255, 0)],
    ["1 bit, white is 0", { ...GRAY, bits: 1, photometric: 0 }, Uint8Array.of(0b10000000), grays(0, 255)],
    ["2 bits", { ...GRAY, bits: 2 }, Uint8Array.of(0b01100000), grays(85, 170)],
    ["4 bits", { ...GRAY, bits: 4 }, Uint8Array.of(0x4f), grays(68, 255)],
    ["gray and alpha", { ...GRAY, values: 2, more: { 338: [2] } }, Uint8Array.of(100, 128, 9, 0), grays(177, 255)],
    ["RGB", RGB, Uint8Array.of(1, 2, 3, 4, 5, 6), [1, 2, 3, 4, 5, 6]],
    ["RGB of 16 bits", { ...RGB, bits: 16 }, deep(1, 2, 3, 4, 5, 6), [1, 2, 3, 4, 5, 6]],
    [
      "alpha",
      { ...RGB, values: 4, more: { 338: [2] } },
      Uint8Array.of(200, 100, 50, 128, 9, 9, 9, 0),
      [227, 177, 152, 255, 255, 255],
    ],
    [
      "multiplied alpha",
      { ...RGB, values: 4, more: { 338: [1] } },
      Uint8Array.of(100, 50, 25, 128, 0, 0, 0, 0),
      [227, 177, 152, 255, 255, 255],
    ],
    [
      "a value that is no alpha",
      { ...RGB, values: 4, more: { 338: [0] } },
      Uint8Array.of(200, 100, 50, 128, 9, 9, 9, 0),
      [200, 100, 50, 9, 9, 9],
    ],
    [
      "a palette",
      { ...GRAY, photometric: 3, more: { 320: palette(256) } },
      Uint8Array.of(3, 250),
      [3, 252, 7, 250, 5, 7],
    ],
    [
      "a palette of 4 bits",
      { ...GRAY, bits: 4, photometric: 3, more: { 320: palette(16) } },
      Uint8Array.of(0x3f),
      [3, 252, 7, 15, 240, 7],
    ],
  ])("%s", async (_, tags, data, expected) => {
    expect(await read(tiff(tags, [2, 1], [data]))).toEqual(expected);
    // Another order of bytes.
    const swapped = tags.bits === 16 ? Buffer.from(data).swap16() : data;
    expect(await read(tiff(tags, [2, 1], [swapped], true))).toEqual(expected);
  });

  it("in planes", async () => {
    const planes = [Uint8Array.of(1, 4), Uint8Array.of(2, 5), Uint8Array.of(3, 6)];
    expect(await read(tiff({ ...RGB, more: { 284: [2] } }, [2, 1], planes))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("CMYK of 8 and 16 bits alike: no ink is white, all inks are black, cyan is no red", async () => {
    const inks = [0, 0, 0, 0, 255, 255, 255, 255, 255, 0, 0, 0];
    const cmyk = { bits: 8, photometric: 5, values: 4 };
    const data = await read(tiff(cmyk, [3, 1], [Uint8Array.from(inks)]));
    expect(data.slice(0, 3)).toEqual([255, 255, 255]);
    expect(Math.max(...data.slice(3, 6))).toBeLessThan(30);
    expect(data[6]).toBeLessThan(30);
    expect(Math.min(data[7], data[8])).toBeGreaterThan(120);
    expect(await read(tiff({ ...cmyk, bits: 16 }, [3, 1], [deep(...inks)]))).toEqual(data);
  });

  it("YCbCr with JPEG, tiles, BigTIFF, the first of several pages", async () => {
    const raw = { raw: { width: 2, height: 1, channels: 3 } } as const;
    const pixels = Buffer.from([255, 0, 0, 0, 0, 255]);
    const image = () => sharp(pixels, raw);
    const near = await read(await image().tiff({ compression: "jpeg", quality: 100 }).toBuffer());
    near.forEach((value, at) => void expect(Math.abs(value - pixels[at])).toBeLessThan(4));
    expect(await read(await image().tiff({ compression: "none", bigtiff: true }).toBuffer())).toEqual([...pixels]);
    expect(await read(await image().tiff({ compression: "lzw", tile: true }).toBuffer())).toEqual([...pixels]);
    const pages = sharp(Buffer.concat([pixels, Buffer.alloc(6)]), { raw: { ...raw.raw, height: 2, pageHeight: 1 } });
    expect(await read(await pages.tiff({ compression: "none" }).toBuffer())).toEqual([...pixels]);
  });

  it.each<[string, TiffTags, Uint8Array, RegExp]>([
    [
      "32-bit floats",
      { ...GRAY, bits: 32, more: { 339: [3] } },
      bytesOf(Float32Array.of(0, 1)),
      /TIFF of float values is not read/,
    ],
    ["RGB floats", { ...RGB, bits: 32, more: { 339: [3, 3, 3] } }, bytesOf(new Float32Array(6)), /of float values/],
    ["16-bit floats", { ...RGB, bits: 16, more: { 339: [3, 3, 3] } }, deep(0, 0, 0, 1, 1, 1), /of float values/],
    ["64-bit floats", { ...GRAY, bits: 64, more: { 339: [3] } }, bytesOf(new Float64Array(2)), /cannot be decoded/],
    ["int32", { ...GRAY, bits: 32, more: { 339: [2] } }, bytesOf(Int32Array.of(3, 70_000)), /of int values/],
    ["uint32", { ...GRAY, bits: 32 }, bytesOf(Int32Array.of(3, 70_000)), /of uint values/],
    ["int16", { ...GRAY, bits: 16, more: { 339: [2] } }, deep(1, 2), /of short values/],
    ["int8", { ...GRAY, more: { 339: [2] } }, Uint8Array.of(1, 2), /of char values/],
    ["12 bits", { ...GRAY, bits: 12 }, new Uint8Array(3), /cannot be decoded/],
    [
      "YCbCr in full",
      { ...RGB, photometric: 6, more: { 530: [1, 1] } },
      Uint8Array.of(76, 85, 255, 255, 128, 128),
      /YCbCr colors without JPEG/,
    ],
    [
      "YCbCr of 16 bits",
      { ...RGB, bits: 16, photometric: 6, more: { 530: [1, 1] } },
      deep(76, 85, 255, 255, 128, 128),
      /YCbCr colors/,
    ],
    ["Lab", { ...RGB, photometric: 8 }, new Uint8Array(6), /Lab values|cannot be decoded/],
    ["Lab of 16 bits", { ...RGB, bits: 16, photometric: 8 }, new Uint8Array(12), /Lab values|cannot be decoded/],
    ["ICC Lab", { ...RGB, photometric: 9 }, new Uint8Array(6), /cannot be decoded/],
    ["five values", { ...RGB, values: 5, more: { 338: [2, 0] } }, new Uint8Array(10), /5 values a pixel/],
    ["a sensor's values", { ...GRAY, photometric: 32803 }, Uint8Array.of(1, 2), /a camera's raw file is not read/],
    ["a DNG", { ...RGB, more: { 50706: [1] } }, new Uint8Array(6), /a camera's raw file is not read/],
    ["a preview", { ...RGB, more: { 254: [1] } }, new Uint8Array(6), /a preview only/],
  ])("or refused by name: %s", async (_, tags, data, message) => {
    const refused = async (bytes: Uint8Array) => {
      const error = await readImage(bytes).catch((error) => error);
      expect(error).toBeInstanceOf(FormatError);
      expect(error.message).toMatch(message);
      expect(error.message).toMatch(/^readImage: [^\n]{1,200}$/);
    };
    await refused(tiff(tags, [2, 1], [data]));
    await refused(tiff(tags, [2, 1], [data], true));
  });
});

describe("every format", () => {
  const pixels = [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 200, 100, 250, 250, 0, 7, 7, 7];
  const [a, b, c, d, e, f] = [0, 3, 6, 9, 12, 15].map((at) => pixels.slice(at, at + 3));
  /** As the rows of the file, 2 x 3, by the EXIF standard. */
  const UPRIGHT = [
    [a, b, c, d, e, f],
    [b, a, d, c, f, e],
    [f, e, d, c, b, a],
    [e, f, c, d, a, b],
    [a, c, e, b, d, f],
    [e, c, a, f, d, b],
    [f, d, b, e, c, a],
    [b, d, f, a, c, e],
  ];
  const image = (orientation: number) =>
    sharp(Buffer.from(pixels), { raw: { width: 2, height: 3, channels: 3 } }).withMetadata({ orientation });
  const WRITERS: Record<string, (orientation: number) => Sharp> = {
    PNG: (turned) => image(turned).png(),
    "interlaced PNG": (turned) => image(turned).png({ progressive: true }),
    JPEG: (turned) => image(turned).jpeg({ quality: 100, chromaSubsampling: "4:4:4" }),
    "progressive JPEG": (turned) => image(turned).jpeg({ quality: 100, chromaSubsampling: "4:4:4", progressive: true }),
    WebP: (turned) => image(turned).webp({ lossless: true }),
    TIFF: (turned) => image(turned).tiff({ compression: "none" }),
    AVIF: (turned) => image(turned).avif({ lossless: true, chromaSubsampling: "4:4:4" }),
    "AVIF of 10 bits": (turned) => image(turned).avif({ lossless: true, chromaSubsampling: "4:4:4", bitdepth: 10 }),
  };
  it.each(Object.keys(WRITERS))("is turned upright in all eight ways: %s", async (format) => {
    for (const [way, expected] of UPRIGHT.entries()) {
      const { width, height, data } = await readImage(await WRITERS[format](way + 1).toBuffer());
      expect([width, height], `${way + 1}`).toEqual(way < 4 ? [2, 3] : [3, 2]);
      // Quality 100 rounds by one.
      expected.flat().forEach((value, at) => void expect(Math.abs(data[at] - value), `${way + 1}`).toBeLessThan(3));
    }
  });

  it.each(["srgb", "p3"])("has the colors of 8 bits in 16 and 10, with a color profile too: %s", async (profile) => {
    const color = [200, 100, 50];
    const flat = () => sharp({ create: { width: 2, height: 2, channels: 3, background: "#c86432" } });
    const deep = () => flat().toColourspace("rgb16").withIccProfile(profile);
    const avif = () =>
      flat().withIccProfile(profile).avif({ lossless: true, chromaSubsampling: "4:4:4", bitdepth: 10 });
    const eight = [flat().withIccProfile(profile).png(), flat().withIccProfile(profile).webp({ lossless: true })];
    for (const image of [...eight, deep().png(), deep().tiff({ compression: "none" }), avif()]) {
      const data = await read(await image.toBuffer());
      for (const [at, value] of data.slice(0, 3).entries()) expect(Math.abs(value - color[at])).toBeLessThan(3);
    }
  });

  it("has the colors of its CMYK, with Adobe's mark and without, whose values are inverted by custom", async () => {
    const inks = sharp(Buffer.from([255, 255, 255, 0, 0, 0]), { raw: { width: 2, height: 1, channels: 3 } });
    const marked = await inks.toColourspace("cmyk").jpeg({ quality: 100, chromaSubsampling: "4:4:4" }).toBuffer();
    const at = marked.indexOf("\xff\xee", 0, "latin1");
    expect(marked.subarray(at + 4, at + 9).toString()).toBe("Adobe");
    const plain = Buffer.concat([marked.subarray(0, at), marked.subarray(at + 2 + marked.readUInt16BE(at + 2))]);
    for (const bytes of [marked, plain]) {
      const [white, , , black] = await read(bytes);
      expect(white).toBeGreaterThan(200);
      expect(black).toBeLessThan(100);
    }
  });
});
