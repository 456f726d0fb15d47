/** @file A setting's answers scored: `results.json` and `samples_TASK.jsonl` in lmms-eval's shapes, and the scores that a report reads. */
import { groupBy, shape } from "../../core/index.js";
import { meanOrNull, median, textHash } from "../../math/index.js";
import { STAGES } from "../../vlm/index.js";
import { isUnchanged } from "../agreement/agreement.js";
import type { Task } from "../task.js";
import { type AnsweredRecord, type AnswerRecord, isAnswered, keyText, type Records } from "./answer-record.js";
import type { RunState } from "./run-folder.js";
import type { Setting } from "./settings.js";
import { toldOfAnswers, toldShape } from "./told.js";

/** A task's answers in one setting, in the samples' order, each with its score from 0 to 1. A failed one scores 0. */
export interface ScoredTask {
  readonly task: Task;
  readonly answers: readonly AnswerRecord[];
  readonly scores: readonly number[];
}

/** Tasks with their answers in one setting. @throws TypeError where one is missing: the run is not over. */
export function scoredTasks(tasks: readonly Task[], setting: Setting, records: Records): ScoredTask[] {
  return tasks.map((task) => {
    const answers = task.samples.map(({ docId }) => {
      const record = records.get(keyText({ task: task.id, doc: docId, setting: setting.id }));
      if (record === undefined) throw new TypeError(`no answer to sample ${docId} of ${task.id} in ${setting.id}`);
      return record;
    });
    const score = (record: AnswerRecord, i: number) =>
      isAnswered(record) ? task.sampleScore(task.samples[i], record.text) : 0;
    return { task, answers, scores: answers.map(score) };
  });
}

/** Rows of `samples_TASK.jsonl` as lmms-eval has them, with what compression did: an export, which recoup does not read. */
export function sampleRows({ task, answers, scores }: ScoredTask, { method, budget, asked }: Setting): object[] {
  return task.samples.map((sample, i) => {
    const record = answers[i];
    const { text = "" } = record;
    return {
      doc_id: sample.docId,
      question_id: sample.questionId,
      target: sample.target,
      input: sample.prompt,
      image: sample.image && "path" in sample.image ? sample.image.path : undefined,
      category: sample.category,
      resps: [[text]],
      filtered_resps: [text],
      doc_hash: textHash(JSON.stringify([sample.questionId, sample.question, sample.target])),
      score: scores[i],
      [task.headline]: scores[i],
      slice: sample.region?.slice,
      type: sample.region?.type,
      split: sample.region?.split,
      ...(isAnswered(record) ? measured(record, { method, budget, asked }) : { failed: record.error }),
    };
  });
}

function measured({ tokens, roles, region, told, kvBytes, timings }: AnsweredRecord, setting: object): object {
  const counts = { n_full: tokens.source, n_kept: tokens.kept, n_prompt: tokens.prompt };
  return { compression: { ...setting, ...counts, roles, region, told }, kv_bytes: kvBytes, timing_ms: timings };
}

/** `settings/SETTING/results.json`, as far as it is read again. */
export const settingResultsShape = shape.object({
  /** Metrics by task as `NAME,none`, lmms-eval's keys; null where there is none. */
  results: shape.record(shape.record(shape.either(shape.either(shape.number, shape.text), shape.oneOf(null)))),
  task_hashes: shape.record(shape.text),
  /** Hashes of `run.json` and of the answers that the scores are of: parts of different runs are told apart by them. */
  run_hash: shape.text,
  answers_hash: shape.text,
  /** Over the answers to questions with a picture, as in the report: means of counts and bytes, medians of times; null without one. */
  efficiency: shape.record(shape.either(shape.number, shape.oneOf(null))),
  /** Answers beside those with all tokens, which both gave, those that are the same, and with `--logits` the mean KL of their first token. */
  beside_all_tokens: shape.optional(
    shape.object({
      answered: shape.count,
      unchanged: shape.count,
      first_token_kl: shape.optional(shape.either(shape.number, shape.oneOf(null))),
    }),
  ),
  /** What the decoder was told of the rows, and what it was not; undefined where no answer says. */
  told: shape.optional(toldShape),
});

/** The scores of one setting. */
export type SettingResults = shape.TypeOf<typeof settingResultsShape>;
/** Values of a task's metrics. */
export type TaskResults = SettingResults["results"][string];

/**
 * Content of `results.json`, in lmms-eval's shape. A task of which nothing was answered has no score.
 *
 * @param whole the same tasks with all tokens; undefined for settings without them.
 */
export function settingResults(
  state: RunState,
  setting: Setting,
  scored: readonly ScoredTask[],
  whole: readonly ScoredTask[] | undefined,
): SettingResults {
  const byTask = <T>(value: (of: ScoredTask) => T): Record<string, T> =>
    Object.fromEntries(scored.map((of) => [of.task.id, value(of)]));
  const { method, budget, asked, options, positions, mass } = setting;
  const pictured = scored.flatMap(answersOfPictures);
  const file = {
    results: byTask(taskResults),
    "n-samples": byTask(({ answers }) => ({
      original: answers.length,
      effective: answers.length,
      failed: answers.filter((record) => !isAnswered(record)).length,
    })),
    configs: byTask(({ task: { id, rule, maxNewTokens } }) => ({
      task: id,
      rule,
      generation_kwargs: { max_new_tokens: maxNewTokens, temperature: 0, do_sample: false, num_beams: 1 },
      compression: { method, budget, asked, options, positions, mass },
    })),
    versions: byTask(() => state.version),
    "n-shot": byTask(() => 0),
    higher_is_better: byTask(({ task: { headline } }) => ({ [headline]: true })),
    task_hashes: Object.fromEntries(state.tasks.map(({ id, hash }) => [id, hash])),
    run_hash: runHash(state),
    answers_hash: answersHash(scored.flatMap(({ answers }) => answers)),
    model_name: state.model.name,
    model_name_sanitized: lmmsEvalName(state.model.name),
    efficiency: efficiency(pictured),
    ...(whole && { beside_all_tokens: besideWhole(scored, whole, state.logits) }),
    told: toldOfAnswers(pictured),
  };
  return file;
}

function taskResults({ task, answers }: ScoredTask): TaskResults {
  const { metrics, warnings } = task.score(answers.map(({ text }) => text));
  const isAnyAnswered = answers.some(isAnswered);
  return {
    alias: task.alias,
    samples: answers.length,
    ...Object.fromEntries(
      Object.entries(metrics).map(([name, value]) => [`${name},none`, isAnyAnswered ? value : null]),
    ),
    ...(warnings.length > 0 && { warnings: warnings.join("\n") }),
  };
}

/** What must be said with a task's scores, and the settings whose scores it is about. */
export interface ScoreWarning {
  readonly task: string;
  readonly text: string;
  /** Ids. */
  readonly settings: readonly string[];
}

/** The warnings of all scores, each text once per task. @param scores by the setting's id. */
export function scoreWarnings(scores: Iterable<readonly [string, Pick<SettingResults, "results">]>): ScoreWarning[] {
  const said = Array.from(scores).flatMap(([setting, { results }]) =>
    Object.entries(results).flatMap(([task, { warnings }]) =>
      typeof warnings === "string" ? warnings.split("\n").map((text) => ({ task, text, setting })) : [],
    ),
  );
  return [...groupBy(said, ({ task, text }) => `${task}\n${text}`).values()].map((own) => {
    const [{ task, text }] = own;
    return { task, text, settings: own.map(({ setting }) => setting) };
  });
}

/** A name as lmms-eval puts it into names of files (75571cf, loggers/evaluation_tracker.py). */
export function lmmsEvalName(name: string): string {
  return name.replaceAll(/["<>:/|\\?*[\]]+/g, "__");
}

/** Hash of `run.json`. */
export function runHash(state: RunState): string {
  return textHash(JSON.stringify(state));
}

/** Hash of the texts of a setting's answers, task by task. */
export function answersHash(answers: readonly AnswerRecord[]): string {
  return textHash(JSON.stringify(answers.map(({ task, doc, text }) => [task, doc, text])));
}

function answersOfPictures({ task, answers }: ScoredTask): AnsweredRecord[] {
  return answers.flatMap((record, i) => (isAnswered(record) && task.samples[i].image !== undefined ? [record] : []));
}

function besideWhole(
  scored: readonly ScoredTask[],
  whole: readonly ScoredTask[],
  logits: boolean | undefined,
): SettingResults["beside_all_tokens"] {
  const [own, full] = [scored, whole].map((tasks) => tasks.flatMap(({ answers }) => answers));
  const pairs = own.flatMap((record, i) => {
    const other = full[i];
    return isAnswered(record) && isAnswered(other) ? [{ own: record, full: other }] : [];
  });
  const divergences = own.flatMap(({ kl }) => kl ?? []);
  return {
    answered: pairs.length,
    unchanged: pairs.filter(isUnchanged).length,
    ...(logits && { first_token_kl: meanOrNull(divergences) }),
  };
}

/** Of the answers that there are. One slow moment would move a mean of times, which are this machine's. */
function efficiency(answers: readonly AnsweredRecord[]): SettingResults["efficiency"] {
  const average = (value: (record: AnsweredRecord) => number) => meanOrNull(answers.map(value));
  const middle = (name: keyof AnsweredRecord["timings"]) =>
    answers.length === 0 ? null : median(answers.map(({ timings }) => timings[name]));
  return {
    source_tokens: average(({ tokens }) => tokens.source),
    kept_tokens: average(({ tokens }) => tokens.kept),
    prompt_tokens: average(({ tokens }) => tokens.prompt),
    kv_bytes_full: average(({ kvBytes }) => kvBytes.full),
    kv_bytes_kept: average(({ kvBytes }) => kvBytes.kept),
    first_token_ms: middle("firstToken"),
    total_ms: middle("total"),
    ...Object.fromEntries(STAGES.map((stage) => [`${stage}_ms`, middle(stage)])),
  };
}
