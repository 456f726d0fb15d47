/** @file Answers that stay as with all tokens, and those that turn. */
import { ROLE_COLORS } from "../../../../viz/index.js";
import { REFERENCE } from "../../../run/settings.js";
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import type { SettingNumbers } from "../../numbers/setting-numbers.js";
import { type Bar, barChart } from "../charts/bars.js";
import { foldedSection, type Section } from "../document.js";
import { besideFull, decimal, settingName, unchangedShare } from "../format.js";
import { intervalCells, percentShare } from "./interval-cells.js";
import { runChart, type SettingColumn, settingTable } from "./setting-table.js";

const TURNS = [
  { name: "right to wrong", color: ROLE_COLORS.text },
  { name: "wrong to right", color: ROLE_COLORS.visual },
];

/** Agreement over all tasks, and by task. Undefined where nothing is compared. */
export function agreementSection(numbers: ReportNumbers): Section | undefined {
  const others = numbers.settings.filter(({ id }) => id !== REFERENCE);
  if (others.length === 0) return undefined;
  const spec = barChart({ parts: TURNS, bars: others.map(turnsBar), title: "% of the questions" });
  return foldedSection("agreement", "Answers that change: how many, and which way", [
    "An answer is unchanged if it equals the one with all tokens but for case, white space and punctuation at the end. Of several seeds, turns are the mean.",
    runChart("Answers that turn from right to wrong and from wrong to right, of all questions.", [
      { words: "Turned answers of each setting; the table below has the numbers.", spec },
    ]),
    settingTable(numbers, {
      caption: "Answers beside those with all tokens.",
      rows: others,
      columns: [
        ["compared", (setting) => decimal(besideFull(setting).answered, 0)],
        ["unchanged", (setting) => unchangedShare(besideFull(setting))],
        intervalCells(others, ({ agreement }) => percentShare(agreement)),
        ["right to wrong", (setting) => turns(setting, "rightToWrong")],
        ["wrong to right", (setting) => turns(setting, "wrongToRight")],
        ...numbers.tasks.map(
          ({ id }, t): SettingColumn => [`unchanged, ${id}`, ({ tasks }) => unchangedShare(tasks[t].agreement)],
        ),
      ],
    }),
  ]);
}

function turnsBar(setting: SettingNumbers): Bar {
  const { rightToWrong, wrongToRight, samples } = besideFull(setting);
  const [worse, better] = [(100 * rightToWrong) / samples, (100 * wrongToRight) / samples];
  return { name: settingName(setting), values: [-worse, better], left: decimal(worse), right: decimal(better) };
}

/** Of several seeds a mean, which need not be whole. */
function turns(setting: SettingNumbers, turn: "rightToWrong" | "wrongToRight"): string {
  return decimal(besideFull(setting)[turn], setting.members.length > 1 ? 1 : 0);
}
