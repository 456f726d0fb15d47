/** @file The numbers of a report as one table for other programs: all columns, and those that a paper shows. */
import type { AgreementShare } from "../../agreement/agreement.js";
import type { AgreementNumbers } from "../../agreement/agreement-numbers.js";
import { REFERENCE } from "../../run/settings.js";
import { untoldSentences } from "../../run/told.js";
import type { Interval } from "../../stats/bootstrap.js";
import type { ReportNumbers } from "../numbers/report-numbers.js";
import { percentOf } from "../numbers/setting-numbers.js";
import { besideFull, decimal, hundredfold, KL_DIGITS, openTasks, speed, toldText } from "./format.js";
import { type MainScore, mainScore, type ScoredSetting } from "./main-score.js";

/** A row per setting: all tokens first, then by score. */
export interface ReportTable {
  /** What the table is of: model, data, bootstrap. */
  readonly caption: string;
  /** All columns for programs, full precision. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | undefined)[])[];
  /** The main columns for people, rounded: `{ head, cells }`, the first the setting's name. */
  readonly shown: readonly { readonly head: string; readonly cells: readonly string[] }[];
}

/** A cell for programs; undefined for a number that is not there. */
type Value = ReportTable["rows"][number][number];
type Columns<Row> = readonly (readonly [name: string, value: (row: Row) => Value])[];

interface Estimated {
  readonly value?: number;
  readonly interval?: Interval;
}

/** A number and the ends of its interval: three columns. */
function estimate<Row>(name: string, of: (row: Row) => Estimated | undefined, unit = ""): Columns<Row> {
  return [
    [`${name}${unit}`, (row) => of(row)?.value],
    [`${name}_low`, (row) => of(row)?.interval?.low],
    [`${name}_high`, (row) => of(row)?.interval?.high],
  ];
}

/** The table of a run on benchmarks. */
export function reportTable(numbers: ReportNumbers): ReportTable {
  const score = mainScore(numbers);
  const full = score.settings.find(({ id }) => id === REFERENCE)?.costs?.firstToken;
  return {
    caption: [
      `Model ${numbers.run.model.name}.`,
      ...(score.hasIntervals
        ? [`95 % intervals: bootstrap over pictures, ${numbers.bootstrap.resamples} resamples.`]
        : []),
      ...score.aboutIntervals,
      ...rowSentences(
        numbers.run.told,
        numbers.settings.map(({ id, told }) => [id, told]),
      ),
    ].join(" "),
    ...table(
      [...settingColumns(full), ...differenceColumns(numbers), ...numbers.tasks.flatMap(taskColumns)],
      score.settings,
    ),
    shown: shownColumns(numbers, score, full),
  };
}

/** What the decoder was told of rows, and what it was not. */
function rowSentences(
  byDefault: ReportNumbers["run"]["told"],
  settings: Parameters<typeof untoldSentences>[0],
): string[] {
  return [...(byDefault === undefined ? [] : [`Rows: ${toldText(byDefault)}.`]), ...untoldSentences(settings)];
}

/** Numbers over all tasks. @param full milliseconds to the first token with all tokens. */
function settingColumns(full: number | undefined): Columns<ScoredSetting> {
  return [
    ["setting", ({ id }) => id],
    ["method", ({ method }) => method],
    ["budget", ({ budget }) => budget],
    ["role", ({ role }) => role],
    ["seeds", ({ members }) => members.length],
    ["tokens", ({ tokens }) => tokens?.mean],
    ["tokens_median", ({ tokens }) => tokens?.median],
    ["retention", ({ retention }) => retention],
    ...estimate<ScoredSetting>("relative", ({ relative: value, interval }) => ({ value, interval }), "_percent"),
    ...estimate<ScoredSetting>("open", ({ open: value, openInterval: interval }) => ({ value, interval }), "_percent"),
    ...estimate<ScoredSetting>("question_score", ({ score: value, scoreInterval: interval }) => ({ value, interval })),
    ...estimate<ScoredSetting>("same_answers", ({ agreement }) => shareOf(agreement)),
    ...estimate<ScoredSetting>("kl", ({ kl: value, klInterval: interval }) => ({ value, interval })),
    ["right_to_wrong", (setting) => besideFull(setting).rightToWrong],
    ["wrong_to_right", (setting) => besideFull(setting).wrongToRight],
    ["failed", ({ tasks }) => tasks.reduce((sum, { failed }) => sum + failed, 0)],
    ["first_token_ms", ({ costs }) => costs?.firstToken],
    ["first_token_speedup", ({ costs }) => (full === undefined || !costs ? undefined : full / costs.firstToken)],
    ["answer_ms", ({ costs }) => costs?.total],
    ["prompt_tokens", ({ costs }) => costs?.promptTokens],
    ["kv_bytes", ({ costs }) => costs?.kvBytes.kept],
    ["prefill_operations", ({ costs }) => costs?.flops?.fastv],
    ["positions", ({ told }) => told?.positions],
    ["mass", ({ told }) => told?.mass],
  ];
}

/** Differences to the model's own method at the same budget; of a control at several budgets those at its first. */
function differenceColumns({ differences }: ReportNumbers): Columns<ScoredSetting> {
  const of = (id: string) => differences.find(({ setting }) => setting === id);
  const columns = (name: string, key: "relative" | "open" | "unchanged" | "kl", unit?: string) =>
    estimate<ScoredSetting>(`default.${name}`, ({ id }) => of(id)?.[key], unit);
  return [
    ["default", ({ id }) => of(id)?.to],
    ...columns("difference", "relative", "_points"),
    ...columns("open_difference", "open", "_points"),
    ...columns("same_answers_difference", "unchanged", "_points"),
    ...columns("kl_difference", "kl"),
  ];
}

/** Numbers of one task. @param t its place. */
function taskColumns({ id, headline }: ReportNumbers["tasks"][number], t: number): Columns<ScoredSetting> {
  return [
    [`${id}.${headline}`, ({ tasks }) => tasks[t].value],
    ...estimate<ScoredSetting>(
      `${id}.relative`,
      ({ tasks }) => ({ value: tasks[t].relative, interval: tasks[t].relativeInterval }),
      "_percent",
    ),
    [`${id}.question_score`, ({ tasks }) => tasks[t].score],
    ...estimate<ScoredSetting>(
      `${id}.difference`,
      ({ tasks }) => ({ value: tasks[t].difference, interval: tasks[t].differenceInterval }),
      "_points",
    ),
    [`${id}.mcnemar_p`, ({ tasks }) => tasks[t].mcnemar],
    [`${id}.failed`, ({ tasks }) => tasks[t].failed],
  ];
}

function shownColumns({ tasks }: ReportNumbers, score: MainScore, full: number | undefined): ReportTable["shown"] {
  const { settings, isRelative, title } = score;
  const isCompared = ({ id }: ScoredSetting) => id !== REFERENCE;
  return [
    { head: "Setting", cells: settings.map(({ id }) => (id === REFERENCE ? "all tokens" : id)) },
    { head: "Tokens", cells: settings.map(({ tokens }) => decimal(tokens?.mean)) },
    ...tasks.map(({ id, maxScore }, t) => ({
      head: id,
      cells: settings.map(({ tasks }) => decimal(metric(tasks[t].value, maxScore))),
    })),
    { head: isRelative ? "Score, % of all tokens" : title, cells: settings.map(({ main }) => decimal(main)) },
    ...intervalColumn(settings.map((each) => (isCompared(each) || !isRelative ? each.mainInterval : undefined))),
    ...openColumn(tasks, settings),
    {
      head: "Same answers, %",
      cells: settings.map((each) => (isCompared(each) ? decimal(unchangedPercent(each)) : "")),
    },
    ...(settings.some(({ kl }) => kl !== undefined)
      ? [{ head: "KL", cells: settings.map(({ kl }) => decimal(kl, KL_DIGITS)) }]
      : []),
    { head: "First token, ms", cells: settings.map(({ costs }) => decimal(costs?.firstToken, 0)) },
    { head: "Speedup", cells: settings.map(({ costs }) => speed(full, costs?.firstToken)) },
  ];
}

/** The score over the open tasks, where these are not all. */
function openColumn(tasks: ReportNumbers["tasks"], settings: readonly ScoredSetting[]): ReportTable["shown"] {
  if (openTasks(tasks).length === 0) return [];
  return [{ head: "Open tasks, %", cells: settings.map(({ open }) => decimal(open)) }];
}

function unchangedPercent(setting: ScoredSetting): number | undefined {
  const { unchanged, answered } = besideFull(setting);
  return percentOf(unchanged, answered);
}

/** Shares as percent, as papers print them; sums of points as they are. */
function metric(value: number | undefined, maxScore: number): number | undefined {
  return maxScore === 1 ? percentOf(value, 1) : value;
}

/** The table of a run without right answers. */
export function agreementTable(numbers: AgreementNumbers): ReportTable {
  const { settings, reference } = numbers;
  const ranked = settings.toSorted((a, b) => share(b) - share(a));
  const columns: Columns<AgreementNumbers["settings"][number]> = [
    ["setting", ({ setting }) => setting],
    ["method", ({ method }) => method],
    ["budget", ({ budget }) => budget],
    ["role", ({ role }) => role],
    ["tokens", ({ kept }) => kept],
    ["compared", ({ answered }) => answered],
    ["unchanged", ({ unchanged }) => unchanged],
    ...estimate<AgreementNumbers["settings"][number]>("same_answers", shareOf),
    ["similarity", ({ similarity }) => similarity],
    ...estimate<AgreementNumbers["settings"][number]>("kl", ({ kl, klInterval }) => ({
      value: kl,
      interval: klInterval,
    })),
    ["first_token_ms", ({ pays }) => pays?.firstToken],
    ["all_tokens_first_token_ms", ({ pays }) => pays?.fullFirstToken],
    ["first_token_speedup", ({ pays }) => pays && pays.fullFirstToken / pays.firstToken],
    ["positions", ({ told }) => told?.positions],
    ["mass", ({ told }) => told?.mass],
  ];
  return {
    caption: [
      `Model ${numbers.run.model.name}. Same answers as with all tokens, with Wilson's 95 % intervals.`,
      ...rowSentences(
        numbers.run.told,
        settings.map(({ setting, told }) => [setting, told]),
      ),
    ].join(" "),
    ...table(columns, ranked),
    shown: [
      { head: "Setting", cells: ranked.map(({ setting }) => setting) },
      { head: "Tokens", cells: ranked.map(({ kept }) => decimal(kept)) },
      {
        head: "Same answers, %",
        cells: ranked.map((own) => decimal(own.answered === 0 ? undefined : 100 * share(own))),
      },
      ...intervalColumn(ranked.map(({ interval }) => hundredfold(interval))),
      { head: "First token, ms", cells: ranked.map(({ pays }) => decimal(pays?.firstToken, 0)) },
      { head: "Speedup", cells: ranked.map(({ pays }) => speed(reference.firstToken, pays?.firstToken)) },
    ],
  };
}

/** A share of answers, 0 to 1. */
function shareOf({ unchanged, answered, interval }: AgreementShare): Estimated {
  return { value: answered === 0 ? undefined : unchanged / answered, interval };
}

function share({ unchanged, answered }: { readonly unchanged: number; readonly answered: number }): number {
  return answered === 0 ? -1 : unchanged / answered;
}

/** None where no row has an interval. */
function intervalColumn(intervals: readonly (Interval | undefined)[]): ReportTable["shown"] {
  if (intervals.every((interval) => interval === undefined)) return [];
  return [{ head: "95 % interval", cells: intervals.map(bracket) }];
}

function bracket(interval: Interval | undefined): string {
  return interval === undefined ? "" : `[${decimal(interval.low)}, ${decimal(interval.high)}]`;
}

function table<Row>(columns: Columns<Row>, rows: readonly Row[]): Pick<ReportTable, "columns" | "rows"> {
  return {
    columns: columns.map(([name]) => name),
    rows: rows.map((row) => columns.map(([, value]) => value(row))),
  };
}
