/** Costs of telling: a decoder of SmolVLM-500M's size as it is, against a skeleton told places and mass over the same file. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { writeOnnx } from "../src/onnx/node/index.js";
import { DECODER_PRECISIONS, type DecoderPrecision, randomDecoder } from "./tell-decoder.js";
import { type Spread, spreadOf } from "./tell-numbers.js";
import { comparable, readProfile } from "./tell-profile.js";
import {
  type Start,
  type StartedDecoder,
  startDecoder,
  startOnce,
  TELL_WAYS,
  type TellWay,
  type Took,
} from "./tell-session.js";

/** Rows of a prompt: 64 of text and those of a picture, all of them or a tenth. */
const PROMPTS = [64 + 576, 64 + 58] as const;

/** Tokens of an answer, and of one in a process of its own. */
const STEPS = 64;
const STEPS_APART = 8;

/** Milliseconds before each run: threads of another session turn idle, which wait for work at full speed for some time. */
const PAUSE_MS = 15;

/** A figure of one precision and way. `ratio`: to stock, of pairs next to each other. */
export interface TellRow {
  readonly precision: DecoderPrecision;
  readonly way: TellWay;
  readonly weights: "random";
  readonly file_mib: number;
  /** Of the runtime; undefined: as many as it takes, as for load and memory. */
  readonly threads?: number;
  readonly figure: string;
  readonly pairs: number;
  readonly stock: number;
  readonly told: number;
  readonly ratio: Spread;
}

/** How often all is measured. */
export interface TellRuns {
  /** Prompts of each way. */
  readonly runs: number;
  /** Answers of each way. */
  readonly answers: number;
  /** Processes of each way, for load and memory. */
  readonly starts: number;
  /** Threads of the runtime for prompts and answers; undefined: as many as it takes. With one, the time of all threads is that of the work. */
  readonly threads?: number;
}

export async function* benchTell(
  runs: TellRuns,
  ways: readonly TellWay[],
  precisions: readonly DecoderPrecision[] = DECODER_PRECISIONS,
): AsyncGenerator<TellRow> {
  const folder = mkdtempSync(join(tmpdir(), "recoup-bench-"));
  try {
    for (const precision of precisions) {
      const file = join(folder, `decoder_model_merged_${precision}.onnx`);
      await writeOnnx(file, randomDecoder(precision));
      const file_mib = statSync(file).size / 2 ** 20;
      for await (const row of figures(file, runs, ways)) {
        yield { precision, weights: "random", file_mib, ...row };
      }
      rmSync(file);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Figure = Omit<TellRow, "precision" | "weights" | "file_mib">;

async function* figures(file: string, runs: TellRuns, ways: readonly TellWay[]): AsyncGenerator<Figure> {
  const all: readonly TellWay[] = ["stock", ...ways];
  const started = timesOf(all);
  for (let start = 0; start < runs.starts; start++) {
    await inTurn(all.length, start, async (at) => {
      const { load_ms, memory, prefill_ms, decode_ms } = startApart(file, all[at]);
      started.add("load ms", at, load_ms);
      // Linear layers are faster or slower by the process: pairs of processes tell what two sessions of one cannot.
      started.add(`prefill ${PROMPTS[0]} apart, fastest ms`, at, prefill_ms);
      started.add(`decode behind ${PROMPTS[0]} apart, fastest ms`, at, decode_ms);
      for (const [name, mib] of Object.entries(memory)) started.add(`memory ${name.replace("_", " ")}`, at, mib);
    });
  }
  yield* started.figures();
  const decoders: StartedDecoder[] = [];
  for (const way of all) decoders.push(await startDecoder(file, way, threadsOf(runs)));
  for (const rows of PROMPTS) {
    for await (const row of promptFigures(decoders, all, rows, runs)) yield { threads: runs.threads, ...row };
  }
  for (const { release } of decoders) await release();
  for await (const row of operatorFigures(file, ways, runs)) yield { threads: runs.threads, ...row };
}

const threadsOf = ({ threads }: TellRuns) => (threads === undefined ? {} : { intraOpNumThreads: threads });

/** Prompts and tokens of each way with a profile, in turn as the others. */
async function* operatorFigures(file: string, ways: readonly TellWay[], runs: TellRuns): AsyncGenerator<Figure> {
  // The others differ from these in nothing that a profile shows.
  const all = ["stock" as const, ...ways.filter((way) => TELL_WAYS[way].what.length > 0)];
  const folder = dirname(file);
  const decoders: StartedDecoder[] = [];
  for (const way of all) {
    const profile = { enableProfiling: true, profileFilePrefix: join(folder, `profile-${way}-`) };
    decoders.push(await startDecoder(file, way, { ...threadsOf(runs), ...profile }));
  }
  const [rows] = PROMPTS;
  const prompts = runs.runs + 1;
  for (let round = 0; round < prompts; round++)
    await inTurn(all.length, round, async (at) => void (await decoders[at].prompt(rows)));
  for (let step = 0; step < STEPS; step++)
    await inTurn(all.length, step, async (at) => void (await decoders[at].step()));
  for (const { release } of decoders) await release();
  const profiles = all.map((way) => {
    const name = readdirSync(folder).find((one) => one.startsWith(`profile-${way}-`)) ?? "";
    return readProfile(join(folder, name));
  });
  const times = timesOf(all);
  // The first prompt warms up.
  for (const [figure, from, to] of [
    [`prefill ${rows} operators ms`, 1, prompts],
    [`decode behind ${rows} operators ms`, prompts, prompts + STEPS],
  ] as const) {
    const parts = profiles.map((profile) => profile.slice(from, to));
    for (const [at, part] of parts.entries()) for (const ms of comparable(part, parts[0])) times.add(figure, at, ms);
  }
  yield* times.figures();
  for (const name of readdirSync(folder)) if (name.startsWith("profile-")) rmSync(join(folder, name));
}

/** Prompts one way after the other in each round, then answers token by token, so that a pair is next to each other. */
async function* promptFigures(
  decoders: readonly StartedDecoder[],
  ways: readonly TellWay[],
  rows: number,
  { runs, answers }: TellRuns,
): AsyncGenerator<Figure> {
  const times = timesOf(ways);
  const addTook = (figure: string, at: number, { ms, cpu_ms }: Took) => {
    times.add(`${figure} ms`, at, ms);
    times.add(`${figure} cpu ms`, at, cpu_ms);
  };
  // The first round warms up.
  for (let round = -1; round < runs; round++) {
    await inTurn(ways.length, round + 1, async (at) => {
      await setTimeout(PAUSE_MS);
      const took = await decoders[at].prompt(rows);
      if (round >= 0) addTook(`prefill ${rows}`, at, took);
    });
    if (round < runs - answers) continue;
    for (let step = 0; step < STEPS; step++) {
      await inTurn(ways.length, step, async (at) => {
        await setTimeout(PAUSE_MS);
        addTook(`decode behind ${rows}`, at, await decoders[at].step());
      });
    }
  }
  yield* times.figures();
}

/** Work of each way, beginning with another one each time: none always goes first. */
async function inTurn(count: number, by: number, work: (at: number) => Promise<void>): Promise<void> {
  for (let i = 0; i < count; i++) await work((i + by) % count);
}

/** Measurements of each way by figure; the first way is what the others are held against. */
function timesOf(ways: readonly TellWay[]) {
  const times = new Map<string, number[][]>();
  return {
    add(figure: string, at: number, value: number) {
      if (!times.has(figure))
        times.set(
          figure,
          Array.from(ways, () => []),
        );
      times.get(figure)?.[at].push(value);
    },
    *figures(): Generator<Figure> {
      for (const [figure, [stock, ...others]] of times) {
        for (const [i, told] of others.entries()) {
          const ratio = spreadOf(told.map((value, pair) => value / stock[pair]));
          const medians = { stock: spreadOf(stock).median, told: spreadOf(told).median };
          yield { way: ways[i + 1], figure, pairs: told.length, ...medians, ratio };
        }
      }
    },
  };
}

/** The word that this program takes for a process of its own. */
export const START_WORD = "tell-start";

/** What {@link startApart} asks of its process. */
export const startHere = (file: string, way: TellWay): Promise<Start> => startOnce(file, way, PROMPTS[0], STEPS_APART);

function startApart(file: string, way: TellWay): Start {
  const words = ["--expose-gc", process.argv[1], START_WORD, file, way];
  const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`bench tell: ${way}: ${stderr}`);
  return JSON.parse(stdout);
}
