/** @file What keeps an image from being decoded as it is meant, or within bounds, by what its header says. */
import type { Metadata } from "sharp";
import { assertImageSizes, FormatError, type ImageFormat } from "../core/index.js";
import { decodingWork } from "./decoding-work.js";

/** The refusal of an image by what it holds, the reason first. */
export function unreadImage(problem: string, expected: string, got: string, cause?: unknown): FormatError {
  return new FormatError({ operation: "readImage", problem, expected, got, cause });
}

/** Values of these kinds have one meaning: black is 0, white is all bits. */
const DEPTHS = ["uchar", "ushort"];

/** Bytes a pixel that the decoder holds of a whole picture, beside what it gives: measured with libvips 8.18 on 16 million pixels. */
const HELD: Partial<Record<ImageFormat, number>> = { AVIF: 20, WebP: 7, GIF: 5 };

/** Bytes of a pixel with alpha until it is on white, and of a value that is held whole: measured on 50 million pixels of PNG. */
const WITH_ALPHA = 7;
const WHOLE = 1.75;

/** Most bytes that decoding may take: half a gigabyte with Node and a small model beside it. */
const MAX_DECODING = 320 * 2 ** 20;

/** Most seconds of a core that decoding may take: a second with the start of the decoder and what an estimate may miss. */
const MAX_SECONDS = 0.8;

/** A file of a known format. */
interface ImageFile {
  readonly format: ImageFormat;
  readonly bytes: Uint8Array;
  /** As messages name it. */
  readonly name: string;
  /** The tag of a TIFF. */
  readonly compression?: number | undefined;
}

/** @throws FormatError where the values are of an unknown meaning, or decoding would take too long or too much. */
export function assertDecodable({ format, bytes: file, name, compression }: ImageFile, facts: Metadata): void {
  const { width, height, channels, depth, hasAlpha, isProgressive, chromaSubsampling, orientation = 1, space } = facts;
  if ((depth !== undefined && !DEPTHS.includes(depth)) || /^lab/.test(space)) {
    const kind = `${/^lab/.test(space) ? "Lab" : depth} values`;
    throw unreadImage(`a ${format} of ${kind} is not read`, "8 or 16 bits a value, from black to white", name);
  }
  const tooLarge = (expected: string, got: string) => unreadImage("it is too large", expected, got);
  assertImageSizes(width, height, tooLarge, `${name} of ${width} x ${height}`);
  // What is turned, interlaced or in one strip is held whole; of a progressive JPEG 16 bits a coefficient.
  const values = chromaSubsampling === "4:2:0" && isProgressive ? 1.5 : channels;
  const bytes = depth === "ushort" || (format === "JPEG" && isProgressive) ? 2 : 1;
  const whole = isProgressive || orientation > 1 || format === "TIFF" ? values * bytes * WHOLE : 0;
  const taken = file.length + width * height * ((hasAlpha ? WITH_ALPHA : 3) + Math.max(whole, HELD[format] ?? 0));
  const sizes = `${width} x ${height}`;
  if (taken > MAX_DECODING) {
    const got = `${Math.ceil(taken / 2 ** 20)} MiB for ${name} (${sizes}, ${format})`;
    throw tooLarge(`at most ${MAX_DECODING / 2 ** 20} MiB to decode it`, got);
  }
  const { kind, seconds } = decodingWork(format, facts, file, compression);
  if (seconds <= MAX_SECONDS) return;
  const length = `${Math.ceil(file.length / 2 ** 20)} MiB`;
  const got = `about ${(Math.ceil(seconds * 10) / 10).toFixed(1)} s for ${name} (${sizes}, ${length}, ${kind})`;
  throw tooLarge(`at most ${MAX_SECONDS} s of a core to decode it`, got);
}
