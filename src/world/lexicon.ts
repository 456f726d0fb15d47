/** @file Words of the world: shapes, colors, letters, patterns, and the pairs that training never shows. */
import type { Rgb } from "./draw-list.js";

/** Outlines of objects, by the word that names them and the mask that draws them. */
export const SHAPES = ["circle", "square", "triangle", "diamond", "cross", "star", "ring", "heart"] as const;
/** Word for an outline. */
export type Shape = (typeof SHAPES)[number];

/** Colors that stay apart when they are blended half into a gray background. */
export const COLORS = ["red", "yellow", "green", "cyan", "blue", "magenta", "white", "black"] as const;
/** Word for a color. */
export type Color = (typeof COLORS)[number];

/** Red, green and blue of each color, 0 to 255. */
export const COLOR_RGB: Readonly<Record<Color, Rgb>> = {
  red: [220, 38, 42],
  yellow: [248, 208, 28],
  green: [30, 150, 56],
  cyan: [32, 200, 214],
  blue: [38, 78, 216],
  magenta: [208, 48, 190],
  white: [250, 250, 246],
  black: [16, 16, 22],
};

/** Letters on signs; each is a mask. */
export const LETTERS = ["A", "E", "H", "K", "L", "O", "T", "V", "X", "Z"] as const;
/** Letter of a sign. */
export type Letter = (typeof LETTERS)[number];

/** Patterns of the background that have a name of their own: each is a texture, `plain` a gradient. */
export const BACKGROUNDS = ["plain", "stripes", "checks", "dots", "waves", "clouds"] as const;
/** Word for a pattern of the background. */
export type BackgroundName = (typeof BACKGROUNDS)[number];

/** Patterns that no training picture has and no question names: the test's held-out pictures lie on them. */
export const TEST_TEXTURES = ["bricks", "spots"] as const;

/** Whether a training picture may show this shape in this color: one in five combinations is kept for the test. */
export function isHeldOut(shape: Shape, color: Color): boolean {
  // 3 is prime to 5, so the held-out combinations take nearly equally many of every shape and every color.
  return (SHAPES.indexOf(shape) + 3 * COLORS.indexOf(color)) % 5 === 0;
}
