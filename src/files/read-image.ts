/** @file Pictures from files, addresses and bytes, within bounds: decoded by sharp, turned upright, as red, green, blue. */
import { readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { FormatError, InvalidInputError, type RgbImage } from "../core/index.js";

import { withFileErrors } from "./file-errors.js";
import { MissingPackageError } from "./optional-package.js";

/** Largest picture: above any camera's, 300 MB when decoded. A decompression bomb says its size before it unfolds. */
const MAX_PIXELS = 1e8;

/** Longest file. */
const MAX_BYTES = 256 * 2 ** 20;

const OPERATION = "readImage";

/**
 * Decodes a picture (JPEG, PNG, WebP, GIF, AVIF, TIFF). Upright by its EXIF orientation; gray, CMYK and 16 bits become 8 bits of red,
 * green and blue; transparent parts white; of an animation the first frame.
 *
 * @param source a path, a file: or http(s): address, a Blob, or the bytes of a file.
 * @throws InvalidInputError where there is no readable file, or one that is empty or too long; FormatError for bytes that are no
 *   picture, are damaged or have more than 100 million pixels; MissingPackageError without `sharp`.
 */
export async function readImage(source: string | URL | Blob | Uint8Array): Promise<RgbImage> {
  const { name, bytes } = await load(source);
  if (bytes.length === 0)
    throw new InvalidInputError({ operation: OPERATION, expected: `a picture in ${name}`, got: "0 bytes" });
  const sharp = await import("sharp").catch((cause) => {
    throw new MissingPackageError({ operation: OPERATION, name: "sharp", install: "npm install sharp", cause });
  });
  const refuse = (expected: string, got: string, cause?: unknown) =>
    new FormatError({ operation: OPERATION, expected, got: `${name}: ${got}`, cause });
  const image = sharp.default(bytes, { limitInputPixels: MAX_PIXELS, failOn: "error", sequentialRead: true });
  const { format, width, height } = await image.metadata().catch((error: Error) => {
    throw refuse("a picture of at most 100 million pixels", error.message, error);
  });
  if (format === "svg") throw refuse("a picture made of pixels", "an SVG");
  if (width * height > MAX_PIXELS) throw refuse("at most 100 million pixels", `${width} x ${height}`);
  const { data, info } = await image
    .rotate()
    .flatten({ background: "white" })
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true })
    .catch((error: Error) => {
      throw refuse("a whole picture", error.message, error);
    });
  if (info.channels !== 3) throw refuse("red, green and blue", `${info.channels} channels`);
  return { width: info.width, height: info.height, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

async function load(source: string | URL | Blob | Uint8Array): Promise<{ name: string; bytes: Uint8Array }> {
  if (source instanceof Uint8Array) return { name: "the bytes", bytes: source };
  if (source instanceof Blob) {
    assertLength("the Blob", source.size);
    return { name: "the Blob", bytes: new Uint8Array(await source.arrayBuffer()) };
  }
  const name = String(source);
  if (/^https?:/.test(name)) return { name, bytes: await download(name) };
  const path = filePath(name);
  return withFileErrors(OPERATION, `a readable picture at ${path}`, async () => {
    const info = await stat(path);
    if (!info.isFile()) {
      throw new InvalidInputError({ operation: OPERATION, expected: `a file at ${path}`, got: "something else" });
    }
    assertLength(path, info.size);
    return { name: path, bytes: await readFile(path) };
  });
}

function filePath(name: string): string {
  const refused = (got: string, cause?: unknown) =>
    new InvalidInputError({ operation: OPERATION, expected: "a path or address of a picture", got, cause });
  if (name.includes("\0")) throw refused("one with a zero byte");
  if (!name.startsWith("file:")) return name;
  try {
    return fileURLToPath(name);
  } catch (cause) {
    throw refused(name, cause);
  }
}

async function download(address: string): Promise<Uint8Array> {
  const response = await fetch(address).catch((cause: Error) => {
    throw new InvalidInputError({
      operation: OPERATION,
      expected: `a picture at ${address}`,
      got: cause.message,
      cause,
    });
  });
  if (!response.ok || response.body === null) {
    throw new InvalidInputError({
      operation: OPERATION,
      expected: `a picture at ${address}`,
      got: String(response.status),
    });
  }
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of response.body) {
      length += part.length;
      assertLength(address, length);
      parts.push(part);
    }
  } catch (cause) {
    if (InvalidInputError.isInstance(cause)) throw cause;
    const got = `${length} bytes, then ${(cause as Error).message}`;
    throw new InvalidInputError({ operation: OPERATION, expected: `the whole picture at ${address}`, got, cause });
  }
  return Buffer.concat(parts);
}

function assertLength(name: string, length: number): void {
  if (length <= MAX_BYTES) return;
  throw new InvalidInputError({
    operation: OPERATION,
    expected: `at most ${MAX_BYTES / 2 ** 20} MiB in ${name}`,
    got: `${Math.ceil(length / 2 ** 20)} MiB`,
  });
}

/** A picture as the bytes of a PNG file. @param square only the largest square in the middle, as CLIP's preprocessing takes it. */
export async function pictureToPng(
  { width, height, data }: RgbImage,
  { square = false }: { square?: boolean } = {},
): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  const image = sharp(data, { raw: { width, height, channels: 3 } });
  const side = Math.min(width, height);
  const left = Math.floor((width - side) / 2);
  const top = Math.floor((height - side) / 2);
  return (square ? image.extract({ left, top, width: side, height: side }) : image).png().toBuffer();
}
