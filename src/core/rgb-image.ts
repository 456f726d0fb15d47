/** A decoded image: rows of pixels, red, green, blue. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** `[height, width, 3]`, 0 to 255. */
  readonly data: Uint8Array | Uint8ClampedArray;
}

/**
 * Red, green, blue and alpha painted on white: `(color * alpha + 255 * (255 - alpha)) / 255`, to the nearest whole number (there are no
 * ties, as 255 is odd). Alpha is not premultiplied.
 *
 * @param rgba `[pixels, 4]`, 0 to 255.
 * @param rgb where they go: memory of its own, or that of `rgba`, of which the first three quarters are written over.
 * @returns `[pixels, 3]`.
 */
export function onWhite(
  rgba: Uint8Array | Uint8ClampedArray,
  rgb: Uint8Array = new Uint8Array(3 * Math.floor(rgba.length / 4)),
): Uint8Array {
  const pixels = Math.floor(rgba.length / 4);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const alpha = rgba[4 * pixel + 3];
    const white = 255 * (255 - alpha);
    for (let color = 0; color < 3; color++) {
      // 127: half of 255, so that the whole part is the nearest.
      rgb[3 * pixel + color] = (rgba[4 * pixel + color] * alpha + white + 127) / 255;
    }
  }
  return rgb.subarray(0, 3 * pixels);
}
