import { ImageEncoder } from "../encoded-image.js";
import type { Vlm } from "../engine.js";
import { localEngine } from "../local-engine.js";
import { modelManifest } from "../manifest.js";
import type { ModelParts } from "../model-parts.js";
import { transformersDecoder } from "./decoder.js";
import { loadFeatureVlm } from "./feature-tower.js";
import { loadClipVlm } from "./load-clip.js";
import { inHost, type Loading, missing } from "./load-parts.js";
import type { LoadSettings } from "./load-settings.js";
import { promptWriter } from "./prompt-writer.js";

/** The difference between Node and browsers. */
export type Environment = Pick<Loading, "host" | "files" | "named"> & Pick<ModelParts, "decodeImage">;

/** As `loadEngine`; when it is over nothing is reported or downloaded any more, whatever the library does on. */
export async function loadVlmFrom(environment: Environment, options: LoadSettings): Promise<Vlm> {
  try {
    return await loadEngine(environment, options);
  } finally {
    options.report.end();
    options.stop(new Error("loading is over"));
  }
}

/**
 * Loads a model in transformers.js layout as an engine. One vision pass serves everything; where the tower is cut, the stock encoder
 * is not loaded.
 *
 * @throws InvalidInputError for a family that is not supported (before anything is loaded) or a file that is missing; OnnxError for a
 *   file that is damaged or cannot be cut.
 */
async function loadEngine({ host, files, named, decodeImage }: Environment, options: LoadSettings): Promise<Vlm> {
  const { signal, report } = options;
  const { name } = files;
  const config = await files.json("config.json");
  if (config === undefined) throw missing(`config.json in ${files.place}`);
  const said = modelManifest(config, await files.json("manifest.json"), options);
  signal.throwIfAborted();
  const load = said.path === "clip" ? loadClipVlm : loadFeatureVlm;
  const parts = await load({ host, files, named, config, manifest: said, options });
  const { processor, tower, positions = said.maxPositions } = parts;
  const manifest = { ...said, maxPositions: Math.min(said.maxPositions, positions) };
  const encoder = new ImageEncoder(name, tower, manifest.textPolarity);
  const decoder = transformersDecoder({ ...parts, host, tokenizer: processor.tokenizer }, manifest);
  try {
    signal.throwIfAborted();
    const imageToken = Number(config.image_token_index ?? config.image_token_id);
    if (!Number.isInteger(imageToken)) throw missing(`image_token_index in config.json of ${name}`);
    const prompts = inHost(name, () => promptWriter(name, imageToken, parts));
    report.ready();
    report.assertHeard();
    return localEngine({ name, manifest, encoder, decoder, prompts, decodeImage });
  } catch (error) {
    await Promise.all([encoder.release(), decoder.release()]);
    throw error;
  }
}
