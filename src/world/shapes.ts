/** @file Shapes of what a caller hands to the world: scenes, draw lists, questions, random numbers. */
import { refusalFor, shape } from "../core/index.js";
import type { RandomSource } from "../math/index.js";
import { TEXTURE_KINDS } from "./draw-list.js";
import { HARD, LEVELS } from "./levels.js";
import { BACKGROUNDS, COLORS, LETTERS, SHAPES } from "./lexicon.js";

const { count, integer, list, object, oneOf, optional, text, value } = shape;

/** Side of a picture in pixels: a rasterizer holds it whole. */
const SIDE = integer(1, 1024);
/** Coordinates stay whole and small: a texture's arithmetic is that of 32 bits. */
const PLACE = integer(-4096, 4096);
const BOX = object({ x: PLACE, y: PLACE, width: integer(0, 1024), height: integer(0, 1024) });
const OBJECT = shape.either(
  object({ kind: oneOf("shape"), shape: oneOf(...SHAPES), color: oneOf(...COLORS), large: shape.flag, box: BOX }),
  object({
    kind: oneOf("sign"),
    letter: oneOf(...LETTERS),
    second: optional(oneOf(...LETTERS)),
    color: oneOf(...COLORS),
    large: oneOf(false),
    box: BOX,
  }),
);

/** A level of difficulty. */
export const LEVEL = shape.either(integer(1, LEVELS.length), oneOf(HARD));

/** Objects of a scene at most: questions are asked about each pair. */
const MOST_OBJECTS = 64;

const SCENE = object({
  id: text,
  size: SIDE,
  background: optional(oneOf(...BACKGROUNDS)),
  hard: optional(oneOf(true)),
  objects: {
    mismatch: (given: unknown) =>
      Array.isArray(given) && given.length > MOST_OBJECTS
        ? { path: [], expected: `at most ${MOST_OBJECTS} objects`, value: given.length }
        : list(OBJECT).mismatch(given),
  } as shape.Shape<readonly unknown[]>,
});

const numbers = (length: number, min: number, max: number) =>
  value(`${length} whole numbers from ${min} to ${max}`, (given) => {
    const one = integer(min, max);
    return Array.isArray(given) && given.length === length && given.every((number) => shape.fits(number, one));
  });
const SEED = integer(-(2 ** 31), 2 ** 32 - 1);
const RGB = numbers(3, -64, 320);
const TEXTURE = object({
  kind: oneOf(...TEXTURE_KINDS),
  period: integer(1, 128),
  direction: numbers(2, -16, 16),
  seed: SEED,
});
const PAINT = object({ a: RGB, b: RGB, texture: TEXTURE });
const DRAW_LIST = object({
  size: SIDE,
  ground: object({ paint: PAINT, grain: integer(0, 40), seed: SEED }),
  stamps: list(
    object({
      mask: oneOf(...SHAPES, ...LETTERS, "box"),
      x: PLACE,
      y: PLACE,
      size: integer(1, 512),
      paint: PAINT,
      alpha: integer(0, 256),
    }),
  ),
});

const RANDOM = value<RandomSource>("a source of random numbers", (given) => {
  const { below, unit } = Object(given) as RandomSource;
  return typeof below === "function" && typeof unit === "function";
});

const CHECKED = {
  scene: SCENE,
  list: DRAW_LIST,
  random: RANDOM,
  about: list(count),
  candidate: object({ type: text, slice: text, blanks: list(text), answer: text, about: list(count) }),
  template: count,
  level: LEVEL,
  rgb: value<Uint8Array>("bytes in a Uint8Array", (given) => given instanceof Uint8Array),
  size: SIDE,
} as const;

/** @throws InvalidInputError for an argument that does not have the shape of its name. */
export function assertWorld(operation: string, given: { readonly [N in keyof typeof CHECKED]?: unknown }): void {
  const names = Object.keys(given) as (keyof typeof CHECKED)[];
  const wanted = Object.fromEntries(names.map((name) => [name, CHECKED[name]]));
  shape.shaped(given, object(wanted), refusalFor(operation));
}
