/** @file A run's folder as data: `run.json`, `machine.json`, the samples of `tasks/TASK.jsonl`, the scores of each setting. */
import { CONVERSATIONS, jsonLines } from "../../benchmarks/index.js";
import { refusalFor, shape } from "../../core/index.js";
import { textHash } from "../../math/index.js";
import { OWN_RULE, RULES, type Sample, type Task } from "../task.js";
import { settingShape } from "./settings.js";
import { defaultToldShape } from "./told.js";

const { count, list, number, object, oneOf, optional, record, text } = shape;

/** Layout of the folder; another layout gets another number. */
export const RUN_VERSION = 2;
/** Rule of a run on own questions without right answers: answers are compared with those of all tokens. */
export const AGREEMENT_RULE = "agreement";

const runTaskShape = object({
  id: text,
  /** Name for people. */
  alias: text,
  rule: oneOf(...RULES, OWN_RULE, AGREEMENT_RULE),
  samples: count,
  /** Whether answers are no letters of options; undefined in runs that did not say, and where there is no right answer. */
  open: optional(shape.flag),
  /** Longest answer. */
  maxNewTokens: count,
  /** Name of the metric that stands for the task, and its value for a perfect model. */
  headline: text,
  maxScore: number,
  /** Hash of `tasks/TASK.jsonl`: what is asked, and the truth. */
  hash: text,
  /** Rows that could not be read or joined. */
  problems: list(object({ file: text, line: optional(count), what: text })),
});

/** Shape of `run.json`. */
export const runStateShape = object({
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
  /** The frame around each question, where it is not the model's own chat template. */
  conversation: optional(oneOf(...CONVERSATIONS)),
  /** Whether pictures are padded to squares before the model's own preprocessing. */
  pad: optional(shape.flag),
  /** The model's own method, which others are compared with; undefined in runs that did not say. */
  defaultMethod: optional(text),
  /** Whether answers have the KL of their first token. */
  logits: optional(shape.flag),
  /** What the decoder is told of rows where a setting does not say; undefined in runs that did not say. */
  told: optional(defaultToldShape),
  tasks: list(runTaskShape),
  settings: list(settingShape),
  /** Methods that are no part of recoup: their modules, and the SHA-256 of their bytes. What these import is not in it. */
  own: optional(list(object({ id: text, path: text, sha256: text }))),
  /** Settings that were asked for and cannot be, each with its reason. */
  leftOut: list(text),
  limit: optional(count),
  seed: count,
  /** Said wherever the numbers are shown: of synthetic pictures and the bundled model. */
  notes: list(text),
});

/** Shape of `machine.json`: when, where and how fast the last session ran. */
export const machineShape = object({
  date: text,
  cpu: text,
  cores: count,
  memory_gib: number,
  node: text,
  platform: text,
  command: text,
  /** Folder of the pictures' data, from the run's own; undefined where they were made in the run's own folder. */
  data: optional(text),
  /** Seconds of the last session, and the share of them that went into none of pictures, tower, methods and language model. */
  seconds: number,
  harness_share: number,
});

/** A line of `tasks/TASK.jsonl`, as far as it is read again: fields of `Sample`. */
export const keptSampleShape = object({
  docId: count,
  picture: optional(text),
  target: text,
  category: text,
  group: text,
  /** Undefined in runs that wrote none. */
  question: optional(text),
  relevanceText: optional(text),
  /** Path below the folder of the task's pictures, or a hash of the picture's bytes. */
  image: optional(text),
  region: optional(object({ type: text, slice: text, split: text })),
});

const score = shape.value<number>("a score from 0 to 1", (value) => shape.fits(value, shape.range(0, 1)));
/** `settings/SETTING/scores.json`: scores of the answers by task, in the samples' order. */
export const scoresShape = record(list(score));

/** `run.json`: everything that the answers follow from. */
export type RunState = shape.TypeOf<typeof runStateShape>;
/** One task of a run. */
export type RunTask = shape.TypeOf<typeof runTaskShape>;
/** `machine.json`: not compared on resume, and not the same from run to run. */
export type RunMachine = shape.TypeOf<typeof machineShape>;
/** A sample as a report reads it. */
export type KeptSample = shape.TypeOf<typeof keptSampleShape>;

/** A run's request with its samples still in it, before they are counted and hashed. */
export interface RunRequest extends Omit<RunState, "format" | "version" | "tasks"> {
  readonly tasks: readonly (Omit<RunTask, "samples" | "hash"> & Pick<Task, "samples">)[];
}

/** As far as a run's samples are counted and hashed. */
const REQUESTED = list(
  object({
    id: text,
    samples: list(object({ image: optional(shape.either(object({ path: text }), object({ base64: text }))) })),
  }),
);

/** A run's request as `run.json` has it. */
export function runState(given: RunRequest): RunState {
  const { tasks, ...request } = shape.options(given, { tasks: REQUESTED }, refusalFor("runState"), "request");
  return {
    format: "recoup-eval",
    version: RUN_VERSION,
    ...request,
    tasks: tasks.map(runTask),
  };
}

/** A task as `run.json` has it: its samples counted and hashed. */
export function runTask({
  id,
  alias,
  rule,
  samples,
  open,
  maxNewTokens,
  headline,
  maxScore,
  problems,
}: RunRequest["tasks"][number]): RunTask {
  const hash = textHash(samplesText(samples));
  return { id, alias, rule, samples: samples.length, open, maxNewTokens, headline, maxScore, hash, problems };
}

/** Content of `tasks/TASK.jsonl`: samples with their pictures by path, or by the hash of their bytes. */
export function samplesText(samples: readonly Sample[]): string {
  const name = (image: Sample["image"]) => image && ("path" in image ? image.path : textHash(image.base64));
  const rows = samples.map(({ image, ...sample }) => ({ ...sample, image: name(image) }));
  return jsonLines(shape.anything, rows);
}
