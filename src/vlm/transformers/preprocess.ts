/**
 * @file An image on its way through the library's processor, within bounds. Processors scale an image before they crop it: of one pixel
 * by 5000 CLIP's would make 336 by 1.7 million first, 3.6 GB of which it keeps a five-thousandth.
 */
import { assertImageSizes, messageOf, RecoupError, type RgbImage, refusalFor, shape } from "../../core/index.js";
import { type Host, hostImage, type ImageProcessor } from "./host.js";

/**
 * Most pixels that a processor may make of one image on its way: 50 MB. CLIP's at 336 pixels stays below it for images up to 148 times as
 * long as wide; what families without a crop make is far smaller.
 */
export const MAX_RESIZED_PIXELS = 2 ** 24;

type Sizes = readonly [width: number, height: number];

/** Fields of the library's processors (4.3.1) that say how they resize and crop. */
interface Resizing {
  readonly do_resize?: unknown;
  readonly do_center_crop?: unknown;
  readonly size?: unknown;
  readonly crop_size?: unknown;
  get_resize_output_image_size?(image: { readonly size: Sizes }, size: unknown): Sizes;
}

const refuse = refusalFor("ask");

/**
 * The processor's tensors of an image. Where it would make too much only to crop it, the middle is cropped first, with a margin for
 * resampling: the same pixels, up to a rounding of the scale.
 *
 * @throws InvalidInputError for an image that is too thin for the processor; RecoupError with the stage for whatever fails inside it.
 */
export async function preprocess(
  host: Host,
  processImage: ImageProcessor,
  image: RgbImage,
  options?: object,
): Promise<Record<string, unknown>> {
  const bounded = boundedImage(processImage as ImageProcessor & Resizing, image);
  try {
    return await processImage(hostImage(host, bounded), options);
  } catch (cause) {
    if (RecoupError.isInstance(cause)) throw cause;
    const problem = `preprocessing an image of ${image.width} x ${image.height} pixels: ${messageOf(cause)}`;
    throw new RecoupError({ operation: "ask", problem, cause });
  }
}

/** The image itself, or its middle where that is all that the processor keeps. */
export function boundedImage(processor: Resizing, image: RgbImage): RgbImage {
  // Resampling a row of 50 million pixels takes a gigabyte, whatever comes out.
  assertImageSizes(image.width, image.height, refuse);
  const resized = resizedSizes(processor, [image.width, image.height]);
  if (resized === undefined) return image;
  const tooThin = () => {
    const got = `${image.width} x ${image.height}, of which the model's preprocessing makes ${resized.join(" x ")}`;
    return refuse(`an image that is less thin: 1 to ${MAX_RESIZED_PIXELS} pixels once it is resized`, got);
  };
  if (!resized.every((size) => size >= 1)) throw tooThin();
  if (resized[0] * resized[1] <= MAX_RESIZED_PIXELS) return image;
  const middle = processor.do_center_crop === true ? middleOf(image, resized, cropSizes(processor)) : image;
  const [width, height] = resizedSizes(processor, [middle.width, middle.height]) ?? resized;
  if (width * height > MAX_RESIZED_PIXELS) throw tooThin();
  return middle;
}

/** Sizes that a processor resizes an image to; undefined for one that does not, or that does not say. */
function resizedSizes(processor: Resizing, size: Sizes): Sizes | undefined {
  if (processor.do_resize !== true || typeof processor.get_resize_output_image_size !== "function") return undefined;
  try {
    return processor.get_resize_output_image_size({ size }, processor.size);
  } catch {
    // Of a wrong configuration: the processor will say so itself.
    return undefined;
  }
}

function cropSizes({ crop_size }: Resizing): Sizes {
  if (!shape.isRecord(crop_size)) return [Number(crop_size), Number(crop_size)];
  return [Number(crop_size.width), Number(crop_size.height)];
}

/** Source pixels beside the cropped ones: bicubic resampling reads two, and a rounded scale shifts the middle by up to one. */
const MARGIN = 8;

/** The part of the image around the middle that a crop reads after resizing, all of a side that is not longer. */
function middleOf(image: RgbImage, resized: Sizes, crop: Sizes): RgbImage {
  const [width, height] = [image.width, image.height].map((size, axis) => {
    const perPixel = size / resized[axis];
    const wanted = Math.ceil(crop[axis] * perPixel) + 2 * Math.ceil(MARGIN * Math.max(1, perPixel));
    // As much is cut off on either side.
    return wanted < size ? wanted + ((size - wanted) % 2) : size;
  });
  const [left, top] = [(image.width - width) / 2, (image.height - height) / 2];
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 3 * ((top + y) * image.width + left);
    data.set(image.data.subarray(from, from + 3 * width), 3 * y * width);
  }
  return { width, height, data };
}
