/** @file Where things of a chart lie in pixels, its tokens on a logarithmic axis: so that words stand where nothing else does. */
import { LETTERS } from "./style.js";

/** Ends of both axes, and the pixels between them. */
export interface Plot {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly width: number;
  readonly height: number;
}

/** Pixels from the left and from the top. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Mean width of a letter, in units of its size: on the wide side. */
const LETTER_WIDTH = 0.6;

/** Pixels from the left. */
export function xOf(tokens: number, { x: [from, to], width }: Plot): number {
  return (width * Math.log(tokens / from)) / Math.log(to / from);
}

/** Pixels from the top. */
export function yOf(value: number, { y: [low, high], height }: Plot): number {
  return (height * (high - value)) / (high - low);
}

/** Room of a text that begins at a place, its middle at that height. */
export function textBox(text: string, { x, y }: { readonly x: number; readonly y: number }): Box {
  return { left: x, right: x + LETTER_WIDTH * LETTERS * text.length, top: y - LETTERS / 2, bottom: y + LETTERS / 2 };
}

/** Whether two boxes have a pixel in common. */
export function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
