/** A decoded image: rows of pixels, red, green, blue. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** `[height, width, 3]`, 0 to 255. */
  readonly data: Uint8Array | Uint8ClampedArray;
}
