/** @file Facts of a model beside its weights: plain data, from the model's manifest.json, its config.json, or the caller. */
import { refusalFor, type Signal, shape } from "../core/index.js";
import { defaultMethod as methodFor } from "../methods/index.js";
import { type FamilyPath, familyOf } from "./families/index.js";

const refuse = refusalFor("loadVlm");

const SIZES = [
  "num_hidden_layers",
  "hidden_size",
  "intermediate_size",
  "num_attention_heads",
  "num_key_value_heads",
  "vocab_size",
] as const;

/** Sizes of a language model, for arithmetic of cost; names as in config.json. */
export type LanguageSizes = Readonly<Record<(typeof SIZES)[number], number>>;

/** Facts that decide how a model is compressed. */
export interface ModelManifest {
  /** `model_type` of config.json. */
  readonly family: string;
  readonly path: FamilyPath;
  /** Folder of the text-aligned CLIP files, from the model's own folder. */
  readonly clip?: string;
  readonly signals: readonly Signal[];
  /** Grid of an image's source tokens, where config.json says it. */
  readonly grid?: readonly [rows: number, columns: number];
  /** Side of the square image that the grid covers, in pixels. */
  readonly imageSize?: number;
  /** Substitutes for signals that the family lacks, by the signal's name: never for `clsAttention`. */
  readonly substitutes?: Readonly<Partial<Record<Signal, string>>>;
  /** Sign of the text similarity; undefined where nobody has measured it. Methods that read it then ask for it. */
  readonly textPolarity?: 1 | -1;
  readonly defaultMethod: string;
  /** Longest prompt of the language model, in tokens. */
  readonly maxPositions: number;
  /** Position of a prompt's first token. */
  readonly firstPosition: 0 | 1;
  /** Whether all of a prompt attends to all of it (PaliGemma's): its answers are plain greedy ones. */
  readonly prefix?: true;
  /** The language model's sizes, where config.json says them all. */
  readonly language?: LanguageSizes;
}

type Json = Readonly<Record<string, unknown>>;

/** Facts that a caller may set. */
export interface ManifestOverrides {
  /** Folder or model of the text-aligned CLIP files, where manifest.json does not say. */
  readonly clip?: string | undefined;
  readonly textPolarity?: 1 | -1 | undefined;
  readonly defaultMethod?: string | undefined;
}

/** Shapes of facts that a caller may set; manifest.json has the same. */
export const OVERRIDES = {
  clip: shape.optional(shape.text),
  textPolarity: shape.optional(shape.oneOf(1, -1)),
  defaultMethod: shape.optional(shape.text),
} satisfies { readonly [N in keyof Required<ManifestOverrides>]: shape.Shape<unknown> };

/** manifest.json, and the caller's overrides. */
const OWN = shape.object(OVERRIDES);

/**
 * The manifest of a model: from its config.json, completed by its manifest.json, overridden by the caller.
 *
 * @throws InvalidInputError for a family that is not supported, a config that lacks the sizes, or a manifest.json of another shape.
 */
export function modelManifest(config: Json, own: Json | undefined, overrides: ManifestOverrides = {}): ModelManifest {
  const family = familyOf(config.model_type);
  const vision = shape.isRecord(config.vision_config) ? config.vision_config : {};
  // LLaVA's own repositories, FastVLM among them, have the language model's sizes at the top.
  const text = shape.isRecord(config.text_config) ? config.text_config : config;
  assertSizes("text_config", text);
  assertSizes("vision_config", vision);
  const said = shape.shaped({ ...own, ...defined(overrides) }, OWN, refuse);
  const path = family.path(vision.model_type);
  // LLaVA-1.5's positions, where neither the file nor the family says more.
  const positions = text.max_position_embeddings ?? family.maxPositions ?? 4096;
  const facts = path === "clip" ? clipFacts(vision) : FEATURE_FACTS;
  return {
    family: family.type,
    path,
    ...facts,
    ...defined({ clip: said.clip, textPolarity: said.textPolarity ?? facts.textPolarity }),
    defaultMethod: said.defaultMethod ?? methodFor(measured(facts)).id,
    maxPositions: wholeNumber("text_config.max_position_embeddings", positions),
    firstPosition: family.firstPosition ?? 0,
    ...defined({ prefix: family.prefix, language: languageSizes(text) }),
  };
}

/** The fields that have a value. */
export function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

/** Most layers of a model: eight times as many as the deepest have. Caches and costs are counted layer by layer. */
const MAX_LAYERS = 1024;
/** Largest of the other sizes, and of an image's side in patches squared: products of them stay numbers. */
const MAX_SIZE = 2 ** 24;

/** @throws InvalidInputError for a size that no model has. */
function assertSizes(part: string, sizes: Json): void {
  for (const name of SIZES) {
    const most = name === "num_hidden_layers" ? MAX_LAYERS : MAX_SIZE;
    const size = sizes[name];
    if (typeof size === "number" && size > most) throw refuse(`${name} of ${part} up to ${most} in config.json`, size);
  }
}

function languageSizes(text: Json): LanguageSizes | undefined {
  const all: Json = { ...text, num_key_value_heads: text.num_key_value_heads ?? text.num_attention_heads };
  const sizes = Object.fromEntries(SIZES.map((name) => [name, all[name]]));
  return Object.values(sizes).every(Number.isInteger) ? (sizes as LanguageSizes) : undefined;
}

type Facts = Pick<ModelManifest, "signals" | "grid" | "imageSize" | "substitutes" | "textPolarity">;

function clipFacts({ image_size, patch_size }: Json): Facts {
  const side = wholeNumber("vision_config.image_size / patch_size", Number(image_size) / Number(patch_size));
  if (side * side > MAX_SIZE) throw refuse(`image_size of vision_config for at most ${MAX_SIZE} tokens`, side * side);
  const signals = ["features", "keys", "clsAttention", "textSimilarity", "grid"] as const;
  return { signals, grid: [side, side], imageSize: Number(image_size) };
}

/** The signals that are what their names say: a method that is good with a signal need not be so with what stands in for it. */
function measured({ signals, substitutes = {} }: Facts): Signal[] {
  return signals.filter((signal) => substitutes[signal] === undefined);
}

/** Features and words are in one space, so named things score high. */
const FEATURE_FACTS: Facts = {
  signals: ["features", "textSimilarity", "wordSimilarity", "grid"],
  substitutes: {
    textSimilarity: "largest cosine with the language model's embeddings of the question's words",
    wordSimilarity: "cosine with the language model's embeddings of the question's words",
  },
  textPolarity: 1,
};

function wholeNumber(name: string, value: unknown): number {
  if (Number.isInteger(value) && (value as number) > 0) return value as number;
  throw refuse(`${name} as a whole number in config.json`, String(value));
}
