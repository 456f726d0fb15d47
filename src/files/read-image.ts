/** @file Images from files, addresses and bytes, within bounds: decoded by sharp, turned upright, as red, green, blue. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  assertImageLength,
  type BlobLike,
  bodyParts,
  bytesInMemory,
  dataUrlBytes,
  FormatError,
  type ImageSource,
  isBlob,
  isDataUrl,
  isImageSource,
  MAX_IMAGE_PIXELS,
  messageOf,
  onWhite,
  optionsOf,
  type RgbImage,
  refusalFor,
  shape,
  sourceName,
} from "../core/index.js";
import { ABORT_SIGNAL, checkedPath, statFile, withFileErrors } from "./file-errors.js";
import { optionalPackage } from "./optional-package.js";

const OPERATION = "readImage";
const refuse = refusalFor(OPERATION);
const KNOWN = "a picture as JPEG, PNG, WebP, GIF, AVIF or TIFF";
const EXPECTED = "a path, an address or the bytes of a picture";

/**
 * Decodes an image (JPEG, PNG, WebP, GIF, AVIF, TIFF). Upright by its EXIF orientation; gray, CMYK and 16 bits become 8 bits of red,
 * green and blue; what is transparent is painted on white, as `onWhite` does it; of an animation the first frame.
 *
 * @param source a path, a file:, http(s):, blob: or data: address, a Blob, or the bytes of a file.
 * @param options `signal` stops a download, with its reason.
 * @throws InvalidInputError where there is no readable file, or one that is empty or too long; FormatError for bytes that are no
 *   image, are damaged or have more than 100 million pixels; MissingPackageError without `sharp`.
 */
export async function readImage(
  source: ImageSource,
  options: { readonly signal?: AbortSignal } = {},
): Promise<RgbImage> {
  const { signal } = optionsOf(OPERATION, options, { signal: ABORT_SIGNAL });
  const { name, bytes } = await load(source, signal);
  signal?.throwIfAborted();
  if (bytes.length === 0) throw refuse(`a picture in ${name}`, "0 bytes");
  const { default: sharp } = await optionalPackage(OPERATION, "sharp", import("sharp"));
  const damaged = (expected: string, got: string, cause?: unknown) =>
    new FormatError({ operation: OPERATION, expected, got: `${name}: ${got}`, cause });
  const image = sharp(bytes, { limitInputPixels: MAX_IMAGE_PIXELS, failOn: "error", sequentialRead: true });
  const { format, width, height } = await image.metadata().catch((error: Error) => {
    const isLarge = /pixel limit/.test(error.message);
    throw damaged(isLarge ? "at most 100 million pixels" : KNOWN, error.message, error);
  });
  if (format === "svg") throw damaged("a picture made of pixels", "an SVG");
  if (width * height > MAX_IMAGE_PIXELS) throw damaged("at most 100 million pixels", `${width} x ${height}`);
  const { data, info } = await image
    .rotate()
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true })
    .catch((error: Error) => {
      throw damaged("a whole picture", error.message, error);
    });
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
  // Sharp's own flattening rounds down, and 16 bits at another step than browsers do.
  if (info.channels === 4) return { width: info.width, height: info.height, data: onWhite(pixels) };
  if (info.channels !== 3) throw damaged("red, green and blue", `${info.channels} channels`);
  return { width: info.width, height: info.height, data: pixels };
}

async function load(
  source: ImageSource,
  signal: AbortSignal | undefined,
): Promise<{ name: string; bytes: Uint8Array }> {
  if (!shape.fits(source, SOURCE)) throw refuse(EXPECTED, source);
  const name = sourceName(source);
  const held = bytesInMemory(source);
  if (held !== undefined) {
    assertLength(name, held.length);
    return { name, bytes: held };
  }
  if (isBlob(source)) {
    assertLength(name, source.size);
    const bytes = await blobBytes(source);
    assertLength(name, bytes.length);
    return { name, bytes };
  }
  const address = String(source);
  if (isDataUrl(address)) {
    const bytes = dataUrlBytes(address, refuse);
    assertLength(name, bytes.length);
    return { name, bytes };
  }
  if (/^(https?|blob):/i.test(address)) return { name, bytes: await download(address, name, signal) };
  const path = filePath(address, name);
  return withFileErrors(OPERATION, `a readable picture at ${sourceName(path)}`, async () => {
    assertLength(path, (await statFile(OPERATION, path)).size);
    return { name, bytes: await readFile(path) };
  });
}

async function blobBytes(blob: BlobLike): Promise<Uint8Array> {
  let buffer: unknown;
  try {
    buffer = await blob.arrayBuffer();
  } catch (cause) {
    throw refuse("a Blob that can be read", messageOf(cause), cause);
  }
  const bytes = bytesInMemory(buffer as ArrayBuffer);
  if (bytes === undefined) throw refuse("a Blob whose arrayBuffer gives bytes", buffer);
  return bytes;
}

const SOURCE = shape.value<ImageSource>(EXPECTED, isImageSource);

function filePath(address: string, name: string): string {
  // Longer than any system's paths: the bytes of a picture as text, most likely.
  if (address.length > MAX_PATH) throw refuse(EXPECTED, `a text of ${address.length} characters`);
  if (!/^file:/i.test(address)) return checkedPath(OPERATION, address);
  try {
    return fileURLToPath(address);
  } catch (cause) {
    throw refuse(EXPECTED, name, cause);
  }
}

/** PATH_MAX of Linux. */
const MAX_PATH = 4096;

async function download(address: string, name: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const expected = `a picture at ${name}`;
  const response = await fetch(address, { signal }).catch((cause: Error) => {
    signal?.throwIfAborted();
    // The message for an address that is none has all of it.
    throw refuse(expected, shape.brief(cause.message), cause);
  });
  if (!response.ok || response.body === null) throw refuse(expected, response.status);
  const parts = await bodyParts(response.body, name, refuse).catch((error: Error) => {
    signal?.throwIfAborted();
    throw error;
  });
  return Buffer.concat(parts);
}

function assertLength(name: string, length: number): void {
  assertImageLength(name, length, refuse);
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
