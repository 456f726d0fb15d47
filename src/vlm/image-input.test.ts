import { RawImage } from "@huggingface/transformers";
import { describe, expect, it } from "vitest";
import { InvalidInputError } from "../core/index.js";
import { type EncodedImage, ImageEncoder, type VisionTower } from "./encoded-image.js";
import { assertImage, takeImage } from "./image-input.js";
import { StageClock } from "./stages.js";

const pixels = { width: 1, height: 1, data: new Uint8Array(3) };
const tower: VisionTower = {
  encode: async () => ({
    features: { data: new Float32Array(2), count: 1, dim: 2 },
    columns: async () => ({}),
    project: async (rows) => rows,
  }),
  release: async () => {},
};
const encode = (): Promise<EncodedImage> => new ImageEncoder("one", tower).encode(pixels, true, new StageClock());
const taken = (image: unknown) => takeImage(image).content as { data: Uint8Array; source: Uint8Array };

/** A canvas as packages for Node have them, of red, green, blue and alpha. */
const canvas = (data: readonly number[], width = 1, height = 1) => ({
  width,
  height,
  getContext: (kind: string) =>
    kind === "2d" ? { getImageData: () => ({ data: Uint8ClampedArray.from(data) }) } : null,
});

describe("takeImage", () => {
  it("takes all forms of an image", async () => {
    const encoded = await encode();
    const forms = ["a.png", new URL("http://a/b.png"), new Blob([]), new Uint8Array(0), new ArrayBuffer(2), pixels];
    for (const image of [...forms, encoded, canvas([1, 2, 3, 255])]) {
      expect(() => assertImage(image)).not.toThrow();
      expect(takeImage(takeImage(image))).toBeDefined();
    }
    expect(takeImage(encoded).content).toBe(encoded);
  });

  it("makes red, green, blue of RGB, RGBA, RawImage and canvases", () => {
    const rgba = [200, 100, 50, 128];
    const painted = [227, 177, 152];
    expect([...taken({ width: 1, height: 1, data: Uint8Array.of(1, 2, 3) }).data]).toEqual([1, 2, 3]);
    expect([...taken({ width: 1, height: 1, data: Uint8ClampedArray.from(rgba) }).data]).toEqual(painted);
    expect([...taken({ width: 1, height: 1, data: Buffer.from(rgba), channels: 4 }).data]).toEqual(painted);
    expect([...taken(canvas(rgba)).data]).toEqual(painted);
    const raw = (channels: 1 | 3 | 4, data: number[]) => new RawImage(Uint8ClampedArray.from(data), 2, 1, channels);
    expect([...taken(raw(1, [5, 6])).data]).toEqual([5, 5, 5, 6, 6, 6]);
    expect([...taken(raw(3, [1, 2, 3, 4, 5, 6])).data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...taken(raw(4, [...rgba, 1, 2, 3, 255])).data]).toEqual([...painted, 1, 2, 3]);
    expect([...taken({ ...pixels, data: new Uint8Array(new SharedArrayBuffer(3)) }).data]).toEqual([0, 0, 0]);
  });

  it("takes what is in memory as it is at the call", () => {
    const data = Uint8Array.of(1, 2, 3);
    const bytes = Uint8Array.of(4, 5);
    const [image, file] = [taken({ width: 1, height: 1, data }), taken(bytes)];
    data.fill(9);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    expect([...image.data]).toEqual([1, 2, 3]);
    expect([...file.source]).toEqual([4, 5]);
    const url = new URL("file:///one.png");
    const address = taken(url);
    url.pathname = "/other.png";
    expect(String(address.source)).toBe("file:///one.png");
  });

  it.each([undefined, null, 3, {}, [], { width: 1, height: 1 }, new Uint16Array(3), { size: 3 }])(
    "refuses %o",
    (value) => {
      expect(() => takeImage(value)).toThrow(InvalidInputError);
      expect(() => takeImage(value)).toThrow(/an image, or where it is/);
    },
  );

  it.each<[string, object]>([
    ["a length of neither", { data: new Uint8Array(5) }],
    ["one channel that is not said", { data: new Uint8Array(1) }],
    ["channels that do not fit", { data: new Uint8Array(3), channels: 4 }],
    ["two channels", { data: new Uint8Array(2), channels: 2 }],
    ["channels that are no number", { data: new Uint8Array(3), channels: "3" }],
    ["no width", { width: 0, data: new Uint8Array(0) }],
    ["a width that is no number", { width: Number.NaN }],
    ["an endless width", { width: Number.POSITIVE_INFINITY }],
    ["no data", { data: undefined }],
    ["a text as data", { data: "abc" }],
    ["a file's name as data", { width: 3, data: "/etc/x.png" }],
    ["numbers as data", { data: [1, 2, 3] }],
    ["floats as data", { data: new Float32Array(3) }],
    ["a buffer as data", { data: new ArrayBuffer(3) }],
  ])("refuses pixels of %s", (_, change) => {
    expect(() => takeImage({ ...pixels, ...change })).toThrow(InvalidInputError);
    expect(() => takeImage({ ...pixels, ...change })).toThrow(/width x height x 3 bytes/);
  });

  it("refuses pixels that no file may have, and takes gray ones at once", () => {
    const gray = (width: number) => ({ width, height: 1, data: new Uint8Array(width), channels: 1 });
    expect(() => takeImage(gray(65_536))).toThrow(/^ask: expected at most 65535 pixels a side, got 65536 x 1$/);
    expect(taken(gray(65_535)).data).toHaveLength(3 * 65_535);
  });

  it("refuses pixels whose buffer is gone", () => {
    const data = new Uint8Array(3);
    structuredClone(data, { transfer: [data.buffer] });
    expect(() => takeImage({ ...pixels, data })).toThrow(/1 x 1 and 0 bytes/);
  });

  it("takes bytes whose buffer is gone for an empty file, which is refused when it is read", () => {
    const bytes = Uint8Array.of(4, 5);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    expect(taken(bytes).source).toHaveLength(0);
  });

  it.each<[string, object, RegExp]>([
    ["without a size", canvas([], 0, 5), /a canvas or bitmap with pixels, got 0 x 5/],
    ["without a context", { ...canvas([]), getContext: () => null }, /a canvas without 2d/],
    ["of another length", canvas([1, 2, 3, 4], 2), /pixels of a canvas, got 2 x 1 and 4 bytes/],
    ["beyond all memory", canvas([], 1e5, 1e5), /at most 100 million pixels/],
    ["whose page may not read it", { ...canvas([]), getContext: () => ({ getImageData: fail }) }, /read, got tainted/],
    ["that throws null", { ...canvas([]), getContext: () => ({ getImageData: failWith(null) }) }, /read, got null/],
    ["whose context throws", { ...canvas([]), getContext: fail }, /read, got tainted/],
    ["whose context throws null", { ...canvas([]), getContext: failWith(null) }, /read, got null/],
    ["that throws a proxy", { ...canvas([]), getContext: failWith(new Proxy({}, { get: fail })) }, /read, got /],
  ])("refuses a canvas %s", (_, image, message) => {
    expect(() => takeImage(image)).toThrow(InvalidInputError);
    expect(() => takeImage(image)).toThrow(message);
  });

  it("says of elements and bitmaps what to give instead", () => {
    expect(() => takeImage({ src: "a.png", width: 3, height: 3 })).toThrow(/give its src, or draw it on a canvas/);
    expect(() => takeImage({ width: 3, height: 3, close() {} })).toThrow(/without a browser to draw it, got a bitmap/);
  });
});

function failWith(thrown: unknown) {
  return () => {
    throw thrown;
  };
}

function fail() {
  throw new Error("tainted");
}
