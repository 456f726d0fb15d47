/** @file What a run leaves in its folder, as data: `run.json`, and the rows of `cells/CELL/samples_TASK.jsonl`. */

import type { Conversation } from "../../benchmarks/index.js";
import type { Role } from "../../core/index.js";
import type { LanguageSizes, StageTimes } from "../../vlm/index.js";
import type { Cell, CellBudget } from "./cells.js";

/** Layout of the folder; another layout gets another number. */
export const RUN_VERSION = 1;

/** One task of a run. */
export interface RunTask {
  readonly id: string;
  /** Name for people. */
  readonly alias: string;
  readonly rule: string;
  readonly samples: number;
  /** Longest answer. */
  readonly maxNewTokens: number;
  /** Name of the metric that stands for the task, and its value for a perfect model. */
  readonly headline: string;
  readonly best: number;
  /** Hash over the samples: what is asked, and the truth. */
  readonly hash: string;
  /** Rows that could not be read or joined. */
  readonly problems: readonly { readonly file: string; readonly line?: number; readonly what: string }[];
}

/** `run.json`: everything that the answers follow from, and the machine that timed them. */
export interface RunState {
  readonly format: "recoup-eval";
  readonly version: number;
  readonly model: { readonly name: string; readonly family: string; readonly dtype?: string; readonly device?: string };
  readonly language?: LanguageSizes;
  /** The frame around each question, where it is not the model's own chat template. */
  readonly conversation?: Conversation;
  /** Whether pictures are padded to squares before the model's own preprocessing. */
  readonly pad?: boolean;
  readonly tasks: readonly RunTask[];
  readonly cells: readonly Cell[];
  /** Cells that were asked for and cannot be, each with its reason. */
  readonly leftOut: readonly string[];
  readonly limit?: number;
  readonly seed: number;
  /** Said wherever the numbers are shown: of synthetic pictures and the bundled model. */
  readonly notes: readonly string[];
}

/** `machine.json`: not compared on resume, and not the same from run to run. */
export interface RunMachine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gib: number;
  readonly node: string;
  readonly platform: string;
  readonly command: string;
  /** Seconds of the last sitting, and the share of them that went into none of pictures, tower, methods and language model. */
  readonly seconds: number;
  readonly harness_share: number;
}

/** A row of `samples_TASK.jsonl`, as lmms-eval has them, with what compression did. One more key is named as the task's headline metric. */
export interface SampleRow {
  readonly doc_id: number;
  readonly question_id: string | number;
  readonly target: string;
  readonly input: string;
  readonly image?: string;
  readonly category: string;
  /** The answer as it came; empty for a sample that failed. */
  readonly resps: readonly (readonly [string])[];
  readonly filtered_resps: readonly [string];
  readonly doc_hash: string;
  /** 0 to 1: what the answer is worth by the task's rule. */
  readonly score: number;
  /** Why there is no answer. */
  readonly failed?: string;
  /** Of synthetic samples. */
  readonly slice?: string;
  readonly type?: string;
  readonly half?: string;
  readonly compression: {
    readonly method: string;
    readonly budget: CellBudget;
    readonly n_full: number;
    readonly n_kept: number;
    /** Tokens of the whole prompt, visual ones and text. */
    readonly n_prompt: number;
    readonly roles: Readonly<Record<Role, number>>;
    /** Of synthetic samples: patches of what is asked about, and how many stand in rows of their own. */
    readonly region?: { readonly patches: number; readonly kept: number };
  };
  readonly kv_bytes: { readonly full: number; readonly kept: number };
  /** Milliseconds by stage, as if asked alone. */
  readonly timing_ms: StageTimes & { readonly firstToken: number; readonly total: number };
}

/** The scores of one cell, `cells/CELL/results.json`, as lmms-eval has them. */
export interface CellResults {
  readonly results: Readonly<Record<string, Readonly<Record<string, number | string | null>>>>;
  readonly "n-samples": Readonly<
    Record<string, { readonly original: number; readonly effective: number; readonly failed: number }>
  >;
  readonly configs: Readonly<Record<string, unknown>>;
  readonly versions: Readonly<Record<string, number>>;
  readonly "n-shot": Readonly<Record<string, number>>;
  readonly higher_is_better: Readonly<Record<string, Readonly<Record<string, boolean>>>>;
  readonly task_hashes: Readonly<Record<string, string>>;
  readonly model_name: string;
  readonly model_name_sanitized: string;
  /** Means over all samples. */
  readonly efficiency: Readonly<Record<string, number>>;
}

/** Name of a cell's folder: its id, with what file systems do not take replaced. */
export function cellFolder(id: string): string {
  return id.replaceAll(/[^\w.@=-]/g, "-");
}
