/** @file What an entry costs: measured times, bytes of keys and values, operations by arithmetic. */

import { mean, median } from "../../../math/index.js";
import { type LanguageSizes, STAGES, type Stage } from "../../../vlm/index.js";
import { type CostModel, prefillFlops } from "../../metrics/efficiency.js";
import type { Entry } from "./entries.js";
import type { TaskFrame } from "./frames.js";
import type { ReportRow } from "./run-data.js";

/** Costs over the questions with a picture that were answered, of all tasks together. Undefined numbers: there are none. */
export interface EntryCosts {
  readonly samples: number;
  /** Medians in milliseconds, each of its own: stages do not add up to `firstToken` exactly. */
  readonly stages: Readonly<Record<Stage, number>>;
  readonly firstToken: number;
  readonly total: number;
  /** Mean bytes of the language model's keys and values: with all visual tokens, and with those kept. */
  readonly kvBytes: { readonly full: number; readonly kept: number };
  /** Mean tokens of the whole prompt. */
  readonly promptTokens: number;
  /** Mean operations of the prefill by named conventions: computed per question, since they do not grow evenly with tokens. */
  readonly flops?: { readonly fastv: number; readonly gated: number };
}

/** Undefined where no question with a picture was answered. */
export function entryCosts(
  frames: readonly TaskFrame[],
  entry: Entry,
  language: LanguageSizes | undefined,
): EntryCosts | undefined {
  const rows = frames.flatMap((frame) =>
    frame.rowsOf(entry).flatMap((list) => list.filter(({ failed }, i) => frame.pictured[i] && failed === undefined)),
  );
  if (rows.length === 0) return undefined;
  const times = (name: Stage | "firstToken" | "total") => median(rows.map(({ timing_ms }) => timing_ms[name]));
  const average = (value: (row: ReportRow) => number) => mean(rows.map(value));
  const model = language && costModel(language);
  const flops = (convention: "fastv" | "gated", sizes: CostModel) =>
    average(({ compression }) => prefillFlops(compression.n_prompt, sizes, convention));
  return {
    samples: rows.length,
    stages: Object.fromEntries(STAGES.map((stage) => [stage, times(stage)])) as Record<Stage, number>,
    firstToken: times("firstToken"),
    total: times("total"),
    kvBytes: {
      full: average(({ kv_bytes }) => kv_bytes.full),
      kept: average(({ kv_bytes }) => kv_bytes.kept),
    },
    promptTokens: average(({ compression }) => compression.n_prompt),
    ...(model !== undefined && { flops: { fastv: flops("fastv", model), gated: flops("gated", model) } }),
  };
}

function costModel(sizes: LanguageSizes): CostModel {
  return {
    layers: sizes.num_hidden_layers,
    d: sizes.hidden_size,
    m: sizes.intermediate_size,
    heads: sizes.num_attention_heads,
    kvHeads: sizes.num_key_value_heads,
    vocab: sizes.vocab_size,
  };
}
