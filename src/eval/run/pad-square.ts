/** @file Pictures padded to squares, as LLaVA-1.5's own preprocessing does (`expand2square`; its ScienceQA script of the paper's fork crops). */
import { refusalFor } from "../../core/index.js";
import type { RgbImage } from "../../vlm/index.js";

/** CLIP's mean color, 255 times (0.4815, 0.4578, 0.4082) cut to whole numbers, as LLaVA pads with. */
const MEAN_COLOR: readonly [red: number, green: number, blue: number] = [122, 116, 104];

/** Most pixels of a square: 150 MB, beside as many of its picture at most. A camera's 24 million are 36 million as a square. */
const MAX_SQUARE_PIXELS = 5e7;

/**
 * The picture in the middle of a square of the mean color. Where the border is odd, the smaller part comes first.
 *
 * @throws InvalidInputError for one that is too thin: its square would have more than 50 million pixels.
 */
export function padSquare(picture: RgbImage): RgbImage {
  const { width, height } = picture;
  if (width === height) return picture;
  const side = Math.max(width, height);
  if (side * side > MAX_SQUARE_PIXELS) {
    throw refusalFor("eval")("a picture of at most 50 million pixels padded to a square", `${width} x ${height}`);
  }
  return onSquare(picture, side, [Math.floor((side - width) / 2), Math.floor((side - height) / 2)]);
}

/** A square of the mean color, `side` pixels wide, with the picture at a place in it. */
export function onSquare(
  { width, height, data }: RgbImage,
  side: number,
  [left, top]: readonly [left: number, top: number],
): RgbImage {
  const square = new Uint8Array(3 * side * side);
  square.set(MEAN_COLOR);
  // Copies of the part that is filled already: a hundred times as fast as value by value.
  for (let filled = 3; filled < square.length; filled *= 2) square.copyWithin(filled, 0, filled);
  for (let y = 0; y < height; y++) {
    square.set(data.subarray(3 * y * width, 3 * (y + 1) * width), 3 * ((y + top) * side + left));
  }
  return { width: side, height: side, data: square };
}
