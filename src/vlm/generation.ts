/** @file Options of generation, by the names and types of transformers.js, as far as it follows them; checked before any work. */
import { didYouMean, nearestName, refusalFor, shape } from "../core/index.js";

const refuse = refusalFor("ask");

/** A logits processor or stopping criterion of transformers.js, or a function of their kind. */
// biome-ignore lint/suspicious/noExplicitAny: the library's own declarations.
export type GenerationHook = (...step: any[]) => any;

/**
 * How the next token is chosen; default: always the likeliest. Names and meanings are those of `GenerationConfig` of transformers.js.
 * Those that it has and does not follow (beams, `typical_p`, `max_time`, …) are refused.
 */
export interface Generation {
  /** Draw at random by the probabilities. Default: whether `temperature`, `top_k` or `top_p` ask for it. */
  readonly do_sample?: boolean | undefined;
  /** Divides the logits before drawing: above 1 for more variety. 0: the likeliest token; else at least 1e-15. Default: 1. */
  readonly temperature?: number | undefined;
  /** Draw among this many of the likeliest tokens; 0: among all. Default: 50. */
  readonly top_k?: number | undefined;
  /** Of those, draw among the likeliest whose probabilities together reach this, 0 to 1. Default: 1. */
  readonly top_p?: number | undefined;
  /** Above 1: tokens of the prompt and the answer so far become less likely. Default: 1. */
  readonly repetition_penalty?: number | undefined;
  /** No sequence of this many tokens comes twice; 0: it may. */
  readonly no_repeat_ngram_size?: number | undefined;
  /** Sequences of token ids that must not come. */
  readonly bad_words_ids?: readonly (readonly number[])[] | undefined;
  /** Token ids that must not come, and those that must not come first. */
  readonly suppress_tokens?: readonly number[] | undefined;
  readonly begin_suppress_tokens?: readonly number[] | undefined;
  /** Fewest tokens: of prompt and answer, and of the answer alone. */
  readonly min_length?: number | undefined;
  readonly min_new_tokens?: number | undefined;
  /** Token ids that end the answer instead of the model's own; -1: none does. */
  readonly eos_token_id?: number | readonly number[] | undefined;
  /** Token ids of which one is the last where the answer is as long as it may be. */
  readonly forced_eos_token_id?: number | readonly number[] | undefined;
  /** 1 only: transformers.js has no beam search. */
  readonly num_beams?: 1 | undefined;
  /** A `LogitsProcessorList` of transformers.js, or several logits processors: called with the answer's ids so far and the logits. */
  readonly logits_processor?: GenerationHook | Iterable<GenerationHook> | undefined;
  /** A `StoppingCriteria` of transformers.js, or several: called with the answer's ids so far. */
  readonly stopping_criteria?: GenerationHook | Iterable<GenerationHook> | undefined;
}

/** Options of generation as they are followed: the hooks as lists, since an iterator can be read only once. */
export interface CheckedGeneration extends Omit<Generation, HookName> {
  readonly logits_processor?: readonly GenerationHook[];
  readonly stopping_criteria?: readonly GenerationHook[];
}

type HookName = "logits_processor" | "stopping_criteria";

const ids = shape.list(shape.integer(0));
const endIds = shape.either(shape.integer(-1), shape.list(shape.integer(-1)));
const HOOKS = "a function as transformers.js has it, or several";
const hooks = shape.value<GenerationHook | Iterable<GenerationHook>>(
  HOOKS,
  (value) => typeof value === "function" || Symbol.iterator in Object(value),
);

/** Least number that logits are divided by: two of them leave logits of a million within float32, beyond which all are alike. */
const LEAST_FACTOR = 1e-15;
const isFactor = (value: unknown) => Number.isFinite(value) && (value as number) >= LEAST_FACTOR;

const SHAPES = {
  do_sample: shape.flag,
  temperature: shape.value<number>(`0 or a number from ${LEAST_FACTOR}`, (value) => value === 0 || isFactor(value)),
  top_k: shape.count,
  top_p: shape.range(0, 1),
  repetition_penalty: shape.value<number>(`a number from ${LEAST_FACTOR}`, isFactor),
  no_repeat_ngram_size: shape.count,
  bad_words_ids: shape.list(ids),
  suppress_tokens: ids,
  begin_suppress_tokens: ids,
  min_length: shape.count,
  min_new_tokens: shape.count,
  eos_token_id: endIds,
  forced_eos_token_id: endIds,
  num_beams: shape.oneOf(1),
  logits_processor: hooks,
  stopping_criteria: hooks,
} satisfies { readonly [N in keyof Required<Generation>]: shape.Shape<NonNullable<Generation[N]>> };

/** Names of the options of generation. */
export const GENERATION_NAMES = Object.keys(SHAPES) as readonly (keyof Generation)[];
const OPTIONAL = Object.fromEntries(GENERATION_NAMES.map((name) => [name, shape.optional<unknown>(SHAPES[name])]));

/** Options of the library's `generate` that are recoup's own business. */
const RESERVED = [
  "inputs",
  "input_ids",
  "inputs_embeds",
  "attention_mask",
  "position_ids",
  "pixel_values",
  "past_key_values",
  "max_new_tokens",
  "max_length",
  "streamer",
  "return_dict_in_generate",
];

/**
 * The options that are given, each read once.
 *
 * @throws InvalidInputError for a name that is none, with the nearest that is one, an option that recoup sets itself, and a value that
 *   does not fit.
 */
export function checkedGeneration(given: Generation): CheckedGeneration {
  const read = shape.options(given, OPTIONAL, refuse, "generation");
  const entries = Object.entries(read).filter(([, value]) => value !== undefined);
  for (const [name] of entries) {
    if (RESERVED.includes(name)) {
      throw refuse(
        "generation options that recoup does not set itself (maxNewTokens and signal are options of ask)",
        name,
      );
    }
    if ((GENERATION_NAMES as readonly string[]).includes(name)) continue;
    const hint = didYouMean(nearestName(name, GENERATION_NAMES));
    throw refuse(`generation options among ${GENERATION_NAMES.join(", ")}`, `${name.slice(0, 60)}${hint}`);
  }
  const hooked = entries.map(([name, value]) => [
    name,
    SHAPES[name as keyof Generation] === hooks ? hooksOf(name, value) : value,
  ]);
  return Object.fromEntries(hooked);
}

/** Processors or criteria as a list, read once; of a list that is called itself, as the library's are, that. */
function hooksOf(name: string, given: unknown): readonly unknown[] {
  let list: readonly unknown[];
  try {
    list = typeof given === "function" ? [given] : [...(given as Iterable<unknown>)];
  } catch (cause) {
    throw refuse(`generation.${name} as ${HOOKS}`, shape.brief(cause), cause);
  }
  const odd = list.findIndex((hook) => typeof hook !== "function");
  if (odd !== -1) throw refuse(`generation.${name} as ${HOOKS}`, shape.brief(list[odd]));
  return list;
}

/** Whether tokens are drawn at random. */
export function isSampling({ do_sample, temperature, top_k = 0, top_p = 1 }: CheckedGeneration): boolean {
  if (temperature === 0) return false;
  return do_sample ?? (temperature !== undefined || top_k > 0 || top_p < 1);
}
