/** @file The first section: all settings by score, the curve of score against tokens, and the main numbers in sentences. */
import { REFERENCE } from "../../../run/settings.js";
import type { ReportNumbers } from "../../numbers/report-numbers.js";
import { percentOf } from "../../numbers/setting-numbers.js";
import { scoreTokensChart } from "../charts/score-tokens.js";
import {
  type Chart,
  type ColumnOf,
  type Part,
  partsOf,
  type RichCell,
  type Section,
  section,
  type Table,
  tableOf,
} from "../document.js";
import { besideFull, decimal, KL_DIGITS, NONE, openTasks, range, speed, unchangedShare, whole } from "../format.js";
import { type MainScore, mainScore, type ScoredSetting } from "../main-score.js";
import { settingCell } from "../methods-words.js";
import { intervalCells } from "./interval-cells.js";

/** Scores of all settings, controls among them. @param summary the main numbers in sentences. */
export function scoresSection(numbers: ReportNumbers, summary: readonly string[]): Section {
  const score = mainScore(numbers);
  const list: Part = { kind: "list", items: summary };
  return section("scores", "All settings by score", [mainTable(numbers, score)], {
    aside: partsOf([scoreChart(score), list]),
  });
}

function scoreChart(score: MainScore): Chart | undefined {
  const settings = score.settings.map((each) => ({ ...each, relative: each.main, interval: each.mainInterval }));
  const spec = scoreTokensChart(settings, score.front, { title: score.axis, unit: score.isRelative ? " %" : "" });
  if (spec === undefined) return undefined;
  const words = "Score against visual tokens; the table has the numbers.";
  const bars = score.hasIntervals ? ", 95 % intervals as bars" : "";
  const caption = `Score against visual tokens: methods in color, controls in gray${bars}; points at one number of tokens stand side by side. The wide band is the Pareto front.`;
  return { kind: "chart", caption, panels: [{ words, spec }] };
}

function mainTable(numbers: ReportNumbers, score: MainScore): Table {
  const { settings } = score;
  const full = settings.find(({ id }) => id === REFERENCE)?.costs?.firstToken;
  const open = openTasks(numbers.tasks);
  const hasKl = settings.some(({ kl }) => kl !== undefined);
  const seeds = settings.flatMap(({ id, seeds: ends }) => (ends === undefined ? [] : [`${id} ${range(ends)}`]));
  const failed = settings.reduce((sum, { tasks }) => tasks.reduce((own, task) => own + task.failed, sum), 0);
  return tableOf({
    caption: [
      `Tokens: mean of a picture.${score.isRelative ? " Score: relative to all tokens, mean over the tasks." : ""}`,
      ...(score.hasIntervals
        ? [`Interval: of the score, 95 %, ${whole(numbers.bootstrap.resamples)} draws of the pictures.`]
        : []),
      ...score.aboutIntervals,
      ...(seeds.length > 0 ? [`Of the seeds the least and the greatest: ${seeds.join(", ")}.`] : []),
      ...(open.length > 0 ? [`Open tasks: the score over ${open.join(", ")}, whose answers are no letters.`] : []),
      "First token: median, and how many times faster than with all tokens. Same answers: as with all tokens.",
      ...(hasKl ? ["KL: of the first token, nats, from all tokens to these; 0 is the same choice."] : []),
      ...(settings.some((setting) => tagOf(setting, score.front) === "front")
        ? ["front: no other setting has a better score from as few tokens."]
        : []),
      `${NONE}: the official metric of a task has no value, or nothing was answered.`,
      ...(failed > 0 ? [`${whole(failed)} failed answers count as wrong.`] : []),
    ].join(" "),
    rows: settings,
    sortedBy: 2,
    columns: [
      ["setting", (setting) => settingCell(setting, tagOf(setting, score.front))],
      ["tokens", ({ tokens }) => number(tokens?.mean)],
      [score.title, ({ main }) => number(main)],
      ...(score.hasIntervals
        ? [
            intervalCells(settings, ({ id, main, mainInterval }) =>
              id === REFERENCE && score.isRelative ? {} : { value: main, interval: mainInterval },
            ),
          ]
        : []),
      ["first token, ms", ({ costs }) => number(costs?.firstToken, 0)],
      [
        "faster",
        ({ method, costs }) => {
          // Not to look at the picture is no way to be faster.
          const own = method === "zero" ? undefined : costs?.firstToken;
          return { text: speed(full, own), value: ratio(full, own) };
        },
      ],
      [
        "same answers",
        (setting) => {
          const beside = besideFull(setting);
          return {
            text: setting.id === REFERENCE ? "" : unchangedShare(beside),
            value: percentOf(beside.unchanged, beside.answered),
          };
        },
      ],
      ...columnIf(hasKl, "KL", ({ kl }) => number(kl, KL_DIGITS)),
      ...columnIf(open.length > 0, "open tasks, %", (setting) => number(setting.open)),
    ],
  });
}

function columnIf(
  isThere: boolean,
  title: string,
  cell: (setting: ScoredSetting) => RichCell,
): ColumnOf<ScoredSetting>[] {
  return isThere ? [[title, cell]] : [];
}

function tagOf({ id, role }: ScoredSetting, front: readonly string[]): string | undefined {
  if (role === "control") return "control";
  return id !== REFERENCE && front.includes(id) ? "front" : undefined;
}

/** A number as text, sorted by all of its digits. */
function number(value: number | undefined, digits = 1) {
  return { text: decimal(value, digits), value };
}

function ratio(full: number | undefined, own: number | undefined): number | undefined {
  return full === undefined || own === undefined || own === 0 ? undefined : full / own;
}
