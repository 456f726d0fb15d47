/** @file All numbers that a report shows, from a run's rows. */
import { groupBy, refusalFor, shape } from "../../../core/index.js";
import { mean, spread } from "../../../math/index.js";
import type { TextSignal } from "../../../methods/index.js";
import { agreementShare } from "../../agreement/agreement.js";
import { isAnswered } from "../../run/answer-record.js";
import { type CoarseTask, coarseTasks } from "../../run/coarse-tasks.js";
import { type RunMachine, type RunState, type RunTask, runStateShape } from "../../run/run-folder.js";
import { type ScoreWarning, scoreWarnings } from "../../run/setting-results.js";
import { REFERENCE } from "../../run/settings.js";
import { textSignalOf } from "../../run/text-signal.js";
import { toldOfAnswers } from "../../run/told.js";
import { BOOTSTRAP, percentileInterval } from "../../stats/bootstrap.js";
import { type Breakdown, breakdowns } from "./breakdown.js";
import { type ChangedExample, changedExamples } from "./changed-examples.js";
import { type Contest, contests } from "./contests.js";
import { type CurveArea, curveAreas, type EqualTokens, equalTokens } from "./curves.js";
import { type DefaultDifference, defaultDifferences } from "./default-differences.js";
import { groupDraws, pooledMeans } from "./intervals.js";
import { type PaperCost, paperCosts, type RooflineRow, rooflineRow } from "./published.js";
import { type RunData, type TaskFrame, taskFrames } from "./scored-answers.js";
import { settingCosts } from "./setting-costs.js";
import { type SettingGroup, settingGroups } from "./setting-groups.js";
import { comparedAnswers, percentOf, type SettingNumbers, settingTask } from "./setting-numbers.js";
import { divergences } from "./yardsticks.js";

/** A task of the run. */
export interface ReportTask extends Omit<RunTask, "hash"> {
  /** Distinct pictures, of all samples. */
  readonly pictures: number;
  /** The headline metric with all tokens. */
  readonly full?: number;
}

/** Failed samples of one setting on one task. */
export interface Failures {
  /** Id of the task. */
  readonly task: string;
  /** Id of the setting. */
  readonly setting: string;
  /** Number of failed samples. */
  readonly count: number;
  /** The first distinct reasons, each with the first sample that has it. */
  readonly reasons: readonly { readonly doc: number; readonly reason: string }[];
}

/** Everything that a report shows, as data. */
export interface ReportNumbers {
  readonly format: "recoup-report";
  readonly version: 2;
  /** Facts of the run and of its machine. */
  readonly run: Pick<
    RunState,
    "model" | "language" | "seed" | "limit" | "told" | "defaultMethod" | "notes" | "leftOut"
  > & {
    readonly machine?: RunMachine;
  };
  /** Number and seed of the resamples behind all intervals; `leftOut`: those on which all tokens have no relative score. */
  readonly bootstrap: typeof BOOTSTRAP & { readonly leftOut: number };
  readonly tasks: readonly ReportTask[];
  /** Settings that differ in their seed only are one. */
  readonly settings: readonly SettingNumbers[];
  /** Settings beside the model's own method at the same budget; none where that was not asked, or the run does not name it. */
  readonly differences: readonly DefaultDifference[];
  /** The best method at each budget, and its lead. */
  readonly contests: readonly Contest[];
  /** Areas under the curves of methods, best first. */
  readonly areas: readonly CurveArea[];
  /** Methods beside each other at equal numbers of tokens. */
  readonly equalTokens: readonly EqualTokens[];
  /** Scores by slice, by type of question and by split. */
  readonly breakdowns: readonly Breakdown[];
  /** Estimated prefill of LLaVA-1.5-7B at each setting's length. */
  readonly roofline: readonly RooflineRow[];
  /** The paper's cost table beside the same rows by arithmetic. */
  readonly paperCosts: readonly PaperCost[];
  readonly failures: readonly Failures[];
  /** What the scorers say of their numbers: parts that a sum lacks, answers that they cannot read. */
  readonly warnings: readonly ScoreWarning[];
  /** Tasks of so few groups that one moves the mean over the tasks. */
  readonly coarse: readonly CoarseTask[];
  /** What the text similarity is worth; undefined where fewer than ten questions were asked with one. */
  readonly textSignal: TextSignal | undefined;
  /** Some answers that turned. */
  readonly examples: readonly ChangedExample[];
}

const RUN = { state: runStateShape, settings: shape.instance(Map), combinations: shape.instance(Map) };

/**
 * The numbers of a run.
 *
 * @throws InvalidInputError for a run without the setting `none`, without samples, or whose settings did not answer the same samples.
 */
export function reportNumbers(run: RunData): ReportNumbers {
  const { state, machine } = shape.options(run, RUN, refusalFor("report"), "run");
  if (!state.settings.some(({ id }) => id === REFERENCE)) {
    const got = state.settings.map(({ id }) => id).join(", ") || "no settings";
    throw refusalFor("report")(`a run with the setting ${REFERENCE}`, got);
  }
  const frames = taskFrames(run);
  const groups = settingGroups(state.settings);
  const reference = groups.find(({ id }) => id === REFERENCE) as SettingGroup;
  const { draws, leftOut: withoutValue } = groupDraws(frames, groups, reference);
  const scores = pooledMeans(frames, groups, (frame, group) => frame.scoresOf(group));
  const kl = pooledMeans(frames, groups, divergences);
  const settings = groups.map((group, g): SettingNumbers => {
    const tasks = frames.map((frame, t) => settingTask(frame, group, reference, draws[g].tasks[t]));
    const relative = meanOfAll(tasks.map((task) => task.relative));
    const open = meanOfAll(tasks.filter((_, t) => frames[t].task.open).map((task) => task.relative));
    const isAnyAnswered = tasks.some(({ score }) => score !== undefined);
    const answers = frames.flatMap((frame) => frame.answersOf(group));
    return {
      ...group,
      ...tokenNumbers(answers, group),
      relative,
      interval: percentileInterval(draws[g].means, relative),
      open,
      openInterval: percentileInterval(draws[g].open, open),
      seeds: relative === undefined ? undefined : seedRange(frames, group, reference, relative),
      score: isAnyAnswered ? scores[g]?.value : undefined,
      scoreInterval: isAnyAnswered ? scores[g]?.interval : undefined,
      agreement: agreementShare(frames.map((frame) => comparedAnswers(frame, group, reference))),
      kl: kl[g]?.value,
      klInterval: kl[g]?.interval,
      tasks,
      told: toldOfAnswers(answers),
      costs: settingCosts(answers, state.language),
    };
  });
  const { model, language, seed, limit, told, defaultMethod, notes, leftOut } = state;
  return {
    format: "recoup-report",
    version: 2,
    run: { model, language, seed, limit, told, defaultMethod, notes, leftOut, machine },
    bootstrap: { ...BOOTSTRAP, leftOut: withoutValue },
    tasks: frames.map(({ task: { hash, ...task }, pictures, headlineOf }) => ({
      ...task,
      pictures,
      full: headlineOf(reference),
    })),
    settings,
    differences: defaultDifferences({ frames, settings, reference, draws }, defaultMethod),
    contests: contests(settings, draws),
    areas: curveAreas(settings),
    equalTokens: equalTokens(settings),
    breakdowns: breakdowns(frames, groups),
    roofline: settings.flatMap(({ id, costs }) =>
      costs === undefined ? [] : [rooflineRow(id, Math.round(costs.promptTokens))],
    ),
    paperCosts: paperCosts(),
    failures: failures(run),
    warnings: scoreWarnings(Array.from(run.settings, ([id, { results }]) => [id, { results }] as const)),
    textSignal: textSignalOf(frames.flatMap((frame) => groups.flatMap((group) => frame.answersOf(group)))),
    coarse: coarseTasks(frames.map((frame) => answeredTask(frame, reference))),
    examples: changedExamples(frames, groups, reference),
  };
}

function answeredTask({ task: { id }, combination, rowsOf }: TaskFrame, reference: SettingGroup) {
  const [rows] = rowsOf(reference);
  return {
    id,
    combination,
    samples: rows.map(({ sample, record, score }) => ({ ...sample, answer: record.text, score })),
  };
}

/** The mean; undefined for none, or where one is missing. */
function meanOfAll(values: readonly (number | undefined)[]): number | undefined {
  return values.length > 0 && values.every((value) => value !== undefined) ? mean(values) : undefined;
}

function tokenNumbers(answers: ReturnType<TaskFrame["answersOf"]>, { budget }: SettingGroup) {
  const kept = answers.map(({ tokens }) => tokens.kept);
  const shares = answers.flatMap(({ tokens }) => (tokens.source > 0 ? [tokens.kept / tokens.source] : []));
  return {
    tokens: spread(kept),
    counts: budget === "dynamic" ? kept.sort((a, b) => a - b) : undefined,
    retention: shares.length === 0 ? undefined : mean(shares),
  };
}

function seedRange(
  frames: readonly TaskFrame[],
  { members }: SettingGroup,
  reference: SettingGroup,
  relative: number,
): SettingNumbers["seeds"] {
  if (members.length < 2) return undefined;
  const values = members.map((member) =>
    meanOfAll(frames.map(({ headlineOf }) => percentOf(headlineOf({ members: [member] }), headlineOf(reference)))),
  );
  if (!values.every((value) => value !== undefined)) return undefined;
  // The mean of equal values may differ from them in its last digit.
  return { low: Math.min(relative, ...values), high: Math.max(relative, ...values) };
}

/** Reasons shown per setting and task: more of them rarely say more. */
const REASONS = 3;

/** Settings and tasks with failures, in the run's order. */
function failures({ state, settings }: RunData): Failures[] {
  return state.tasks.flatMap(({ id: task }) =>
    state.settings.flatMap(({ id: setting }) => {
      const rows = settings.get(setting)?.rows[task] ?? [];
      const failed = rows.flatMap(({ record }) => (isAnswered(record) ? [] : [record]));
      const reasons = [...groupBy(failed, ({ error }) => error)].map(([reason, [{ doc }]]) => ({ doc, reason }));
      return failed.length === 0 ? [] : [{ task, setting, count: failed.length, reasons: reasons.slice(0, REASONS) }];
    }),
  );
}
