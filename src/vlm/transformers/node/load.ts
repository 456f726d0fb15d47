/** @file Vision-language models on transformers.js in Node: from the package, a folder or Hugging Face, images from files. */
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { InvalidInputError, RecoupError, refusalFor } from "../../../core/index.js";
import { checkedPath, optionalPackage, readImage } from "../../../files/index.js";
import type { ImageSource, LoadOptions, Vlm } from "../../index.js";
import type { ModelFiles } from "../files.js";
import { loadVlmFrom } from "../load.js";
import { checkedLoadOptions, type LoadSettings } from "../load-settings.js";
import { assertFolder, folderModel } from "./folder.js";
import { type HubSettings, hubFiles } from "./hub.js";
import { modelFolder } from "./model-folder.js";
import { isModelId } from "./model-id.js";

/**
 * Loads a model.
 *
 * ```ts
 * const vlm = await loadVlm("tiny");
 * for await (const piece of vlm.ask({ image: "scene.png", question: "What color is the star?" })) process.stdout.write(piece);
 * ```
 *
 * @param source `tiny`, the bundled model (synthetic images only); a folder in transformers.js layout; or a Hugging Face
 *   model id (`owner/name`, if there is no folder of that name), which is downloaded into transformers.js's own cache. `clip` names the CLIP
 *   files of its tower likewise, where manifest.json doesn't.
 * @throws MissingPackageError without `@huggingface/transformers`, which is optional, or for `tiny` without `recoup-tiny`; else as `loadVlmFrom`.
 */
export async function loadVlm(source: string, given: LoadOptions = {}): Promise<Vlm> {
  checkedPath("loadVlm", source);
  const options = checkedLoadOptions(given);
  if (options.clip !== undefined) checkedPath("loadVlm", options.clip);
  const host =
    options.transformers ??
    (await optionalPackage("loadVlm", "@huggingface/transformers", import("@huggingface/transformers"), {
      exports: ["AutoTokenizer", "AutoProcessor", "Tensor"],
    }));
  const settings = host.env as unknown as HubSettings;
  if (!settings.allowLocalModels) {
    throw refusalFor("loadVlm")("env.allowLocalModels of transformers.js, which reads models from disks", false);
  }
  const named = (source: string, base?: string) => modelFiles(source, settings, options, base);
  const files = named(source);
  if (!isOnHub(source, files.name)) await assertFolder(files.name);
  // A path that the caller gives is meant from where the program runs; one of manifest.json from its folder.
  const { clip } = options;
  const own = clip === undefined || isOnHub(clip, resolve(clip)) ? {} : { clip: resolve(clip) };
  const decodeImage = (source: ImageSource, signal?: AbortSignal) => readImage(source, { signal });
  const isWhole = source === "tiny" && clip === undefined && options.dtype === undefined;
  return loadVlmFrom({ host, files, named, decodeImage }, { ...options, ...own }).catch((error) => {
    throw isWhole ? bundledError(error, files.name) : error;
  });
}

/** Of a file of the bundled model, which nobody else has written: what to do about it. */
function bundledError(cause: unknown, folder: string): unknown {
  if (!RecoupError.isInstance(cause) || !cause.message.includes(dirname(folder))) return cause;
  const remedy = "remove node_modules/recoup-tiny, then npm install recoup-tiny";
  return new InvalidInputError({
    operation: "loadVlm",
    problem: `the bundled model is damaged (${remedy}): ${cause.message.replace(/^loadVlm: /, "")}`,
    cause,
  });
}

/** The files of a model. @param base the folder that a path is meant from. */
function modelFiles(source: string, settings: HubSettings, options: LoadSettings, base = "."): ModelFiles {
  const folder = source === "tiny" && base === "." ? modelFolder(source) : resolve(base, source);
  if (isOnHub(source, folder)) return hubFiles(settings, source, options);
  return folderModel(folder, (path) => modelFiles(path, settings, options, folder));
}

/** A model id is that of a folder where there is one of that name. */
function isOnHub(source: string, folder: string): boolean {
  return isModelId(source) && !existsSync(folder);
}
