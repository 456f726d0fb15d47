/** @file What is known of a model beside its weights: plain data, from the model's manifest.json, its config.json, or the caller. */
import { InvalidInputError, type Signal } from "../core/index.js";
import { type FamilyPath, familyPath } from "./families.js";

/** Facts that decide how a model is compressed. */
export interface ModelManifest {
  /** `model_type` of config.json. */
  readonly family: string;
  readonly path: FamilyPath;
  /** Folder of the text-aligned CLIP files, from the model's own folder. */
  readonly clip?: string;
  readonly signals: readonly Signal[];
  /** Source tokens of a picture, N, and their grid. */
  readonly visualTokens: number;
  readonly grid: readonly [rows: number, columns: number];
  /** Sign of the text similarity; undefined where nobody has measured it. Methods that read it then ask for it. */
  readonly textPolarity?: 1 | -1;
  readonly defaultMethod: string;
  /** Longest prompt of the language model, in tokens. */
  readonly maxPositions: number;
}

type Json = Readonly<Record<string, unknown>>;

/** What a caller may set. */
export type ManifestOverrides = Partial<Pick<ModelManifest, "clip" | "textPolarity" | "defaultMethod">>;

/**
 * The manifest of a model: from its config.json, completed by its manifest.json, overridden by the caller.
 *
 * @throws InvalidInputError for a family that is not served, or a config that lacks the sizes.
 */
export function modelManifest(config: Json, own: Json | undefined, overrides: ManifestOverrides = {}): ModelManifest {
  const vision = (config.vision_config ?? {}) as Json;
  const text = (config.text_config ?? {}) as Json;
  const path = familyPath(config.model_type, vision.model_type);
  const side = wholeNumber(
    "vision_config.image_size / patch_size",
    Number(vision.image_size) / Number(vision.patch_size),
  );
  const polarity = overrides.textPolarity ?? own?.textPolarity;
  if (polarity !== undefined && polarity !== 1 && polarity !== -1)
    throw refusal("textPolarity 1 or -1", String(polarity));
  const clip = overrides.clip ?? own?.clip;
  const method = overrides.defaultMethod ?? own?.defaultMethod;
  return {
    family: String(config.model_type),
    path,
    ...(typeof clip === "string" && { clip }),
    signals: ["features", "keys", "clsAttention", "textSimilarity", "grid"],
    visualTokens: side * side,
    grid: [side, side],
    ...(polarity !== undefined && { textPolarity: polarity }),
    defaultMethod: typeof method === "string" ? method : "recoverable",
    maxPositions: wholeNumber("text_config.max_position_embeddings", Number(text.max_position_embeddings ?? 4096)),
  };
}

function wholeNumber(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw refusal(`${name} as a whole number in config.json`, String(value));
}

function refusal(expected: string, got: string): InvalidInputError {
  return new InvalidInputError({ operation: "loadVlm", expected, got });
}
