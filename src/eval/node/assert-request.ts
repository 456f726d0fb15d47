/** @file Whether a request is the one that the run in a folder began with, as far as that is known before a model is loaded. */
import { join } from "node:path";
import { InvalidInputError, shape } from "../../core/index.js";
import { otherRequest, readTextIfThere } from "../../files/index.js";
import { type EarlyRequest, requestDifference } from "../run/request-words.js";
import { type RunState, runStateShape } from "../run/run-folder.js";
import type { ModuleMethod } from "../run/settings.js";

/**
 * Of a folder without a run, or with one that is no run of this layout, opening it says more.
 *
 * @throws InvalidInputError for a run of another request, naming the first difference.
 */
export async function assertSameRequest(out: string, request: EarlyRequest): Promise<void> {
  const before = await runIn(out);
  if (before === undefined) return;
  // A method that the model has no signal for was asked for, and is not among the settings.
  const isKnown = before.leftOut.every((reason) => request.leftOut.includes(reason));
  const difference = requestDifference(isKnown ? request : { ...request, settings: undefined }, before);
  if (difference !== undefined) throw otherRequest("eval", out, difference);
}

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
  const before = await runIn(out);
  for (const { path, sha256 } of modules) {
    const then = before?.own?.find((module) => module.path === path);
    if (then === undefined || then.sha256 === sha256) continue;
    const hashes = `its SHA-256 begins with ${sha256.slice(0, 8)} and not with ${then.sha256.slice(0, 8)}`;
    const problem = `${path} has changed since the run in ${out} (${hashes}): give another --out, or --force to begin anew`;
    throw new InvalidInputError({ operation: "eval", problem });
  }
}

/** Undefined for none, and for what is damaged. */
async function runIn(out: string): Promise<RunState | undefined> {
  try {
    const state: unknown = JSON.parse((await readTextIfThere("eval", join(out, "run.json"))) ?? "");
    return shape.fits(state, runStateShape) ? state : undefined;
  } catch {
    return undefined;
  }
}
