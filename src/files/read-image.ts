/** @file Images from files, addresses and bytes, within bounds: decoded by sharp, turned upright, as red, green, blue. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  assertImageLength,
  type BlobLike,
  bodyParts,
  bytesInMemory,
  dataUrlBytes,
  IMAGE_FORMATS,
  type ImageSource,
  imageFormat,
  isBlob,
  isDataUrl,
  isImageSource,
  MAX_IMAGE_FETCH,
  MAX_IMAGE_PIXELS,
  messageOf,
  onWhite,
  optionsOf,
  type RgbImage,
  refusalFor,
  shape,
  sourceName,
} from "../core/index.js";
import { assertDecodable, unreadImage } from "./decodable.js";
import { ABORT_SIGNAL, checkedPath, statFile, withFileErrors } from "./file-errors.js";
import { optionalPackage } from "./optional-package.js";
import { tiffProblem, tiffTags } from "./tiff-tags.js";

const OPERATION = "readImage";
const refuse = refusalFor(OPERATION);
const KNOWN = `a picture as ${IMAGE_FORMATS}`;
const EXPECTED = "a path, an address or the bytes of a picture";

/**
 * Decodes an image (JPEG, PNG, WebP, GIF, AVIF, TIFF). Upright by its EXIF orientation; gray, CMYK and 16 bits become 8 bits of red,
 * green and blue; what is transparent is painted on white, as `onWhite` does it; of an animation the first frame.
 *
 * @param source a path, a file:, http(s):, blob: or data: address, a Blob, or the bytes of a file.
 * @param options `signal` stops a download, with its reason.
 * @throws InvalidInputError where there is no readable file, or one that is empty or too long; FormatError for bytes that are no
 *   image of these formats, are damaged, whose values have no one meaning (TIFFs of floats), that have more than 100 million pixels or
 *   65,535 a side, or that would take more than 320 MiB or 0.8 s of a core to decode; MissingPackageError without `sharp`.
 */
export async function readImage(
  source: ImageSource,
  options: { readonly signal?: AbortSignal } = {},
): Promise<RgbImage> {
  const { signal } = optionsOf(OPERATION, options, { signal: ABORT_SIGNAL });
  const { name, bytes } = await load(source, signal);
  signal?.throwIfAborted();
  if (bytes.length === 0) throw refuse(`a picture in ${name}`, "0 bytes");
  const found = imageFormat(bytes);
  if (found.format === undefined) throw unreadImage(`${found.other} is not read`, KNOWN, name);
  const tags = found.format === "TIFF" ? tiffTags(bytes) : {};
  const problem = tiffProblem(tags);
  if (problem !== undefined) throw unreadImage(`${problem} is not read`, KNOWN, name);
  const { default: sharp } = await optionalPackage(OPERATION, "sharp", import("sharp"), { exports: ["default"] });
  const unreadable = (error: Error) => {
    if (/pixel limit/.test(error.message)) throw unreadImage("it is too large", "at most 100 million pixels", name);
    // The last line of the decoder's message says why; those before it, what it tried.
    const why = shape.brief(error.message.trim().split("\n").at(-1));
    throw unreadImage(`the ${found.format} cannot be decoded`, "a whole picture", `${name}: ${why}`, error);
  };
  const image = sharp(bytes, { limitInputPixels: MAX_IMAGE_PIXELS, failOn: "error", sequentialRead: true });
  const facts = await image.metadata().catch(unreadable);
  assertDecodable({ format: found.format, bytes, name, compression: tags.compression }, facts);
  // The first of a TIFF's values beyond its colors is no alpha where the file says that it is of no known kind.
  const colored = tags.extra === 0 ? image.removeAlpha() : image;
  // Else sharp takes 16 bits with a color profile to Display P3, and gives the numbers for those of sRGB.
  const standard = facts.space === "rgb16" ? colored.pipelineColourspace("srgb") : colored;
  const { data, info } = await standard
    .rotate()
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true })
    .catch(unreadable);
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
  const { width, height, channels } = info;
  // Sharp's own flattening rounds down, and 16 bits at another step than browsers do.
  if (channels === 4) return { width, height, data: onWhite(pixels, pixels) };
  if (channels !== 3) throw unreadImage(`${facts.channels} values a pixel`, "red, green and blue", name);
  return { width, height, data: pixels };
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
  const limit = AbortSignal.any([AbortSignal.timeout(MAX_IMAGE_FETCH), ...(signal === undefined ? [] : [signal])]);
  const response = await fetch(address, { signal: limit }).catch((cause: Error) => {
    signal?.throwIfAborted();
    // The message for an address that is none has all of it.
    throw refuse(expected, shape.brief(cause.message), cause);
  });
  // A part of a picture is none.
  if (response.status !== 200 || response.body === null) throw refuse(expected, response.status);
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
  const { default: sharp } = await optionalPackage("imageToPng", "sharp", import("sharp"), { exports: ["default"] });
  const image = sharp(data, { raw: { width, height, channels: 3 } });
  const side = Math.min(width, height);
  const left = Math.floor((width - side) / 2);
  const top = Math.floor((height - side) / 2);
  return (square ? image.extract({ left, top, width: side, height: side }) : image).png().toBuffer();
}
