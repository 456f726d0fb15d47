/** Costs of telling: a decoder of SmolVLM-500M's size as it is, against a skeleton told places and mass over the same file. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { fileSource } from "../src/files/index.js";
import { randomSource, toFloat16Array } from "../src/math/index.js";
import { modelBytes, openOnnx, skeleton, TOLD_INPUTS, type Told, tell } from "../src/onnx/index.js";
import { writeOnnx } from "../src/onnx/node/index.js";
import { DECODER, DECODER_PRECISIONS, type DecoderPrecision, randomDecoder } from "./tell-decoder.js";
import { type Memory, memoryNow, type Spread, spreadOf } from "./tell-numbers.js";

/** What a decoder was told; `stock`: the file as it is. */
export const TELL_WAYS = { stock: [], told: ["places", "mass"], places: ["places"], mass: ["mass"] } as const;
export type TellWay = keyof typeof TELL_WAYS;

/** New tokens and tokens in the cache. */
const STEPS = {
  "prefill 70": [70, 0],
  "prefill 600": [600, 0],
  "decode at 100": [1, 100],
  "decode at 700": [1, 700],
} as const;

/** Runs of a step in each round: short ones are repeated, so that a round has as much of each. */
const REPEATS = { "prefill 70": 3, "prefill 600": 1, "decode at 100": 8, "decode at 700": 8 } as const;

/** A figure of one precision and way. `ratio`: to stock, the median of pairs next to each other. */
export interface TellRow {
  readonly precision: DecoderPrecision;
  readonly way: TellWay;
  readonly weights: "random";
  readonly file_mib: number;
  readonly figure: string;
  readonly pairs: number;
  readonly stock: number;
  readonly told: number;
  readonly ratio: Spread;
}

/** @param starts processes of each way, for load and memory. */
export async function* benchTell(
  options: { readonly runs: number; readonly starts: number; readonly precisions?: readonly DecoderPrecision[] },
  ways: readonly TellWay[] = ["told"],
): AsyncGenerator<TellRow> {
  const folder = mkdtempSync(join(tmpdir(), "recoup-bench-"));
  try {
    for (const precision of options.precisions ?? DECODER_PRECISIONS) {
      const file = join(folder, `decoder_model_merged_${precision}.onnx`);
      await writeOnnx(file, randomDecoder(precision));
      const file_mib = statSync(file).size / 2 ** 20;
      for await (const row of figures(file, options, ways)) {
        yield { precision, weights: "random", file_mib, ...row };
      }
      rmSync(file);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Figure = Omit<TellRow, "precision" | "weights" | "file_mib">;

async function* figures(
  file: string,
  { runs, starts }: { readonly runs: number; readonly starts: number },
  ways: readonly TellWay[],
): AsyncGenerator<Figure> {
  const all: readonly TellWay[] = ["stock", ...ways];
  const kinds = ["load", "peak", "settled", "anonymous", "file"] as const;
  const started = all.map(() => kinds.map(() => [] as number[]));
  for (let start = 0; start < starts; start++) {
    for (const at of turned(all.length, start)) {
      const { load_ms, memory } = startApart(file, all[at]);
      const values = [load_ms, memory.peak_mib, memory.resident_mib, memory.anonymous_mib, memory.file_mib];
      for (const [i, value] of values.entries()) started[at][i].push(value);
    }
  }
  for (const [i, way] of ways.entries()) {
    for (const [j, kind] of kinds.entries()) {
      const name = kind === "load" ? "load ms" : `memory ${kind} MiB`;
      yield figureOf(way, name, started[0][j], started[i + 1][j]);
    }
  }
  const decoders = await Promise.all(all.map((way) => startDecoder(file, way)));
  for (const step of Object.keys(STEPS) as (keyof typeof STEPS)[]) {
    const times = all.map(() => [] as number[]);
    // The first rounds warm up.
    for (let round = -2; round < runs; round++) {
      for (let i = 0; i < REPEATS[step]; i++) {
        for (const at of turned(all.length, round + 2 + i)) {
          const ms = await decoders[at].step(...STEPS[step]);
          if (round >= 0) times[at].push(ms);
        }
      }
    }
    for (const [i, way] of ways.entries()) yield figureOf(way, `${step} ms`, times[0], times[i + 1]);
  }
  for (const { release } of decoders) await release();
}

/** 0 … count - 1, beginning with another one each time: no way always goes first. */
const turned = (count: number, by: number) => Array.from({ length: count }, (_, i) => (i + by) % count);

function figureOf(way: TellWay, figure: string, stock: readonly number[], told: readonly number[]): Figure {
  const ratio = spreadOf(told.map((value, i) => value / stock[i]));
  return { way, figure, pairs: told.length, stock: spreadOf(stock).median, told: spreadOf(told).median, ratio };
}

/** A started decoder. `step`: milliseconds of a run of new tokens behind a cache of `past`. */
interface StartedDecoder {
  step(count: number, past: number): Promise<number>;
  release(): Promise<void>;
}

async function startDecoder(file: string, way: TellWay): Promise<StartedDecoder> {
  const session = way === "stock" ? await InferenceSession.create(file, QUIET) : await startTold(file, TELL_WAYS[way]);
  const half = file.includes("fp16");
  const random = randomSource(2);
  const { width, layers, keyHeads, head } = DECODER;
  const floats = (dims: readonly number[]) => {
    const drawn = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => random.unit() - 0.5);
    return half ? new Tensor("float16", toFloat16Array(drawn) as never, dims) : new Tensor("float32", drawn, dims);
  };
  const made = new Map<string, Record<string, Tensor>>();
  const feeds = (count: number, past: number) => {
    const whole = count + past;
    const feeds: Record<string, Tensor> = {
      inputs_embeds: floats([1, count, width]),
      attention_mask: new Tensor("int64", new BigInt64Array(whole).fill(1n), [1, whole]),
    };
    for (let layer = 0; layer < layers; layer++) {
      for (const part of ["key", "value"])
        feeds[`past_key_values.${layer}.${part}`] = floats([1, keyHeads, past, head]);
    }
    const told: Record<string, Tensor> = {
      // Gaps behind the text, as after compression.
      [TOLD_INPUTS.places]: new Tensor("int64", BigInt64Array.from({ length: whole }, (_, i) => BigInt(2 * i)), [whole]),
      [TOLD_INPUTS.mass]: new Tensor("float32", Float32Array.from({ length: whole }, () => 2 * random.unit()), [whole]),
    };
    for (const name of session.inputNames) if (name in told) feeds[name] = told[name];
    return feeds;
  };
  return {
    async step(count, past) {
      const key = `${count} ${past}`;
      const given = made.get(key) ?? feeds(count, past);
      made.set(key, given);
      const start = performance.now();
      const results = await session.run(given);
      const ms = performance.now() - start;
      for (const result of Object.values(results)) result.dispose();
      return ms;
    },
    release: () => session.release(),
  };
}

const QUIET = { logSeverityLevel: 3 } as const;

/** As towers are started: some kilobytes, whose weights the runtime reads from the untouched file. */
async function startTold(file: string, what: readonly Told[]): Promise<InferenceSession> {
  const source = await fileSource(file);
  const model = tell(await openOnnx(source), { what });
  const bytes = await modelBytes(skeleton(model, { source, location: basename(file) }));
  await source.close();
  const extra = { session: { model_external_initializers_file_folder_path: dirname(file) } };
  return InferenceSession.create(bytes, { ...QUIET, extra });
}

/** What a process of its own measures. */
interface Start {
  readonly load_ms: number;
  readonly memory: Memory;
}

/** The word that this program takes for a process of its own. */
export const START_WORD = "tell-start";

function startApart(file: string, way: TellWay): Start {
  const words = ["--expose-gc", process.argv[1], START_WORD, file, way];
  const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`bench tell: ${way}: ${stderr}`);
  return JSON.parse(stdout);
}

/** Starts a decoder, lets it answer a prompt of 600 tokens and some steps, and says what that took. */
export async function startOnce(file: string, way: TellWay): Promise<Start> {
  const start = performance.now();
  const decoder = await startDecoder(file, way);
  const load_ms = performance.now() - start;
  await decoder.step(600, 0);
  for (let i = 0; i < 5; i++) await decoder.step(1, 700);
  const memory = memoryNow();
  await decoder.release();
  return { load_ms, memory };
}
