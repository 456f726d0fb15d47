/** @file A run in the folders and files that lmms-eval leaves, so that its tools read it (75571cf, loggers/evaluation_tracker.py). */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { FormatError, refusalFor, shape } from "../../core/index.js";
import { checkedPath, withFileErrors } from "../../files/index.js";
import type { RunState } from "../run/run-folder.js";
import { isPlainId, settingFolder } from "../run/setting-folder.js";
import { lmmsEvalName } from "../run/setting-results.js";
import type { Setting } from "../run/settings.js";
import { readRun, settingPath } from "./read-run.js";
import { readIfThere } from "./read-task.js";

/** A file of an export. */
export interface ExportFile {
  /** Names from the folder of the export down, joined by slashes. */
  readonly name: string;
  readonly data: string;
}

const operation = "export";
const refuse = refusalFor(operation);
const refuseFormat = refusalFor(operation, FormatError);

/**
 * A folder per setting, as if each were a model: `MODEL__SETTING/DATE_results.json` and `DATE_samples_TASK.jsonl`. The date is the day of
 * the run in UTC. The same run gives the same files.
 *
 * @throws InvalidInputError and FormatError as `readRun`; likewise for a setting without its exports.
 */
export async function lmmsEvalFiles(run: string): Promise<ExportFile[]> {
  const { state, machine } = await readRun(checkedPath(operation, run));
  const date = await dateOf(run, machine?.date);
  const files: ExportFile[] = [];
  for (const setting of state.settings) {
    const { id: name } = setting;
    const model = lmmsEvalName(
      `${state.model.name.split("/").slice(-2).join("/")}__${isPlainId(name) ? name : settingFolder(name)}`,
    );
    const folder = await settingPath(run, name);
    const from = (file: string) => join(folder, file);
    const results = resultsText(await textAt(from("results.json")), { state, setting, model, date });
    files.push({ name: `${model}/${date}_results.json`, data: results });
    for (const { id } of state.tasks) {
      const samples = from(`samples_${id}.jsonl`);
      files.push({
        name: `${model}/${date}_samples_${lmmsEvalName(id)}.jsonl`,
        data: exportedSamples(await textAt(samples), samples),
      });
    }
  }
  return files;
}

/** `20260102_000000`. A run whose last session was killed at its end has no day of its own: that of its request stands in. */
async function dateOf(run: string, day: string | undefined): Promise<string> {
  const path = join(run, "run.json");
  const made = async () =>
    (await withFileErrors(operation, `a readable file ${path}`, () => stat(path))).mtime.toISOString();
  const digits = /^(\d{4})-(\d\d)-(\d\d)/.exec(day ?? (await made()));
  if (digits === null) throw refuseFormat(`a date in ${join(run, "machine.json")}`, day);
  return `${digits.slice(1).join("")}_000000`;
}

async function textAt(path: string): Promise<string> {
  const text = await readIfThere(operation, path);
  if (text === undefined) throw refuse(`a run that is over, with ${path}`, "none; the same recoup eval writes it");
  return text;
}

interface Facts {
  readonly state: RunState;
  readonly setting: Setting;
  /** Name of the folder. */
  readonly model: string;
  readonly date: string;
}

const RESULTS = shape.object({ results: shape.record(shape.record(shape.anything)) });

/** With the fields that lmms-eval's tables ask for: an error of each metric, which recoup gives as intervals in its report instead. */
function resultsText(text: string, { state, setting, model, date }: Facts): string {
  const file = shape.parsed(text, RESULTS, refuseFormat);
  const results = Object.entries(file.results).map(([task, values]) => {
    const entries = Object.entries(values).flatMap(([name, value]): [string, unknown][] => {
      if (!name.endsWith(",none")) return [[name, value]];
      const error = name.replace(/,none$/, "_stderr,none");
      return [
        [name, value ?? "N/A"],
        [error, "N/A"],
      ];
    });
    return [task, Object.fromEntries(entries)];
  });
  const written = {
    ...file,
    results: Object.fromEntries(results),
    group_subtasks: Object.fromEntries(state.tasks.map(({ id }) => [id, []])),
    config: {
      model: "recoup",
      model_args: `pretrained=${state.model.name},setting=${setting.id}`,
      batch_size: 1,
      limit: state.limit ?? null,
      gen_kwargs: null,
      random_seed: state.seed,
    },
    date,
    model_source: "recoup",
    model_name: `${state.model.name} ${setting.id}`,
    model_name_sanitized: model,
  };
  return `${JSON.stringify(written, undefined, 2)}\n`;
}

const SAMPLE = shape.object({ doc_id: shape.count, filtered_resps: shape.list(shape.text) });

/** lmms-eval writes the one answer of a question without lists around it, and `resps` only where they differ. */
function exportedSamples(text: string, path: string): string {
  const lines = text.split("\n").slice(0, -1);
  const rows = lines.map((line, i) => {
    const refuseLine = (expected: string, got: string) => refuseFormat(`${expected} in line ${i + 1} of ${path}`, got);
    const { filtered_resps: answers, ...row } = shape.parsed(line, SAMPLE, refuseLine);
    return `${JSON.stringify({ ...row, resps: undefined, filtered_resps: answers[0] ?? "" })}\n`;
  });
  return rows.join("");
}
