/** Large pictures, in small files and large ones: answered or refused by their headers, in bounded memory, in processes of their own. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp, { type Sharp } from "sharp";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "recoup-bounds-"));
afterAll(() => rmSync(folder, { recursive: true }));

const FACE = new URL("../../dist/files/index.js", import.meta.url);
// Linux counts in maxRSS what the process that starts another holds: its own peak stands in /proc.
const PROGRAM = `
import { existsSync, readFileSync } from "node:fs";
import { readImage } from ${JSON.stringify(fileURLToPath(FACE))};
const before = process.cpuUsage();
const text = await readImage(process.argv[1]).then(({ width, height }) => width + " x " + height, ({ message }) => message);
const { user, system } = process.cpuUsage(before);
const own = "/proc/self/status";
const peak = existsSync(own) ? /VmHWM:\\s*(\\d+)/.exec(readFileSync(own, "utf8"))[1] : process.resourceUsage().maxRSS;
console.log(JSON.stringify({ text, mib: peak / 1024, seconds: (user + system) / 1e6 }));
`;

/** The sizes of a picture of a file, or the refusal, and what reading it took. */
function readAlone(name: string, bytes: Uint8Array): { text: string; mib: number; seconds: number } {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", PROGRAM, path], { encoding: "utf8" }));
}

const flat = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: "#3060c0" }, limitInputPixels: false });

/** A small AVIF whose header says other sizes. */
async function avif(width: number, height: number): Promise<Uint8Array> {
  const bytes = await flat(8, 8).avif().toBuffer();
  const at = bytes.indexOf("ispe");
  bytes.writeUInt32BE(width, at + 8);
  bytes.writeUInt32BE(height, at + 12);
  return bytes;
}

/** A small JPEG whose header says other sizes. */
async function jpeg(image: Sharp, width: number, height: number): Promise<Uint8Array> {
  const bytes = await image.jpeg().toBuffer();
  const at = bytes.indexOf(Buffer.from([0xff, 0xc0]));
  bytes.writeUInt16BE(height, at + 5);
  bytes.writeUInt16BE(width, at + 7);
  return bytes;
}

/** Random values of 8 bits, which no format makes smaller. */
function noise(width: number, height: number): Sharp {
  return sharp(randomBytes(width * height * 3), { raw: { width, height, channels: 3 } });
}

/** A file with bytes behind it that are of no picture. */
const padded = (bytes: Uint8Array, length: number) => Buffer.concat([bytes, Buffer.alloc(length)]);

/** The first 30 bytes of a lossless WebP: 14 bits for each side. */
function webp(width: number, height: number): Uint8Array {
  const bytes = Buffer.from("RIFF\x1c\0\0\0WEBPVP8L\x0f\0\0\0/", "latin1");
  const sizes = Buffer.alloc(15);
  sizes.writeUInt32LE(((width - 1) | ((height - 1) << 14)) >>> 0);
  return Buffer.concat([bytes, sizes]);
}

describe("large pictures", () => {
  it.each<[string, () => Promise<Uint8Array> | Uint8Array, RegExp]>([
    ["AVIF of 100 million pixels", () => avif(10_000, 10_000), /too large: expected at most 320 MiB to decode it/],
    ["WebP of 100 million pixels", () => webp(10_000, 10_000), /too large: expected at most 320 MiB to decode it/],
    ["a column of 5 million", () => flat(1, 5_000_000).png().toBuffer(), /at most 65535 pixels a side/],
    ["a row of 5 million", () => flat(5_000_000, 1).png().toBuffer(), /at most 65535 pixels a side/],
    ["1 : 50,000", () => flat(50_000, 1).png().toBuffer(), /^50000 x 1$/],
    ["50,000 : 1", () => flat(1, 50_000).png().toBuffer(), /^1 x 50000$/],
    [
      "50 million interlaced pixels",
      () => flat(50_000, 1000).png({ progressive: true, compressionLevel: 1 }).toBuffer(),
      /too large: expected at most 320 MiB to decode it/,
    ],
    [
      "50 million pixels with alpha",
      () => flat(50_000, 1000).ensureAlpha(0.5).png({ compressionLevel: 1 }).toBuffer(),
      /too large: expected at most 320 MiB to decode it/,
    ],
    ["50 million pixels of JPEG", () => flat(10_000, 5_000).jpeg().toBuffer(), /^10000 x 5000$/],
    ["50 million pixels of PNG", () => flat(10_000, 5_000).png({ compressionLevel: 1 }).toBuffer(), /^10000 x 5000$/],
  ])("stay below half a gigabyte: %s", async (name, bytes, expected) => {
    const { text, mib } = readAlone(name.replaceAll(/\W/g, "-"), await bytes());
    expect(text).toMatch(expected);
    expect(mib).toBeLessThan(512);
  });
});

const TOO_LONG = /too large: expected at most 0\.8 s of a core to decode it, got about \d\.\d s for /;

describe("pictures that take long to decode", () => {
  it.each<[string, () => Promise<Uint8Array> | Uint8Array, string]>([
    ["CMYK, 20 million pixels", () => jpeg(flat(8, 8).toColourspace("cmyk"), 5000, 4000), "JPEG in CMYK"],
    [
      "a color profile, 60 million pixels",
      () => jpeg(flat(8, 8).withIccProfile("p3"), 10_000, 6000),
      "JPEG with a color profile",
    ],
    ["AVIF, 13 million pixels", async () => padded(await avif(4000, 3250), 2e6), "AVIF"],
    ["lossless WebP, 24 million pixels", () => padded(webp(6000, 4000), 50e6), "lossless WebP"],
    [
      "progressive noise",
      () => noise(4000, 3000).jpeg({ progressive: true, quality: 100, chromaSubsampling: "4:4:4" }).toBuffer(),
      "progressive JPEG",
    ],
    ["WebP of noise", () => noise(4000, 3000).webp({ quality: 100, effort: 0 }).toBuffer(), "WebP"],
  ])("are refused: %s", async (name, bytes, kind) => {
    const { text, mib } = readAlone(name.replaceAll(/\W/g, "-"), await bytes());
    expect(text).toMatch(TOO_LONG);
    expect(text).toMatch(new RegExp(`\\(\\d+ x \\d+, \\d+ MiB, ${kind}\\)$`));
    expect(mib).toBeLessThan(512);
  });

  it.each<[string, number, number, (image: Sharp) => Sharp]>([
    ["a camera's JPEG with a color profile", 6000, 4000, (image) => image.withIccProfile("p3").jpeg()],
    ["the same of 48 million pixels", 8000, 6000, (image) => image.withIccProfile("p3").jpeg()],
    ["a CMYK JPEG", 4000, 3500, (image) => image.toColourspace("cmyk").jpeg()],
    ["a progressive JPEG", 6000, 4000, (image) => image.jpeg({ progressive: true })],
    ["an AVIF", 4000, 3250, (image) => image.avif({ effort: 0 })],
    ["a WebP", 6000, 5000, (image) => image.webp({ effort: 0 })],
    [
      "a TIFF of 16 bits",
      5000,
      4000,
      (image) => image.toColourspace("rgb16").withIccProfile("p3").tiff({ compression: "lzw" }),
    ],
  ])("are read: %s", async (name, width, height, encode) => {
    const { text, mib } = readAlone(name.replaceAll(/\W/g, "-"), await encode(flat(width, height)).toBuffer());
    expect(text).toBe(`${width} x ${height}`);
    expect(mib).toBeLessThan(512);
  });

  it.each<[string, (image: Sharp) => Sharp]>([
    ["JPEG", (image) => image.jpeg({ quality: 95 })],
    ["progressive JPEG", (image) => image.jpeg({ progressive: true, quality: 80 })],
    ["PNG", (image) => image.png()],
    ["TIFF", (image) => image.tiff({ compression: "deflate" })],
    ["WebP", (image) => image.webp({ effort: 0 })],
    ["lossless WebP", (image) => image.webp({ lossless: true, effort: 0 })],
  ])("are read up to 12 million pixels of noise: %s", async (name, encode) => {
    const { text, mib } = readAlone(`noise-${name.replaceAll(" ", "-")}`, await encode(noise(4000, 3000)).toBuffer());
    expect(text).toBe("4000 x 3000");
    expect(mib).toBeLessThan(512);
  });
});
