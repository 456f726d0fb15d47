/** @file How long a picture takes to decode, by its header and its length: an estimate from measured pictures. */
import type { Metadata } from "sharp";
import type { ImageFormat } from "../core/index.js";

/** Nanoseconds of one core: of each pixel, and of each byte of the file. */
interface Cost {
  readonly pixel: number;
  readonly byte: number;
}

/**
 * Measured with libvips 8.18 on a core of an AMD EPYC of 2025: flat pictures give the first number, noise and soft waves of several
 * qualities the second, each the largest that was found for a picture that takes near the limit.
 */
const COSTS = {
  JPEG: { pixel: 4, byte: 8 },
  "progressive JPEG": { pixel: 9, byte: 27 },
  PNG: { pixel: 5, byte: 3.5 },
  GIF: { pixel: 12, byte: 4 },
  "lossless WebP": { pixel: 13, byte: 12 },
  WebP: { pixel: 13, byte: 52 },
  // Filters run over pixels that are not flat: 30 without them.
  AVIF: { pixel: 45, byte: 140 },
  TIFF: { pixel: 8, byte: 4 },
  "TIFF of JPEG": { pixel: 8, byte: 8 },
  "TIFF of fax": { pixel: 8, byte: 35 },
  "TIFF of WebP": { pixel: 8, byte: 55 },
} as const satisfies Record<string, Cost>;

type Kind = keyof typeof COSTS;

/** Kinds of TIFFs by their tag of compression; others are as cheap as LZW. */
const TIFFS: Readonly<Record<number, Kind>> = {
  2: "TIFF of fax",
  3: "TIFF of fax",
  4: "TIFF of fax",
  6: "TIFF of JPEG",
  7: "TIFF of JPEG",
  50001: "TIFF of WebP",
};

/** Nanoseconds more of each pixel, by what is done to it after decoding: measured as those above, on noise. */
const CMYK = 45;
const PROFILE = 10;
const ALPHA = 14;
const SIXTEEN_BITS = 4;
/** Pictures that are turned, and interlaced ones. */
const HELD_WHOLE = 9;

/** What a picture is, and the seconds that one core takes to decode it. @param compression the tag of a TIFF. */
export function decodingWork(
  format: ImageFormat,
  facts: Metadata,
  bytes: Uint8Array,
  compression: number | undefined,
): { readonly kind: string; readonly seconds: number } {
  const { width, height, depth, hasAlpha, hasProfile, isProgressive, orientation = 1, space } = facts;
  const kind = kindOf(format, isProgressive, bytes, compression);
  const cmyk = space === "cmyk";
  const interlaced = isProgressive && format !== "JPEG";
  const pixel =
    COSTS[kind].pixel +
    (cmyk ? CMYK : hasProfile ? PROFILE : 0) +
    (hasAlpha ? ALPHA : 0) +
    (depth === "ushort" ? SIXTEEN_BITS : 0) +
    (interlaced || orientation > 1 ? HELD_WHOLE : 0);
  const colors = cmyk ? " in CMYK" : hasProfile ? " with a color profile" : "";
  return { kind: kind + colors, seconds: (width * height * pixel + bytes.length * COSTS[kind].byte) / 1e9 };
}

function kindOf(format: ImageFormat, progressive: boolean, bytes: Uint8Array, compression = 1): Kind {
  if (format === "JPEG" && progressive) return "progressive JPEG";
  if (format === "WebP" && isLossless(bytes)) return "lossless WebP";
  return format === "TIFF" ? (TIFFS[compression] ?? "TIFF") : format;
}

/** Whether the first chunk of a WebP that is a picture has no loss: after the header's and a color profile's, where they are. */
function isLossless(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Chunks begin after RIFF, the length and WEBP, and have even lengths.
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = String.fromCharCode(...bytes.subarray(at, at + 4));
    if (name !== "VP8X" && name !== "ICCP") return name === "VP8L";
    const length = view.getUint32(at + 4, true);
    at += 8 + length + (length % 2);
  }
  return false;
}
