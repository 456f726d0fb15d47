/** @file Runs for tests of the report: invented rows, in memory or as the folder that `recoup eval` leaves. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jsonLines } from "../../../src/benchmarks/index.js";
import { shape } from "../../../src/core/index.js";
import {
  type AnswerRecord,
  comparisonSettings,
  type KeptSample,
  type Row,
  type RunData,
  type RunMachine,
  type RunState,
  type RunTask,
  type Setting,
  type SettingData,
} from "../../../src/eval/index.js";
import { settingFolder } from "../../../src/eval/run/setting-folder.js";
import { answersHash, runHash } from "../../../src/eval/run/setting-results.js";
import { MEAN_SCORE } from "../../../src/eval/tasks/judges.js";
import { findTask } from "../../../src/eval/tasks/registry.js";
import { randomSource, textHash } from "../../../src/math/index.js";

/** A row as a test writes it; whatever it leaves out is plain. */
export interface MadeRow {
  readonly score: number;
  readonly answer?: string;
  /** Null for a question without one. */
  readonly image?: string | null;
  readonly category?: string;
  readonly kept?: number;
  readonly full?: number;
  readonly prompt?: number;
  readonly region?: { readonly patches: number; readonly kept: number };
  readonly parts?: KeptSample["region"];
  readonly failed?: string;
  readonly kl?: number;
  readonly firstToken?: number;
}

/** Rows get their task and setting from `madeSetting`. */
export function madeRow(doc: number, row: MadeRow): Row {
  const { score, image = `${doc}.png`, category = "", parts } = row;
  const sample: KeptSample = {
    docId: doc,
    ...(image !== null && { picture: image }),
    target: "yes",
    category,
    group: String(doc),
    ...(parts !== undefined && { region: parts }),
  };
  return { sample, record: madeRecord(doc, row), score };
}

function madeRecord(doc: number, row: MadeRow): AnswerRecord {
  const { score, answer = score >= 0.5 ? "yes" : "no", kept = 58, full = 576 } = row;
  const { prompt = kept + 40, region, failed, kl, firstToken = 100 } = row;
  const key = { task: "", doc, setting: "" };
  if (failed !== undefined) return { ...key, error: failed };
  return {
    ...key,
    text: answer,
    tokens: { source: full, kept, prompt },
    roles: { visual: kept, text: 0, merged: 0, residual: 0 },
    ...(region !== undefined && { region }),
    ...(kl !== undefined && { kl }),
    kvBytes: { full: 1000 * full, kept: 1000 * kept },
    timings: {
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
      decodePerToken: 12,
      total: firstToken + 12,
    },
  };
}

export function madeTask(id: string, samples: number, more: Partial<RunTask> = {}): RunTask {
  const headline = "exact_match";
  const facts = { id, alias: id, rule: "llava" as const, samples, maxNewTokens: 128 };
  return { ...facts, headline, maxScore: 1, hash: "0", problems: [], ...more };
}

/** A run whose headline metrics combine as mean scores. */
export function madeRun(
  tasks: readonly RunTask[],
  settings: readonly Setting[],
  data: ReadonlyMap<string, SettingData>,
  more: Partial<RunState> = {},
): RunData {
  const state: RunState = {
    format: "recoup-eval",
    version: 2,
    model: { name: "tiny", family: "llava" },
    tasks,
    settings,
    leftOut: [],
    seed: 1,
    notes: [],
    ...more,
  };
  return { state, settings: data, combinations: new Map(tasks.map(({ id }) => [id, MEAN_SCORE])) };
}

/** A setting's data: the headline metric is the mean score unless `values` says otherwise. */
export function madeSetting(
  setting: string,
  tasks: readonly RunTask[],
  rows: Readonly<Record<string, readonly Row[]>>,
  values: Readonly<Record<string, number | null>> = {},
): SettingData {
  const results = Object.fromEntries(
    tasks.map(({ id, headline }) => {
      const mean = rows[id].reduce((sum, { score }) => sum + score, 0) / rows[id].length;
      return [id, { [`${headline},none`]: id in values ? values[id] : mean }];
    }),
  );
  const keyed = Object.entries(rows).map(([task, own]) => [
    task,
    own.map((row): Row => ({ ...row, record: { ...row.record, task, setting } })),
  ]);
  return { results, rows: Object.fromEntries(keyed) };
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

/** Categories that the official metrics of these tasks know. */
const CATEGORIES: Readonly<Record<string, readonly string[]>> = {
  syn_pope: ["random", "popular", "adversarial"],
  syn_mme: ["existence", "color"],
};
const SLICES = ["needle", "needle", "salient", "global", "multi"];
const TYPES = ["presence", "color", "count", "reading"];

export interface LargeRunOptions {
  readonly tasks?: readonly string[];
  readonly samples?: number;
  readonly methods?: readonly string[];
  /** Whether its answers have the KL of their first token, and `recoverable` is the model's own method. */
  readonly logits?: boolean;
}

/** A whole comparison with plausible numbers: three questions per picture, slices, dynamic counts, two failed samples. */
export function largeRun({
  tasks: ids = ["syn_pope", "syn_textvqa", "syn_mme"],
  samples = 200,
  methods = ["recoverable", "cdpruner", "cls-topk"],
  logits = false,
}: LargeRunOptions = {}): RunData {
  const tasks = ids.map((id) => {
    const open = logits ? { open: id !== "syn_mmbench" } : {};
    return madeTask(id, samples, { ...(id === "syn_pope" && { headline: "pope_f1_score" }), ...open });
  });
  const { settings, leftOut } = comparisonSettings({
    methods,
    budgets: ["dynamic", "58", "32"],
    signals: ["grid", "features", "keys", "clsAttention", "textSimilarity"] as never,
    grid: [24, 24],
  });
  const random = randomSource(5);
  const data = settings.map((setting): [string, SettingData] => {
    const rows = Object.fromEntries(
      tasks.map((task, t) => [
        task.id,
        Array.from({ length: samples }, (_, doc) => largeRow(setting, { ...task, place: t, logits }, doc, random)),
      ]),
    );
    return [setting.id, madeSetting(setting.id, tasks, rows)];
  });
  const run = madeRun(tasks, settings, new Map(data), {
    leftOut,
    ...(logits && { logits, defaultMethod: "recoverable" }),
    notes: ["The rows are invented: they show how a report looks, and nothing else."],
    language: {
      num_hidden_layers: 6,
      hidden_size: 256,
      intermediate_size: 768,
      num_attention_heads: 8,
      num_key_value_heads: 4,
      vocab_size: 4096,
    },
  });
  return { ...run, machine: MADE_MACHINE };
}

function largeRow(
  setting: Setting,
  { id, place: task, logits }: { id: string; place: number; logits: boolean },
  doc: number,
  random: { unit(): number },
): Row {
  const full = setting.method === "zero" ? 0 : 576;
  const dynamic = Math.round(30 + 90 * random.unit() * random.unit() + 10 * task);
  const kept = setting.budget === "all" ? 576 : setting.budget === "dynamic" ? dynamic : setting.budget;
  const slice = SLICES[doc % SLICES.length];
  // The fewer tokens, the more skill matters; distractors are found by all.
  const share = slice === "salient" ? 1 : (SKILL[setting.method] ?? 0.8) ** (0.4 + 20 / Math.max(kept, 1));
  const right = 0.5 + (0.42 - 0.05 * task) * share;
  // The same question is hard in every setting.
  const luck = (((doc * 2654435761) >>> 0) / 2 ** 32 + 0.15 * random.unit()) % 1;
  const score = luck < right ? 1 : 0;
  const patches = 6 + (doc % 9);
  const compressing = setting.role === "method";
  return madeRow(doc, {
    score,
    answer: score === 1 ? "right" : `wrong ${Math.floor(3 * random.unit())}`,
    image: `${Math.floor(doc / 3)}.png`,
    category: CATEGORIES[id]?.[doc % CATEGORIES[id].length],
    kept,
    full,
    region: { patches, kept: Math.round(patches * Math.min(1, (share * Math.max(kept, 1)) / 70)) },
    parts: { slice, type: TYPES[doc % TYPES.length], split: doc % 2 === 0 ? "iid" : "held-out" },
    // No draw: the same rows with logits and without.
    ...(logits && { kl: setting.method === "none" ? 0 : (1.02 - share) * (0.2 + ((doc * 37) % 11) / 11) }),
    firstToken: 160 + kept / 3 + (compressing ? 14 : 0) + 20 * random.unit(),
    ...(doc === 17 && setting.method === "cdpruner" && { failed: "cdpruner: expected 58 rows, got 57", score: 0 }),
  });
}

/** Writes a run as its folder. @returns the same run with hashes, and with the official combinations of its tasks. */
export function writeRun(folder: string, { state: made, machine, settings }: RunData): RunData {
  const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;
  mkdirSync(join(folder, "tasks"), { recursive: true });
  const tasks = made.tasks.map((task) => {
    const rows = settings.get("none")?.rows[task.id] ?? [];
    const text = jsonLines(
      shape.anything,
      rows.map(({ sample }) => sample),
    );
    writeFileSync(join(folder, "tasks", `${task.id}.jsonl`), text);
    return { ...task, hash: textHash(text) };
  });
  const state = { ...made, tasks };
  writeFileSync(join(folder, "run.json"), json(state));
  if (machine !== undefined) writeFileSync(join(folder, "machine.json"), json(machine));
  const all: AnswerRecord[] = [];
  for (const [id, { results, rows }] of settings) {
    const own = join(folder, "settings", settingFolder(id));
    mkdirSync(own, { recursive: true });
    const answers = Object.values(rows).flatMap((list) => list.map(({ record }) => record));
    const task_hashes = Object.fromEntries(tasks.map((task) => [task.id, task.hash]));
    const hashes = { task_hashes, run_hash: runHash(state), answers_hash: answersHash(answers) };
    writeFileSync(join(own, "results.json"), json({ results, ...hashes, efficiency: {} }));
    const scores = Object.entries(rows).map(([task, list]) => [task, list.map(({ score }) => score)]);
    writeFileSync(join(own, "scores.json"), JSON.stringify(Object.fromEntries(scores)));
    all.push(...answers);
  }
  writeFileSync(join(folder, "answers.jsonl"), jsonLines(shape.anything, all));
  const combinations = new Map(tasks.map(({ id }) => [id, findTask(id).combination("llava")]));
  return { state, ...(machine !== undefined && { machine }), settings, combinations };
}
