/** @file The lines of a report: settings, those that differ in their seed only as one. */
import { groupBy } from "../../../core/index.js";
import { budgetId, type Setting, seedlessName } from "../../run/settings.js";
import type { SettingTold } from "../../run/told.js";

/** A setting, or several that differ in their seed only. */
export interface SettingGroup
  extends Pick<Setting, "method" | "budget" | "asked" | "role" | "side" | "comparedAt">,
    SettingTold {
  /** The setting's id; of several seeds, without the seed: `random@58`. */
  readonly id: string;
  /** Its name at any budget: `random`, `recoverable:merge=mean`. */
  readonly name: string;
  /** Ids of its settings: one, or one per seed. */
  readonly members: readonly string[];
}

/** One group per setting, in their order; settings that differ in their seed only are one. */
export function settingGroups(settings: readonly Setting[]): SettingGroup[] {
  const groups = groupBy(settings, (setting) => `${seedlessName(setting)}@${budgetId(setting)}`);
  return Array.from(groups, ([seedless, own]) => {
    const [{ id, method, budget, asked, role, side, comparedAt, options, positions, mass }] = own;
    const name = seedlessName(own[0]);
    const members = own.map((setting) => setting.id);
    const rows = { ...(positions !== undefined && { positions }), ...(mass !== undefined && { mass }) };
    const at = { ...(asked !== undefined && { asked }), ...(side !== undefined && { side }), ...rows };
    const facts = { method, budget, ...at, role, comparedAt, members };
    if (own.length > 1) return { id: seedless, name, ...facts };
    return { id, name: "seed" in options ? `${name}:seed=${options.seed}` : name, ...facts };
  });
}
