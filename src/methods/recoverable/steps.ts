/** The four steps in order, with everything they decided on the way. */
import { type CompressionPlan, onlySignals, orderRows, ownRow, type TableWith, take } from "../../core/index.js";
import type { Kernels } from "../../math/index.js";
import { type Shares, scaleShares } from "./fixed-shares.js";
import type { Rules, ScoreTable } from "./options.js";
import { type Centers, chooseCenters, chooseNeighbors, mergeNeighbors, residualRow } from "./secondary-recovery.js";
import { complement, type Selection, select } from "./selection.js";
import { recoverTextInformation, type TextRecovery } from "./text-recovery.js";
import { visualFilter } from "./visual-filter.js";

/** The signals that `recoverable` reads. */
export type RecoverableTable = TableWith<"features" | "keys" | "clsAttention" | "textSimilarity">;

/** What steps 1 and 2 took, and the centers that step 3 chose of the rest. */
export interface Choice {
  readonly visual: Selection;
  readonly text: TextRecovery;
  /** Source ids that neither filter took, ascending, `[n]`. */
  readonly rest: Uint32Array;
  /** Positions in `rest`. */
  readonly centers: Centers;
}

/** Everything the method decided, for explanation and for comparison with the released code. */
export interface RecoverableSteps extends Choice {
  /** For each center its neighbors as positions in `rest`, best first. */
  readonly neighbors: readonly Uint32Array[];
  readonly plan: CompressionPlan;
}

/** Runs all four steps. @param retain exactly this many rows, from 1 to N - 1; undefined for the dynamic budget. */
export function runSteps(
  table: RecoverableTable,
  rules: Rules,
  kernels: Kernels,
  retain: number | undefined,
): RecoverableSteps {
  const scores = orient(onlySignals(table, ["clsAttention", "textSimilarity"]) as ScoreTable, rules);
  const width = table.features.dim;
  const { choice, withResidual } = decide(scores, width, rules, retain);
  const rest = take(scores, choice.rest);
  const neighbors =
    choice.centers.ranked.length === 0
      ? []
      : kernels.withRows(table.keys, (keys) => chooseNeighbors(rest, choice.centers, keys, rules));
  const merged = mergeNeighbors(rest, choice.centers, neighbors, rules);
  const residual = withResidual ? residualRow(rest, choice.centers, rules) : undefined;
  return {
    ...choice,
    neighbors,
    plan: tokenMerger(scores, choice, [...merged, ...(residual ? [residual] : [])], rules),
  };
}

/** Step 4, token merger: the ordered concatenation of what the steps kept, recovered and merged. */
function tokenMerger(
  scores: ScoreTable,
  { visual, rest }: Choice,
  mergedRows: Parameters<typeof orderRows>[0],
  rules: Rules,
): CompressionPlan {
  const seen = new Set(visual.source);
  const kept = complement(scores.count, rest);
  const ownRows = Array.from(kept, (id) => ownRow(seen.has(id) ? "visual" : "text", id));
  return orderRows([...ownRows, ...mergedRows], scores.count, rules.order);
}

/** The similarity with the sign that high means relevant. */
function orient(scores: ScoreTable, { textPolarity }: Rules): ScoreTable {
  return textPolarity === 1 ? scores : { ...scores, textSimilarity: scores.textSimilarity.map((value) => -value) };
}

/** Chooses by the dynamic budget, and again with scaled shares where a fixed count, a floor or a cap asks for it. */
function decide(scores: ScoreTable, width: number, rules: Rules, retain: number | undefined) {
  const dynamic = choose(scores, width, rules);
  const shares = sharesOf(dynamic, rules);
  const rows = shares.visual + shares.text + shares.merged;
  const target = retain ?? Math.min(Math.max(rows, rules.minTokens), rules.maxTokens);
  if (retain === undefined && target === rows) {
    return { choice: dynamic, withResidual: hasResidual(dynamic, rules) };
  }
  const scaled = scaleShares({ ...shares, merged: Math.max(shares.merged, 1) }, target);
  return { choice: choose(scores, width, rules, scaled), withResidual: scaled.merged > 0 };
}

/** Steps 1 and 2 and the centers. @param shares the number of rows of each kind, where the outlier factors don't decide. */
function choose(scores: ScoreTable, width: number, rules: Rules, shares?: Shares): Choice {
  let visual = visualFilter(scores.clsAttention, rules, shares?.visual);
  const text = recoverTextInformation(scores, visual, rules, shares?.text);
  if (rules.variant === "paper" && visual.source.length + text.source.length === 0) {
    // Nothing stands out: the token with the highest attention stays.
    visual = select(visualFilter(scores.clsAttention, rules, 1).ranked, visual.scale);
  }
  const rest = complement(scores.count, visual.source, text.source);
  const centers = chooseCenters(take(scores, rest), width, rules, shares && Math.max(0, shares.merged - 1));
  return { visual, text, rest, centers };
}

function sharesOf(choice: Choice, rules: Rules): Shares {
  return {
    visual: choice.visual.source.length,
    text: choice.text.source.length,
    merged: choice.centers.ranked.length + (hasResidual(choice, rules) ? 1 : 0),
  };
}

/** The released `forward` drops the residual row where there is no center. */
function hasResidual({ centers }: Choice, { variant }: Rules): boolean {
  return centers.others.length > 0 && (variant !== "official" || centers.ranked.length > 0);
}
