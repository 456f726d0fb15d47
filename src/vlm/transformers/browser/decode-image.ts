/** @file Images as files in a browser: fetched, decoded by the browser, painted on white. */
import {
  assertImageLength,
  bodyParts,
  bytesInMemory,
  dataUrlBytes,
  FORMAT_BYTES,
  IMAGE_FORMATS,
  type ImageSource,
  imageFormat,
  isBlob,
  isDataUrl,
  type RgbImage,
  refusalFor,
  sourceName,
} from "../../../core/index.js";
import { drawnPixels } from "../../image-input.js";

const refuse = refusalFor("ask");

/**
 * Decodes an image as the browser does: upright, in sRGB, transparent parts on white, of an animation the first frame.
 *
 * @param signal stops a download, with its reason.
 * @throws InvalidInputError for what cannot be fetched, is too long, is of a format that is not read, or no image that the
 *   browser decodes.
 */
export async function decodeImage(source: ImageSource, signal?: AbortSignal): Promise<RgbImage> {
  const name = sourceName(source);
  const blob = await blobOf(source, name, signal);
  signal?.throwIfAborted();
  if (blob.size === 0) throw refuse(`an image in ${name}`, "0 bytes");
  assertImageLength(name, blob.size, refuse);
  const found = imageFormat(new Uint8Array(await blob.slice(0, FORMAT_BYTES).arrayBuffer()));
  if (found.format === undefined) throw refuse(`an image as ${IMAGE_FORMATS}`, `${found.other}: ${name}`);
  const bitmap = await createImageBitmap(blob).catch((cause: Error) => {
    throw refuse("an image that the browser can decode", `${name}: ${cause.message}`, cause);
  });
  try {
    return drawnPixels(bitmap);
  } finally {
    bitmap.close();
  }
}

async function blobOf(source: ImageSource, name: string, signal: AbortSignal | undefined): Promise<Blob> {
  const bytes = bytesInMemory(source);
  if (bytes !== undefined) return new Blob([bytes as Uint8Array<ArrayBuffer>]);
  if (typeof source !== "string" && isBlob(source)) {
    assertImageLength(name, source.size, refuse);
    return source instanceof Blob ? source : new Blob([await source.arrayBuffer()]);
  }
  const address = String(source);
  // Not by fetch: a page's policy may forbid it to connect to data: addresses.
  if (isDataUrl(address)) return new Blob([dataUrlBytes(address, refuse) as Uint8Array<ArrayBuffer>]);
  const response = await fetch(address, { signal: signal ?? null }).catch((cause: Error) => {
    signal?.throwIfAborted();
    throw refuse(`an image at ${name}`, cause.message.slice(0, MAX_MESSAGE), cause);
  });
  if (!response.ok || response.body === null) throw refuse(`an image at ${name}`, response.status);
  const parts = await bodyParts(response.body, name, refuse).catch((error: Error) => {
    signal?.throwIfAborted();
    throw error;
  });
  const type = response.headers.get("content-type") ?? "";
  return new Blob(parts as Uint8Array<ArrayBuffer>[], { type });
}

/** Longest message of the browser's own: some have all of an address. */
const MAX_MESSAGE = 120;
