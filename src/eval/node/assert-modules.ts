/** @file Whether methods of one's own are still those that a run began with. */
import { join } from "node:path";
import { InvalidInputError, shape } from "../../core/index.js";
import { readTextIfThere } from "../../files/index.js";
import { runStateShape } from "../run/run-folder.js";
import type { ModuleMethod } from "../run/settings.js";

/**
 * Asked before a model is loaded; of a folder without a run, or with one that is no run of this layout, opening it says more.
 *
 * @throws InvalidInputError for a module that has changed since the run in the folder began: its answers would be of two methods.
 */
export async function assertModulesUnchanged(
  out: string,
  modules: readonly Pick<ModuleMethod, "path" | "sha256">[],
): Promise<void> {
  if (modules.length === 0) return;
  const before = parsed(await readTextIfThere("eval", join(out, "run.json")));
  if (!shape.fits(before, runStateShape)) return;
  for (const { path, sha256 } of modules) {
    const then = before.own?.find((module) => module.path === path);
    if (then === undefined || then.sha256 === sha256) continue;
    const hashes = `its SHA-256 begins with ${sha256.slice(0, 8)} and not with ${then.sha256.slice(0, 8)}`;
    const problem = `${path} has changed since the run in ${out} (${hashes}): give another --out, or --force to begin anew`;
    throw new InvalidInputError({ operation: "eval", problem });
  }
}

/** Undefined for what is damaged. */
function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
