/** @file What a file is, by its first bytes: the formats of images that are read, and names for what people give in their place. */

/** A format that is read. */
export type ImageFormat = "JPEG" | "PNG" | "WebP" | "GIF" | "AVIF" | "TIFF";

/** All formats that are read, as messages name them. */
export const IMAGE_FORMATS = "JPEG, PNG, WebP, GIF, AVIF or TIFF";

/** First bytes of the formats that are read, in Latin-1; `?` stands for any byte. */
const READ: readonly (readonly [ImageFormat, ...string[]])[] = [
  ["JPEG", "\xff\xd8\xff"],
  ["PNG", "\x89PNG\r\n\x1a\n"],
  ["WebP", "RIFF????WEBP"],
  ["GIF", "GIF87a", "GIF89a"],
  ["TIFF", "II*\0", "MM\0*", "II+\0", "MM\0+"],
];

/** First bytes of others. Of a camera's raw files some are TIFFs with a mark of their own. */
const OTHERS: readonly (readonly [string, ...string[]])[] = [
  ["a camera's raw file", "II*\0????CR", "FUJIFILM", "IIRO", "IIRS", "IIU\0", "MMOR", "FOVb", "\0MRM"],
  ["a Git LFS pointer", "version https://git-lfs"],
  ["a PDF", "%PDF-"],
  ["a PostScript file", "%!PS", "\xc5\xd0\xd3\xc6"],
  ["JPEG XL", "\xff\n", "\0\0\0\fJXL "],
  ["JPEG 2000", "\0\0\0\fjP  ", "\xff\x4f\xff\x51"],
  ["BMP", "BM"],
  ["an icon", "\0\0\x01\0", "\0\0\x02\0"],
  ["a Photoshop file", "8BPS"],
  ["a GIMP file", "gimp xcf"],
  ["OpenEXR", "v/1\x01"],
  ["Radiance HDR", "#?RADIANCE", "#?RGBE"],
  ["a Netpbm file", "P1\n", "P2\n", "P3\n", "P4\n", "P5\n", "P6\n", "P7\n", "P5 ", "P6 ", "PF\n", "Pf\n"],
  ["QOI", "qoif"],
  ["DDS", "DDS "],
  ["a MNG or JNG file", "\x8aMNG", "\x8bJNG"],
  ["a video", "\x1aE\xdf\xa3", "RIFF????AVI ", "\0\0\x01\xba", "\0\0\x01\xb3", "FLV\x01", "OggS", "0&\xb2u"],
  ["a zip file", "PK\x03\x04"],
  ["a gzip file", "\x1f\x8b"],
];

/** Bytes that are looked at: a DOCTYPE and some comments may stand before an SVG's first element. */
export const FORMAT_BYTES = 1024;

/**
 * The format of a file that is read, or what it is in its place, as messages name it: `an SVG`, `HEIC`, `a video`, `text`. By the
 * first kilobyte; the rest may be damaged.
 */
export function imageFormat(
  bytes: Uint8Array,
): { readonly format: ImageFormat } | { readonly format?: undefined; readonly other: string } {
  const start = String.fromCharCode(...bytes.subarray(0, FORMAT_BYTES));
  const other = kindIn(OTHERS, start);
  if (other !== undefined) return { other };
  const format = kindIn(READ, start);
  if (format !== undefined) return { format };
  return start.slice(4, 8) === "ftyp" ? isoMedia(start) : { other: textKind(start) };
}

/** The name whose first bytes these are. */
function kindIn<K extends string>(kinds: readonly (readonly [K, ...string[]])[], start: string): K | undefined {
  const isStart = (wanted: string) => Array.from(wanted).every((byte, at) => byte === "?" || byte === start[at]);
  return kinds.find(([, ...marks]) => marks.some(isStart))?.[0];
}

/** Markup and other text, with a byte order mark too; UTF-16 has a zero byte beside each letter of ASCII. */
function textKind(start: string): string {
  const isUtf16 = /^(?:\xff\xfe|\xfe\xff)/.test(start);
  const text = isUtf16 ? start.slice(2).replaceAll("\0", "") : start.replace(/^\xef\xbb\xbf/, "");
  if (/^\s*</.test(text)) {
    const element = /<(?:\w+:)?(svg|html|head|body|!doctype html)[\s>]/i.exec(text)?.[1].toLowerCase();
    return element === undefined ? "markup" : element === "svg" ? "an SVG" : "a web page";
  }
  const control = Array.from(text).find((letter) => letter < " " && !"\t\n\f\r".includes(letter));
  return control === undefined ? "text" : "a file of unknown format";
}

/** AVIF and its kin are told apart by the brands in the first box. */
function isoMedia(start: string) {
  const size = (start.charCodeAt(2) << 8) | start.charCodeAt(3);
  const box = start.slice(8, Math.max(16, size));
  const brands = Array.from({ length: Math.floor(box.length / 4) }, (_, at) => box.slice(4 * at, 4 * at + 4));
  if (brands.some((brand) => brand === "avif" || brand === "avis")) return { format: "AVIF" } as const;
  if (brands.some((brand) => /^(?:he[ivc]|mif|msf)/.test(brand))) return { other: "HEIC" };
  return { other: brands[0] === "crx " ? "a camera's raw file" : "a video" };
}
