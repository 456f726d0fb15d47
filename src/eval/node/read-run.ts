/** @file The folder of a run that is over, as data for a report. */
import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { FormatError, InvalidInputError, refusalFor, shape } from "../../core/index.js";
import { checkedPath, withFileErrors } from "../../files/index.js";
import { textHash } from "../../math/index.js";
import type { AgreementRun } from "../agreement/agreement-numbers.js";
import type { Row, RunData, SettingData } from "../report/numbers/scored-answers.js";
import { keyText, type Records } from "../run/answer-record.js";
import {
  AGREEMENT_RULE,
  type KeptSample,
  keptSampleShape,
  machineShape,
  RUN_VERSION,
  type RunState,
  type RunTask,
  runStateShape,
  scoresShape,
} from "../run/run-folder.js";
import { replacedName, settingFolder } from "../run/setting-folder.js";
import { answersHash, runHash, settingResultsShape } from "../run/setting-results.js";
import type { Setting } from "../run/settings.js";
import { type Combination, OWN_RULE, type Rule } from "../task.js";
import { MEAN_SCORE } from "../tasks/judges.js";
import { findTask } from "../tasks/registry.js";
import { LOG_FILE, readAnswers } from "./answer-log.js";
import { samplesFile } from "./evaluation.js";
import { PRINTS_FILE } from "./picture-prints.js";
import { readIfThere } from "./read-task.js";

const operation = "report";
const refuse = refusalFor(operation);
const refuseFormat = refusalFor(operation, FormatError);

/**
 * Reads a folder of `recoup eval`: `run.json`, `machine.json` where it is, samples, answers, and each setting's scores.
 *
 * @throws InvalidInputError for a folder that is no run, one that is not over, or parts of different runs. FormatError naming the
 *   file and line that is damaged.
 */
export async function readRun(folder: string): Promise<RunData> {
  const state = await readState(folder);
  if (isAgreement(state)) throw refuse("a run with scores", "one on questions without right answers");
  const combinations = new Map(state.tasks.map((task) => [task.id, combinationOf(task)]));
  const machine = await readJson(join(folder, "machine.json"), machineShape);
  const samples = new Map<string, readonly KeptSample[]>();
  for (const task of state.tasks) samples.set(task.id, await readSamples(join(folder, samplesFile(task.id)), task));
  const records = await readAnswers(join(folder, LOG_FILE));
  const settings = new Map<string, SettingData>();
  for (const setting of state.settings) {
    settings.set(setting.id, await readSetting(folder, setting, { state, samples, records }));
  }
  return { state, machine, settings, combinations };
}

/** Files and folders that a run writes and its numbers come from; reports and exports may stand beside them. */
const PARTS = ["run.json", "machine.json", LOG_FILE, PRINTS_FILE, "agreement.json", "tasks", "settings", "data"];

/** All files of a run, by their paths. @throws InvalidInputError for a folder that is no run. */
export async function runFiles(folder: string): Promise<string[]> {
  await readState(folder);
  const names = await withFileErrors(operation, `a readable folder ${folder}`, () =>
    readdir(folder, { recursive: true, withFileTypes: true }),
  );
  const paths = names.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  return paths.filter((path) => PARTS.includes(relative(folder, path).split(sep)[0]));
}

/** Reads a run on own questions without right answers. @throws as `readRun`; InvalidInputError for a run with scores. */
export async function readAgreementRun(folder: string): Promise<AgreementRun> {
  const state = await readState(folder);
  if (!isAgreement(state)) throw refuse("a run on questions without right answers", "one with scores");
  const [task] = state.tasks;
  const machine = await readJson(join(folder, "machine.json"), machineShape);
  const samples = await readSamples(join(folder, samplesFile(task.id)), task);
  const records = await readAnswers(join(folder, LOG_FILE));
  for (const { id: setting } of state.settings) {
    for (const { docId: doc } of samples) {
      if (!records.has(keyText({ task: task.id, doc, setting }))) throw noAnswer(setting, doc, task.id);
    }
  }
  return { state, machine, samples, records };
}

/** Whether a folder is of a run on own questions without right answers. @throws as `readRun` for a folder that is no run. */
export async function isAgreementRun(folder: string): Promise<boolean> {
  return isAgreement(await readState(folder));
}

/** @throws InvalidInputError for a folder that is no run of recoup eval; FormatError for a damaged `run.json`. */
export async function assertRun(folder: string): Promise<void> {
  await readState(folder);
}

function isAgreement({ tasks }: RunState): boolean {
  return tasks.some(({ rule }) => rule === AGREEMENT_RULE);
}

async function readState(folder: string): Promise<RunState> {
  const path = join(checkedPath(operation, folder), "run.json");
  const state = await readJson(path, shape.object({ format: shape.anything, version: shape.anything }));
  if (state?.format !== "recoup-eval") {
    const got = state === undefined ? "no run.json in it" : `format ${shape.brief(state.format)} in its run.json`;
    throw refuse(`a folder of recoup eval at ${folder}`, got);
  }
  if (state.version !== RUN_VERSION) {
    throw refuse(`a run of layout ${RUN_VERSION} at ${folder}`, `layout ${shape.brief(state.version)}`);
  }
  return shape.shaped(state, runStateShape, refuseIn(path));
}

/** How samples combine to the task's number: of own questions the mean. */
function combinationOf({ id, rule }: RunTask): Combination {
  return rule === OWN_RULE ? MEAN_SCORE : findTask(id).combination(rule as Rule);
}

/** The samples of a task. */
async function readSamples(path: string, { id, hash }: RunTask): Promise<KeptSample[]> {
  const text = await readIfThere(operation, path);
  if (text === undefined) throw notOver(`samples of ${id}`, `no ${path}`);
  if (textHash(text) !== hash) throw ofAnotherRun(path, "its samples");
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line, i) => parsed(line, keptSampleShape, `line ${i + 1} of ${path}`));
}

interface Parts {
  readonly state: RunState;
  readonly samples: ReadonlyMap<string, readonly KeptSample[]>;
  readonly records: Records;
}

/** Folder of a setting's results: that of earlier versions where it is the only one. A wrong one is told by the hash of its answers. */
export async function settingPath(folder: string, id: string): Promise<string> {
  const [own, earlier] = [settingFolder(id), replacedName(id)].map((name) => join(folder, "settings", name));
  if (own === earlier || (await readIfThere(operation, join(own, "results.json"))) !== undefined) return own;
  return (await readIfThere(operation, join(earlier, "results.json"))) === undefined ? own : earlier;
}

async function readSetting(folder: string, setting: Setting, { state, samples, records }: Parts): Promise<SettingData> {
  const own = await settingPath(folder, setting.id);
  const path = (name: string) => join(own, name);
  const file = await readJson(path("results.json"), settingResultsShape);
  const scores = await readJson(path("scores.json"), scoresShape);
  if (file === undefined) throw notOver(`results of ${setting.id}`, `no ${path("results.json")}`);
  if (scores === undefined) throw notOver(`scores of ${setting.id}`, `no ${path("scores.json")}`);
  const differing = state.tasks.find(({ id, hash }) => file.task_hashes[id] !== hash);
  if (differing !== undefined) throw ofAnotherRun(path("results.json"), `task_hashes of ${differing.id}`);
  if (file.run_hash !== runHash(state)) throw ofAnotherRun(path("results.json"), "run_hash");
  const rows = new Map<string, Row[]>();
  for (const { id } of state.tasks) {
    const [own, list] = [samples.get(id) ?? [], scores[id] ?? []];
    if (list.length !== own.length) {
      throw refuseFormat(`${own.length} scores of ${id} in ${path("scores.json")}`, list.length);
    }
    const row = (sample: KeptSample, i: number): Row => {
      const record = records.get(keyText({ task: id, doc: sample.docId, setting: setting.id }));
      if (record === undefined) throw noAnswer(setting.id, sample.docId, id);
      return { sample, record, score: list[i] };
    };
    rows.set(id, own.map(row));
  }
  const answers = [...rows.values()].flat().map(({ record }) => record);
  if (file.answers_hash !== answersHash(answers)) throw ofAnotherRun(path("results.json"), "answers_hash");
  return { results: file.results, rows: Object.fromEntries(rows) };
}

/** Undefined for a file that is not there. */
async function readJson<T>(path: string, wanted: shape.Shape<T>): Promise<T | undefined> {
  const text = await readIfThere(operation, path);
  return text === undefined ? undefined : parsed(text, wanted, path);
}

function parsed<T>(text: string, wanted: shape.Shape<T>, place: string): T {
  return shape.parsed(text, wanted, refuseIn(place));
}

function refuseIn(place: string) {
  return (expected: string, got: string, cause?: unknown) => refuseFormat(`${expected} in ${place}`, got, cause);
}

function notOver(expected: string, got: string): InvalidInputError {
  return refuse(expected, `${got}: the run is not over, and the same recoup eval resumes it`);
}

function noAnswer(setting: string, doc: number, task: string): InvalidInputError {
  return notOver(`an answer of ${setting} to sample ${doc} of ${task}`, "none");
}

function ofAnotherRun(path: string, fact: string): InvalidInputError {
  const problem = `${path} is of another run: ${fact} differ from run.json and answers.jsonl; the same recoup eval writes it anew`;
  return new InvalidInputError({ operation, problem });
}
