/** Vision-language models on transformers.js in Node: from the package or a folder, pictures from files. */
import { type LoadOptions, loadVlmFrom, type Vlm } from "../models/index.js";
import { folderFiles, modelFolder } from "./model-files.js";
import { readImage } from "./read-image.js";

export * from "../models/index.js";

/**
 * Loads a model.
 *
 * ```ts
 * const vlm = await loadVlm("tiny");
 * for await (const piece of vlm.ask({ image: "scene.png", question: "What color is the star?" })) process.stdout.write(piece);
 * ```
 *
 * @param source `tiny`, the bundled model (synthetic pictures only), or a folder in transformers.js layout; `clip` names the folder
 *   of its tower's CLIP files where manifest.json doesn't.
 * @throws as `loadVlmFrom`.
 */
export async function loadVlm(source = "tiny", options: LoadOptions = {}): Promise<Vlm> {
  const files = await folderFiles(modelFolder(source));
  return loadVlmFrom({ files, decode: readImage }, options);
}
