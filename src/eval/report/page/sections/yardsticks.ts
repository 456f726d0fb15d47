/** @file Yardsticks beside the score, with their intervals, and each setting beside the model's own method. */
import { REFERENCE } from "../../../run/settings.js";
import type { DefaultDifference } from "../../numbers/default-differences.js";
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import type { SettingNumbers } from "../../numbers/setting-numbers.js";
import { foldedSection, type Section, type Table, tableOf } from "../document.js";
import { besideFull, KL_DIGITS, openTasks, settingName } from "../format.js";
import { estimateColumns, percentShare } from "./interval-cells.js";
import { settingTable } from "./setting-table.js";

/** Undefined where no setting stands beside all tokens. */
export function yardsticksSection(numbers: ReportNumbers): Section | undefined {
  const others = numbers.settings.filter(({ id }) => id !== REFERENCE);
  if (others.length === 0) return undefined;
  const { defaultMethod } = numbers.run;
  const hasDifferences = numbers.differences.length > 0;
  const beside = hasDifferences ? `; beside ${defaultMethod}, the model's own method` : "";
  return foldedSection("yardsticks", `Other yardsticks than the score${beside}`, [
    "The mean over the tasks counts a group of a small task as much as many questions of a large one, and letters of options are right by guessing. These say more of few questions: the open tasks, answers that stay, and how far the choice of the first token has moved.",
    numbers.settings.some(({ kl }) => kl !== undefined)
      ? undefined
      : "There is no KL of first tokens: recoup eval records it with --logits.",
    yardstickTable(numbers, others),
    hasDifferences ? differenceTable(numbers) : undefined,
  ]);
}

function yardstickTable(numbers: ReportNumbers, rows: readonly SettingNumbers[]): Table {
  const open = openTasks(numbers.tasks);
  return settingTable(numbers, {
    caption: [
      ...(open.length > 0
        ? [`Open tasks: ${open.join(", ")}, whose answers are no letters of options; score relative to all tokens.`]
        : []),
      "Same answers: as with all tokens.",
      "KL: Kullback-Leibler divergence of the first token's shares from those of all tokens, nats, mean of the questions. Intervals: bootstrap over pictures; of same answers Wilson's.",
    ].join(" "),
    rows,
    columns: [
      ...estimateColumns(rows, "open tasks, %", ({ open: value, openInterval: interval }) => ({ value, interval })),
      ...estimateColumns(rows, "same answers, %", (setting) => {
        const { answered, unchanged } = besideFull(setting);
        return percentShare({ answered, unchanged, interval: setting.agreement.interval });
      }),
      ...estimateColumns(rows, "KL", ({ kl: value, klInterval: interval }) => ({ value, interval }), KL_DIGITS),
    ],
  });
}

function differenceTable({ differences: rows, settings }: ReportNumbers): Table {
  const name = (id: string) => settingName(settings.find((setting) => setting.id === id) as SettingNumbers);
  return tableOf<DefaultDifference>({
    caption:
      "Each setting less the model's own method at the same budget (with the same positions and mass). Scores and same answers in points: above 0 the setting is better. KL: above 0 it is farther from all tokens. Intervals: the same draws of pictures for both, so that differences are paired; one that holds 0 may be chance.",
    rows,
    columns: [
      ["setting", ({ setting }) => name(setting)],
      ...estimateColumns(rows, "score", ({ relative }) => relative),
      ...estimateColumns(rows, "open tasks", ({ open }) => open),
      ...estimateColumns(rows, "same answers", ({ unchanged }) => unchanged),
      ...estimateColumns(rows, "KL", ({ kl }) => kl, KL_DIGITS),
      // Last: on a phone the numbers come first.
      ["beside", ({ to }) => to, "words"],
    ],
  });
}
