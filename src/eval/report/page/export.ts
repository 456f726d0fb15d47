/** @file The numbers of a report as one table for other programs: CSV for tables of numbers, LaTeX for papers. */
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

type Value = string | number | undefined;
type Columns<Row> = readonly (readonly [name: string, value: (row: Row) => Value])[];

function low(interval: Interval | undefined): Value {
  return interval?.low;
}

function high(interval: Interval | undefined): Value {
  return interval?.high;
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
    ["relative_percent", ({ relative }) => relative],
    ["relative_low", ({ interval }) => low(interval)],
    ["relative_high", ({ interval }) => high(interval)],
    ["open_percent", ({ open }) => open],
    ["open_low", ({ openInterval }) => low(openInterval)],
    ["open_high", ({ openInterval }) => high(openInterval)],
    ["question_score", ({ score }) => score],
    ["question_score_low", ({ scoreInterval }) => low(scoreInterval)],
    ["question_score_high", ({ scoreInterval }) => high(scoreInterval)],
    ["same_answers", ({ agreement: { unchanged, answered } }) => (answered === 0 ? undefined : unchanged / answered)],
    ["same_answers_low", ({ agreement }) => low(agreement.interval)],
    ["same_answers_high", ({ agreement }) => high(agreement.interval)],
    ["kl", ({ kl }) => kl],
    ["kl_low", ({ klInterval }) => low(klInterval)],
    ["kl_high", ({ klInterval }) => high(klInterval)],
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
  const columns = (name: string, key: "relative" | "open" | "unchanged" | "kl", unit = ""): Columns<ScoredSetting> => [
    [`default.${name}${unit}`, ({ id }) => of(id)?.[key]?.value],
    [`default.${name}_low`, ({ id }) => low(of(id)?.[key]?.interval)],
    [`default.${name}_high`, ({ id }) => high(of(id)?.[key]?.interval)],
  ];
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
    [`${id}.relative_percent`, ({ tasks }) => tasks[t].relative],
    [`${id}.relative_low`, ({ tasks }) => low(tasks[t].relativeInterval)],
    [`${id}.relative_high`, ({ tasks }) => high(tasks[t].relativeInterval)],
    [`${id}.question_score`, ({ tasks }) => tasks[t].score],
    [`${id}.difference_points`, ({ tasks }) => tasks[t].difference],
    [`${id}.difference_low`, ({ tasks }) => low(tasks[t].differenceInterval)],
    [`${id}.difference_high`, ({ tasks }) => high(tasks[t].differenceInterval)],
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
    ["same_answers", (own) => (own.answered === 0 ? undefined : share(own))],
    ["same_answers_low", ({ interval }) => low(interval)],
    ["same_answers_high", ({ interval }) => high(interval)],
    ["similarity", ({ similarity }) => similarity],
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

/** All columns as RFC 4180 has them: lines end in CRLF, a missing number is empty, no number is rounded. */
export function csvText({ columns, rows }: ReportTable): string {
  return [columns, ...rows].map((row) => `${row.map(csvField).join(",")}\r\n`).join("");
}

function csvField(value: Value): string {
  if (typeof value !== "string") return value === undefined || !Number.isFinite(value) ? "" : String(value);
  // Programs of tables take a text that begins so for a formula, and run it.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The main columns as a LaTeX table for the package booktabs; all tokens above a line of their own. */
export function latexText({ caption, shown }: ReportTable): string {
  const line = (cells: readonly string[]) => `${cells.map(latexPlain).join(" & ")} \\\\`;
  const [{ cells: names }] = shown;
  const rows = names.map((_, row) => line(shown.map(({ cells }) => cells[row])));
  const first = names[0] === "all tokens" ? [rows[0], "\\midrule"] : rows.slice(0, 1);
  return [
    "% \\usepackage{booktabs}",
    "\\begin{table}",
    "\\centering",
    `\\caption{${latexPlain(caption)}}`,
    `\\begin{tabular}{l${"r".repeat(shown.length - 1)}}`,
    "\\toprule",
    line(shown.map(({ head }) => head)),
    "\\midrule",
    ...first,
    ...rows.slice(1),
    "\\bottomrule",
    "\\end{tabular}",
    "\\end{table}",
    "",
  ].join("\n");
}

const LATEX: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "−": "$-$",
  "–": "--",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  "[": "{[}",
  "]": "{]}",
};

/** Text that LaTeX prints as it is. */
function latexPlain(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[\\~^−–<>|[\]#$%&_{}]/g, (letter) => LATEX[letter] ?? `\\${letter}`);
}
