/** @file The host's own generation on top of a prefilled cache: text as it comes, times, and a way to stop it. */
import type { StageClock } from "../stages.js";
import { type HostCache, type HostTensor, idTensor } from "./host.js";
import type { LoadedVlm } from "./vlm.js";

export interface GenerateOptions {
  readonly cache: HostCache;
  /** The one prompt token that is not in the cache yet. */
  readonly lastToken: number;
  readonly maxNewTokens: number;
  /** More options of the host's `generate` (`do_sample`, `temperature`, …). */
  readonly generation?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
  readonly emit: (piece: string) => void;
  readonly clock: StageClock;
}

/**
 * Answers. The time to the first token is added to the stage `prefill`, the rest to `decode`. The cache then holds everything but
 * the last token that came.
 *
 * @returns the ids of the answer, with the end token if there is one.
 * @throws the signal's reason when it is aborted: generation stops within one token.
 */
export async function generateAnswer(
  { host, model, processor }: LoadedVlm,
  options: GenerateOptions,
): Promise<number[]> {
  const { cache, lastToken, maxNewTokens, generation, signal, emit, clock } = options;
  signal?.throwIfAborted();
  const stop = new host.InterruptableStoppingCriteria();
  const interrupt = () => stop.interrupt();
  signal?.addEventListener("abort", interrupt);
  const start = performance.now();
  let first: number | undefined;
  let put = 0;
  const streamer = new host.TextStreamer(processor.tokenizer as never, {
    skip_prompt: true,
    decode_kwargs: { skip_special_tokens: true },
    callback_function: emit,
  });
  const pass = streamer.put.bind(streamer);
  // The first call brings the prompt, the second the first token.
  streamer.put = (value) => {
    if (++put === 2) first = performance.now();
    pass(value);
  };
  try {
    const sequences = (await model.generate({
      do_sample: false,
      ...generation,
      input_ids: idTensor(host, [lastToken]),
      attention_mask: idTensor(host, Array(cache.get_seq_length() + 1).fill(1)),
      past_key_values: cache,
      max_new_tokens: maxNewTokens,
      streamer,
      stopping_criteria: stop,
    })) as HostTensor;
    signal?.throwIfAborted();
    const end = performance.now();
    clock.add("prefill", (first ?? end) - start);
    clock.add("decode", end - (first ?? end));
    return Array.from(sequences.data as BigInt64Array, Number).slice(1);
  } finally {
    signal?.removeEventListener("abort", interrupt);
  }
}
