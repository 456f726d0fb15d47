/** @file The bundled model as what it is: a toy that knows the pictures of its synthetic world, and nothing of any other. */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { modelFolder } from "../vlm/transformers/node/index.js";
import { isWorldPicture } from "../world/node/index.js";

/** Whether a model is the bundled one, by its name or by its folder. */
export function isToy(model: string): boolean {
  if (model === "tiny") return true;
  try {
    return resolve(model) === modelFolder("tiny");
  } catch {
    return false;
  }
}

/** What the bundled model is, the same wherever it is said. */
export const TOY = "a toy that knows recoup's synthetic pictures only";

/** Said wherever a run's numbers are shown. */
export const TOY_NOTE = `The model is the bundled one: ${TOY}.`;

/** The caution in a line, for the terminal. */
const CAUTION = `The bundled model is ${TOY}, and this is none of them, so its answer tells nothing.`;

/**
 * A line that an answer about an image must not stand without; undefined where it may. Pictures that `recoup synth` made say so in their
 * file, wherever they lie: the toy is at home there. Of every other picture, also of a drawing like them, its answer is chance.
 */
export async function toyCaution(model: string, image: string): Promise<string | undefined> {
  if (!isToy(model)) return undefined;
  const path = /^file:/i.test(image) ? fileURLToPath(image) : image;
  return (await isWorldPicture(path)) ? undefined : CAUTION;
}
