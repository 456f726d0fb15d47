/** @file A benchmark run on disk: answers, then per setting the official scores and files. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type OutputFile, thisMachine, withFileErrors, writeFileAtomic, writeFilesAtomic } from "../../files/index.js";
import { jsonLines, type RunMachine, samplesText } from "../run/run-folder.js";
import {
  type ScoredTask,
  type SettingResults,
  sampleRows,
  scoredTasks,
  settingResults,
} from "../run/setting-results.js";
import { type Setting, settingFolder } from "../run/settings.js";
import type { Task } from "../task.js";
import {
  type AnswerEvent,
  type AnsweredEvent,
  type AnswerRunRequest,
  answerRun,
  type RunTiming,
} from "./answer-run.js";

/** All answers and scores are written down. */
export interface ScoredEvent extends AnsweredEvent<Task> {
  /** By the setting's id. */
  readonly scores: Readonly<Record<string, SettingResults>>;
}

/**
 * Runs an evaluation, or resumes one: answers as `answerRun` does, then writes `tasks/` and `settings/`.
 *
 * @throws as `answerRun`; InvalidInputError for a file that cannot be written.
 */
export async function* runEvaluation(request: AnswerRunRequest<Task>): AsyncGenerator<AnswerEvent | ScoredEvent> {
  for await (const event of answerRun(request)) {
    if (event.status === "answered") yield { ...event, scores: await writeResults(request.out, event) };
    else yield event;
  }
}

/**
 * Writes `tasks/TASK.jsonl`, and per setting `results.json` and `samples_TASK.jsonl` as lmms-eval has them, `scores.json`, and the
 * answers in the formats of the official scripts and servers. A setting's files appear together.
 */
async function writeResults(out: string, { plan, records }: AnsweredEvent<Task>): Promise<ScoredEvent["scores"]> {
  const { tasks, state } = plan;
  await writeIntoFolders(
    tasks.map(({ id, samples }) => ({ path: join(out, samplesFile(id)), data: samplesText(samples) })),
  );
  const scores: Record<string, SettingResults> = {};
  for (const setting of state.settings) {
    const scored = scoredTasks(tasks, setting, records);
    const results = settingResults(state, setting, scored);
    const files = settingFiles(scored, results, setting, state.model.name);
    const folder = join(out, "settings", settingFolder(setting.id));
    await writeIntoFolders(files.map(({ path, data }) => ({ path: join(folder, path), data })));
    scores[setting.id] = results;
  }
  return scores;
}

/** Place of a task's samples in the folder of a run. */
export function samplesFile(task: string): string {
  return join("tasks", `${task}.jsonl`);
}

function settingFiles(
  scored: readonly ScoredTask[],
  results: SettingResults,
  setting: Setting,
  model: string,
): OutputFile[] {
  const scores = Object.fromEntries(scored.map((of) => [of.task.id, of.scores]));
  const exports = scored.flatMap((of): OutputFile[] => [
    { path: `samples_${of.task.id}.jsonl`, data: jsonLines(sampleRows(of, setting)) },
    ...of.task
      .files(
        of.answers.map(({ text }) => text),
        `${model}/${setting.id}`,
      )
      .map(({ name, data }) => ({ path: name, data })),
  ]);
  return [
    ...exports,
    { path: "scores.json", data: `${JSON.stringify(scores)}\n` },
    { path: "results.json", data: `${JSON.stringify(results, undefined, 2)}\n` },
  ];
}

async function writeIntoFolders(files: readonly OutputFile[]): Promise<void> {
  for (const folder of new Set(files.map(({ path }) => dirname(path)))) {
    await withFileErrors("eval", `a folder ${folder} that can be made`, () => mkdir(folder, { recursive: true }));
  }
  await writeFilesAtomic(files);
}

/** Writes `machine.json`: where and how fast. */
export async function writeMachine(out: string, command: string, timing: RunTiming): Promise<void> {
  const machine: RunMachine = { ...thisMachine(), command, ...timing };
  await writeFileAtomic(join(out, "machine.json"), `${JSON.stringify(machine, undefined, 2)}\n`);
}
