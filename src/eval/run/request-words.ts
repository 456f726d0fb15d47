/** @file What two requests of runs differ in, by the flags of the command that makes them. */

import type { RunState } from "./run-folder.js";
import { budgetId, type Setting, seedlessName } from "./settings.js";

/** A request in words, fact by fact: the flag with its value, or `no FLAG`. */
function requestWords({ tasks, settings, model, ...state }: RunState): string[] {
  const methods = settings.filter(({ role }) => role === "method");
  const flag = (name: string, value: string | number | undefined) =>
    value === undefined ? `no ${name}` : `${name} ${value}`;
  const list = (name: string, values: readonly string[]) => flag(name, [...new Set(values)].join(",") || undefined);
  return [
    flag("--model", model.name),
    flag("--dtype", model.dtype),
    flag("--device", model.device),
    list(
      "--tasks",
      tasks.map(({ id }) => id),
    ),
    list(
      "--rule",
      tasks.map(({ rule }) => rule),
    ),
    list("--methods", methods.map(seedlessName)),
    list("--budgets", methods.flatMap(askedBudget)),
    settings.some(({ role }) => role === "control") ? "controls" : "no controls",
    flag("--limit", state.limit),
    flag("--seed", state.seed),
    flag("--conversation", state.conversation),
    state.pad ? "--pad" : "no --pad",
    list(
      "--metric",
      tasks.map(({ headline }) => headline),
    ),
    list(
      "--max-new-tokens",
      tasks.map(({ maxNewTokens }) => String(maxNewTokens)),
    ),
    `${tasks.map(({ samples }) => samples).join(", ")} questions`,
    list(
      "questions",
      tasks.map(({ id, hash }) => `${id} (hash ${hash})`),
    ),
  ];
}

/** The budget of a method's setting; of all tokens none. */
function askedBudget(setting: Setting): string[] {
  return setting.budget === "all" ? [] : [budgetId(setting)];
}

/** The first fact that two requests have not in common; undefined where words have no difference. */
export function requestDifference(now: RunState, before: RunState): { before: string; now: string } | undefined {
  const [own, other] = [requestWords(now), requestWords(before)];
  const at = own.findIndex((words, i) => words !== other[i]);
  return at < 0 ? undefined : { before: other[at], now: own[at] };
}
