/** @file Pictures of samples: from the data root or out of the row, and drawn smaller. */
import { join } from "node:path";
import { optionalPackage, readImage } from "../../files/index.js";
import type { RgbImage } from "../../vlm/index.js";
import { padSquare } from "../run/pad-square.js";
import type { Sample, Task } from "../task.js";

/** The picture of a task's sample. @param pad whether it becomes a square. @throws TypeError for a sample without one. */
export async function samplePicture(
  { folder }: Pick<Task, "folder">,
  { image }: Sample,
  pad = false,
): Promise<RgbImage> {
  if (image === undefined) throw new TypeError("a sample without a picture has none to be read");
  const picture = await readImage("path" in image ? join(folder, image.path) : Buffer.from(image.base64, "base64"));
  return pad ? padSquare(picture) : picture;
}

/** The picture at `side` x `side` pixels, padded to a square where it is none; cubic, as CLIP's own preprocessing. */
export async function shrinkPicture(picture: RgbImage, side: number): Promise<RgbImage> {
  const { data, width, height } = padSquare(picture);
  const { default: sharp } = await optionalPackage("eval", "sharp", import("sharp"), { exports: ["default"] });
  const small = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize(side, side, { kernel: "cubic" })
    .raw()
    .toBuffer();
  return { width: side, height: side, data: new Uint8Array(small.buffer, small.byteOffset, small.length) };
}
