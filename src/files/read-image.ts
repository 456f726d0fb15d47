/** @file Images from files, addresses and bytes, within bounds: decoded by sharp, turned upright, as red, green, blue. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { FormatError, InvalidInputError, optionsOf, type RgbImage, refusalFor, shape } from "../core/index.js";
import { checkedPath, statFile, withFileErrors } from "./file-errors.js";
import { optionalPackage } from "./optional-package.js";

/** Largest image: above any camera's, 300 MB when decoded. A decompression bomb says its size before it unfolds. */
const MAX_PIXELS = 1e8;

/** Longest file. */
const MAX_BYTES = 256 * 2 ** 20;

const OPERATION = "readImage";
const refuse = refusalFor(OPERATION);
const EXPECTED = "a path, an address or the bytes of a picture";

/**
 * Decodes an image (JPEG, PNG, WebP, GIF, AVIF, TIFF). Upright by its EXIF orientation; gray, CMYK and 16 bits become 8 bits of red,
 * green and blue; transparent parts white; of an animation the first frame.
 *
 * @param source a path, a file: or http(s): address, a Blob, or the bytes of a file.
 * @param options `signal` stops a download, with its reason.
 * @throws InvalidInputError where there is no readable file, or one that is empty or too long; FormatError for bytes that are no
 *   image, are damaged or have more than 100 million pixels; MissingPackageError without `sharp`.
 */
export async function readImage(
  source: string | URL | Blob | Uint8Array,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<RgbImage> {
  const { name, bytes } = await load(source, signal);
  if (bytes.length === 0) throw refuse(`a picture in ${name}`, "0 bytes");
  const { default: sharp } = await optionalPackage(OPERATION, "sharp", import("sharp"));
  const damaged = (expected: string, got: string, cause?: unknown) =>
    new FormatError({ operation: OPERATION, expected, got: `${name}: ${got}`, cause });
  const image = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: "error", sequentialRead: true });
  const { format, width, height } = await image.metadata().catch((error: Error) => {
    throw damaged("a picture of at most 100 million pixels", error.message, error);
  });
  if (format === "svg") throw damaged("a picture made of pixels", "an SVG");
  if (width * height > MAX_PIXELS) throw damaged("at most 100 million pixels", `${width} x ${height}`);
  const { data, info } = await image
    .rotate()
    .flatten({ background: "white" })
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true })
    .catch((error: Error) => {
      throw damaged("a whole picture", error.message, error);
    });
  if (info.channels !== 3) throw damaged("red, green and blue", `${info.channels} channels`);
  return { width: info.width, height: info.height, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

async function load(source: unknown, signal?: AbortSignal): Promise<{ name: string; bytes: Uint8Array }> {
  if (source instanceof Uint8Array) return { name: "the bytes", bytes: source };
  if (source instanceof Blob) {
    assertLength("the Blob", source.size);
    return { name: "the Blob", bytes: new Uint8Array(await source.arrayBuffer()) };
  }
  if (typeof source !== "string" && !(source instanceof URL)) throw refuse(EXPECTED, source);
  const name = String(source);
  if (/^https?:/.test(name)) return { name, bytes: await download(name, signal) };
  const path = filePath(name);
  return withFileErrors(OPERATION, `a readable picture at ${path}`, async () => {
    assertLength(path, (await statFile(OPERATION, path)).size);
    return { name: path, bytes: await readFile(path) };
  });
}

function filePath(name: string): string {
  // Not printed: it is the picture itself.
  if (/^data:/i.test(name)) throw refuse(EXPECTED, "a data: address; give its bytes");
  if (!/^file:/i.test(name)) return checkedPath(OPERATION, name);
  try {
    return fileURLToPath(name);
  } catch (cause) {
    throw refuse(EXPECTED, name, cause);
  }
}

async function download(address: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const expected = `a picture at ${address}`;
  const response = await fetch(address, { signal }).catch((cause: Error) => {
    signal?.throwIfAborted();
    throw refuse(expected, cause.message, cause);
  });
  if (!response.ok || response.body === null) throw refuse(expected, response.status);
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of response.body) {
      length += part.length;
      assertLength(address, length);
      parts.push(part);
    }
  } catch (cause) {
    signal?.throwIfAborted();
    if (InvalidInputError.isInstance(cause)) throw cause;
    throw refuse(`the whole picture at ${address}`, `${length} bytes, then ${(cause as Error).message}`, cause);
  }
  return Buffer.concat(parts);
}

function assertLength(name: string, length: number): void {
  if (length <= MAX_BYTES) return;
  throw refuse(`at most ${MAX_BYTES / 2 ** 20} MiB in ${name}`, `${Math.ceil(length / 2 ** 20)} MiB`);
}

const IMAGE = shape.object({
  width: shape.integer(1),
  height: shape.integer(1),
  data: shape.either(shape.instance(Uint8Array), shape.instance(Uint8ClampedArray)),
});

/** An image as the bytes of a PNG file. @param square only the largest square in the middle, as CLIP's preprocessing takes it. */
export async function imageToPng(given: RgbImage, options: { square?: boolean } = {}): Promise<Uint8Array> {
  const refuse = refusalFor("imageToPng");
  const { square = false } = optionsOf("imageToPng", options, { square: shape.optional(shape.flag) });
  const { width, height, data } = shape.shaped(given, IMAGE, refuse);
  const values = width * height * 3;
  if (data.length !== values) throw refuse(`data of ${values} values`, data.length);
  const { default: sharp } = await optionalPackage("imageToPng", "sharp", import("sharp"));
  const image = sharp(data, { raw: { width, height, channels: 3 } });
  const side = Math.min(width, height);
  const left = Math.floor((width - side) / 2);
  const top = Math.floor((height - side) / 2);
  return (square ? image.extract({ left, top, width: side, height: side }) : image).png().toBuffer();
}
