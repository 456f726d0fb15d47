/** @file A cell's answers as rows and scores, in the shapes that lmms-eval writes. */
import { meanOrNull, textHash } from "../../math/index.js";
import { STAGES } from "../../vlm/index.js";
import type { Sample, Task } from "../task.js";
import type { Cell } from "./cells.js";
import { type AnswerRecord, keyText } from "./record.js";
import type { CellResults, RunState, SampleRow } from "./run-folder.js";

/** All answers of a run, by `keyText`. */
export type Records = ReadonlyMap<string, AnswerRecord>;

/** The answers of a task in one cell, in the samples' order. @throws TypeError where one is missing: the run is not over. */
export function recordsOf(records: Records, task: Task, cell: Cell): AnswerRecord[] {
  return task.samples.map(({ docId }) => {
    const record = records.get(keyText({ task: task.id, doc: docId, cell: cell.id }));
    if (record === undefined) throw new TypeError(`no answer to sample ${docId} of ${task.id} in ${cell.id}`);
    return record;
  });
}

/** Rows of `samples_TASK.jsonl`. */
export function sampleRows(task: Task, { method, budget }: Cell, answers: readonly AnswerRecord[]): SampleRow[] {
  return task.samples.map((sample, i) => {
    const { text = "", error, tokens, roles, region, kvBytes, timings } = answers[i];
    const score = error === undefined ? task.sampleScore(sample, text) : 0;
    return {
      doc_id: sample.docId,
      question_id: sample.questionId,
      target: sample.target,
      input: sample.prompt,
      ...(sample.image !== undefined && "path" in sample.image && { image: sample.image.path }),
      category: sample.category,
      resps: [[text]],
      filtered_resps: [text],
      doc_hash: docHash(sample),
      score,
      [task.headline]: score,
      ...(error !== undefined && { failed: error }),
      ...(sample.region !== undefined && {
        slice: sample.region.slice,
        type: sample.region.type,
        half: sample.region.split,
      }),
      compression: {
        method,
        budget,
        n_full: tokens.source,
        n_kept: tokens.kept,
        n_prompt: tokens.prompt,
        roles,
        ...(region !== undefined && { region }),
      },
      kv_bytes: kvBytes,
      timing_ms: timings,
    };
  });
}

function docHash({ questionId, question, target }: Sample): string {
  return textHash(JSON.stringify([questionId, question, target]));
}

/** The scores of a cell, `results.json`. */
export function cellResults(state: RunState, tasks: readonly Task[], cell: Cell, records: Records): CellResults {
  const all = tasks.map((task) => ({ task, answers: recordsOf(records, task, cell) }));
  const byTask = <T>(value: (task: Task, answers: readonly AnswerRecord[]) => T): Record<string, T> =>
    Object.fromEntries(all.map(({ task, answers }) => [task.id, value(task, answers)]));
  const flat = all.flatMap(({ answers }) => answers.filter(({ error }) => error === undefined));
  return {
    results: byTask((task, answers) => {
      const { metrics, warnings } = task.score(answers.map(({ text }) => text));
      const named = Object.entries(metrics).map(([name, value]) => [`${name},none`, value] as const);
      return {
        alias: task.alias,
        samples: answers.length,
        ...Object.fromEntries(named),
        ...(warnings.length > 0 && { warnings: warnings.join("; ") }),
      };
    }),
    "n-samples": byTask((task, answers) => ({
      original: task.samples.length,
      effective: answers.length,
      failed: answers.filter(({ error }) => error !== undefined).length,
    })),
    configs: byTask(({ id, rule, maxNewTokens }) => ({
      task: id,
      rule,
      generation_kwargs: { max_new_tokens: maxNewTokens, temperature: 0, do_sample: false, num_beams: 1 },
      compression: { method: cell.method, budget: cell.budget, options: cell.options },
    })),
    versions: byTask(() => state.version),
    "n-shot": byTask(() => 0),
    higher_is_better: byTask(({ headline }) => ({ [headline]: true })),
    task_hashes: Object.fromEntries(state.tasks.map(({ id, hash }) => [id, hash])),
    model_name: state.model.name,
    model_name_sanitized: state.model.name.replaceAll(/[^\w.-]/g, "__"),
    efficiency: efficiency(flat),
  };
}

/** Means over the answers that there are. Times are this machine's. */
function efficiency(answers: readonly AnswerRecord[]): Record<string, number> {
  const average = (value: (record: AnswerRecord) => number) => meanOrNull(answers.map(value)) ?? 0;
  return {
    source_tokens: average(({ tokens }) => tokens.source),
    kept_tokens: average(({ tokens }) => tokens.kept),
    prompt_tokens: average(({ tokens }) => tokens.prompt),
    kv_bytes_full: average(({ kvBytes }) => kvBytes.full),
    kv_bytes_kept: average(({ kvBytes }) => kvBytes.kept),
    first_token_ms: average(({ timings }) => timings.firstToken),
    total_ms: average(({ timings }) => timings.total),
    ...Object.fromEntries(STAGES.map((stage) => [`${stage}_ms`, average(({ timings }) => timings[stage])])),
  };
}
