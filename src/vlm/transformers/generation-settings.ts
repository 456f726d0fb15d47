/** @file Settings that decide the next token: the model's, the caller's, and those that look back at the whole conversation. */
import { refusalFor } from "../../core/index.js";
import type { ModelManifest } from "../manifest.js";
import type { Generation } from "../model-parts.js";
import type { Host, HostModel } from "./host.js";

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
 * @throws InvalidInputError for an option that would be overwritten, and for any choice but the likeliest token where a prompt has to
 *   go in at once: others leave its last token to the library's generation, which the rest of the prompt would not have attended to.
 */
export function assertGeneration(model: HostModel, manifest: ModelManifest, generation: Generation = {}): void {
  const refuse = refusalFor("ask");
  const reserved = Object.keys(generation).find((name) => RESERVED.includes(name));
  if (reserved !== undefined) {
    throw refuse(
      "generation options that recoup does not set itself (maxNewTokens and signal are options of ask)",
      reserved,
    );
  }
  if (!manifest.prefix || isPlainGreedy(model, generation)) return;
  throw refuse(
    `plain greedy answers of ${manifest.family}, whose prompts are read in both directions`,
    Object.keys(generation)[0] ?? "other settings in generation_config.json",
  );
}

/** Generation that change which token is taken, with the values that change nothing. */
const NEUTRAL: Readonly<Record<string, readonly unknown[]>> = {
  num_beams: [1],
  repetition_penalty: [1],
  no_repeat_ngram_size: [0],
  min_length: [0],
  guidance_scale: [1],
};
const FORCED = [
  "bad_words_ids",
  "min_new_tokens",
  "forced_bos_token_id",
  "forced_eos_token_id",
  "suppress_tokens",
  "begin_suppress_tokens",
  "forced_decoder_ids",
];

/** Whether the next token is simply the likeliest: nothing asked for by the caller, nothing set by the model. */
export function isPlainGreedy(model: HostModel, generation: Generation = {}): boolean {
  if (Object.keys(generation).length > 0) return false;
  // `do_sample` is false for every answer that doesn't ask for it.
  const settings = settingsOf(model);
  const unset = (name: string) => settings[name] === undefined || settings[name] === null;
  const neutral = Object.entries(NEUTRAL).every(([name, values]) => unset(name) || values.includes(settings[name]));
  return neutral && FORCED.every(unset);
}

/** Ids that end an answer. */
export function endTokens(model: HostModel): number[] {
  return [(settingsOf(model).eos_token_id as number | number[] | null | undefined) ?? []].flat();
}

/** The model's settings, from where the library takes them: config.json, its text part, generation_config.json, the later first. */
function settingsOf({ config, generation_config }: HostModel): Generation {
  const own = (config ?? {}) as Generation;
  return { ...own, ...(own.text_config as Generation | undefined), ...(generation_config as Generation | undefined) };
}

/**
 * The caller's options for a generation that begins with one token on top of a cache. Settings that look back (penalties of repetition, the
 * least length) would know that one token only: they get the ids before it, too.
 *
 * @param history ids in the context before that token, as stock generation would have them in its prompt.
 */
export function generationOptions(
  host: Host,
  model: HostModel,
  generation: Generation = {},
  history: readonly number[],
): Record<string, unknown> {
  const settings = { ...settingsOf(model), ...generation };
  const before = history.map(BigInt);
  /** A processor that sees the ids before, too. */
  class WithHistory extends host.LogitsProcessor {
    constructor(private readonly inner: { _call(ids: bigint[][], logits: never): never }) {
      super();
    }
    override _call(ids: bigint[][], logits: never) {
      const whole = ids.map((row) => [...before, ...row]);
      return this.inner._call(whole, logits);
    }
  }
  const processors = new host.LogitsProcessorList();
  const options: Record<string, unknown> = { do_sample: false, ...generation, return_dict_in_generate: false };
  const penalty = Number(settings.repetition_penalty ?? 1);
  if (penalty !== 1) {
    processors.push(new WithHistory(new host.RepetitionPenaltyLogitsProcessor(penalty) as never));
    options.repetition_penalty = 1;
  }
  const size = Number(settings.no_repeat_ngram_size ?? 0);
  if (size > 0) {
    processors.push(new WithHistory(new host.NoRepeatNGramLogitsProcessor(size) as never));
    options.no_repeat_ngram_size = 0;
  }
  const least = Number(settings.min_length ?? 0);
  if (least > 0) options.min_length = Math.max(0, least - history.length);
  if (generation.logits_processor !== undefined) processors.extend(generation.logits_processor as never);
  options.logits_processor = processors;
  return options;
}
