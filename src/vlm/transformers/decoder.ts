/**
 * @file The decoder of transformers.js: prompt rows go in by `forward`, answers come from its own `generate` on top of the cache. No
 * fork, no patch.
 */
import { messageOf, RecoupError, refusalFor } from "../../core/index.js";
import type { Matrix } from "../../math/index.js";
import type { ModelManifest } from "../manifest.js";
import type { Decoder, DecoderPrompt, Sequence } from "../model-parts.js";
import {
  assertGeneration,
  checkedCriteria,
  endTokens,
  generationOptions,
  isPlainGreedy,
} from "./generation-settings.js";
import {
  floats,
  type Host,
  type HostCache,
  type HostModel,
  type HostTensor,
  idTensor,
  runtimeTensor,
  type Tokenizer,
  tensorFor,
} from "./host.js";
import { DECODER } from "./host-model.js";
import type { LoadedModel } from "./load-parts.js";
import { assertFacts, isTold, type RowFacts, toldSession } from "./told-session.js";

/** The parts of the library that decode. */
interface HostDecoder extends LoadedModel {
  readonly host: Host;
  readonly tokenizer: Tokenizer;
}

/** The decoder of a loaded transformers.js model. */
export function transformersDecoder(parts: HostDecoder, manifest: ModelManifest): Decoder {
  const { host, model } = parts;
  return {
    untold: parts.untold,
    embed: (ids) => embedTokens(host, model, ids),
    assertGeneration: (generation) => assertGeneration(model, manifest, generation),
    begin: () => new CachedSequence(parts, new host.DynamicCache(), [], [], () => {}),
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
    /** Their positions. */
    private places: readonly number[],
    /** Called before the cache changes. */
    private readonly beforeUpdate: () => void,
  ) {}

  get length(): number {
    return tensorsOf(this.cache).length === 0 ? 0 : this.cache.get_seq_length();
  }

  get bytesPerToken(): number {
    const bytes = ({ dims, type }: HostTensor) => dims.reduce((a, b) => a * b, 1) * (type === "float16" ? 2 : 4);
    return this.length === 0 ? 0 : tensorsOf(this.cache).reduce((sum, one) => sum + bytes(one), 0) / this.length;
  }

  /** Updates replace a cache's tensors, so this one stays whole; but on a GPU they free the tensors that they replace, too. */
  fork(): Sequence {
    const copy = new this.parts.host.DynamicCache({ ...(this.cache as unknown as Record<string, never>) });
    return new CachedSequence(this.parts, copy, this.ids, this.places, () => {
      if (tensorsOf(this.cache).some(({ location }) => location === "gpu-buffer")) this.isWhole = false;
    });
  }

  async answer(prompt: DecoderPrompt): Promise<number[]> {
    prompt.signal?.throwIfAborted();
    const facts = this.factsOf(prompt);
    this.beforeUpdate();
    const tokenIds = await this.answerTo(prompt, this.toldModel(facts));
    this.ids = [...this.ids, ...prompt.ids, ...tokenIds.slice(0, -1)];
    this.places = [...facts.places, ...tokenIds.slice(0, -1).map((_, i) => prompt.nextPosition + i)];
    return tokenIds;
  }

  async dispose(): Promise<void> {
    await this.cache.dispose();
  }

  /**
   * What the tokens have beside their values, checked before anything changes.
   *
   * @throws InvalidInputError for facts that do not fit the tokens or the decoder, and for positions of several planes (M-RoPE).
   */
  private factsOf({ positions, nextPosition, biases, rows, maxNewTokens }: DecoderPrompt): RowFacts {
    if (positions.length !== 1) throw refusalFor("ask")("positions of one plane", positions.length);
    const facts = { places: [...this.places, ...positions[0]], nextPlace: nextPosition, biases };
    assertFacts(facts, { tokens: this.length + rows.count, maxNewTokens, positions: this.parts.positions });
    return facts;
  }

  /** The model, for one answer: an object that inherits from it, with a decoder that knows of this sequence's rows. */
  private toldModel(facts: RowFacts): HostModel {
    const { host, model } = this.parts;
    const { [DECODER]: decoder } = model.sessions;
    if (!isTold(decoder)) return model;
    const told = toldSession(host, decoder, facts, () => this.length);
    return Object.create(model, { sessions: { value: { ...model.sessions, [DECODER]: told } } });
  }

  /**
   * Plain greedy answers take their first token from the prefill's own logits. All others leave the prompt's last token to the library's
   * generation, with its samplers and processors, which costs one step more.
   */
  private async answerTo(prompt: DecoderPrompt, model: HostModel): Promise<number[]> {
    const { rows, maxNewTokens, signal, clock } = prompt;
    const plain = isPlainGreedy(model, prompt.generation);
    const count = plain ? rows.count : rows.count - 1;
    const logits = await clock.time("prefill", () => (count === 0 ? undefined : this.prefill(prompt, model, count)));
    signal?.throwIfAborted();
    const streamer = streamTo(this.parts, prompt.emit);
    if (!plain || logits === undefined) {
      const { hearFirst } = prompt;
      return this.generate(prompt, hearFirst === undefined ? model : heardModel(model, hearFirst), streamer);
    }
    const last = lastRow(logits);
    // The runtime may use its memory again.
    prompt.hearFirst?.(last.slice());
    const first = largest(last);
    streamer.put([[BigInt(first)]]);
    if (maxNewTokens === 1 || endTokens(model).includes(first)) {
      streamer.end();
      return [first];
    }
    return [first, ...(await this.generate(prompt, model, streamer, first))];
  }

  /**
   * Feeds the first rows of a prompt on top of the cache, which is updated in place.
   *
   * @returns the logits of the last row, or of all rows where the decoder gives no choice.
   */
  private async prefill({ rows: { data, dim } }: DecoderPrompt, model: HostModel, count: number): Promise<HostTensor> {
    const { host } = this.parts;
    const decoder = model.sessions[DECODER];
    const outputs = await model.forward({
      inputs_embeds: tensorFor(host, decoder, "inputs_embeds", data.subarray(0, count * dim), [1, count, dim]),
      attention_mask: idTensor(host, Array(this.length + count).fill(1)),
      past_key_values: this.cache,
      ...(decoder.inputNames.includes("num_logits_to_keep") && {
        num_logits_to_keep: new host.Tensor("int64", BigInt64Array.of(1n), []),
      }),
    });
    const held = Object.entries(outputs).filter(([name]) => name.startsWith("present"));
    this.cache.update(Object.fromEntries(held.map(([name, tensor]) => [pastName(name), tensor])));
    return outputs.logits;
  }

  /** The library's generation, from the answer's first token on if that is known, else from the prompt's last one. */
  private async generate(
    prompt: DecoderPrompt,
    model: HostModel,
    streamer: Streamer,
    first?: number,
  ): Promise<number[]> {
    const { ids, generation, signal, clock, maxNewTokens } = prompt;
    const { host } = this.parts;
    const stop = new host.InterruptableStoppingCriteria();
    const criteria = new host.StoppingCriteriaList();
    criteria.push(stop);
    const interrupt = () => stop.interrupt();
    signal?.addEventListener("abort", interrupt);
    const start = performance.now();
    let firstPut: number | undefined;
    let puts = 0;
    // The library begins with the token that it was given.
    const watcher = {
      put(value: bigint[][]) {
        if (++puts === 1) return;
        firstPut ??= performance.now();
        streamer.put(value);
      },
      end: () => streamer.end(),
    };
    const past = this.length;
    const hostGenerate = async () => {
      for (const one of checkedCriteria(generation)) criteria.push(one as never);
      return (await model.generate({
        ...generationOptions(host, model, generation, [...this.ids, ...ids.slice(0, -1)]),
        input_ids: idTensor(host, [first ?? ids[ids.length - 1]]),
        attention_mask: idTensor(host, Array(past + 1).fill(1)),
        past_key_values: this.cache,
        max_new_tokens: first === undefined ? maxNewTokens : maxNewTokens - 1,
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
      // The time to the answer's first token is that of the prefill.
      const began = first === undefined ? (firstPut ?? end) : start;
      clock.add("prefill", began - start);
      clock.add("decode", end - began);
      return Array.from(sequences.data as BigInt64Array, Number).slice(1);
    } finally {
      signal?.removeEventListener("abort", interrupt);
    }
  }
}

/** Names by which the decoder takes back what it gives; the library has the same rule, and does not export it. */
const pastName = (name: string) =>
  name.replace(/^present_(?=ssm|conv|recurrent|compressor|indexer)/, "past_").replace(/^present/, "past_key_values");

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

/** What the library throws while it generates, such as for options of a wrong type. */
function generationError(cause: unknown): RecoupError {
  const problem = `generation: ${messageOf(cause)}`;
  return new RecoupError({ operation: "ask", problem, cause });
}

/** The model, as an object that inherits from it and hands over the logits of its first run. */
function heardModel(model: HostModel, hear: (logits: Float32Array) => void): HostModel {
  let isFirst = true;
  const forward: HostModel["forward"] = async (inputs) => {
    const outputs = await model.forward(inputs);
    if (isFirst) hear(lastRow(outputs.logits).slice());
    isFirst = false;
    return outputs;
  };
  return Object.create(model, { forward: { value: forward } });
}

/** Logits of the last token, `[V]`. */
function lastRow(logits: HostTensor): Float32Array {
  return floats(logits).subarray(-logits.dims[logits.dims.length - 1]);
}

/** Position of the largest logit. */
function largest(logits: Float32Array): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
  return best;
}

function tensorsOf(cache: HostCache): readonly HostTensor[] {
  return Object.values(cache as unknown as Record<string, HostTensor>);
}
