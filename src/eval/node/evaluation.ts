/** @file A benchmark run on disk: answers, then per setting the official scores and files. */
import { join } from "node:path";
import { jsonLines } from "../../benchmarks/index.js";
import { refusalFor, shape } from "../../core/index.js";
import { type OutputFile, thisMachine, writeFileAtomic, writeFilesAtomic } from "../../files/index.js";
import type { Vlm } from "../../vlm/index.js";
import { type CoarseTask, coarseTasks } from "../run/coarse-tasks.js";
import { type RunMachine, type RunRequest, runState, samplesText } from "../run/run-folder.js";
import { settingFolder } from "../run/setting-folder.js";
import {
  type ScoredTask,
  type SettingResults,
  sampleRows,
  scoredTasks,
  settingResults,
} from "../run/setting-results.js";
import { REFERENCE, type Setting } from "../run/settings.js";
import type { Task } from "../task.js";
import {
  type AnswerEvent,
  type AnsweredEvent,
  type AnswerRunRequest,
  answerRun,
  type RunTiming,
} from "./answer-run.js";
import { type ReadTaskOptions, readTask } from "./read-task.js";

/** All answers and scores are written down. */
export interface ScoredEvent extends AnsweredEvent<Task> {
  /** By the setting's id. */
  readonly scores: Readonly<Record<string, SettingResults>>;
  /** Tasks of so few groups that one moves the mean over the tasks; none of settings without all tokens. */
  readonly coarse: readonly CoarseTask[];
}

/** A task has been read. */
export interface ReadEvent {
  readonly status: "read";
  /** Id of the task. */
  readonly task: string;
  /** Rows that cannot be used. */
  readonly problems: Task["problems"];
}

/** A run over benchmarks, or over tasks that are read already. */
export interface EvaluationRequest extends Omit<AnswerRunRequest<Task>, "vlm" | "prepare"> {
  /** Ids of benchmarks, and tasks as they are. */
  readonly tasks: readonly (string | Task)[];
  /** Rule, limit, seed and strictness, the same for all benchmarks. */
  readonly read?: Omit<ReadTaskOptions, "dataRoot">;
  /** Folder of the benchmarks' files; or a function that makes them in the run's folder, called once that is locked. */
  readonly dataRoot: string | (() => Promise<string>);
  /** Called once the files that are there have been read; the model is released at the end. */
  readonly loadVlm: () => Promise<Vlm>;
  /** The rest of `run.json`. */
  readonly facts: (vlm: Vlm) => Omit<RunRequest, "tasks">;
}

const callable = shape.value<() => void>("a function", (value) => typeof value === "function");
const REQUEST = {
  tasks: shape.list(shape.either(shape.text, shape.object({ id: shape.text, samples: shape.list(shape.object({})) }))),
  read: shape.optional(shape.object({})),
  dataRoot: shape.either(shape.text, callable),
  loadVlm: callable,
  facts: callable,
  out: shape.text,
};

/**
 * Runs an evaluation, or resumes one: reads the tasks, answers as `answerRun` does, then writes `tasks/` and `settings/`.
 *
 * @throws as `readTask` and `answerRun`; InvalidInputError for a file that cannot be written.
 */
export async function* runEvaluation(given: EvaluationRequest): AsyncGenerator<ReadEvent | AnswerEvent | ScoredEvent> {
  const checked = shape.options(given, REQUEST, refusalFor("eval"), "request");
  const { tasks: wanted, read, dataRoot, loadVlm, facts, ...request } = checked;
  const readAll = async (root: string) => {
    const tasks: Task[] = [];
    for (const task of wanted) {
      tasks.push(typeof task === "string" ? await readTask(task, { ...read, dataRoot: root }) : task);
    }
    return tasks;
  };
  // Mistakes in files come to light before a model is loaded.
  const before = typeof dataRoot === "string" ? await readAll(dataRoot) : undefined;
  for (const { id, problems } of before ?? []) yield { status: "read", task: id, problems };
  const vlm = await loadVlm();
  try {
    const own = facts(vlm);
    const prepare = async () => {
      const tasks = before ?? (await readAll(await (dataRoot as () => Promise<string>)()));
      return { tasks, state: runState({ ...own, tasks }) };
    };
    for await (const event of answerRun({ ...request, vlm, prepare })) {
      if (event.status === "answered") yield { ...event, ...(await writeResults(request.out, event)) };
      else yield event;
    }
  } finally {
    await vlm.dispose();
  }
}

/**
 * Writes `tasks/TASK.jsonl`, and the files of each setting. `results.json` and `samples_TASK.jsonl` are as lmms-eval has them.
 * `scores.json` and the answers in the formats of official scripts and servers stand beside them. A setting's files appear
 * together.
 */
async function writeResults(
  out: string,
  { plan, records }: AnsweredEvent<Task>,
): Promise<Pick<ScoredEvent, "scores" | "coarse">> {
  const { tasks, state } = plan;
  await writeSamples(out, tasks);
  const scores: Record<string, SettingResults> = {};
  const reference = state.settings.find(({ id }) => id === REFERENCE);
  const whole = reference && scoredTasks(tasks, reference, records);
  for (const setting of state.settings) {
    const scored = scoredTasks(tasks, setting, records);
    const results = settingResults(state, setting, scored, whole);
    const files = settingFiles(scored, results, setting, state.model.name);
    const folder = join(out, "settings", settingFolder(setting.id));
    await writeFilesAtomic(
      files.map(({ path, data }) => ({ path: join(folder, path), data })),
      { folders: true },
    );
    scores[setting.id] = results;
  }
  return { scores, coarse: coarseTasks((whole ?? []).map(scoredSamples)) };
}

/** A task's answers, as its metric takes them. */
function scoredSamples({ task: { id, combination, samples }, answers, scores }: ScoredTask) {
  return { id, combination, samples: samples.map((own, i) => ({ ...own, answer: answers[i].text, score: scores[i] })) };
}

/** Writes `tasks/TASK.jsonl`: what a report reads of the questions. */
export async function writeSamples(out: string, tasks: readonly Pick<Task, "id" | "samples">[]): Promise<void> {
  await writeFilesAtomic(
    tasks.map(({ id, samples }) => ({ path: join(out, samplesFile(id)), data: samplesText(samples) })),
    { folders: true },
  );
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
  const exports = scored.flatMap((of): OutputFile[] => {
    const texts = of.answers.map(({ text }) => text);
    const official = of.task.files(texts, `${model}/${setting.id}`);
    return [
      { path: `samples_${of.task.id}.jsonl`, data: jsonLines(shape.anything, sampleRows(of, setting)) },
      ...official.map(({ name, data }) => ({ path: name, data })),
    ];
  });
  return [
    ...exports,
    { path: "scores.json", data: `${JSON.stringify(scores)}\n` },
    { path: "results.json", data: `${JSON.stringify(results, undefined, 2)}\n` },
  ];
}

/** Writes `machine.json`: where, how fast, and from which folder of pictures. */
export async function writeMachine(
  out: string,
  { timing, ...request }: Pick<RunMachine, "command" | "data"> & { readonly timing: RunTiming },
): Promise<void> {
  const machine: RunMachine = { ...thisMachine(), ...request, ...timing };
  await writeFileAtomic(join(out, "machine.json"), `${JSON.stringify(machine, undefined, 2)}\n`);
}
