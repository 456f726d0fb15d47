/**
 * @file The method of this library: evidence of what the question points at, coverage of the rest. It recovers by the text as Recoverable
 * Compression does (arXiv 2409.01179), with a robust scale in place of outlier factors.
 */
import { type MethodOptions, ownAnchors, planRows, shape } from "../../core/index.js";
import { defineMethod } from "../define-method.js";
import { unitRows } from "../shared/unit-rows.js";
import { chooseRecovered, chooseTokens } from "./choose.js";
import { textEvidence } from "./evidence.js";
import { mergedPlan } from "./merge.js";

export { type EvidenceStrength, type TextEvidence, textEvidence } from "./evidence.js";
export { type TextSignal, textSignal } from "./text-signal.js";

/** Options of `recoup`. */
export interface RecoupOptions extends MethodOptions {
  /**
   * Most of the rows that are chosen for the text, 0 to 1, at full confidence. Default: clamp(N / 36 / K, 0.5, 0.75), since a detail is about 16
   * tokens of 576. With a number plans are nested: the rows of a smaller budget stand in every larger one.
   */
  readonly textRows?: number;
  /** Share of the loss that is of what the text points at, 0 to 1, at full confidence. Default 0.7; 0 is coverage alone. */
  readonly textShare?: number;
  /** 1 - cosine at which a token represents another by 1 / e, for what the text points at. Above 0; default 0.05: near copies alone. */
  readonly tau?: number;
  /** Weight of the mean in a coverage row beside its own token, 0 to 1. Default 0.5; 0 merges nothing. */
  readonly merging?: number;
}

const OPTIONS = {
  textRows: shape.described(
    shape.range(0, 1),
    "most of the rows that are chosen for the text, at full confidence; a number gives nested plans; default: N / 36 tokens of K rows, 0.5 to 0.75",
  ),
  textShare: shape.described(
    shape.range(0, 1),
    "share of the loss that is of what the text points at, at full confidence; 0 is coverage alone",
    0.7,
  ),
  tau: shape.described(
    shape.range(0.001, 10),
    "1 - cosine at which a token represents another by 1 / e, for what the text points at",
    0.05,
  ),
  merging: shape.described(
    shape.range(0, 1),
    "weight of the mean in a coverage row beside its own token; 0 merges nothing",
    0.5,
  ),
};

/**
 * Keeps what the question points at, as it is, and tokens that stand for everything else, with the tokens left out merged into them.
 *
 * Evidence: `textEvidence`. Choice, merging: `chooseTokens`, `mergedPlan`. O(N · (M + K) · C) with M = 128 landmarks. Cosines of wide rows (C
 * of 512 and more) are those of a sketch of 256 bins. Without a similarity, or with one that points at nothing, it is coverage alone.
 * A tenth of the tokens without a budget. Class attention is not read, so sinks have no way in but by coverage. Deterministic; roles text, merged and visual.
 */
export const recoup = defineMethod<RecoupOptions, "features", "textShare" | "tau" | "merging">({
  id: "recoup",
  summary: "K tokens: those that the question points at, and others that stand for the rest, which is merged into them",
  reference: "this library; recovery by the text after Recoverable Compression, arXiv 2409.01179",
  needs: ["features"],
  uses: ["textSimilarity", "grid"],
  // Few rows stand for tokens that are little like them: with counts they get too much attention (at 16 and 32 rows).
  mass: "cosine",
  options: OPTIONS,
  budgetOf: ({ budget = { ratio: 0.1 } }) => budget,
  choose({ table, retain, kernels }, { textRows = rowsForText(table.count, retain), textShare, tau, merging }) {
    const evidence = textEvidence(table);
    const { unit, inverse } = unitRows(table.features, kernels);
    const choice = kernels.withRows(unit, (rows) => chooseTokens(rows, evidence, retain, { textRows, textShare, tau }));
    const norms = inverse.map((each) => (each > 0 ? 1 / each : 0));
    return kernels.withRows(table.features, (rows) => mergedPlan(choice, { rows, norms }, merging));
  },
  recover({ table, retain, kernels }, { textRows = rowsForText(table.count, retain), textShare, tau }, held) {
    const { unit } = unitRows(table.features, kernels);
    const merged = planRows(held).filter(({ role }) => role === "merged" || role === "residual");
    const rowsHeld = { own: ownAnchors(held), merged: merged.map(({ anchor }) => anchor) };
    const weights = { textRows, textShare, tau };
    const picked = kernels.withRows(unit, (rows) =>
      chooseRecovered(rows, textEvidence(table), retain, weights, rowsHeld),
    );
    return picked.sort((a, b) => a - b);
  },
});

/**
 * A detail is about 16 tokens of a picture of 576; beyond that half of the rows. With 24 the loss at 32 rows was twice as large (335 questions of
 * validation), and a wrong similarity is trusted with less.
 */
function rowsForText(count: number, retain: number): number {
  return Math.max(0.5, Math.min(0.75, count / 36 / retain));
}
