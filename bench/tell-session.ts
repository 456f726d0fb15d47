/** A decoder of `bench/tell-decoder.ts` as the product starts it, told or not, with prompts and steps of a conversation. */
import { basename, dirname } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { randomSource, toFloat16Array } from "../src/math/index.js";
import { inspectDecoder, openOnnx, TOLD_INPUTS, type ToldInput, tell } from "../src/onnx/index.js";
import type { SessionClass } from "../src/vlm/transformers/host.js";
import { folderModel } from "../src/vlm/transformers/node/folder.js";
import { startSession } from "../src/vlm/transformers/start-session.js";
import { DECODER } from "./tell-decoder.js";
import { type Memory, memoryNow } from "./tell-numbers.js";

/** How a decoder is run: what it is told, and whether its biases are 0. */
interface Way {
  readonly what: readonly ToldInput[];
  readonly silent?: boolean;
  /** Whether a file that is told nothing starts as those that are. */
  readonly skeleton?: boolean;
}

/**
 * `again`: the file as it is once more, against which nothing but chance differs. `silent`: told of both, with biases of 0.
 * `skeleton`: the graph as it is over weights that the runtime reads from the file, as told ones are started.
 */
export const TELL_WAYS = {
  stock: { what: [] },
  again: { what: [] },
  skeleton: { what: [], skeleton: true },
  told: { what: ["places", "mass"] },
  silent: { what: ["places", "mass"], silent: true },
  places: { what: ["places"] },
  mass: { what: ["mass"] },
} as const satisfies Record<string, Way>;
export type TellWay = keyof typeof TELL_WAYS;

/** Time of a run: of a clock, and of all threads together, which other work on the machine disturbs less. */
export interface Took {
  readonly ms: number;
  readonly cpu_ms: number;
}

/** By ONNX Runtime's names, as far as they are used. */
export interface DecoderOptions {
  readonly intraOpNumThreads?: number;
  readonly enableProfiling?: boolean;
  readonly profileFilePrefix?: string;
}

/** A started decoder with one cache. */
export interface StartedDecoder {
  /** A prompt of so many rows, after which the cache holds that prompt alone. */
  prompt(rows: number): Promise<Took>;
  /** One more token. */
  step(): Promise<Took>;
  release(): Promise<void>;
}

/**
 * As the product has it: the file as it is by its path, a told one as a skeleton over it.
 *
 * @param more options of the runtime.
 */
export async function startDecoder(file: string, name: TellWay, more: DecoderOptions = {}): Promise<StartedDecoder> {
  const way: Way = TELL_WAYS[name];
  const options = { logSeverityLevel: 3, ...more } as const;
  const isStock = way.what.length === 0 && way.skeleton !== true;
  const session = isStock ? await InferenceSession.create(file, options) : await startTold(file, way.what, options);
  const random = randomSource(2);
  const half = file.includes("fp16");
  const { width, layers, keyHeads, head } = DECODER;
  const floats = (dims: readonly number[]) => {
    const drawn = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => random.unit() - 0.5);
    return half ? new Tensor("float16", toFloat16Array(drawn) as never, dims) : new Tensor("float32", drawn, dims);
  };
  const empty = () =>
    Array.from({ length: layers }, (_, layer) =>
      ["key", "value"].map((part) => [`${layer}.${part}`, floats([1, keyHeads, 0, head])] as const),
    ).flat();
  let cache = new Map<string, Tensor>();
  let length = 0;
  const run = async (count: number) => {
    length += count;
    const feeds: Record<string, Tensor> = {
      inputs_embeds: floats([1, count, width]),
      attention_mask: new Tensor("int64", new BigInt64Array(length).fill(1n), [1, length]),
    };
    for (const [part, tensor] of cache) feeds[`past_key_values.${part}`] = tensor;
    const told = facts(length, way.silent);
    for (const input of session.inputNames) if (input in told) feeds[input] = told[input];
    const [start, before] = [performance.now(), process.cpuUsage()];
    const { logits, ...present } = await session.run(feeds);
    const ms = performance.now() - start;
    const { user, system } = process.cpuUsage(before);
    for (const tensor of [logits, ...cache.values()]) tensor.dispose();
    cache = new Map(Object.entries(present).map(([output, tensor]) => [output.replace("present.", ""), tensor]));
    return { ms, cpu_ms: (user + system) / 1000 };
  };
  return {
    prompt(rows) {
      for (const tensor of cache.values()) tensor.dispose();
      cache = new Map(empty());
      length = 0;
      return run(rows);
    },
    step: () => run(1),
    async release() {
      if (more.enableProfiling) session.endProfiling();
      await session.release();
    },
  };
}

/** Places with gaps, as compression leaves them, and the mass of rows that stand for several. */
function facts(length: number, silent = false): Record<string, Tensor> {
  const places = BigInt64Array.from({ length }, (_, at) => BigInt(2 * at));
  const biases = Float32Array.from({ length }, (_, at) => (silent ? 0 : Math.log(1 + (at % 10))));
  return {
    [TOLD_INPUTS.places]: new Tensor("int64", places, [length]),
    [TOLD_INPUTS.mass]: new Tensor("float32", biases, [length]),
  };
}

async function startTold(path: string, what: readonly ToldInput[], options: object): Promise<InferenceSession> {
  const folder = folderModel(dirname(path), folderModel as never);
  const file = await folder.open(basename(path));
  try {
    const stock = await openOnnx(file);
    // The product asks first what a decoder can be told.
    const { told } = inspectDecoder(stock) ?? { told: [] };
    const model = what.length === 0 ? stock : tell(stock, { what: told.filter((one) => what.includes(one)) });
    const session = await startSession(InferenceSession as unknown as SessionClass, { model, file }, options);
    return session as unknown as InferenceSession;
  } finally {
    await file.close();
  }
}

/** What a process of its own measures. */
export interface Start {
  readonly load_ms: number;
  readonly memory: Memory;
  /** The fastest prompt and the fastest token of a warm decoder. Other work on the machine only adds time, so these are disturbed least. */
  readonly prefill_ms: number;
  readonly decode_ms: number;
}

/** Prompts of a process of its own whose time counts, and tokens behind each. */
const WARM = { prompts: 5, steps: 16 };

/** Starts a decoder, lets it answer, and says what that took. */
export async function startOnce(file: string, way: TellWay, rows: number, steps: number): Promise<Start> {
  const start = performance.now();
  const decoder = await startDecoder(file, way);
  const load_ms = performance.now() - start;
  await decoder.prompt(rows);
  for (let i = 0; i < steps; i++) await decoder.step();
  const memory = memoryNow();
  const [prefill, decode]: [number[], number[]] = [[], []];
  for (let round = 0; round < WARM.prompts; round++) {
    prefill.push((await decoder.prompt(rows)).ms);
    for (let i = 0; i < WARM.steps; i++) decode.push((await decoder.step()).ms);
  }
  await decoder.release();
  return { load_ms, memory, prefill_ms: Math.min(...prefill), decode_ms: Math.min(...decode) };
}
