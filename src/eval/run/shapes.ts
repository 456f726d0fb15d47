/** @file Shapes of a run's files, for whoever reads them back. */

import { CONVERSATIONS } from "../../benchmarks/index.js";
import { ROLES, shape } from "../../core/index.js";
import { RULES } from "../task.js";
import { AGREEMENT_RULE, type KeptSample, RUN_VERSION, type RunMachine, type RunState } from "./run-folder.js";
import type { Setting } from "./settings.js";

const { anything, count, either, flag, integer, list, number, object, oneOf, optional, record, text } = shape;

const setting: shape.Shape<Setting> = object({
  id: text,
  method: text,
  budget: either(oneOf("all", "dynamic"), count),
  options: record(anything),
  without: optional(list(oneOf(...ROLES))),
  role: oneOf("reference", "method", "control"),
  side: optional(integer(1)),
  comparedAt: optional(list(count)),
});

const task: shape.Shape<RunState["tasks"][number]> = object({
  id: text,
  alias: text,
  rule: oneOf(...RULES, AGREEMENT_RULE),
  samples: count,
  maxNewTokens: count,
  headline: text,
  maxScore: number,
  hash: text,
  problems: list(object({ file: text, line: optional(count), what: text })),
});

/** `run.json`. */
export const runStateShape: shape.Shape<RunState> = object({
  format: oneOf("recoup-eval"),
  version: oneOf(RUN_VERSION),
  model: object({ name: text, family: text, dtype: optional(text), device: optional(text) }),
  language: optional(
    object({
      num_hidden_layers: count,
      hidden_size: count,
      intermediate_size: count,
      num_attention_heads: count,
      num_key_value_heads: count,
      vocab_size: count,
    }),
  ),
  conversation: optional(oneOf(...CONVERSATIONS)),
  pad: optional(flag),
  tasks: list(task),
  settings: list(setting),
  leftOut: list(text),
  limit: optional(count),
  seed: count,
  notes: list(text),
});

/** `machine.json`. */
export const machineShape: shape.Shape<RunMachine> = object({
  date: text,
  cpu: text,
  cores: count,
  memory_gib: number,
  node: text,
  platform: text,
  command: text,
  seconds: number,
  harness_share: number,
});

/** A line of `tasks/TASK.jsonl`. */
export const keptSampleShape: shape.Shape<KeptSample> = object({
  docId: count,
  questionId: shape.id,
  image: optional(text),
  picture: optional(text),
  prompt: text,
  question: text,
  relevanceText: text,
  target: text,
  category: text,
  group: text,
  region: optional(
    object({
      type: text,
      slice: text,
      split: text,
      boxes: list(
        shape.value<readonly [x: number, y: number, width: number, height: number]>(
          "four numbers",
          (value) => Array.isArray(value) && value.length === 4 && value.every(Number.isFinite),
        ),
      ),
    }),
  ),
});

/** `settings/SETTING/results.json`, as far as a report reads it. */
export const settingResultsShape = object({
  results: record(record(either(either(number, text), oneOf(null)))),
  task_hashes: record(text),
  run_hash: text,
  answers_hash: text,
});

/** `settings/SETTING/scores.json`: scores of the answers by task, in the samples' order. */
export const scoresShape = record(
  list(
    shape.value<number>(
      "a score from 0 to 1",
      (value) => Number.isFinite(value) && (value as number) >= 0 && (value as number) <= 1,
    ),
  ),
);
