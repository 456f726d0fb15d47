/** @file Images as callers give them. What is in memory is taken as it is at the call; files and addresses are read later. */
import {
  assertImageSizes,
  bytesInMemory,
  type ImageSource,
  isBytes,
  isImageSource,
  isUrl,
  messageOf,
  onWhite,
  RecoupError,
  type RgbImage,
  refusalFor,
  shape,
} from "../core/index.js";
import { type EncodedImage, isEncoded } from "./encoded-image.js";

/**
 * Pixels: an `ImageData`, a `RawImage` of transformers.js, or any object like them. RGB or RGBA, as the length of `data` says; gray
 * where `channels` is 1. Alpha, which is not premultiplied, is painted on white.
 */
export interface ImagePixels {
  readonly width: number;
  readonly height: number;
  /** Rows of pixels, 0 to 255, `[height, width, channels]`. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** 1, 3 or 4. */
  readonly channels?: number | undefined;
}

/** An `HTMLCanvasElement` or `OffscreenCanvas`; in Node a canvas of a package that has `getContext("2d")`. */
export interface CanvasLike {
  readonly width: number;
  readonly height: number;
  getContext(kind: "2d"): unknown;
}

/** An `ImageBitmap`, in a browser. */
export interface BitmapLike {
  readonly width: number;
  readonly height: number;
  close(): void;
}

/** An image: a file or where it is, pixels, a canvas, a bitmap, or an encoded one. */
export type ImageInput = ImageSource | ImagePixels | CanvasLike | BitmapLike | EncodedImage;

/** An image that needs no reading. */
export type ReadImage = RgbImage | EncodedImage;

/** An image of a question, as it was at the call. */
export class TakenImage {
  constructor(readonly content: ReadImage | { readonly source: ImageSource }) {}
}

/** True for an image that has to be read. */
export function isUnread({ content }: TakenImage): boolean {
  return "source" in content;
}

const refuse = refusalFor("ask");

/** Sizes and data of pixels, each read once. */
type Facts = Required<ImagePixels>;

const PIXELS =
  "an image of width x height x 3 bytes in a Uint8Array or Uint8ClampedArray (x 4 with alpha, x 1 with channels: 1)";

/** The facts of pixels that fit; a phrase for those that do not. */
function pixelFacts({ width, height, data, channels: given }: ImagePixels): Facts | string {
  const bytes = isBytes(data) ? data.length : 0;
  const sizes = `${shape.brief(width)} x ${shape.brief(height)}`;
  if (![width, height].every((size) => Number.isSafeInteger(size) && size >= 1)) return `${sizes} and ${bytes} bytes`;
  const channels = given ?? (bytes === 4 * width * height ? 4 : 3);
  const isWhole = [1, 3, 4].includes(channels) && isBytes(data) && bytes === channels * width * height;
  const said = given === undefined ? "" : ` of ${shape.brief(given)} channels`;
  return isWhole ? { width, height, data, channels } : `${sizes} and ${bytes} bytes${said}`;
}

/** A copy as red, green, blue: the caller's memory may change before the image's turn comes. */
function rgbPixels({ width, height, data, channels }: Facts): RgbImage {
  if (channels === 4) return { width, height, data: onWhite(data) };
  if (channels === 3) return { width, height, data: new Uint8Array(data) };
  const rgb = new Uint8Array(3 * data.length);
  for (let pixel = 0; pixel < data.length; pixel++) rgb.fill(data[pixel], 3 * pixel, 3 * pixel + 3);
  return { width, height, data: rgb };
}

function isPixels(image: unknown): image is ImagePixels {
  return shape.isRecord(image) && "width" in image && "height" in image && "data" in image;
}

/** True for what is drawn: a canvas or a bitmap. */
function isDrawable(image: unknown): image is CanvasLike | BitmapLike {
  if (!shape.isRecord(image) || !("width" in image) || !("height" in image)) return false;
  return typeof image.getContext === "function" || typeof image.close === "function";
}

/** The part of a 2D context that is used, of whatever canvas. */
interface Context2d {
  getImageData(x: number, y: number, width: number, height: number): ImagePixels;
}

/** Pixels of a canvas or bitmap, on white. @throws InvalidInputError where there are none, or the page may not read them. */
export function drawnPixels(image: CanvasLike | BitmapLike): RgbImage {
  const { width, height } = image;
  const sizes = `${shape.brief(width)} x ${shape.brief(height)}`;
  if (![width, height].every((size) => Number.isSafeInteger(size) && size >= 1)) {
    throw refuse("a canvas or bitmap with pixels", sizes);
  }
  assertImageSizes(width, height, refuse);
  let read: ImagePixels;
  try {
    const context = typeof OffscreenCanvas === "undefined" ? ownContext(image) : contextOnWhite(image, width, height);
    read = context.getImageData(0, 0, width, height);
  } catch (cause) {
    if (RecoupError.isInstance(cause)) throw cause;
    throw refuse("a canvas or bitmap that can be read", messageOf(cause), cause);
  }
  const facts = pixelFacts({ width, height, data: read?.data, channels: 4 });
  if (typeof facts === "string") throw refuse("pixels of a canvas", facts);
  return rgbPixels(facts);
}

/** Outside of browsers a canvas is read by its own context. */
function ownContext(image: CanvasLike | BitmapLike): Context2d {
  const context = "getContext" in image ? image.getContext("2d") : undefined;
  if (typeof (context as Context2d | undefined)?.getImageData === "function") return context as Context2d;
  throw refuse("an image without a browser to draw it", "getContext" in image ? "a canvas without 2d" : "a bitmap");
}

/** The image drawn over white, whatever draws on it. */
function contextOnWhite(image: CanvasLike | BitmapLike, width: number, height: number): Context2d {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw refuse("an image that the browser has a canvas for", `${width} x ${height}`);
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  try {
    context.drawImage(image as unknown as OffscreenCanvas, 0, 0);
  } catch (cause) {
    throw refuse("a canvas or bitmap that can be drawn", messageOf(cause), cause);
  }
  return context;
}

const FORM = shape.value<ImageInput | TakenImage>(
  "an image, or where it is",
  (value) =>
    value instanceof TakenImage || isEncoded(value) || isPixels(value) || isDrawable(value) || isImageSource(value),
);

/** An image in one of its forms; pixels fit their sizes. */
export const IMAGE: shape.Shape<ImageInput | TakenImage> = {
  mismatch(value) {
    const form = FORM.mismatch(value);
    if (form !== undefined) return shape.isRecord(value) && "src" in value ? { ...form, value: ELEMENT } : form;
    if (value instanceof TakenImage || isEncoded(value) || !isPixels(value)) return undefined;
    const facts = pixelFacts(value);
    return typeof facts === "string" ? { path: [], expected: PIXELS, value: facts } : undefined;
  },
};

const ELEMENT = "an element: give its src, or draw it on a canvas";

/** @throws InvalidInputError unless it is an image in one of its forms. */
export function assertImage(image: unknown): asserts image is ImageInput | TakenImage {
  shape.shaped({ image }, shape.object({ image: IMAGE }), refuse);
}

/**
 * An image as it is now: pixels, canvases, bitmaps and bytes are copied, and what is to be read is remembered.
 *
 * @throws InvalidInputError for no image, and for a canvas or bitmap that cannot be read.
 */
export function takeImage(image: unknown): TakenImage {
  assertImage(image);
  if (image instanceof TakenImage) return image;
  if (isEncoded(image)) return new TakenImage(image);
  if (isPixels(image)) {
    const facts = pixelFacts(image);
    if (typeof facts === "string") throw refuse(PIXELS, facts);
    assertImageSizes(facts.width, facts.height, refuse);
    return new TakenImage(rgbPixels(facts));
  }
  if (isDrawable(image)) return new TakenImage(drawnPixels(image));
  // A URL may be pointed elsewhere before it is read.
  const source = bytesInMemory(image)?.slice() ?? (isUrl(image) ? String(image) : image);
  return new TakenImage({ source });
}
