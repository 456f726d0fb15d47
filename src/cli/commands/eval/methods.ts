/** @file The methods of a `recoup eval`, checked before a model is loaded. */
import { join } from "node:path";
import { checkedBudget, InvalidInputError, parseBudget, SIGNALS, shape } from "../../../core/index.js";
import { comparisonSettings, type OwnMethod } from "../../../eval/index.js";
import { readTextIfThere } from "../../../files/index.js";
import { moduleWord, type NamedMethods, namedMethods } from "../../own-method/index.js";
import type { EvalFlags } from "./flags.js";

/**
 * The methods of a command line, before a model is loaded: modules are tried, and all of them with their options and budgets.
 *
 * @throws InvalidInputError for what no model could be asked with.
 */
export async function checkedMethods(words: readonly string[], flags: EvalFlags): Promise<NamedMethods> {
  const { budgets, out, force } = flags;
  const compare = ({ words: methods, own }: NamedMethods) =>
    comparisonSettings({ methods, own, budgets, controls: false, signals: SIGNALS });
  // Names of recoup's own methods and budgets first: a module may take seconds.
  compare({ words: words.filter((word) => moduleWord(word) === undefined), own: [] });
  const named = await namedMethods(
    "eval",
    words,
    budgets.map((text) => checkedBudget("eval", parseBudget("eval", text))),
  );
  compare(named);
  if (!force) await assertUnchanged(out, named.own);
  return named;
}

const runShape = shape.object({
  own: shape.list(shape.object({ id: shape.text, path: shape.text, sha256: shape.text })),
});

/** @throws InvalidInputError for a module that has changed since the run in the folder began: its answers would be of two methods. */
async function assertUnchanged(out: string, own: readonly OwnMethod[]): Promise<void> {
  if (own.length === 0) return;
  const text = await readTextIfThere("eval", join(out, "run.json"));
  let before: unknown;
  try {
    before = JSON.parse(text ?? "{}");
  } catch {
    // Damaged: opening the folder says so.
    return;
  }
  if (!shape.fits(before, runShape)) return;
  for (const { path, sha256 } of own) {
    const then = before.own.find((module) => module.path === path);
    if (then === undefined || then.sha256 === sha256) continue;
    const hashes = `its SHA-256 begins with ${sha256.slice(0, 8)} and not with ${then.sha256.slice(0, 8)}`;
    const problem = `${path} has changed since the run in ${out} (${hashes}): give another --out, or --force to begin anew`;
    throw new InvalidInputError({ operation: "eval", problem });
  }
}
