/** @file Pixels of a draw list: background first, then stamp after stamp. */
import { mixBits } from "../math/index.js";
import type { Background, DrawList, Paint, Stamp } from "./draw-list.js";
import { maskCoverage } from "./mask.js";
import { assertWorld } from "./shapes.js";
import { textureValues } from "./texture.js";

/**
 * Coverage masks that were needed before, by name and size. Pictures repeat them, and a mask takes a hundred times as long
 * to make as to use.
 */
export class MaskCache {
  private readonly masks = new Map<string, Uint8Array>();

  /** As `maskCoverage` gives it. */
  get(name: string, size: number): Uint8Array {
    const key = `${name}/${size}`;
    const mask = this.masks.get(key) ?? maskCoverage(name, size);
    this.masks.set(key, mask);
    return mask;
  }
}

/**
 * Paints a draw list. @param masks pass one cache for many pictures. @returns `[size, size, 3]` RGB bytes, rows from the top.
 */
export function rasterize(list: DrawList, masks = new MaskCache()): Uint8Array {
  assertWorld("rasterize", { list });
  const { size, ground: background, stamps } = list;
  const rgb = new Uint8Array(size * size * 3);
  paintBackground(rgb, size, background);
  for (const stamp of stamps) paintStamp(rgb, size, stamp, masks.get(stamp.mask, stamp.size));
  return rgb;
}

/** The paint plus grain: clamp(value + (((mixBits(seed + y · size + x) & 255) - 128) · grain >> 7)) to 0 … 255. */
function paintBackground(rgb: Uint8Array, size: number, { paint, grain, seed }: Background): void {
  const mixed = mixTable(paint);
  const values = textureValues(paint.texture, size);
  for (let pixel = 0, at = 0; pixel < values.length; pixel++, at += 3) {
    const noise = (((mixBits(seed + pixel) & 255) - 128) * grain) >> 7;
    const color = 3 * values[pixel];
    rgb[at] = clampByte(mixed[color] + noise);
    rgb[at + 1] = clampByte(mixed[color + 1] + noise);
    rgb[at + 2] = clampByte(mixed[color + 2] + noise);
  }
}

/** Over what is there with weight w = coverage · alpha, 0 to 4096: (below · (4096 - w) + color · w + 2048) >> 12. */
function paintStamp(rgb: Uint8Array, size: number, stamp: Stamp, mask: Uint8Array): void {
  const { x: left, y: top, size: side, paint, alpha } = stamp;
  const mixed = mixTable(paint);
  const values = textureValues(paint.texture, side);
  for (let y = Math.max(0, -top); y < side && top + y < size; y++) {
    for (let x = Math.max(0, -left); x < side && left + x < size; x++) {
      const weight = mask[y * side + x] * alpha;
      if (weight === 0) continue;
      const color = 3 * values[y * side + x];
      const at = ((top + y) * size + left + x) * 3;
      for (let c = 0; c < 3; c++)
        rgb[at + c] = (rgb[at + c] * (4096 - weight) + mixed[color + c] * weight + 2048) >> 12;
    }
  }
}

/** The color of every mixing value t: (a · (256 - t) + b · t + 128) >> 8, `[257, 3]`. */
function mixTable({ a, b }: Paint): Uint8Array {
  const out = new Uint8Array(257 * 3);
  for (let t = 0; t <= 256; t++) for (let c = 0; c < 3; c++) out[3 * t + c] = (a[c] * (256 - t) + b[c] * t + 128) >> 8;
  return out;
}

function clampByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
