/** @file Costs of a setting: measured times, bytes of keys and values, operations by arithmetic. */
import { mean, median } from "../../../math/index.js";
import { type LanguageSizes, STAGES, type Stage } from "../../../vlm/index.js";
import { prefillFlops } from "../../metrics/efficiency.js";
import type { AnsweredRecord } from "../../run/answer-record.js";

/** Costs over the questions with a picture that were answered, of all tasks together. */
export interface SettingCosts {
  /** Number of answers that the costs are of. */
  readonly samples: number;
  /** Medians in milliseconds, each of its own: stages do not add up to `firstToken` exactly. */
  readonly stages: Readonly<Record<Stage, number>>;
  /** Median milliseconds to the first token. */
  readonly firstToken: number;
  /** Median milliseconds of a whole answer. */
  readonly total: number;
  /** Mean bytes of the language model's keys and values: with all visual tokens, and with those kept. */
  readonly kvBytes: { readonly full: number; readonly kept: number };
  /** Mean tokens of the whole prompt. */
  readonly promptTokens: number;
  /** Mean operations of the prefill by named conventions: computed per question, since they do not grow evenly with tokens. */
  readonly flops?: { readonly fastv: number; readonly gated: number };
}

/** Undefined without an answer. */
export function settingCosts(
  answers: readonly AnsweredRecord[],
  language: LanguageSizes | undefined,
): SettingCosts | undefined {
  if (answers.length === 0) return undefined;
  const time = (name: Stage | "firstToken" | "total") => median(answers.map(({ timings }) => timings[name]));
  const average = (value: (answer: AnsweredRecord) => number) => mean(answers.map(value));
  const flops = (convention: "fastv" | "gated", sizes: LanguageSizes) =>
    average(({ tokens }) => prefillFlops(tokens.prompt, sizes, convention));
  return {
    samples: answers.length,
    stages: Object.fromEntries(STAGES.map((stage) => [stage, time(stage)])) as Record<Stage, number>,
    firstToken: time("firstToken"),
    total: time("total"),
    kvBytes: { full: average(({ kvBytes }) => kvBytes.full), kept: average(({ kvBytes }) => kvBytes.kept) },
    promptTokens: average(({ tokens }) => tokens.prompt),
    ...(language !== undefined && { flops: { fastv: flops("fastv", language), gated: flops("gated", language) } }),
  };
}
