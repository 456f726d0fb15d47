/** What is no image of the formats that are read is named by its first bytes, in one line, before anything parses it. */
import { readFileSync } from "node:fs";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { imageFormat } from "../../src/core/index.js";
import { readImage } from "../../src/files/index.js";

const bytes = (text: string) => Buffer.from(text, "latin1");
const ftyp = (...brands: string[]) =>
  bytes(`\0\0\0${String.fromCharCode(8 + 4 * brands.length)}ftyp${brands.join("")}`);
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>';

describe("imageFormat", () => {
  it("knows what sharp writes", async () => {
    const image = sharp({ create: { width: 2, height: 2, channels: 3, background: "red" } });
    const written = {
      JPEG: image.clone().jpeg(),
      PNG: image.clone().png(),
      WebP: image.clone().webp(),
      GIF: image.clone().gif(),
      TIFF: image.clone().tiff(),
      AVIF: image.clone().avif(),
    };
    for (const [format, writer] of Object.entries(written))
      expect(imageFormat(await writer.toBuffer())).toEqual({ format });
    expect(imageFormat(await image.clone().tiff({ bigtiff: true }).toBuffer())).toEqual({ format: "TIFF" });
    expect(imageFormat(ftyp("mif1", "\0\0\0\0", "mif1", "avif"))).toEqual({ format: "AVIF" });
  });

  it.each<[string, Uint8Array]>([
    ["an SVG", bytes(SVG)],
    [
      "an SVG",
      bytes(
        `<?xml version="1.0"?>\n<!-- ${"x".repeat(300)} -->\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN">\n${SVG}`,
      ),
    ],
    ["an SVG", bytes(`\xef\xbb\xbf  ${SVG}`)],
    ["an SVG", Buffer.from(`\ufeff${SVG}`, "utf16le")],
    ["an SVG", bytes('<svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>')],
    ["a web page", bytes("<!doctype html><title>404</title>")],
    ["a web page", bytes("<!-- x --><html><svg>")],
    ["markup", bytes("<!--".repeat(400))],
    ["HEIC", readFileSync(new URL("heic-547-bytes.heic", import.meta.url))],
    ["HEIC", ftyp("mif1", "\0\0\0\0", "mif1", "heic")],
    ["a video", ftyp("isom", "\0\0\0\0", "mp42")],
    ["a video", bytes("\x1aE\xdf\xa3")],
    ["a video", bytes("RIFF\0\0\0\0AVI LIST")],
    ["a camera's raw file", ftyp("crx ", "\0\0\0\0")],
    ["a camera's raw file", bytes("II*\0\x10\0\0\0CR\x02\0")],
    ["a camera's raw file", bytes("FUJIFILMCCD-RAW")],
    ["a PDF", bytes("%PDF-1.7")],
    ["a PostScript file", bytes("%!PS-Adobe")],
    ["JPEG XL", bytes("\xff\x0a\0")],
    ["JPEG XL", bytes("\0\0\0\x0cJXL \r\n\x87\n")],
    ["JPEG 2000", bytes("\0\0\0\x0cjP  \r\n\x87\n")],
    ["BMP", bytes("BM\x36\0")],
    ["an icon", bytes("\0\0\x01\0\x01\0")],
    ["a Photoshop file", bytes("8BPS\0\x01")],
    ["a Netpbm file", bytes("P6\n2 2\n255\n")],
    ["a gzip file", bytes("\x1f\x8b\x08")],
    ["a zip file", bytes("PK\x03\x04")],
    ["a Git LFS pointer", bytes("version https://git-lfs.github.com/spec/v1")],
    ["text", bytes("hello")],
    ["text", bytes('{"image":1}')],
    ["a file of unknown format", new Uint8Array(64)],
    ["a file of unknown format", bytes("RIFF\0\0\0\0WAVE")],
  ])("names %s", async (other, file) => {
    expect(imageFormat(file)).toEqual({ other });
    const error = await readImage(file).catch((error) => error);
    expect(error).toMatchObject({ code: "FORMAT" });
    expect(error.message).toBe(
      `readImage: ${other} is not read: expected a picture as JPEG, PNG, WebP, GIF, AVIF or TIFF, got the bytes`,
    );
  });

  it("says first that there is no such file, and prints no data: address whole", async () => {
    await expect(readImage("ghost.png")).rejects.toThrow(
      /^readImage: no such file: expected a readable picture at ghost.png, got ENOENT$/,
    );
    const address = `data:image/png;base64,${"QUJD".repeat(500)}`;
    await expect(readImage(address)).rejects.toThrow(
      /^readImage: text is not read: .*, got the data: URL \(image\/png, 2022 characters\)$/,
    );
    const half = (
      await sharp({ create: { width: 64, height: 64, channels: 3, background: "red" } })
        .jpeg()
        .toBuffer()
    ).subarray(0, 200);
    await expect(readImage(half)).rejects.toThrow(
      /^readImage: the JPEG cannot be decoded: expected a whole picture, got the bytes: [^\n]{1,100}$/,
    );
  });
});
