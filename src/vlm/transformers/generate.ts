/** @file Prompt rows to an answer: prefill, then the host's own generation on top of the cache; text as it comes, times, and a way to stop. */
import type { Matrix } from "../../math/index.js";
import type { StageClock } from "../stages.js";
import { endTokens, generationOptions, isPlainGreedy } from "./generation-settings.js";
import { floats, type HostCache, type HostTensor, idTensor, type RuntimeTensor } from "./host.js";
import type { LoadedVlm } from "./loaded-model.js";
import { cacheBytes, prefill } from "./prefill.js";

export interface PromptOptions {
  /** Embeddings of the prompt, `[T, D]`, T at least 1, and its ids. */
  readonly rows: Matrix;
  readonly ids: readonly number[];
  /** What came before; updated in place. `history`: its ids. */
  readonly past?: HostCache;
  readonly history?: readonly number[];
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
  const plain = isPlainGreedy(vlm.model, options.generation);
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
    if (maxNewTokens > 1 && !endTokens(vlm.model).includes(first)) {
      const rest = { cache, token: first, streamer, maxNewTokens: maxNewTokens - 1, isFirst: false };
      tokenIds.push(...(await generate(vlm, options, rest)));
    } else streamer.end();
  } else {
    const token = ids[ids.length - 1];
    tokenIds = await generate(vlm, options, { cache, token, streamer, maxNewTokens, isFirst: true });
  }
  const length = cache.get_seq_length();
  return { tokenIds, cache, bytesPerToken: length === 0 ? 0 : cacheBytes(cache) / length };
}

type Streamer = ReturnType<typeof streamTo>;

/** The host's streamer. What it is given first it takes for the prompt, and shows nothing of it. */
function streamTo({ host, processor }: LoadedVlm, emit: (piece: string) => void) {
  const streamer = new host.TextStreamer(processor.tokenizer as never, {
    skip_prompt: true,
    decode_kwargs: { skip_special_tokens: true },
    callback_function: emit,
  });
  streamer.put([[0n]]);
  return streamer;
}

interface Continuation {
  readonly cache: HostCache;
  /** A token that is not in the cache yet. */
  readonly token: number;
  readonly streamer: Streamer;
  readonly maxNewTokens: number;
  /** Whether its first token is the answer's: the time to it is that of the prefill. */
  readonly isFirst: boolean;
}

/** The host's generation from one token on. */
async function generate(
  { host, model }: LoadedVlm,
  { generation, signal, clock, ids, history = [] }: PromptOptions,
  { cache, token, streamer, maxNewTokens, isFirst }: Continuation,
): Promise<number[]> {
  const stop = new host.InterruptableStoppingCriteria();
  const criteria = new host.StoppingCriteriaList();
  criteria.push(stop);
  if (generation?.stopping_criteria !== undefined)
    criteria.extend([generation.stopping_criteria as never].flat() as never);
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
  try {
    const sequences = (await model.generate({
      ...generationOptions(host, model, generation, [...history, ...ids.slice(0, -1)]),
      input_ids: idTensor(host, [token]),
      attention_mask: idTensor(host, Array(cache.get_seq_length() + 1).fill(1)),
      past_key_values: cache,
      max_new_tokens: maxNewTokens,
      streamer: watcher,
      stopping_criteria: criteria,
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

/** Position of the largest logit of the last row. */
function largest(logits: HostTensor): number {
  const width = logits.dims[logits.dims.length - 1];
  const values = floats(logits as unknown as RuntimeTensor);
  const start = values.length - width;
  let best = 0;
  for (let i = 1; i < width; i++) if (values[start + i] > values[start + best]) best = i;
  return best;
}
