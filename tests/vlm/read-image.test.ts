/** Pictures as people have them, real files made by sharp: turned upright, in three colors; refused with the reason, in bounded time. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { encode } from "fast-png";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { FormatError, InvalidInputError, RecoupError } from "../../src/core/index.js";
import { readImage } from "../../src/files/index.js";

const folder = mkdtempSync(join(tmpdir(), "recoup-images-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** 2 x 1: red, blue. */
const RED_BLUE = { raw: { width: 2, height: 1, channels: 3 } } as const;
const pixels = Buffer.from([255, 0, 0, 0, 0, 255]);
const two = () => sharp(pixels, RED_BLUE);

describe("readImage", () => {
  it.each<[string, () => unknown, RegExp]>([
    ["throws null", () => Promise.reject(null), /a Blob that can be read, got null/],
    ["gives a number", async () => 1e12, /a Blob whose arrayBuffer gives bytes, got 1000000000000/],
    ["gives nothing", async () => undefined, /gives bytes, got undefined/],
  ])("refuses a Blob whose arrayBuffer %s", async (_, arrayBuffer, message) => {
    const read = readImage({ size: 4, type: "", arrayBuffer } as never);
    await expect(read).rejects.toThrow(InvalidInputError);
    await expect(readImage({ size: 4, type: "", arrayBuffer } as never)).rejects.toThrow(message);
  });

  it("reads a path, addresses of a file and of data, bytes, a buffer, a Blob and http addresses alike", async () => {
    const path = join(folder, "two.png");
    const bytes = await two().png().toBuffer();
    writeFileSync(path, bytes);
    const server = createServer((request, response) => {
      if (request.url === "/two.png") response.end(bytes);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const data = `data:image/png;base64,${bytes.toString("base64")}`;
    const own = new Uint8Array(bytes);
    const blob = new Blob([own]);
    const memory = [bytes, own, own.buffer, blob, new File([own], "two.png"), data, new URL(data)];
    const places = [path, new URL(`file://${path}`), `${address}/two.png`, new URL(`${address}/two.png`)];
    const sources = [...memory, ...places, `HTTP${address.slice(4)}/two.png`, URL.createObjectURL(blob)];
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

  it("paints on white whatever has alpha: colors, gray, 16 bits, palettes, a color that is transparent", async () => {
    /** By hand: to the nearest. */
    const painted = (color: number, alpha: number) => Math.round((color * alpha + 255 * (255 - alpha)) / 255);
    const colors = [200, 100, 50, 128, 1, 2, 3, 1, 10, 20, 30, 254, 9, 9, 9, 0, 77, 88, 99, 255];
    const expected = colors.flatMap((color, at) => (at % 4 === 3 ? [] : [painted(color, colors[at - (at % 4) + 3])]));
    const png = (channels: 1 | 2 | 3 | 4, data: readonly number[], more = {}) =>
      encode({ width: data.length / channels, height: 1, channels, data: Uint8Array.from(data), ...more });
    const read = async (bytes: Uint8Array) => [...(await readImage(bytes)).data];
    expect(await read(png(4, colors))).toEqual(expected);
    const deep = Uint16Array.from(colors, (value) => value * 257);
    expect(await read(encode({ width: 5, height: 1, channels: 4, depth: 16, data: deep }))).toEqual(expected);
    const gray = [200, 128, 50, 10, 0, 0];
    const grays = [0, 2, 4].flatMap((at) => Array(3).fill(painted(gray[at], gray[at + 1])));
    expect(await read(png(2, gray))).toEqual(grays);
    const deepGray = Uint16Array.from(gray, (value) => value * 257);
    expect(await read(encode({ width: 3, height: 1, channels: 2, depth: 16, data: deepGray }))).toEqual(grays);
    const palette = [
      [200, 100, 50, 128],
      [0, 0, 255, 0],
    ];
    expect(await read(png(1, [0, 1], { palette }))).toEqual([227, 177, 152, 255, 255, 255]);
    const key = withChunk(png(3, [200, 100, 50, 1, 2, 3]), "tRNS", Uint8Array.of(0, 200, 0, 100, 0, 50));
    expect(await read(key)).toEqual([255, 255, 255, 1, 2, 3]);
    const webp = sharp(Buffer.from(colors), { raw: { width: 5, height: 1, channels: 4 } }).webp({
      lossless: true,
      exact: true,
    });
    expect(await read(await webp.toBuffer())).toEqual(expected);
  });

  it("prints no text whole that is an image itself, or no path", async () => {
    const base64 = (await two().png().toBuffer()).toString("base64");
    const long = base64.repeat(100);
    const broken = [`data:image/png,${long}`, `data:image/png;base64,${long}!`, `data:${long}`, long];
    for (const source of [...broken, `http://a b/${long}`, `file://host/${long}`, "/tmp/".padEnd(4000, "x")]) {
      const error = await readImage(source).catch((error) => error);
      expect(error).toBeInstanceOf(RecoupError);
      expect(error.message.length, source.slice(0, 30)).toBeLessThan(400);
    }
  });

  it.each<[string, unknown]>([
    ["a number", 5],
    ["nothing", undefined],
    ["pixels", { width: 1, height: 1, data: new Uint8Array(3) }],
    ["a name in an object", { href: "/etc/passwd" }],
    ["16 bits a value", new Uint16Array(3)],
    ["a Blob that breaks", { size: 3, type: "", arrayBuffer: () => Promise.reject(new TypeError("gone")) }],
    ["a Blob whose content is a path", { size: 3, type: "", arrayBuffer: async () => "examples/scene.png" }],
  ])("refuses %s", async (_, source) => {
    await expect(readImage(source as never)).rejects.toThrow(RecoupError);
  });

  it("refuses a bomb of 40,000 x 40,000 pixels", async () => {
    await expect(readImage(bomb(40_000))).rejects.toThrow(FormatError);
    await expect(readImage(bomb(40_000))).rejects.toThrow(/at most 100 million pixels/);
  });

  it.each([
    ["nothing at all", new Uint8Array(0), InvalidInputError, /0 bytes/],
    ["text", new TextEncoder().encode("hello"), FormatError, /text is not read/],
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

/** A PNG with one chunk more, after its header. */
function withChunk(png: Uint8Array, type: string, data: Uint8Array): Uint8Array {
  // Signature and header.
  const at = 33;
  return Buffer.concat([png.subarray(0, at), chunk(type, data), png.subarray(at)]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(8 + body.length);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), 4 + body.length);
  return frame;
}

/** A PNG of one color and any size: some kilobytes that say they are gigabytes. */
function bomb(side: number): Uint8Array {
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
