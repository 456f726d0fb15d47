/** @file The scores of a run as tables for the terminal. */
import {
  REFERENCE,
  type RunState,
  type RunTask,
  type SettingGroup,
  type SettingResults,
  scoreWarnings,
  settingGroups,
  untoldSentences,
} from "../eval/index.js";
import { mean } from "../math/index.js";
import { textTable, wrapLines } from "./text-table.js";

type Scores = Readonly<Record<string, SettingResults>>;

/**
 * A row per setting, all tokens first, those that differ in their seed only as one: tokens, the mean score relative to all
 * tokens, the headline metric of each task, median time to the first token and how much of it is saved. Below it what no score of a task has: a
 * report has the warnings of single settings, too. Folded where the terminal is too narrow, so that scores stay beside tokens.
 */
export function scoreTable(scores: Scores, { settings, tasks }: RunState, width: number): string {
  const groups = settingGroups(settings);
  const ordered = groups.toSorted((a, b) => Number(b.id === REFERENCE) - Number(a.id === REFERENCE));
  const title = ({ id, maxScore }: RunTask) => (maxScore === 1 ? id : `${id} (of ${maxScore})`);
  const first = (group: SettingGroup) => meanOf(group, (id) => scores[id].efficiency.first_token_ms);
  const [baseline] = ordered.map(first);
  const rows = ordered.map((group) => {
    const own = first(group);
    return [
      group.members.length > 1 ? `${group.id} (${group.members.length} seeds)` : group.id,
      fixed(
        meanOf(group, (id) => scores[id].efficiency.kept_tokens),
        1,
      ),
      fixed(relative(scores, group, tasks), 1, " %"),
      ...tasks.map((task) => fixed(headline(scores, group, task), task.maxScore === 1 ? 3 : 1)),
      fixed(own, 0, " ms"),
      fixed(baseline && own ? baseline / own : null, 1, "x"),
    ];
  });
  const titles = ["setting", "tokens", "relative", ...tasks.map(title), "first token", "faster"];
  const notes = [
    `first token: median; faster: ${REFERENCE}'s time to the first token by the setting's; relative: mean of its scores, of ${REFERENCE}'s${groups.some(({ members }) => members.length > 1) ? "; of several seeds everything is the mean" : ""}`,
    ...(rows.some((cells) => cells.includes(NONE))
      ? [
          `${NONE}: the official metric of a task has no value (an F1 without a yes, nothing answered), or nothing was measured`,
        ]
      : []),
    ...scoreWarnings(Object.entries(scores))
      .filter((warning) => warning.settings.length === settings.length)
      .map(({ task, text }) => `${task}: ${text}`),
    ...untoldSentences(Object.entries(scores).map(([id, { told }]) => [id, told])),
  ];
  return `${textTable(titles, rows, { width })}\n\n${wrapLines(notes.join("\n"), width)}`;
}

const NONE = "-";

/** A dash for no number. */
function fixed(value: number | null, digits: number, unit = ""): string {
  return value === null ? NONE : `${value.toFixed(digits)}${unit}`;
}

/** The mean over a group's settings; null where one has none. */
function meanOf({ members }: Pick<SettingGroup, "members">, value: (id: string) => number | null): number | null {
  const values = members.map(value);
  return values.every((own) => own !== null) ? mean(values) : null;
}

function headline(scores: Scores, group: Pick<SettingGroup, "members">, { id, headline: metric }: RunTask) {
  return meanOf(group, (setting) => {
    const value = scores[setting].results[id][`${metric},none`];
    return typeof value === "number" ? value : null;
  });
}

/** Mean over tasks of score / full score in percent; null where one has no score. */
function relative(scores: Scores, group: SettingGroup, tasks: readonly RunTask[]): number | null {
  const ratios = tasks.map((task) => {
    const [own, full] = [headline(scores, group, task), headline(scores, { members: [REFERENCE] }, task)];
    return own === null || full === null || full === 0 ? Number.NaN : (100 * own) / full;
  });
  const all = mean(ratios);
  return Number.isNaN(all) ? null : all;
}
