/** @file Places on disk that callers ask for: the example and the bundled model. */
import { resolve } from "node:path";
import { checkedPath, packagePath, tinyPath } from "../../../files/index.js";

/** The image that the demo asks about: number 12 of `recoup synth --tasks syn_vqav2 --split val --count 30 --seed 11`. */
export const EXAMPLE_IMAGE = packagePath("examples", "scene.png");

/**
 * Where a model is: `tiny` is the bundled one, all else a folder.
 *
 * @throws MissingPackageError for `tiny` without the package `recoup-tiny`.
 */
export function modelFolder(source: string): string {
  return source === "tiny" ? tinyPath("loadVlm", "tiny") : resolve(checkedPath("modelFolder", source));
}
