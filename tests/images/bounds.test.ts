/** Small files of large pictures: answered or refused by their headers, in bounded memory, measured in processes of their own. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "recoup-bounds-"));
afterAll(() => rmSync(folder, { recursive: true }));

const FACE = new URL("../../dist/files/index.js", import.meta.url);
const PROGRAM = `
import { readImage } from ${JSON.stringify(fileURLToPath(FACE))};
const before = process.cpuUsage();
const text = await readImage(process.argv[1]).then(({ width, height }) => width + " x " + height, ({ message }) => message);
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ text, mib: process.resourceUsage().maxRSS / 1024, seconds: (user + system) / 1e6 }));
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
