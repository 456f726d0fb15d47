/** Pictures as people have them, real files made by sharp: turned upright, in three colors; refused with the reason, in bounded time. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { FormatError, InvalidInputError } from "../../src/core/index.js";
import { readImage } from "../../src/node.js";

const folder = mkdtempSync(join(tmpdir(), "recoup-images-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** 2 x 1: red, blue. */
const RED_BLUE = { raw: { width: 2, height: 1, channels: 3 } } as const;
const pixels = Buffer.from([255, 0, 0, 0, 0, 255]);
const two = () => sharp(pixels, RED_BLUE);

describe("readImage", () => {
  it("reads a path, an address of a file, bytes, a Blob and an http address alike", async () => {
    const path = join(folder, "two.png");
    const bytes = await two().png().toBuffer();
    writeFileSync(path, bytes);
    const server = createServer((request, response) => {
      if (request.url === "/two.png") response.end(bytes);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const sources = [path, new URL(`file://${path}`), new Uint8Array(bytes), new Blob([bytes]), `${address}/two.png`];
    for (const source of sources) {
      const { width, height, data } = await readImage(source);
      expect([width, height, ...data]).toEqual([2, 1, ...pixels]);
    }
    await expect(readImage(`${address}/none.png`)).rejects.toThrow(/a picture at .*none.png, got 404/);
    server.close();
  });

  it("stops a download with the signal's reason, before the answer and in the middle of it", async () => {
    const server = createServer((request, response) => {
      if (request.url === "/slow.png") response.write("x");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const name of ["silent.png", "slow.png"]) {
      const controller = new AbortController();
      const reading = readImage(`${address}/${name}`, { signal: controller.signal });
      setTimeout(() => controller.abort(new Error("enough")), 50);
      await expect(reading).rejects.toThrow(/^enough$/);
    }
    server.closeAllConnections();
    server.close();
  });

  it("turns pictures upright by their EXIF orientation", async () => {
    const turned = await readImage(await two().withMetadata({ orientation: 6 }).png().toBuffer());
    expect([turned.width, turned.height, ...turned.data]).toEqual([1, 2, ...pixels]);
    const mirrored = await readImage(await two().withMetadata({ orientation: 2 }).png().toBuffer());
    expect([...mirrored.data]).toEqual([0, 0, 255, 255, 0, 0]);
  });

  it("makes red, green and blue of gray, alpha, 16 bits, CMYK and animations", async () => {
    const gray = await sharp(Buffer.from([200]), { raw: { width: 1, height: 1, channels: 1 } })
      .png()
      .toBuffer();
    expect([...(await readImage(gray)).data]).toEqual([200, 200, 200]);
    const clear = await sharp(Buffer.from([255, 0, 0, 0]), { raw: { width: 1, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    expect([...(await readImage(clear)).data]).toEqual([255, 255, 255]);
    const deep = await two().toColourspace("rgb16").png().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe("ushort");
    expect([...(await readImage(deep)).data]).toEqual([...pixels]);
    const print = await two().toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer();
    const { data } = await readImage(print);
    expect(data).toHaveLength(6);
    expect(data[0]).toBeGreaterThan(180);
    const frames = await sharp(Buffer.concat([pixels, Buffer.from([0, 255, 0, 0, 255, 0])]), {
      raw: { width: 2, height: 2, channels: 3, pageHeight: 1 },
    })
      .gif({ delay: [50, 50] })
      .toBuffer();
    expect((await sharp(frames).metadata()).pages).toBe(2);
    const first = await readImage(frames);
    expect([first.width, first.height]).toEqual([2, 1]);
  });

  it("refuses a bomb of 40,000 x 40,000 pixels within a second", async () => {
    const start = performance.now();
    await expect(readImage(bomb(40_000))).rejects.toThrow(FormatError);
    await expect(readImage(bomb(40_000))).rejects.toThrow(/at most 100 million pixels/);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it.each([
    ["nothing at all", new Uint8Array(0), InvalidInputError, /0 bytes/],
    ["text", new TextEncoder().encode("hello"), FormatError, /unsupported image format/],
    [
      "an SVG",
      new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      FormatError,
      /an SVG/,
    ],
    [
      "a path without a file",
      join(folder, "ghost.png"),
      InvalidInputError,
      /a readable picture at .*ghost.png, got ENOENT/,
    ],
    ["a folder", folder, InvalidInputError, /a file at/],
  ])("refuses %s", async (_, source, type, message) => {
    await expect(readImage(source)).rejects.toThrow(type);
    await expect(readImage(source)).rejects.toThrow(message);
  });

  it("refuses a picture that is cut short or damaged", async () => {
    const noise = Buffer.from(Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) & 255));
    const whole = sharp(noise, { raw: { width: 64, height: 64, channels: 3 } });
    for (const bytes of [await whole.clone().png().toBuffer(), await whole.clone().jpeg().toBuffer()]) {
      await expect(readImage(new Uint8Array(bytes.subarray(0, bytes.length / 2)))).rejects.toThrow(FormatError);
    }
  });
});

/** A PNG of one color and any size: some kilobytes that say they are gigabytes. */
function bomb(side: number): Uint8Array {
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const frame = Buffer.alloc(8 + body.length);
    frame.writeUInt32BE(data.length, 0);
    body.copy(frame, 4);
    frame.writeUInt32BE(crc32(body), 4 + body.length);
    return frame;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 1;
  const rows = deflateSync(Buffer.alloc((side / 8 + 1) * 1000));
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", new Uint8Array(0))]);
}

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
