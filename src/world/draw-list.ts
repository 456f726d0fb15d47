/**
 * @file What a picture consists of, as plain data: a ground and stamps painted over it in order. The numbers are whole, and so
 * is all arithmetic on them, so that every rasteriser that follows these comments gives the same bytes. There are two:
 * `rasterize` here, and `python/recoup_train/raster.py` for training.
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
  readonly a: Rgb;
  readonly b: Rgb;
  readonly texture: Texture;
}

/** What lies under everything. */
export interface Ground {
  readonly paint: Paint;
  /** Amplitude of the noise that is added to all channels alike, 0 to 40. */
  readonly grain: number;
  /** 32 bits, for the grain. */
  readonly seed: number;
}

/** Outlines that a stamp can have: the eight shapes, a full box, and letters. */
export const MASK_NAMES = [
  ...["circle", "square", "triangle", "diamond", "cross", "star", "ring", "heart", "box"],
  ...["A", "E", "H", "K", "L", "O", "T", "V", "X", "Z"],
] as readonly string[];

/** One outline, painted over what is there. The pattern's origin is the stamp's left upper corner. */
export interface Stamp {
  /** One of `MASK_NAMES`. */
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
  readonly ground: Ground;
  /** In the order in which they are painted. */
  readonly stamps: readonly Stamp[];
}
