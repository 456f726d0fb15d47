/** @file What two requests of runs differ in, by the flags of the command that makes them. */
import type { RunState, RunTask } from "./run-folder.js";
import { budgetId, methodName, type Setting } from "./settings.js";
import type { SettingTold } from "./told.js";

/** A request as far as it is known before a model is loaded; what is undefined there is not known. */
export interface EarlyRequest extends Pick<RunState, "limit" | "seed" | "conversation" | "pad" | "told" | "leftOut"> {
  readonly model: Omit<RunState["model"], "name" | "family"> & { readonly name?: string };
  /** Tasks by their ids, or whole. */
  readonly tasks: readonly (Pick<RunTask, "id"> & Partial<RunTask>)[];
  /** Settings as a model with all signals has them, and whether their budgets are the same on every model. */
  readonly settings?: readonly Setting[];
  readonly hasFixedBudgets?: boolean;
}

/** A request whose default may also be that of runs which did not say one: null. */
interface Worded extends Omit<EarlyRequest, "told"> {
  readonly told?: EarlyRequest["told"] | null;
}

/** A request in words, fact by fact: the flag with its value, or `no FLAG`; undefined for what is not known. */
function requestWords({ tasks, settings, model, hasFixedBudgets = true, ...state }: Worded) {
  const methods = settings?.filter(({ role }) => role === "method");
  const flag = (name: string, value: string | number | undefined) =>
    value === undefined ? `no ${name}` : `${name} ${value}`;
  const list = (name: string, values: readonly (string | number)[]) =>
    flag(name, [...new Set(values)].join(",") || undefined);
  const ofTasks = (name: string, key: "rule" | "headline" | "maxNewTokens") =>
    tasks.some((task) => task[key] === undefined)
      ? undefined
      : list(
          name,
          tasks.map((task) => String(task[key])),
        );
  const told = (name: string, key: keyof SettingTold) =>
    settings &&
    list(
      name,
      settings.flatMap((setting) => setting[key] ?? []),
    );
  const isRead = tasks.every(({ hash }) => hash !== undefined);
  return [
    model.name && flag("--model", model.name),
    flag("--dtype", model.dtype),
    flag("--device", model.device),
    list(
      "--tasks",
      tasks.map(({ id }) => id),
    ),
    ofTasks("--rule", "rule"),
    // Before the methods, some of which cannot be asked with a mass.
    told("--positions", "positions"),
    told("--mass", "mass"),
    defaultWords(state.told),
    methods && list("--methods", methods.map(methodName)),
    hasFixedBudgets ? methods && list("--budgets", methods.flatMap(askedBudget)) : undefined,
    settings && (settings.some(({ role }) => role === "control") ? "controls" : "no controls"),
    flag("--limit", state.limit),
    flag("--seed", state.seed),
    flag("--conversation", state.conversation),
    state.pad ? "--pad" : "no --pad",
    ofTasks("--metric", "headline"),
    ofTasks("--max-new-tokens", "maxNewTokens"),
    isRead ? `${tasks.map(({ samples }) => samples).join(", ")} questions` : undefined,
    isRead
      ? list(
          "questions",
          tasks.map(({ id, hash }) => `${id} (hash ${hash})`),
        )
      : undefined,
  ];
}

/** What a run's decoder is told of rows where a setting does not say. */
function defaultWords(told: Worded["told"]): string | undefined {
  if (told === null) return "no default of positions and mass";
  return told && `a default of positions ${told.positions} and mass ${told.mass}`;
}

/** The budget of a method's setting; of all tokens none. */
function askedBudget(setting: Setting): string[] {
  return setting.budget === "all" ? [] : [budgetId(setting)];
}

/** The first known fact that two requests have not in common; undefined where words have no difference. */
export function requestDifference(now: EarlyRequest, before: RunState): { before: string; now: string } | undefined {
  const [own, other] = [requestWords(now), requestWords({ ...before, told: before.told ?? null })];
  for (const [i, words] of own.entries()) {
    const then = other[i];
    if (words !== undefined && then !== undefined && words !== then) return { before: then, now: words };
  }
  return undefined;
}
