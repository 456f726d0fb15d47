/** @file Settings that decide the next token: the model's, the caller's, and those that look back at the whole conversation. */
import { refusalFor, shape } from "../../core/index.js";
import { topK } from "../../math/index.js";
import { type CheckedGeneration, type GenerationHook, isSampling } from "../generation.js";
import type { ModelManifest } from "../manifest.js";
import type { Host, HostModel } from "./host.js";

/**
 * @throws InvalidInputError for any choice but the likeliest token where a prompt has to go in at once: others leave its last token to
 *   the library's generation, which the rest of the prompt would not have attended to.
 */
export function assertGeneration(model: HostModel, manifest: ModelManifest, generation: CheckedGeneration = {}): void {
  if (!manifest.prefix || isPlainGreedy(model, generation)) return;
  throw refusalFor("ask")(
    `plain greedy answers of ${manifest.family}, whose prompts are read in both directions`,
    Object.keys(generation)[0] ?? "other settings in generation_config.json",
  );
}

/** Settings that change which token is taken, with the values that change nothing. */
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
export function isPlainGreedy(model: HostModel, generation: CheckedGeneration = {}): boolean {
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
function settingsOf({ config, generation_config }: HostModel): Settings {
  const own = (config ?? {}) as Settings;
  return { ...own, ...(own.text_config as Settings | undefined), ...(generation_config as Settings | undefined) };
}

type Settings = Readonly<Record<string, unknown>>;

/**
 * The caller's options for a generation that begins with one token on top of a cache. Settings that look back (penalties of repetition, the
 * least length) would know that one token only: they get the ids before it, too.
 *
 * @param history ids in the context before that token, as stock generation would have them in its prompt.
 */
export function generationOptions(
  host: Host,
  model: HostModel,
  generation: CheckedGeneration = {},
  history: readonly number[],
): Record<string, unknown> {
  const settings: Settings = { ...settingsOf(model), ...generation };
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
  const options: Record<string, unknown> = {
    ...generation,
    do_sample: isSampling(generation),
    return_dict_in_generate: false,
  };
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
  for (const one of checkedProcessors(generation)) processors.push(one as never);
  const reach = Number(settings.top_p ?? 1);
  // The library knows of top_p and does not follow it. It takes the likeliest after all processors.
  if (options.do_sample && reach < 1) processors.push(nucleus(reach, Number(settings.top_k ?? DEFAULT_TOP_K)) as never);
  options.logits_processor = processors;
  return options;
}

const isLogits = (value: unknown) =>
  shape.isRecord(value) && Array.isArray(value.dims) && ArrayBuffer.isView(value.data);

/** The caller's processors, each held to its results: the library takes them as they come, and fails later. */
function checkedProcessors({ logits_processor }: CheckedGeneration): readonly GenerationHook[] {
  return checkedHooks("logits_processor", logits_processor, "logits, as it was given them", isLogits);
}

/** The caller's stopping criteria, each held to its results: a bare true would stop nothing. */
export function checkedCriteria({ stopping_criteria }: CheckedGeneration = {}): readonly GenerationHook[] {
  return checkedHooks(
    "stopping_criteria",
    stopping_criteria,
    "a list with true or false for each sequence",
    Array.isArray,
  );
}

function checkedHooks(
  name: string,
  hooks: readonly GenerationHook[] = [],
  expected: string,
  fits: (result: unknown) => boolean,
): readonly GenerationHook[] {
  return hooks.map((hook, at) => (...step) => {
    const result: unknown = hook(...step);
    if (fits(result)) return result;
    const place = hooks.length === 1 ? "" : `[${at}]`;
    throw refusalFor("ask")(`generation.${name}${place} to return ${expected}`, shape.brief(result));
  });
}

/** `top_k` of transformers.js where nobody sets it. */
const DEFAULT_TOP_K = 50;

/**
 * A logits processor that leaves the fewest likeliest tokens whose probabilities reach a sum, one at least; ties go to the smaller id.
 *
 * @param count the likeliest tokens, among which probabilities are shared out; 0: all.
 */
export function nucleus(reach: number, count: number) {
  return (_ids: unknown, logits: { readonly data: Float32Array }) => {
    const { data } = logits;
    const likeliest = topK(data, count > 0 ? Math.min(count, data.length) : data.length);
    const weights = Array.from(likeliest, (id) => Math.exp(data[id] - data[likeliest[0]]));
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    let kept = 1;
    for (let sum = weights[0]; kept < weights.length && sum < reach * all; kept++) sum += weights[kept];
    const values = Array.from(likeliest.subarray(0, kept), (id) => data[id]);
    data.fill(Number.NEGATIVE_INFINITY);
    values.forEach((value, at) => {
      data[likeliest[at]] = value;
    });
    return logits;
  };
}
