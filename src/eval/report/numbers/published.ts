/**
 * @file Numbers printed in "Recoverable Compression" (arXiv 2409.01179), for comparison: another model, other data. Score rows as in
 * the README of its code (banjiuyufen/Recoverable-Compression).
 */

import { mean } from "../../../math/index.js";
import { LLAVA_7B } from "../../metrics/efficiency.js";
import { type CostRow, paperCostRow } from "../../metrics/roofline.js";

/** Columns of `PAPER_SCORES`. MME's range suggests its perception part; which quantity POPE's is, the paper does not say. */
export const PAPER_TASKS = ["ScienceQA", "TextVQA", "MME", "VQAv2", "POPE", "MMBench"] as const;

/** A row of the paper's main table. */
export interface PaperRow {
  readonly name: string;
  /** In the order of `PAPER_TASKS`. */
  readonly scores: readonly number[];
}

/** The paper's main table, LLaVA-1.5-7B; all tokens first. */
export const PAPER_SCORES: readonly PaperRow[] = [
  { name: "LLaVA-1.5, all tokens", scores: [68.4, 58.2, 1476.9, 79.1, 86.4, 66.1] },
  { name: "Recoverable Compression", scores: [69.01, 55.51, 1284.9, 70.41, 72.0, 57.9] },
  { name: "Recoverable Compression, fine-tuned", scores: [68.72, 56.16, 1323.54, 71.18, 79.5, 59.2] },
  { name: "PruMerge", scores: [68.52, 53.51, 1191.5, 65.9, 70.7, 56.78] },
  { name: "ToMe", scores: [50.0, 45.3, 1138, 57.1, 52.5, 43.7] },
];

/** Mean over the columns of score relative to that of all tokens, percent: the paper prints no such number. */
export function paperRelative({ scores }: PaperRow): number {
  const [{ scores: full }] = PAPER_SCORES;
  return mean(scores.map((score, i) => (100 * score) / full[i]));
}

/** A row of the paper's cost table beside the same row by arithmetic. */
export interface PaperCost {
  /** Bits of weights and activations. */
  readonly bits: 16 | 8 | 4;
  /** The same row by the roofline model. */
  readonly computed: Omit<CostRow, "kvMegabytes">;
  /** As printed: tera-operations, milliseconds, gigabytes moved, gigabytes of activations. */
  readonly printed: readonly [number, number, number, number];
}

/** Prompt lengths at which the arithmetic gives the paper's print. They are 576 visual tokens and 60 of text; some 55 and 60. */
const FULL_PROMPT = 636;
const COMPRESSED_PROMPT = 115;

/** The paper's cost table, as printed, by bits: all tokens, compressed. */
const PRINTED: readonly (readonly [16 | 8 | 4, number, PaperCost["printed"]])[] = [
  [16, FULL_PROMPT, [8.5, 30.3, 22.2, 4.1]],
  [16, COMPRESSED_PROMPT, [1.5, 9.2, 14.4, 0.49]],
  [8, FULL_PROMPT, [4.3, 15.2, 11.1, 2.0]],
  [8, COMPRESSED_PROMPT, [0.8, 4.6, 7.2, 0.24]],
  [4, FULL_PROMPT, [2.1, 14.2, 5.56, 1.0]],
  [4, COMPRESSED_PROMPT, [0.4, 2.6, 3.6, 0.12]],
];

/** The paper's cost table beside the roofline's. */
export function paperCosts(): PaperCost[] {
  return PRINTED.map(([bits, tokens, printed]) => {
    const { kvMegabytes: _, ...computed } = paperCostRow(tokens, bits, LLAVA_7B);
    return { bits, computed, printed };
  });
}

/** A prefill of LLaVA-1.5-7B on an A100 by the roofline model, fp16, batch 1: arithmetic, nothing measured. */
export interface RooflineRow extends Omit<CostRow, "bits" | "activationGigabytes"> {
  /** Id of the setting whose prompt it is. */
  readonly setting: string;
}

/** The roofline's estimate for a prompt of a whole number of tokens. */
export function rooflineRow(setting: string, tokens: number): RooflineRow {
  const { bits: _, activationGigabytes: __, ...row } = paperCostRow(tokens, 16, LLAVA_7B);
  return { setting, ...row };
}
