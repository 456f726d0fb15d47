import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type DrawList, type Paint, type Stamp, TEXTURE_KINDS, type Texture } from "./draw-list.js";
import { drawScene } from "./draw-scene.js";
import { LETTERS, SHAPES } from "./lexicon.js";
import { maskCoverage } from "./mask.js";
import { MaskCache, rasterize } from "./rasterize.js";
import { sampleScene } from "./sample-scene.js";
import { textureValues } from "./texture.js";

const texture = (kind: Texture["kind"], more: Partial<Texture> = {}): Texture => ({
  kind,
  period: 16,
  direction: [16, 0],
  seed: 7,
  ...more,
});
const solid = (r: number, g: number, b: number): Paint => ({ a: [r, g, b], b: [0, 0, 0], texture: texture("solid") });
const box = (more: Partial<Stamp>): Stamp => ({
  mask: "box",
  x: 0,
  y: 0,
  size: 2,
  paint: solid(200, 100, 0),
  alpha: 256,
  ...more,
});
const picture = (stamps: readonly Stamp[]): DrawList => ({
  size: 4,
  ground: { paint: solid(10, 20, 30), grain: 0, seed: 1 },
  stamps,
});
/** Red values of the 4 x 4 picture. */
const reds = (list: DrawList) => Array.from(rasterize(list)).filter((_, i) => i % 3 === 0);

describe("rasterize", () => {
  it("paints stamps over the background in order, cut off at the edges", () => {
    const over = box({ x: 3, y: -1, paint: solid(50, 0, 0) });
    expect(reds(picture([box({ x: 1, y: 1 }), over]))).toEqual([
      10, 10, 10, 50, 10, 200, 200, 10, 10, 200, 200, 10, 10, 10, 10, 10,
    ]);
  });

  it("blends by opacity, rounded to nearest", () => {
    // (10 · 2048 + 200 · 2048 + 2048) >> 12 = 105, a quarter: (10 · 3072 + 200 · 1024 + 2048) >> 12 = 58.
    expect(reds(picture([box({ alpha: 128 })]))[0]).toBe(105);
    expect(reds(picture([box({ alpha: 64 })]))[0]).toBe(58);
    expect(reds(picture([box({ alpha: 0 })]))[0]).toBe(10);
  });

  it("adds the same grain to all channels, within its amplitude and within 0 to 255", () => {
    const rgb = rasterize({ size: 64, ground: { paint: solid(250, 128, 3), grain: 20, seed: 5 }, stamps: [] });
    const noise = Array.from({ length: 64 * 64 }, (_, i) => rgb[3 * i + 1] - 128);
    expect(Math.min(...noise)).toBe(-20);
    expect(Math.max(...noise)).toBe(19);
    noise.forEach((value, i) => {
      expect(rgb[3 * i]).toBe(Math.min(255, 250 + value));
      expect(rgb[3 * i + 2]).toBe(Math.max(0, 3 + value));
    });
  });

  it("gives the same pixels as the rasterizer that training uses, on 1,000 scenes", () => {
    // Made by python -m recoup_train.raster_hashes from the draw lists of the same scenes.
    const hashes = readFileSync(new URL("../../tests/golden/world/hashes.txt", import.meta.url), "utf8")
      .trim()
      .split("\n");
    expect(hashes).toHaveLength(1000);
    const masks = new MaskCache();
    const different = hashes.filter((hash, i) => {
      const rgb = rasterize(hashedDrawing(i), masks);
      return createHash("sha256").update(rgb).digest("hex").slice(0, 16) !== hash;
    });
    expect(different).toEqual([]);
  });
});

/** The i-th of the 1,000 drawings: both splits of the test, all sizes and levels; scripts/world-drawings.mjs writes the same. */
function hashedDrawing(i: number): DrawList {
  const level = 1 + (i % 3);
  const size = i % 4 === 3 ? 168 : i % 8 === 6 ? 112 : 336;
  const heldOut = i % 2 === 0;
  return drawScene(sampleScene({ split: heldOut ? "test" : "train", seed: 1, index: i, size, level, heldOut }), {
    level,
  });
}

describe("textureValues", () => {
  it.each(TEXTURE_KINDS)("%s stays within 0 to 256 and varies, but for solid", (kind) => {
    const values = textureValues(texture(kind, { direction: [-11, 11], period: 32 }), 96);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThanOrEqual(256);
    expect(new Set(values).size > 4).toBe(kind !== "solid");
  });

  it("stripes repeat along their direction after a period, and do not change across it", () => {
    const values = textureValues(texture("stripes"), 32);
    expect(Array.from(values.subarray(0, 16))).toEqual(Array.from(values.subarray(16, 32)));
    expect(Array.from(values.subarray(0, 32))).toEqual(Array.from(values.subarray(32 * 31)));
    // P = 256: at a place p of the period |2 p - 256| · 2 - 256 is 256 at 0 and -256 in the middle.
    expect([values[0], values[4], values[8]]).toEqual([256, 128, 0]);
  });

  it("gradient runs from dark to light", () => {
    const values = textureValues(texture("gradient"), 64);
    expect([values[0], values[32], values[63]]).toEqual([0, 128, 252]);
  });
});

describe("maskCoverage", () => {
  it.each([...SHAPES, "box", ...LETTERS])(
    "%s covers part of its box and has no other coverage than 0 to 16",
    (name) => {
      const mask = maskCoverage(name, 40);
      const share = mask.reduce((a, b) => a + b) / (16 * mask.length);
      expect(share).toBeGreaterThan(0.15);
      if (name !== "box") expect(share).toBeLessThan(0.85);
      expect(Math.max(...mask)).toBe(16);
    },
  );

  it.each(["circle", "square", "diamond", "cross", "ring", "star", "heart", "triangle"])(
    "%s is its own mirror image",
    (name) => {
      const mask = maskCoverage(name, 37);
      for (let y = 0; y < 37; y++) {
        for (let x = 0; x < 37; x++) expect(mask[y * 37 + x]).toBe(mask[y * 37 + 36 - x]);
      }
    },
  );

  it("has the areas that geometry gives", () => {
    const share = (name: string) => maskCoverage(name, 100).reduce((a, b) => a + b) / 160_000;
    expect(share("circle")).toBeCloseTo(Math.PI / 4, 2);
    expect(share("ring")).toBeCloseTo((Math.PI / 4) * (3 / 4), 2);
    expect(share("square")).toBeCloseTo((7 / 8) ** 2, 2);
    expect(share("cross")).toBeCloseTo(5 / 9, 2);
    expect(share("diamond")).toBeCloseTo(0.4, 2);
  });
});
