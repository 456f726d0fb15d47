import sharp from "sharp";
import { readImage } from "../../src/files/index.js";
import type { RandomSource } from "../../src/math/index.js";
import { damageBytes } from "./damage.js";
import type { Harness } from "./run-fuzz.js";

const RAW = { raw: { width: 23, height: 17, channels: 3 } } as const;

/** Small files of every format that is read, and of two that are not, as sharp writes them. */
async function seeds(): Promise<Uint8Array[]> {
  const pixels = Buffer.from(Uint8Array.from({ length: 23 * 17 * 3 }, (_, i) => (i * 7919) >> 3));
  const image = () => sharp(pixels, RAW);
  const turned = () => image().withMetadata({ orientation: 6 });
  const files = [
    image().png(),
    image().png({ palette: true }),
    turned().png({ progressive: true }),
    image().ensureAlpha(0.5).toColourspace("rgb16").png(),
    image().jpeg(),
    turned().jpeg({ progressive: true }),
    image().toColourspace("cmyk").jpeg(),
    image().webp(),
    image().ensureAlpha(0.5).webp({ lossless: true }),
    image().gif(),
    image().tiff({ compression: "none" }),
    image().tiff({ compression: "lzw", tile: true }),
    turned().toColourspace("rgb16").tiff({ compression: "deflate" }),
    image().tiff({ compression: "jpeg", bigtiff: true }),
    image().avif({ effort: 0 }),
    image().ensureAlpha(0.5).avif({ effort: 0, bitdepth: 10 }),
  ];
  const svg = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="5" height="5"/></svg>',
  );
  const bmp = Buffer.concat([Buffer.from("BM"), Buffer.alloc(70)]);
  const written = await Promise.all(files.map((file) => file.toBuffer()));
  // Copies: slices of a Buffer would share its memory, and the damage.
  return [...written, svg, bmp].map((bytes) => new Uint8Array(bytes));
}

/** Mostly behind the first bytes, by which formats are told; in half of these only one to three bytes are others. */
function damaged(bytes: Uint8Array, random: RandomSource): Uint8Array {
  if (random.below(8) === 0) return damageBytes(bytes, random);
  if (random.below(2) === 0) return Buffer.concat([bytes.subarray(0, 16), damageBytes(bytes.subarray(16), random)]);
  const out = bytes.slice();
  for (let flips = 1 + random.below(3); flips > 0; flips--) {
    out[16 + random.below(out.length - 16)] = random.below(256);
  }
  return out;
}

/** Image files: what is read has three values a pixel. */
export const images: Harness = {
  about: "files of images, read by the door of `ask`",
  maxResident: 512 * 2 ** 20,
  async open() {
    const kinds = await seeds();
    return {
      async run(random) {
        const bytes = damaged(kinds[random.below(kinds.length)], random);
        const { width, height, data } = await readImage(bytes);
        if (data.length !== 3 * width * height) throw new Error(`${data.length} values of ${width} x ${height}`);
      },
    };
  },
};
