/** @file A report's numbers as a LaTeX table: settings by tasks, for the package booktabs. */
import type { ReportNumbers, ReportTask } from "../numbers/report-numbers.js";
import type { SettingNumbers } from "../numbers/setting-numbers.js";
import { dataName, machineName, modelName, settingName } from "../page/format.js";

/** Stands where there is no number. */
const NONE = "--";

/**
 * A `tabular` with a row per setting: tokens, each task's official metric, the relative score and its interval, the time to the first
 * token. Metrics of at most 1 are printed of 100. Model, data and machine stand in comments above it.
 */
export function reportLatex(numbers: ReportNumbers): string {
  const { tasks, settings } = numbers;
  const heads = [
    "Setting",
    "Tokens",
    ...tasks.map(taskHead),
    "Relative (\\%)",
    "95\\,\\% interval",
    "First token (ms)",
  ];
  const body = settings.flatMap((setting, i) => {
    const line = rowText(cells(setting, tasks));
    // A rule between all tokens, the methods and the controls.
    return i > 0 && setting.role !== settings[i - 1].role ? ["\\midrule", line] : [line];
  });
  return [
    ...sources(numbers),
    `\\begin{tabular}{l${"r".repeat(heads.length - 1)}}`,
    "\\toprule",
    rowText(heads),
    "\\midrule",
    ...body,
    "\\bottomrule",
    "\\end{tabular}",
    "",
  ].join("\n");
}

/** Comments: what the numbers are of. */
function sources(numbers: ReportNumbers): string[] {
  const { resamples } = numbers.bootstrap;
  return [
    "Made by recoup export. Needs \\usepackage{booktabs}.",
    `Model ${modelName(numbers)}. ${dataName(numbers)}. ${machineName(numbers)}.`,
    `Relative: mean over the tasks of the metric divided by its value with all tokens; interval from ${resamples} resamples of images.`,
    ...numbers.run.notes,
    // A line break would end the comment.
  ].map((line) => `% ${line.replaceAll(/[\s\p{Cc}]+/gu, " ")}`);
}

function taskHead({ id, headline, maxScore }: ReportTask): string {
  const most = maxScore === 1 ? "" : ` (of ${maxScore})`;
  return latexText(`${id} ${headline}${most}`);
}

function cells(setting: SettingNumbers, tasks: readonly ReportTask[]): string[] {
  const { tokens, relative, interval, costs, role } = setting;
  return [
    latexText(settingName(setting)),
    fixed(tokens?.mean),
    ...tasks.map(({ maxScore }, t) => {
      const { value } = setting.tasks[t];
      return fixed(maxScore === 1 && value !== undefined ? 100 * value : value);
    }),
    fixed(relative),
    role === "reference" || interval === undefined ? NONE : `${fixed(interval.low)} to ${fixed(interval.high)}`,
    fixed(costs?.firstToken, 0),
  ];
}

function fixed(value: number | undefined, digits = 1): string {
  if (value === undefined || !Number.isFinite(value)) return NONE;
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `$-$${text}` : text;
}

function rowText(texts: readonly string[]): string {
  return `${texts.join(" & ")} \\\\`;
}

const COMMANDS: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
};

/** A text as LaTeX prints it: characters with a meaning of their own are escaped, control characters become blanks. */
function latexText(text: string): string {
  const plain = text.replaceAll(/[\s\p{Cc}]+/gu, " ");
  return plain.replaceAll(/[\\~^<>|&%$#_{}]/g, (mark) => COMMANDS[mark] ?? `\\${mark}`);
}
