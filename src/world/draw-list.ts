/**
 * @file What a picture consists of, as plain data: a background and stamps painted over it in order. The numbers are whole, and so
 * is all arithmetic on them. So every rasterizer that follows these comments gives the same bytes. There are two: `rasterize` here,
 * and `python/recoup_train/raster.py` for training.
 *
 * Whole-number division rounds down; `>>` is a division by a power of two that rounds down. `mixBits` is in `math/hash.ts`.
 */

/** Red, green, blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Names of the textures; `textureAt` (texture.ts) defines each. */
export const TEXTURE_KINDS = [
  "solid",
  "gradient",
  "stripes",
  "checks",
  "dots",
  "waves",
  "bricks",
  "clouds",
  "spots",
] as const;
/** Name of a texture. */
export type TextureKind = (typeof TEXTURE_KINDS)[number];

/** A mixing value 0 to 256 for every pixel. */
export interface Texture {
  readonly kind: TextureKind;
  /** Length after which the pattern repeats in pixels, even, 4 to 64. `clouds` and `spots`: 16, 32 or 64. */
  readonly period: number;
  /** Direction along which the pattern changes, in sixteenths of a pixel, each -16 to 16, not both 0. */
  readonly direction: readonly [number, number];
  /** 32 bits; what is random in the pattern follows from it. */
  readonly seed: number;
}

/** Two colors and where which: (a · (256 - t) + b · t + 128) >> 8 per channel. */
export interface Paint {
  /** Color where the texture is 0. */
  readonly a: Rgb;
  /** Color where the texture is 256. */
  readonly b: Rgb;
  /** Share of each color at each pixel. */
  readonly texture: Texture;
}

/** The background under everything. */
export interface Background {
  readonly paint: Paint;
  /** Amplitude of the noise that is added to all channels alike, 0 to 40. */
  readonly grain: number;
  /** 32 bits, for the grain. */
  readonly seed: number;
}

/** One outline, painted over what is there. The pattern's origin is the stamp's left upper corner. */
export interface Stamp {
  /** Outline: the name of a shape, a letter, or `box`. */
  readonly mask: string;
  /** Left upper corner in pixels; parts outside the picture are cut off. */
  readonly x: number;
  readonly y: number;
  /** Side in pixels, 1 to 128. */
  readonly size: number;
  readonly paint: Paint;
  /** Opacity, 0 to 256. */
  readonly alpha: number;
}

/** A square picture. */
export interface DrawList {
  /** Side in pixels, at most 1024. */
  readonly size: number;
  /** Named as in the files that `python/` reads. */
  readonly ground: Background;
  /** In the order in which they are painted. */
  readonly stamps: readonly Stamp[];
}
