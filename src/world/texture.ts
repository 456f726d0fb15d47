/** @file Textures of backgrounds: a mixing value for every pixel. */
import { mixBits } from "../math/index.js";
import type { Texture, TextureKind } from "./draw-list.js";

/** Fills `out` with the mixing values of a square picture, `[size, size]`. */
type Fill = (out: Uint16Array, size: number, texture: Texture) => void;

/** Keeps rotated coordinates above zero, where the remainder of a division is the same in every language; a power of two. */
const BIAS = 1 << 20;

/**
 * Mixing values 0 to 256 of a `size x size` picture, in raster order. The comment at each kind defines it, for pixel (x, y):
 *
 * u = x · dx + y · dy + BIAS and v = y · dx - x · dy + BIAS. These coordinates run along and across the direction, in sixteenths of
 * a pixel. P = 16 · period. wave(p) = clamp(128 + 4 · (2 · |2 · (p mod P) - P| - P)): an even train of soft-edged bars.
 */
export function textureValues(texture: Texture, size: number): Uint16Array {
  const out = new Uint16Array(size * size);
  FILLS[texture.kind](out, size, texture);
  return out;
}

/** A fill from the value at one pixel. */
function perPixel(valueAt: (texture: Texture, size: number) => (x: number, y: number) => number): Fill {
  return (out, size, texture) => {
    const value = valueAt(texture, size);
    for (let y = 0, at = 0; y < size; y++) for (let x = 0; x < size; x++) out[at++] = value(x, y);
  };
}

/** A fill from the coordinates along and across the direction. */
function rotated(valueAt: (texture: Texture) => (u: number, v: number) => number): Fill {
  return (out, size, texture) => {
    const value = valueAt(texture);
    const [dx, dy] = texture.direction;
    for (let y = 0, at = 0; y < size; y++) {
      let u = y * dy + BIAS;
      let v = y * dx + BIAS;
      for (let x = 0; x < size; x++, u += dx, v -= dy) out[at++] = value(u, v);
    }
  };
}

const FILLS: Record<TextureKind, Fill> = {
  /** 0. */
  solid: () => {},
  /** From 0 to 256 across the picture: (x · |dx| + y · |dy|) · 256 / (size · (|dx| + |dy|)). */
  gradient: perPixel(({ direction }, size) => {
    const [dx, dy] = direction.map(Math.abs);
    return (x, y) => Math.floor(((x * dx + y * dy) * 256) / (size * (dx + dy)));
  }),
  /** wave(u). */
  stripes: rotated(({ period }) => {
    return (u) => wave(u, 16 * period);
  }),
  /** s = wave(u), t = wave(v): (s · (256 - t) + t · (256 - s)) >> 8. */
  checks: rotated(({ period }) => (u, v) => {
    const s = wave(u, 16 * period);
    const t = wave(v, 16 * period);
    return (s * (256 - t) + t * (256 - s)) >> 8;
  }),
  /** Discs of radius r = 5 P / 16 in a square lattice, d from the nearest center: clamp(128 + 8 · (r² - d²) / r). */
  dots: rotated(({ period }) => {
    const p = 16 * period;
    const radius = (p * 5) >> 4;
    return (u, v) => {
      const du = (u % p) - (p >> 1);
      const dv = (v % p) - (p >> 1);
      return clamp(128 + Math.floor((8 * (radius * radius - du * du - dv * dv)) / radius));
    };
  }),
  /** Bars bent by a zigzag half as high as a period: wave(u + (|2 · (v mod 2 P) - 2 P| >> 2)). */
  waves: rotated(({ period }) => {
    const p = 16 * period;
    return (u, v) => wave(u + (Math.abs(2 * (v % (2 * p)) - 2 * p) >> 2), p);
  }),
  /**
   * Bricks of period x h pixels, h = period / 2. Every other row j = y / h is shifted by h (x' = x + h). Joints of 2 pixels are
   * 256. A brick has the tone mixBits(seed + 4096 · j + x' / period) & 127.
   */
  bricks: perPixel(({ period, seed }) => {
    const height = period >> 1;
    return (x, y) => {
      const row = Math.floor(y / height);
      const shifted = x + (row & 1) * height;
      if (y % height < 2 || shifted % period < 2) return 256;
      return mixBits(seed + row * 4096 + Math.floor(shifted / period)) & 127;
    };
  }),
  /** Noise n of two scales: clamp(128 + 2 · (n - 128)). */
  clouds: (out, size, texture) => fillNoise(out, size, texture, 2),
  /** The same with hard edges: clamp(128 + 12 · (n - 128)). */
  spots: (out, size, texture) => fillNoise(out, size, texture, 12),
};

function wave(p: number, period: number): number {
  return clamp(128 + 4 * (2 * Math.abs(2 * (p % period) - period) - period));
}

/** n = (171 · coarse + 85 · fine) >> 8; the fine lattice is half as wide, its seed mixBits(seed). */
function fillNoise(out: Uint16Array, size: number, { period, seed }: Texture, sharpness: number): void {
  const coarse = lattice(size, period, seed);
  const fine = lattice(size, period >> 1, mixBits(seed));
  for (let at = 0; at < out.length; at++) {
    out[at] = clamp(128 + sharpness * (((171 * coarse[at] + 85 * fine[at]) >> 8) - 128));
  }
}

/**
 * Bilinear between random values at the corners of cells of `cell` pixels, a power of two. The value of corner (i, j) is
 * mixBits(seed + 65536 · j + i) & 255. Nothing is rounded before both directions are summed, >> (2 · log2 cell).
 */
function lattice(size: number, cell: number, seed: number): Uint8Array {
  const shift = 31 - Math.clz32(cell);
  const corners = ((size - 1) >> shift) + 2;
  const value = Uint8Array.from({ length: corners * corners }, (_, at) => {
    return mixBits(seed + 65_536 * Math.floor(at / corners) + (at % corners)) & 255;
  });
  const out = new Uint8Array(size * size);
  for (let y = 0, at = 0; y < size; y++) {
    const fy = y & (cell - 1);
    const row = (y >> shift) * corners;
    for (let x = 0; x < size; x++, at++) {
      const fx = x & (cell - 1);
      const corner = row + (x >> shift);
      const upper = value[corner] * (cell - fx) + value[corner + 1] * fx;
      const lower = value[corner + corners] * (cell - fx) + value[corner + corners + 1] * fx;
      out[at] = (upper * (cell - fy) + lower * fy) >> (2 * shift);
    }
  }
  return out;
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 256 ? 256 : value;
}
