/**
 * @file Methods that find their own number of tokens beside those with a fixed one, at equal means and at equal maxima. The fixed
 * ones' curves, linear between their budgets, are read off at that count, task by task.
 */

import { groupBy } from "../../../core/index.js";
import { mean } from "../../../math/index.js";
import { REFERENCE } from "../../run/settings.js";
import { type CurvePoint, interpolate } from "../../stats/curve.js";
import type { SettingNumbers } from "./setting-numbers.js";

/** A fixed method's relative score at a dynamic one's number of tokens. */
export interface AtTokens {
  /** Mean over the tasks, percent. */
  readonly relative: number;
  /** The budgets that it is read off between: the widest range of all tasks. */
  readonly from: number;
  readonly to: number;
}

/** One dynamic setting and the fixed ones beside it. */
export interface EqualTokens {
  /** Id of the dynamic setting. */
  readonly setting: string;
  /** Its score relative to all tokens, percent. */
  readonly relative?: number;
  /** Mean and greatest number of tokens by task. */
  readonly counts: readonly { readonly task: string; readonly mean: number; readonly max: number }[];
  /** Methods with fixed budgets, read off at these counts. */
  readonly fixed: readonly {
    readonly name: string;
    readonly role: SettingNumbers["role"];
    /** Undefined where the count is below the smallest budget, or a score is missing. */
    readonly atMean?: AtTokens;
    readonly atMax?: AtTokens;
  }[];
}

/** One per dynamic setting. All tokens end each curve: with all of them every method is the same. */
export function equalTokens(settings: readonly SettingNumbers[]): EqualTokens[] {
  const fixed = atFixedBudgets(settings);
  const full = settings.find(({ id }) => id === REFERENCE);
  return settings
    .filter(({ budget }) => budget === "dynamic")
    .map((setting) => {
      const counts = setting.tasks.flatMap(({ task, tokens }) =>
        tokens === undefined ? [] : [{ task, mean: tokens.mean, max: tokens.max }],
      );
      return {
        setting: setting.id,
        relative: setting.relative,
        counts,
        fixed: [...fixed].map(([name, members]) => {
          const read = (which: "mean" | "max") => readOff(counts, which, full ? [...members, full] : members);
          return { name, role: members[0].role, atMean: read("mean"), atMax: read("max") };
        }),
      };
    });
}

/** Settings with a number as budget, by name; no picture at all is none of them. */
export function atFixedBudgets(settings: readonly SettingNumbers[]): Map<string, SettingNumbers[]> {
  return groupBy(settings, ({ budget, name }) => (typeof budget !== "number" || budget === 0 ? undefined : name));
}

function readOff(
  counts: EqualTokens["counts"],
  which: "mean" | "max",
  members: readonly SettingNumbers[],
): AtTokens | undefined {
  const read = counts.map((count) => {
    const points = members.flatMap(({ tasks }): CurvePoint[] => {
      const own = tasks.find(({ task }) => task === count.task);
      return own?.tokens === undefined || own.relative === undefined ? [] : [{ x: own.tokens.mean, y: own.relative }];
    });
    // A member without a score would make the curve jump over its budget.
    return points.length < members.length ? undefined : interpolate(points, count[which]);
  });
  const found = read.filter((value) => value !== undefined);
  if (found.length === 0 || found.length < read.length) return undefined;
  return {
    relative: mean(found.map(({ y }) => y)),
    from: Math.min(...found.map(({ from }) => from)),
    to: Math.max(...found.map(({ to }) => to)),
  };
}
