/** @file What is known of a model beside its weights: plain data, from the model's manifest.json, its config.json, or the caller. */
import { InvalidInputError, type Signal } from "../core/index.js";
import { defaultMethod } from "../methods/index.js";
import { type FamilyPath, familyFacts, familyPath } from "./families/index.js";

/** Sizes of a language model, for arithmetic of cost; names as in config.json. */
export interface LanguageSizes {
  readonly num_hidden_layers: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly vocab_size: number;
}

/** Facts that decide how a model is compressed. */
export interface ModelManifest {
  /** `model_type` of config.json. */
  readonly family: string;
  readonly path: FamilyPath;
  /** Folder of the text-aligned CLIP files, from the model's own folder. */
  readonly clip?: string;
  readonly signals: readonly Signal[];
  /** Grid of a picture's source tokens, where config.json says it. */
  readonly grid?: readonly [rows: number, columns: number];
  /** Side of the square picture that the grid covers, in pixels. */
  readonly imageSize?: number;
  /** What stands for a signal that the family lacks, by the signal's name: never for `clsAttention`. */
  readonly substitutes?: Readonly<Partial<Record<Signal, string>>>;
  /** Sign of the text similarity; undefined where nobody has measured it. Methods that read it then ask for it. */
  readonly textPolarity?: 1 | -1;
  readonly defaultMethod: string;
  /** Longest prompt of the language model, in tokens. */
  readonly maxPositions: number;
  /** Whether all of a prompt sees all of it (PaliGemma's): its answers are plain greedy ones. */
  readonly prefix?: true;
  /** The language model's sizes, where config.json says them all. */
  readonly language?: LanguageSizes;
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
  // LLaVA's own repositories, FastVLM among them, have the language model's sizes at the top.
  const text = (config.text_config ?? config) as Json;
  const path = familyPath(config.model_type, vision.model_type);
  // LLaVA-1.5's positions, where neither the file nor the family says more.
  const { positions = 4096, prefix } = familyFacts(config.model_type);
  const polarity = overrides.textPolarity ?? own?.textPolarity;
  if (polarity !== undefined && polarity !== 1 && polarity !== -1)
    throw refusal("textPolarity 1 or -1", String(polarity));
  const clip = overrides.clip ?? own?.clip;
  const method = overrides.defaultMethod ?? own?.defaultMethod;
  const facts = path === "clip" ? clipFacts(vision) : FEATURE_FACTS;
  const language = languageSizes(text);
  return {
    family: String(config.model_type),
    path,
    ...(typeof clip === "string" && { clip }),
    ...facts,
    ...(polarity !== undefined && { textPolarity: polarity }),
    defaultMethod: typeof method === "string" ? method : facts.defaultMethod,
    maxPositions: wholeNumber("text_config.max_position_embeddings", Number(text.max_position_embeddings ?? positions)),
    ...(prefix && { prefix }),
    ...(language !== undefined && { language }),
  };
}

function languageSizes(text: Json): LanguageSizes | undefined {
  const { num_hidden_layers, hidden_size, intermediate_size, num_attention_heads, vocab_size } = text;
  const num_key_value_heads = text.num_key_value_heads ?? num_attention_heads;
  const sizes = {
    num_hidden_layers,
    hidden_size,
    intermediate_size,
    num_attention_heads,
    num_key_value_heads,
    vocab_size,
  };
  return Object.values(sizes).every((size) => Number.isInteger(size)) ? (sizes as LanguageSizes) : undefined;
}

type Facts = Pick<ModelManifest, "signals" | "grid" | "imageSize" | "substitutes" | "defaultMethod" | "textPolarity">;

function clipFacts(vision: Json): Facts {
  const side = wholeNumber(
    "vision_config.image_size / patch_size",
    Number(vision.image_size) / Number(vision.patch_size),
  );
  const signals = ["features", "keys", "clsAttention", "textSimilarity", "grid"] as const;
  return {
    signals,
    grid: [side, side],
    imageSize: Number(vision.image_size),
    defaultMethod: defaultMethod(signals).id,
  };
}

const FEATURE_SIGNALS = ["features", "textSimilarity", "wordSimilarity", "grid"] as const;

/** Features and words are in one space, so named things score high; the method covers both and finds needles without a class token. */
const FEATURE_FACTS: Facts = {
  signals: FEATURE_SIGNALS,
  substitutes: {
    textSimilarity: "largest cosine with the language model's embeddings of the question's words",
    wordSimilarity: "cosine with the language model's embeddings of the question's words",
  },
  textPolarity: 1,
  defaultMethod: defaultMethod(FEATURE_SIGNALS).id,
};

function wholeNumber(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw refusal(`${name} as a whole number in config.json`, String(value));
}

function refusal(expected: string, got: string): InvalidInputError {
  return new InvalidInputError({ operation: "loadVlm", expected, got });
}
