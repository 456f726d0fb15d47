/** @file How many answers stay what they are with all tokens. */
import { normalizeM4c } from "../metrics/normalize-answer.js";
import type { ReportRow } from "../report/numbers/run-data.js";

/** Answers of a cell beside those with all tokens. */
export interface LoyaltyCounts {
  /** Samples that both answered. */
  readonly answered: number;
  /** Equal after VQA's normalization (case, articles, punctuation). */
  readonly unchanged: number;
}

/** Counts over samples in the same order; several cells add up. */
export function loyaltyCounts(
  reference: readonly ReportRow[],
  cells: readonly (readonly ReportRow[])[],
): LoyaltyCounts {
  let [answered, unchanged] = [0, 0];
  for (const [
    i,
    {
      failed,
      filtered_resps: [full],
    },
  ] of reference.entries()) {
    if (failed !== undefined) continue;
    const normal = normalizeM4c(full);
    for (const rows of cells) {
      if (rows[i].failed !== undefined) continue;
      answered++;
      if (normalizeM4c(rows[i].filtered_resps[0]) === normal) unchanged++;
    }
  }
  return { answered, unchanged };
}
