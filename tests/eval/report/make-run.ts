/** @file Runs for tests of the report: invented rows, in memory or as the folder that `recoup eval` leaves. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Cell,
  type CellData,
  cellFolder,
  comparisonCells,
  type ReportRow,
  type RunData,
  type RunMachine,
  type RunState,
  type RunTask,
} from "../../../src/eval/index.js";
import { randomSource } from "../../../src/math/index.js";

/** A row as a test writes it; what it leaves out is plain. */
export interface MadeRow {
  readonly score: number;
  readonly answer?: string;
  readonly image?: string;
  readonly kept?: number;
  readonly full?: number;
  readonly prompt?: number;
  readonly region?: { readonly patches: number; readonly kept: number };
  readonly groups?: Pick<ReportRow, "slice" | "type" | "half">;
  readonly failed?: string;
  readonly firstToken?: number;
}

export function madeRow(doc: number, row: MadeRow): ReportRow {
  const { score, answer = score >= 0.5 ? "yes" : "no", image = `${doc}.png`, kept = 58, full = 576 } = row;
  const { prompt = kept + 40, region, groups = {}, failed, firstToken = 100 } = row;
  return {
    doc_id: doc,
    question_id: doc,
    image,
    filtered_resps: [failed === undefined ? answer : ""],
    score,
    ...(failed !== undefined && { failed }),
    ...groups,
    compression: {
      method: "made",
      budget: kept,
      n_full: full,
      n_kept: kept,
      n_prompt: prompt,
      roles: { visual: kept, text: 0, merged: 0, residual: 0 },
      ...(region !== undefined && { region }),
    },
    kv_bytes: { full: 1000 * full, kept: 1000 * kept },
    timing_ms: {
      decodeImage: 4,
      preprocess: 6,
      vision: firstToken * 0.4,
      text: kept < full && kept > 0 ? 9 : 0,
      signals: 1,
      select: 2,
      project: kept / 50,
      splice: 0.5,
      prefill: firstToken * 0.5 - 10 + prompt / 20,
      decode: 12,
      firstToken,
      total: firstToken + 12,
    },
  };
}

export function madeTask(id: string, samples: number, more: Partial<RunTask> = {}): RunTask {
  const headline = "exact_match";
  const facts = { id, alias: id, rule: "llava", samples, maxNewTokens: 128 };
  return { ...facts, headline, best: 1, hash: "0", problems: [], ...more };
}

export function madeState(tasks: readonly RunTask[], cells: readonly Cell[], more: Partial<RunState> = {}): RunState {
  return {
    format: "recoup-eval",
    version: 1,
    model: { name: "tiny", family: "llava" },
    tasks,
    cells,
    leftOut: [],
    seed: 1,
    notes: [],
    ...more,
  };
}

/** A cell's data: the headline metric is the mean score unless `values` says otherwise. */
export function madeCell(
  tasks: readonly RunTask[],
  rows: Readonly<Record<string, readonly ReportRow[]>>,
  values: Readonly<Record<string, number | null>> = {},
): CellData {
  const results = Object.fromEntries(
    tasks.map(({ id, headline }) => {
      const mean = rows[id].reduce((sum, { score }) => sum + score, 0) / rows[id].length;
      return [id, { [`${headline},none`]: id in values ? values[id] : mean }];
    }),
  );
  return { results, rows };
}

export const MADE_MACHINE: RunMachine = {
  date: "2026-01-02",
  cpu: "Some CPU",
  cores: 2,
  memory_gib: 8,
  node: "v20.19.0",
  platform: "linux x64",
  command: "recoup eval --tasks syn --out run",
  seconds: 4000,
  harness_share: 0.02,
};

/** How well each kind of method finds what is asked about, 0 to 1: only the order matters to what a page looks like. */
const SKILL: Readonly<Record<string, number>> = {
  none: 1,
  recoverable: 0.93,
  prumerge: 0.72,
  visionzip: 0.76,
  cdpruner: 0.9,
  "text-topk": 0.85,
  "cls-topk": 0.6,
  uniform: 0.62,
  pool: 0.7,
  random: 0.55,
  downsample: 0.68,
  zero: 0,
};

const SLICES = ["needle", "needle", "salient", "global", "multi"];
const TYPES = ["presence", "color", "count", "reading"];

export interface LargeRunOptions {
  readonly tasks?: readonly string[];
  readonly samples?: number;
  readonly methods?: readonly string[];
}

/** A whole comparison with plausible numbers: three questions per picture, slices, dynamic counts, two failed samples. */
export function largeRun({
  tasks: ids = ["syn_pope", "syn_textvqa", "syn_mme"],
  samples = 200,
  methods = ["recoverable", "cdpruner", "cls-topk"],
}: LargeRunOptions = {}): RunData {
  const tasks = ids.map((id) => madeTask(id, samples, id === "syn_pope" ? { headline: "pope_f1_score" } : {}));
  const { cells, leftOut } = comparisonCells({
    methods,
    budgets: ["dynamic", "58", "32"],
    signals: ["grid", "features", "keys", "clsAttention", "textSimilarity"] as never,
    grid: [24, 24],
  });
  const random = randomSource(5);
  const state = madeState(tasks, cells, {
    leftOut,
    notes: ["The rows are invented: they show what a report looks like, and nothing else."],
    language: {
      num_hidden_layers: 6,
      hidden_size: 256,
      intermediate_size: 768,
      num_attention_heads: 8,
      num_key_value_heads: 4,
      vocab_size: 4096,
    },
  });
  const data = cells.map((cell): [string, CellData] => {
    const rows = Object.fromEntries(
      tasks.map((task, t) => [task.id, Array.from({ length: samples }, (_, doc) => largeRow(cell, t, doc, random))]),
    );
    return [cell.id, madeCell(tasks, rows)];
  });
  return { state, machine: MADE_MACHINE, cells: new Map(data) };
}

function largeRow(cell: Cell, task: number, doc: number, random: { unit(): number }): ReportRow {
  const full = cell.method === "zero" ? 0 : 576;
  const dynamic = Math.round(30 + 90 * random.unit() * random.unit() + 10 * task);
  const kept = cell.budget === "all" ? 576 : cell.budget === "dynamic" ? dynamic : cell.budget;
  const slice = SLICES[doc % SLICES.length];
  // The fewer tokens, the more skill matters; decoys are found by all.
  const share = slice === "salient" ? 1 : (SKILL[cell.method] ?? 0.8) ** (0.4 + 20 / Math.max(kept, 1));
  const right = 0.5 + (0.42 - 0.05 * task) * share;
  // The same question is hard in every cell.
  const luck = (((doc * 2654435761) >>> 0) / 2 ** 32 + 0.15 * random.unit()) % 1;
  const score = luck < right ? 1 : 0;
  const patches = 6 + (doc % 9);
  const compressing = cell.role === "method";
  return madeRow(doc, {
    score,
    answer: score === 1 ? "right" : `wrong ${Math.floor(3 * random.unit())}`,
    image: `${Math.floor(doc / 3)}.png`,
    kept,
    full,
    region: { patches, kept: Math.round(patches * Math.min(1, (share * Math.max(kept, 1)) / 70)) },
    groups: { slice, type: TYPES[doc % TYPES.length], half: doc % 2 === 0 ? "iid" : "held-out" },
    firstToken: 160 + kept / 3 + (compressing ? 14 : 0) + 20 * random.unit(),
    ...(doc === 17 && cell.method === "cdpruner" && { failed: "cdpruner: expected 58 rows, got 57", score: 0 }),
  });
}

/** Writes a run as its folder. */
export function writeRun(folder: string, { state, machine, cells }: RunData): void {
  const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "run.json"), json(state));
  if (machine !== undefined) writeFileSync(join(folder, "machine.json"), json(machine));
  for (const [id, { results, rows }] of cells) {
    const own = join(folder, "cells", cellFolder(id));
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, "results.json"), json({ results }));
    for (const [task, list] of Object.entries(rows)) {
      const text = list
        .map((row) => `${JSON.stringify({ ...row, input: "?", target: "yes", category: "" })}\n`)
        .join("");
      writeFileSync(join(own, `samples_${task}.jsonl`), text);
    }
  }
}
