/** @file The methods of a `recoup eval`, and its whole request, checked before a model is loaded. */
import { checkedBudget, parseBudget, refusalFor, SIGNALS } from "../../../core/index.js";
import { comparisonSettings, type EarlyRequest, type SettingRequest } from "../../../eval/index.js";
import { assertModulesUnchanged, assertSameRequest } from "../../../eval/node/index.js";
import { METHOD_IDS } from "../../../methods/index.js";
import { moduleHint, moduleWord, type NamedMethods, namedMethods } from "../../own-method/index.js";
import { parseMass } from "../../row-flags.js";
import { isToy } from "../../toy.js";
import type { EvalFlags } from "./flags.js";

/** What the decoder is to be told, by the flags. @throws InvalidInputError for another mass. */
export function toldRequest({ positions, mass }: EvalFlags): Pick<SettingRequest, "positions" | "mass"> {
  return { positions, mass: mass?.map((text) => parseMass("eval", text)) };
}

/**
 * The methods of a command line, before a model is loaded: modules are tried, and all of them with their options and budgets.
 *
 * @throws InvalidInputError for what no model could be asked with.
 */
export async function checkedMethods(words: readonly string[], flags: EvalFlags): Promise<NamedMethods> {
  const { budgets, out, force } = flags;
  const told = toldRequest(flags);
  const compare = ({ words: methods, own }: NamedMethods) =>
    comparisonSettings({ methods, own, budgets, ...told, controls: false, signals: SIGNALS });
  for (const word of words.filter((word) => moduleWord(word) === undefined)) {
    const [id] = word.split(":");
    const hint = METHOD_IDS.some((known) => known === id) ? "" : moduleHint(id);
    if (hint !== "") throw refusalFor("eval")("--methods of recoup's names, or modules", id + hint);
  }
  // Names of recoup's own methods and budgets first: a module may take seconds.
  compare({ words: words.filter((word) => moduleWord(word) === undefined), own: [] });
  const named = await namedMethods(
    "eval",
    words,
    budgets.map((text) => checkedBudget("eval", parseBudget("eval", text))),
  );
  compare(named);
  if (!force) await assertModulesUnchanged(out, named.own);
  return named;
}

/** What the two ways of `recoup eval` ask beside the flags that they share; no words: the model's own method, which is not known yet. */
type Asked = Pick<EarlyRequest, "tasks" | "limit" | "seed"> & {
  readonly methods: NamedMethods;
  readonly controls: boolean;
};

/**
 * Whether a run in the folder may be resumed, as far as flags and files say it.
 *
 * @throws InvalidInputError for a run of another request.
 */
export async function assertResumable(
  flags: EvalFlags,
  { methods: { words, own }, controls, ...asked }: Asked,
): Promise<void> {
  const { model, dtype, device, conversation, pad, logits, budgets, out, force } = flags;
  if (force) return;
  const request = { methods: words, own, budgets, controls, signals: SIGNALS, ...toldRequest(flags) };
  const { settings, leftOut } = comparisonSettings(request);
  await assertSameRequest(out, {
    ...asked,
    model: { name: isToy(model) ? "tiny" : undefined, dtype, device },
    conversation,
    pad: pad || undefined,
    logits: logits || undefined,
    leftOut,
    ...(words.length > 0 && { settings }),
    // A share of the tokens is a number of rows where the model says how many tokens it has.
    hasFixedBudgets: !budgets.some((budget) => budget.includes("%")),
  });
}
