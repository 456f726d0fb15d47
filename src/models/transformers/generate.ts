/** @file Prompt rows to an answer: prefill, then the host's own generation on top of the cache; text as it comes, times, and a way to stop. */
import type { Matrix } from "../../math/index.js";
import type { StageClock } from "../stages.js";
import { floats, type HostCache, type HostTensor, idTensor, type RuntimeTensor } from "./host.js";
import { cacheBytes, prefill } from "./prefill.js";
import type { LoadedVlm } from "./vlm.js";

export interface PromptOptions {
  /** Embeddings of the prompt, `[T, D]`, T at least 1, and its ids. */
  readonly rows: Matrix;
  readonly ids: readonly number[];
  /** What came before; updated in place. */
  readonly past?: HostCache;
  readonly maxNewTokens: number;
  /** More options of the host's `generate` (`do_sample`, `temperature`, …). */
  readonly generation?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
  readonly emit: (piece: string) => void;
  readonly clock: StageClock;
}

export interface Answered {
  /** The answer, with the end token if there is one. */
  readonly tokenIds: number[];
  /** Everything but the last token of the answer. */
  readonly cache: HostCache;
  /** Bytes of keys and values that one token takes. */
  readonly bytesPerToken: number;
}

/**
 * Answers. The time to the first token is added to the stage `prefill`, the rest to `decode`.
 *
 * Plain greedy answers take their first token from the prefill's own logits. All others leave the prompt's last token to the host's
 * generation, with its samplers and processors, which costs one step more.
 *
 * @throws the signal's reason when it is aborted: generation stops within one token.
 */
export async function answerPrompt(vlm: LoadedVlm, options: PromptOptions): Promise<Answered> {
  const cache = options.past ?? new vlm.host.DynamicCache();
  try {
    return await answerOnto(vlm, cache, options);
  } catch (error) {
    if (options.past === undefined) await cache.dispose();
    throw error;
  }
}

async function answerOnto(vlm: LoadedVlm, cache: HostCache, options: PromptOptions): Promise<Answered> {
  const { rows, ids, maxNewTokens, signal, clock } = options;
  signal?.throwIfAborted();
  const plain = isPlainGreedy(vlm, options.generation);
  const fed = plain ? rows : withoutLastRow(rows);
  const logits = await clock.time("prefill", async () =>
    fed.count === 0 ? undefined : (await prefill(vlm.host, vlm.model, fed, cache)).logits,
  );
  signal?.throwIfAborted();
  const streamer = streamTo(vlm, options.emit);
  let tokenIds: number[];
  if (plain && logits !== undefined) {
    const first = largest(logits);
    streamer.put([[BigInt(first)]]);
    tokenIds = [first];
    if (maxNewTokens > 1 && !endTokens(vlm).includes(first)) {
      tokenIds.push(
        ...(await generate(vlm, options, { cache, token: first, streamer, maxNewTokens: maxNewTokens - 1 })),
      );
    } else streamer.end();
  } else {
    const token = ids[ids.length - 1];
    tokenIds = await generate(vlm, options, { cache, token, streamer, maxNewTokens });
  }
  const length = cache.get_seq_length();
  return { tokenIds, cache, bytesPerToken: length === 0 ? 0 : cacheBytes(cache) / length };
}

type Streamer = ReturnType<typeof streamTo>;

function streamTo({ host, processor }: LoadedVlm, emit: (piece: string) => void) {
  return new host.TextStreamer(processor.tokenizer as never, {
    skip_prompt: false,
    decode_kwargs: { skip_special_tokens: true },
    callback_function: emit,
  });
}

/** The host's generation from one token that is not in the cache yet. Its first token counts as prefill if none came before. */
async function generate(
  { host, model }: LoadedVlm,
  { generation, signal, clock }: PromptOptions,
  {
    cache,
    token,
    streamer,
    maxNewTokens,
  }: { cache: HostCache; token: number; streamer: Streamer; maxNewTokens: number },
): Promise<number[]> {
  const stop = new host.InterruptableStoppingCriteria();
  const interrupt = () => stop.interrupt();
  signal?.addEventListener("abort", interrupt);
  const start = performance.now();
  let first: number | undefined;
  let puts = 0;
  // The host begins with the token that it was given.
  const watcher = {
    put(value: bigint[][]) {
      if (++puts === 1) return;
      first ??= performance.now();
      streamer.put(value);
    },
    end: () => streamer.end(),
  };
  const isFirst = clock.ms.decode === 0 && generation !== undefined;
  try {
    const sequences = (await model.generate({
      do_sample: false,
      ...generation,
      input_ids: idTensor(host, [token]),
      attention_mask: idTensor(host, Array(cache.get_seq_length() + 1).fill(1)),
      past_key_values: cache,
      max_new_tokens: maxNewTokens,
      streamer: watcher,
      stopping_criteria: stop,
    })) as HostTensor;
    signal?.throwIfAborted();
    const end = performance.now();
    const began = isFirst ? (first ?? end) : start;
    clock.add("prefill", began - start);
    clock.add("decode", end - began);
    return Array.from(sequences.data as BigInt64Array, Number).slice(1);
  } finally {
    signal?.removeEventListener("abort", interrupt);
  }
}

function withoutLastRow({ data, count, dim }: Matrix): Matrix {
  return { data: data.subarray(0, (count - 1) * dim), count: count - 1, dim };
}

/** Settings of generation_config.json that change which token is taken, with the values that change nothing. */
const NEUTRAL: Readonly<Record<string, readonly unknown[]>> = {
  do_sample: [false],
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
function isPlainGreedy({ model }: LoadedVlm, generation: Readonly<Record<string, unknown>> | undefined): boolean {
  if (generation !== undefined && Object.keys(generation).length > 0) return false;
  const config = (model.generation_config ?? {}) as Readonly<Record<string, unknown>>;
  const neutral = Object.entries(NEUTRAL).every(([name, values]) => {
    // `do_sample` is set to false for every answer that doesn't ask for it.
    return name === "do_sample" || config[name] === undefined || config[name] === null || values.includes(config[name]);
  });
  return neutral && FORCED.every((name) => config[name] === undefined || config[name] === null);
}

/** Ids that end an answer: where the host looks for them. */
function endTokens({ model }: LoadedVlm): number[] {
  type Ends = { eos_token_id?: number | number[] | null; text_config?: Ends };
  const config = model.config as Ends;
  const end = [model.generation_config as Ends | null, config, config.text_config].find(
    (one) => one?.eos_token_id != null,
  );
  return [end?.eos_token_id ?? []].flat();
}

/** Position of the largest logit of the last row. */
function largest(logits: HostTensor): number {
  const width = logits.dims[logits.dims.length - 1];
  const values = floats(logits as unknown as RuntimeTensor);
  const start = values.length - width;
  let best = 0;
  for (let i = 1; i < width; i++) if (values[start + i] > values[start + best]) best = i;
  return best;
}
