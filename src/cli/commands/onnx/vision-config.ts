/** @file Facts of a vision tower from JSON files beside the model. */
import { dirname, join, resolve } from "node:path";
import { readTextIfThere } from "../../../files/index.js";

/** Most bytes of a config.json: a hundred times a long one. */
const MAX_CONFIG = 2 ** 23;

/**
 * `vision_config` of a config.json beside a model file or one folder up, as published models have it.
 *
 * @returns layers, and patches of an image: (image_size / patch_size)²; undefined where the file lacks them.
 */
export async function visionConfig(path: string): Promise<{ readonly layers?: number; readonly tokens?: number }> {
  const config = (await readBeside(path, "config.json")) as { vision_config?: Record<string, unknown> } | undefined;
  const { num_hidden_layers: layers, image_size: image, patch_size: patch } = config?.vision_config ?? {};
  const side = Number(image) / Number(patch);
  return {
    ...(Number.isInteger(layers) && { layers: layers as number }),
    ...(Number.isInteger(side) && { tokens: side * side }),
  };
}

/** Sign of the text similarity from recoup's manifest.json, likewise; undefined where there is none. */
export async function manifestPolarity(path: string): Promise<1 | -1 | undefined> {
  const manifest = (await readBeside(path, "manifest.json")) as { textPolarity?: unknown } | undefined;
  return manifest?.textPolarity === 1 || manifest?.textPolarity === -1 ? manifest.textPolarity : undefined;
}

/** The first JSON of that name; what is no such file, a pipe or 300 MB, counts as missing, as it may belong to another program. */
async function readBeside(path: string, name: string): Promise<unknown> {
  for (const folder of [dirname(path), dirname(dirname(resolve(path)))]) {
    const text = await readTextIfThere("onnx", join(folder, name), MAX_CONFIG).catch(() => undefined);
    if (text === undefined) continue;
    try {
      return JSON.parse(text) ?? undefined;
    } catch {
      return undefined;
    }
  }
  return undefined;
}
