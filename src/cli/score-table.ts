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
 * tokens, that of the open tasks where others are among them, the share of unchanged answers, the KL of the first token where it is
 * known, the headline metric of each task, median time to the first token and how much of it is saved. Below it what no score of a task has: a
 * report has the warnings of single settings, too. Folded where the terminal is too narrow, so that scores stay beside tokens.
 */
export function scoreTable(scores: Scores, { settings, tasks, logits }: RunState, width: number): string {
  const open = tasks.filter((task) => task.open);
  const hasOpen = open.length > 0 && open.length < tasks.length;
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
      ...(hasOpen ? [fixed(relative(scores, group, open), 1, " %")] : []),
      group.id === REFERENCE ? "" : fixed(unchanged(scores, group), 1, " %"),
      ...(logits ? [fixed(divergence(scores, group), 3)] : []),
      ...tasks.map((task) => fixed(headline(scores, group, task), task.maxScore === 1 ? 3 : 1)),
      fixed(own, 0, " ms"),
      fixed(baseline && own ? baseline / own : null, 1, "x"),
    ];
  });
  const beside = [...(hasOpen ? ["open tasks"] : []), "same", ...(logits ? ["KL"] : [])];
  const titles = ["setting", "tokens", "relative", ...beside, ...tasks.map(title), "first token", "faster"];
  const notes = [
    `first token: median; faster: ${REFERENCE}'s time to the first token by the setting's; relative: mean of its scores, of ${REFERENCE}'s${groups.some(({ members }) => members.length > 1) ? "; of several seeds everything is the mean" : ""}`,
    `same: answers as with ${REFERENCE}${logits ? `; KL: of the first token from ${REFERENCE}'s, nats` : ""}`,
    ...(hasOpen ? ["open tasks: relative, without tasks whose answers are letters of options"] : []),
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

/** Share of the answers that are as with all tokens, percent; null where there is none to compare. */
function unchanged(scores: Scores, group: SettingGroup): number | null {
  return meanOf(group, (id) => {
    const { answered = 0, unchanged = 0 } = scores[id].beside_all_tokens ?? {};
    return answered === 0 ? null : (100 * unchanged) / answered;
  });
}

function divergence(scores: Scores, group: SettingGroup): number | null {
  return meanOf(group, (id) => scores[id].beside_all_tokens?.first_token_kl ?? null);
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
