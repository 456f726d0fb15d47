/**
 * @file From a scene to its draw list. Backgrounds are muted grays, large shapes vivid with an edge and a shadow, small ones
 * blended in.
 */
import { optionsOf } from "../core/index.js";
import type { RandomSource } from "../math/index.js";
import type { Background, DrawList, Paint, Rgb, Stamp, Texture, TextureKind } from "./draw-list.js";
import { between, pick } from "./draws.js";
import { type Level, type LevelName, rulesOf } from "./levels.js";
import { COLOR_RGB, type Letter, TEST_TEXTURES } from "./lexicon.js";
import { sceneRandom } from "./sample-scene.js";
import { type Scene, type ShapeObject, SIGN_FRAME, type SignObject } from "./scene.js";
import { assertWorld } from "./shapes.js";

/** The draw list of a scene. @param level of the opacities and the grain, as in `sampleScene`. */
export function drawScene(scene: Scene, options: { level?: LevelName } = {}): DrawList {
  const { level = 1 } = optionsOf("drawScene", options);
  assertWorld("drawScene", { scene, level });
  const random = sceneRandom(scene.id, "drawing");
  const { grain, smallAlpha } = rulesOf(level) as Level;
  return {
    size: scene.size,
    ground: drawBackground(random, scene, between(random, ...grain)),
    stamps: scene.objects.flatMap((object) => {
      if (object.kind === "sign")
        return object.second === undefined ? drawSign(object) : drawWideSign(object, object.second);
      return object.large ? drawLarge(random, object) : drawSmall(object, between(random, ...smallAlpha));
    }),
  };
}

/** Directions of stripes in sixteenths of a pixel, at eight angles. None is near a half, so engines round alike. */
const DIRECTIONS = Array.from({ length: 8 }, (_, eighth) => {
  const angle = (eighth * Math.PI) / 8;
  return [Math.round(16 * Math.cos(angle)), Math.round(16 * Math.sin(angle))] as const;
});

function drawBackground(random: RandomSource, { background }: Scene, grain: number): Background {
  const named = background === "plain" ? "gradient" : background;
  const kind: TextureKind = named ?? pick(random, TEST_TEXTURES);
  const cells = kind === "clouds" || kind === "spots";
  const period = cells ? pick(random, [32, 64]) : 2 * between(random, 9, 18);
  // Between the colors of objects in brightness, and nearly without color, so that all of them stand out.
  const level = between(random, 104, 160);
  const a: Rgb = [level, level, level].map((value) => value + between(random, -12, 12)) as unknown as Rgb;
  const shift = between(random, 16, 28) * (level > 132 ? -1 : 1);
  const b = a.map((value) => value + shift + between(random, -6, 6)) as unknown as Rgb;
  return { paint: { a, b, texture: textureOf(random, kind, period) }, grain, seed: random.uint32() };
}

function textureOf(random: RandomSource, kind: TextureKind, period: number): Texture {
  return { kind, period, direction: pick(random, DIRECTIONS), seed: random.uint32() };
}

const SOLID: Texture = { kind: "solid", period: 16, direction: [16, 0], seed: 0 };

function solid(rgb: Rgb): Paint {
  return { a: rgb, b: rgb, texture: SOLID };
}

/** The color darkened (or black lightened) to `share` of 256. */
function shade(rgb: Rgb, share: number): Rgb {
  const dark = rgb[0] + rgb[1] + rgb[2] < 120;
  return rgb.map((value) => (dark ? value + 256 - share : (value * share) >> 8)) as unknown as Rgb;
}

/** Pixels between a large shape's edge and its filling. */
const EDGE = 5;

function drawLarge(random: RandomSource, { shape, color, box }: ShapeObject): Stamp[] {
  const rgb = COLOR_RGB[color];
  const kind: TextureKind = pick(random, ["solid", "stripes", "dots", "checks"]);
  const texture = textureOf(random, kind, 2 * between(random, 7, 11));
  const filling: Paint = { a: rgb, b: shade(rgb, 196), texture };
  const { x, y, width: size } = box;
  return [
    { mask: shape, x: x + 4, y: y + 6, size, paint: solid([0, 0, 0]), alpha: 80 },
    { mask: shape, x, y, size, paint: solid(shade(rgb, 140)), alpha: 256 },
    { mask: shape, x: x + EDGE, y: y + EDGE, size: size - 2 * EDGE, paint: filling, alpha: 256 },
  ];
}

function drawSmall({ shape, color, box }: ShapeObject, alpha: number): Stamp[] {
  return [{ mask: shape, x: box.x, y: box.y, size: box.width, paint: solid(COLOR_RGB[color]), alpha }];
}

const PANEL = solid([206, 204, 196]);
const INK = solid([40, 38, 46]);

/** Width in pixels of the frame of a sign with one letter. */
const FRAME = 8;

function drawSign({ color, letter, box }: SignObject): Stamp[] {
  const { x, y, width: size } = box;
  const panel = size - 2 * FRAME;
  return [
    { mask: "box", x, y, size, paint: solid(COLOR_RGB[color]), alpha: 232 },
    { mask: "box", x: x + FRAME, y: y + FRAME, size: panel, paint: PANEL, alpha: 256 },
    { mask: letter, x: x + FRAME + 2, y: y + FRAME + 2, size: panel - 4, paint: INK, alpha: 256 },
  ];
}

/** Stamps are square: frame and panel are two of them each, opaque, as they overlap. */
function drawWideSign({ color, letter, box }: SignObject, second: Letter): Stamp[] {
  const { x, y, height } = box;
  const panel = height - 2 * SIGN_FRAME;
  const cells = [x, x + panel];
  const square = (mask: Stamp["mask"], paint: Paint, inset: number) =>
    cells.map((left): Stamp => ({ mask, x: left + inset, y: y + inset, size: height - 2 * inset, paint, alpha: 256 }));
  return [
    ...square("box", solid(COLOR_RGB[color]), 0),
    ...square("box", PANEL, SIGN_FRAME),
    ...[letter, second].map((mask, i): Stamp => {
      return { mask, x: cells[i] + SIGN_FRAME + 1, y: y + SIGN_FRAME + 1, size: panel - 2, paint: INK, alpha: 256 };
    }),
  ];
}
