/** @file A run's rows: samples with their answers and scores, all settings side by side. */
import { refusalFor } from "../../../core/index.js";
import { mean } from "../../../math/index.js";
import { type AnsweredRecord, type AnswerRecord, isAnswered } from "../../run/answer-record.js";
import type { KeptSample, RunMachine, RunState, RunTask } from "../../run/run-folder.js";
import type { TaskResults } from "../../run/setting-results.js";
import { REFERENCE } from "../../run/settings.js";
import type { Combination } from "../../task.js";
import type { SettingGroup } from "./setting-groups.js";

/** A sample, its answer in one setting, and the answer's score from 0 to 1. */
export interface Row {
  readonly sample: KeptSample;
  readonly record: AnswerRecord;
  readonly score: number;
}

/** One setting of a run that is over. */
export interface SettingData {
  /** The official metrics by task. */
  readonly results: Readonly<Record<string, TaskResults>>;
  /** Rows by task, in the same order in every setting. */
  readonly rows: Readonly<Record<string, readonly Row[]>>;
}

/** A run that is over. */
export interface RunData {
  /** The run's request. */
  readonly state: RunState;
  /** Undefined where the run wrote none. */
  readonly machine?: RunMachine;
  /** By the setting's id. */
  readonly settings: ReadonlyMap<string, SettingData>;
  /** By the task's id: how samples combine to its headline metric. */
  readonly combinations: ReadonlyMap<string, Combination>;
}

/** Samples of one task, all settings side by side. */
export interface SampleFrame {
  readonly samples: readonly KeptSample[];
  /** Number of each sample's picture, from 0; a sample without one stands for itself. */
  readonly picture: Uint32Array;
  /** Number of distinct pictures. */
  readonly pictures: number;
  /** Rows of a group: a list per member. */
  rowsOf(group: SettingGroup): readonly (readonly Row[])[];
  /** Scores of a group's samples, the mean over its members. */
  scoresOf(group: SettingGroup): Float64Array;
  /** The answers of a group, of all members together, to questions with a picture. */
  answersOf(group: SettingGroup): readonly AnsweredRecord[];
  /** Some of the samples, by their places. */
  part(places: readonly number[]): SampleFrame;
}

/** One task of a run. */
export interface TaskFrame extends SampleFrame {
  readonly task: RunTask;
  readonly combination: Combination;
  /** The headline metric, the mean over a group's members; undefined where one has none. */
  headlineOf(group: Pick<SettingGroup, "members">): number | undefined;
}

const refuse = refusalFor("report");

/**
 * The tasks of a run.
 *
 * @throws InvalidInputError for a run without the setting `none` or without samples, or whose settings did not answer the same samples.
 */
export function taskFrames({ state, settings, combinations }: RunData): TaskFrame[] {
  if (!settings.has(REFERENCE)) {
    throw refuse(`a run with the setting ${REFERENCE}`, [...settings.keys()].join(", ") || "no settings");
  }
  if (state.tasks.length === 0) throw refuse("a run of at least one task", "none");
  return state.tasks.map((task) => {
    const combination = combinations.get(task.id);
    if (combination === undefined) throw refuse(`a way to combine samples of ${task.id}`, "none");
    return taskFrame(task, combination, settings);
  });
}

function taskFrame(task: RunTask, combination: Combination, settings: RunData["settings"]): TaskFrame {
  const { id, headline } = task;
  const rows = new Map(Array.from(settings, ([setting, data]) => [setting, data.rows[id] ?? []]));
  const reference = rows.get(REFERENCE) ?? [];
  if (reference.length === 0) throw refuse(`samples of ${id}`, "none");
  for (const [setting, own] of rows) assertSameSamples(id, setting, reference, own);
  return {
    ...sampleFrame(rows),
    task,
    combination,
    headlineOf({ members }) {
      const values = members.map((member) => settings.get(member)?.results[id]?.[`${headline},none`]);
      return values.every((value) => typeof value === "number") ? mean(values) : undefined;
    },
  };
}

/** @param rows by the setting's id, of the same samples in each. */
function sampleFrame(rows: ReadonlyMap<string, readonly Row[]>): SampleFrame {
  const samples = (rows.get(REFERENCE) ?? []).map(({ sample }) => sample);
  const numbers = new Map<string | number, number>();
  const picture = Uint32Array.from(samples, ({ picture: name, docId }) => {
    const key = name ?? docId;
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    return numbers.get(key) as number;
  });
  const rowsOf: SampleFrame["rowsOf"] = ({ members }) => members.map((member) => rows.get(member) ?? []);
  return {
    samples,
    picture,
    pictures: numbers.size,
    rowsOf,
    scoresOf(group) {
      const lists = rowsOf(group);
      return Float64Array.from(samples, (_, i) => mean(lists.map((list) => list[i].score)));
    },
    answersOf: (group) =>
      rowsOf(group).flatMap((list) =>
        list.flatMap(({ sample, record }) => (sample.picture !== undefined && isAnswered(record) ? [record] : [])),
      ),
    part: (places) => sampleFrame(new Map(Array.from(rows, ([id, list]) => [id, places.map((place) => list[place])]))),
  };
}

function assertSameSamples(task: string, setting: string, reference: readonly Row[], own: readonly Row[]): void {
  const differs = reference.findIndex(({ sample }, i) => own[i]?.sample.docId !== sample.docId);
  if (differs < 0 && own.length === reference.length) return;
  throw refuse(
    `the ${reference.length} samples of ${task} that ${REFERENCE} answered, in its order`,
    `${own.length} in ${setting}, another one in place ${differs < 0 ? reference.length : differs}`,
  );
}
