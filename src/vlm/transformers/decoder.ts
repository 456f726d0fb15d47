/**
 * @file The decoder of transformers.js: prompt rows go in by `forward`, answers come from its own `generate` on top of the cache. No
 * fork, no patch.
 */
import { type PositionPlanes, RecoupError, refusalFor, shape } from "../../core/index.js";
import type { Matrix } from "../../math/index.js";
import type { ModelManifest } from "../manifest.js";
import type { Decoder, DecoderPrompt, Sequence } from "../model-parts.js";
import { assertGeneration, endTokens, generationOptions, isPlainGreedy } from "./generation-settings.js";
import {
  floats,
  type Host,
  type HostCache,
  type HostModel,
  type HostTensor,
  idTensor,
  positionTensor,
  runtimeTensor,
  type Tokenizer,
  takesPositions,
  tensorFor,
} from "./host.js";

/** The parts of the library that decode. */
interface HostDecoder {
  readonly host: Host;
  readonly model: HostModel;
  readonly tokenizer: Tokenizer;
}

/** The decoder of a loaded transformers.js model. */
export function transformersDecoder(parts: HostDecoder, manifest: ModelManifest): Decoder {
  const { host, model } = parts;
  return {
    takesPositions: takesPositions(model),
    embed: (ids) => embedTokens(host, model, ids),
    assertGeneration: (generation) => assertGeneration(model, manifest, generation),
    begin: () => new CachedSequence(parts, new host.DynamicCache(), [], () => {}),
    async release() {
      await model.dispose();
    },
  };
}

/** Embeddings of ids, `[T, D]`. */
export async function embedTokens(host: Host, { sessions }: HostModel, ids: readonly number[]): Promise<Matrix> {
  const { inputs_embeds } = await sessions.embed_tokens.run({ input_ids: runtimeTensor(idTensor(host, ids)) });
  const [count, dim] = inputs_embeds.dims.slice(-2);
  if (inputs_embeds.type !== "float32") throw refusalFor("loadVlm")("token embeddings in float32", inputs_embeds.type);
  return { data: inputs_embeds.data as Float32Array, count, dim };
}

/** A sequence in the library's cache. */
class CachedSequence implements Sequence {
  isWhole = true;

  constructor(
    private readonly parts: HostDecoder,
    private readonly cache: HostCache,
    /** Ids of everything in the cache. */
    private ids: readonly number[],
    /** Called before the cache changes. */
    private readonly beforeUpdate: () => void,
  ) {}

  get length(): number {
    return cacheLength(this.cache);
  }

  get bytesPerToken(): number {
    return this.length === 0 ? 0 : cacheBytes(this.cache) / this.length;
  }

  /** Updates replace a cache's tensors, so this one stays whole; but on a GPU they free the tensors that they replace, too. */
  fork(): Sequence {
    const copy = new this.parts.host.DynamicCache({ ...(this.cache as unknown as Record<string, never>) });
    return new CachedSequence(this.parts, copy, this.ids, () => {
      if (tensorsOf(this.cache).some(({ location }) => location === "gpu-buffer")) this.isWhole = false;
    });
  }

  async answer(prompt: DecoderPrompt): Promise<number[]> {
    prompt.signal?.throwIfAborted();
    this.beforeUpdate();
    const tokenIds = await answerOnto(this.parts, this.cache, this.ids, prompt);
    this.ids = [...this.ids, ...prompt.ids, ...tokenIds.slice(0, -1)];
    return tokenIds;
  }

  async dispose(): Promise<void> {
    await this.cache.dispose();
  }
}

/**
 * Plain greedy answers take their first token from the prefill's own logits. All others leave the prompt's last token to the library's
 * generation, with its samplers and processors, which costs one step more.
 */
async function answerOnto(
  parts: HostDecoder,
  cache: HostCache,
  history: readonly number[],
  prompt: DecoderPrompt,
): Promise<number[]> {
  const { ids, rows, positions, maxNewTokens, signal, clock } = prompt;
  const { model } = parts;
  const plain = isPlainGreedy(model, prompt.generation);
  const count = plain ? rows.count : rows.count - 1;
  const logits = await clock.time("prefill", async () =>
    count === 0 ? undefined : await prefill(parts, rows, positions, count, cache),
  );
  signal?.throwIfAborted();
  const streamer = streamTo(parts, prompt.emit);
  const { nextPosition } = prompt;
  const rest = { cache, history: [...history, ...ids.slice(0, -1)], streamer };
  if (!plain || logits === undefined) {
    const token = ids[ids.length - 1];
    return generate(parts, prompt, { ...rest, token, position: nextPosition - 1, maxNewTokens, isFirst: true });
  }
  const first = largest(logits);
  streamer.put([[BigInt(first)]]);
  if (maxNewTokens === 1 || endTokens(model).includes(first)) {
    streamer.end();
    return [first];
  }
  const more = { ...rest, token: first, position: nextPosition, maxNewTokens: maxNewTokens - 1, isFirst: false };
  return [first, ...(await generate(parts, prompt, more))];
}

/** Names by which the decoder takes back what it gives; the library has the same rule, and does not export it. */
const pastName = (name: string) =>
  name.replace(/^present_(?=ssm|conv|recurrent|compressor|indexer)/, "past_").replace(/^present/, "past_key_values");

/**
 * Feeds the first rows of a prompt on top of a cache, which is updated in place.
 *
 * @returns the logits of the last row, or of all rows where the decoder gives no choice.
 */
async function prefill(
  { host, model }: HostDecoder,
  { data, dim }: Matrix,
  positions: PositionPlanes,
  count: number,
  cache: HostCache,
): Promise<HostTensor> {
  const decoder = model.sessions.decoder_model_merged;
  const planes = positions.map((plane) => plane.slice(0, count));
  const outputs = await model.forward({
    inputs_embeds: tensorFor(host, decoder, "inputs_embeds", data.subarray(0, count * dim), [1, count, dim]),
    attention_mask: idTensor(host, Array(cacheLength(cache) + count).fill(1)),
    past_key_values: cache,
    ...(takesPositions(model) && { position_ids: positionTensor(host, planes) }),
    ...(decoder.inputNames.includes("num_logits_to_keep") && {
      num_logits_to_keep: new host.Tensor("int64", BigInt64Array.of(1n), []),
    }),
  });
  const held = Object.entries(outputs).filter(([name]) => name.startsWith("present"));
  cache.update(Object.fromEntries(held.map(([name, tensor]) => [pastName(name), tensor])));
  return outputs.logits;
}

type Streamer = ReturnType<typeof streamTo>;

/** The library's streamer. It takes the first that it is given for the prompt, and shows nothing of it. */
function streamTo({ host, tokenizer }: HostDecoder, emit: (piece: string) => void) {
  const streamer = new host.TextStreamer(tokenizer as never, {
    skip_prompt: true,
    decode_kwargs: { skip_special_tokens: true },
    callback_function: emit,
  });
  streamer.put([[0n]]);
  return streamer;
}

interface Continuation {
  readonly cache: HostCache;
  /** A token that is not in the cache yet, and its position. */
  readonly token: number;
  readonly position: number;
  /** Ids before it. */
  readonly history: readonly number[];
  readonly streamer: Streamer;
  readonly maxNewTokens: number;
  /** Whether its first token is the answer's: the time to it is that of the prefill. */
  readonly isFirst: boolean;
}

/** The library's generation from one token on. */
async function generate(
  { host, model }: HostDecoder,
  { generation, signal, clock, positions }: DecoderPrompt,
  { cache, token, position, history, streamer, maxNewTokens, isFirst }: Continuation,
): Promise<number[]> {
  const stop = new host.InterruptableStoppingCriteria();
  const criteria = new host.StoppingCriteriaList();
  criteria.push(stop);
  const interrupt = () => stop.interrupt();
  signal?.addEventListener("abort", interrupt);
  const start = performance.now();
  let first: number | undefined;
  let puts = 0;
  // The library begins with the token that it was given.
  const watcher = {
    put(value: bigint[][]) {
      if (++puts === 1) return;
      first ??= performance.now();
      streamer.put(value);
    },
    end: () => streamer.end(),
  };
  const past = cacheLength(cache);
  const stepPositions = () => positions.map(() => [position + cacheLength(cache) - past]);
  const hostGenerate = async () => {
    if (generation?.stopping_criteria !== undefined)
      criteria.extend([generation.stopping_criteria as never].flat() as never);
    return (await withPositions(host, model, stepPositions).generate({
      ...generationOptions(host, model, generation, history),
      input_ids: idTensor(host, [token]),
      attention_mask: idTensor(host, Array(past + 1).fill(1)),
      past_key_values: cache,
      max_new_tokens: maxNewTokens,
      streamer: watcher,
      stopping_criteria: criteria,
    })) as HostTensor;
  };
  try {
    const sequences = await hostGenerate().catch((cause) => {
      throw RecoupError.isInstance(cause) ? cause : generationError(cause);
    });
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

/** What the library throws while it generates, such as for options of a wrong type. */
function generationError(cause: unknown): RecoupError {
  const problem = `generation: ${cause instanceof Error ? cause.message : shape.brief(cause)}`;
  return new RecoupError({ operation: "ask", problem, cause });
}

/**
 * The model, for one generation, with positions of our own at each step: the library counts them from the mask, which does not know of
 * gaps. An object that inherits from the model; the model itself stays as it is.
 */
function withPositions(host: Host, model: HostModel, stepPositions: () => PositionPlanes): HostModel {
  if (!takesPositions(model)) return model;
  return Object.create(model, {
    prepare_inputs_for_generation: {
      value: (...step: unknown[]) => ({
        ...model.prepare_inputs_for_generation(...step),
        position_ids: positionTensor(host, stepPositions()),
      }),
    },
  });
}

/** Position of the largest logit of the last row. */
function largest(logits: HostTensor): number {
  const width = logits.dims[logits.dims.length - 1];
  const values = floats(logits);
  const start = values.length - width;
  let best = 0;
  for (let i = 1; i < width; i++) if (values[start + i] > values[start + best]) best = i;
  return best;
}

function tensorsOf(cache: HostCache): readonly HostTensor[] {
  return Object.values(cache as unknown as Record<string, HostTensor>);
}

function cacheLength(cache: HostCache): number {
  return tensorsOf(cache).length === 0 ? 0 : cache.get_seq_length();
}

/** Bytes of all keys and values. */
function cacheBytes(cache: HostCache): number {
  return tensorsOf(cache).reduce((sum, { dims, type }) => {
    const elements = dims.reduce((a, b) => a * b, 1);
    return sum + elements * (type === "float16" ? 2 : 4);
  }, 0);
}
