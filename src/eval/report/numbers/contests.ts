/** @file At each budget: the best method, how far it leads, and whether it beats the controls, which need no method. */
import { groupBy } from "../../../core/index.js";
import { budgetId, type Setting } from "../../run/settings.js";
import type { Interval } from "../../stats/bootstrap.js";
import { type GroupDraws, leadInterval } from "./intervals.js";
import type { SettingNumbers } from "./setting-numbers.js";

/** Lead of one setting over another. */
export interface Lead {
  /** Id of the setting behind. */
  readonly setting: string;
  /** Its score relative to all tokens, percent. */
  readonly relative: number;
  /** Relative score of the best less this one's, points. */
  readonly by: number;
  /** 95 % interval of the same difference, paired by picture. */
  readonly interval?: Interval;
}

/** The outcome at one budget. */
export interface Contest extends Pick<Setting, "asked"> {
  readonly budget: Setting["budget"];
  /** Id of the best method's setting. */
  readonly best: string;
  /** Its score relative to all tokens, percent. */
  readonly relative: number;
  /** The next best method; undefined for a method alone. */
  readonly next?: Lead;
  /** The best control of that many tokens; undefined where there is none. */
  readonly control?: Lead;
}

/** One per budget that methods were asked at, in their order. A budget where no method has a relative score is left out. */
export function contests(settings: readonly SettingNumbers[], draws: readonly GroupDraws[]): Contest[] {
  const drawsOf = new Map(settings.map(({ id }, i) => [id, draws[i]]));
  const methods = settings.filter(({ role }) => role === "method");
  return [...groupBy(methods, budgetId).values()].flatMap((contestants): Contest[] => {
    const [best, next] = ranked(contestants);
    if (best === undefined) return [];
    const { budget, asked } = best;
    const isControl = ({ role, comparedAt = [] }: SettingNumbers) =>
      role === "control" && typeof budget === "number" && comparedAt.includes(budget);
    const [control] = ranked(settings.filter(isControl));
    const lead = (other: Ranked): Lead => {
      const [own, others] = [best.id, other.id].map((id) => drawsOf.get(id) as GroupDraws);
      const by = best.relative - other.relative;
      return { setting: other.id, relative: other.relative, by, interval: leadInterval(own, others, by) };
    };
    const [second, against] = [next && lead(next), control && lead(control)];
    return [
      {
        budget,
        ...(asked !== undefined && { asked }),
        best: best.id,
        relative: best.relative,
        next: second,
        control: against,
      },
    ];
  });
}

type Ranked = SettingNumbers & { readonly relative: number };

/** Settings with a relative score, best first; equal ones in their order. */
function ranked(settings: readonly SettingNumbers[]): Ranked[] {
  return settings
    .filter((setting): setting is Ranked => setting.relative !== undefined)
    .sort((a, b) => b.relative - a.relative);
}
