import { localOutlierFactor, OUTLIER_THRESHOLD, RecoupError } from "../../src/core/index.js";
import { compareList, compareRelative, type Difference } from "./compare.js";

/** One run of scikit-learn's LocalOutlierFactor; shape of `lof/NAME.json`. */
export interface LofCase {
  readonly k: number;
  /** Written as numbers, or "NaN", "Infinity" as strings. */
  readonly x: readonly (number | string)[];
  readonly raises: { readonly type: string; readonly message: string } | null;
  readonly negative_outlier_factor?: readonly number[];
  readonly labels?: readonly number[];
  readonly ratio?: number;
  readonly tie_ambiguous?: boolean;
}

/** Relative tolerance of a factor, as golden/compress/README.md suggests; factors may be 1e6 and more. */
const FACTOR_TOLERANCE = 1e-3;

/** True for JSON of this schema. */
export function isLofCase(json: unknown): json is LofCase {
  const { x, k, contamination } = (json ?? {}) as Record<string, unknown>;
  return Array.isArray(x) && typeof k === "number" && contamination !== undefined;
}

/** Compares factors (where no tie leaves them open), labels and ratio with scikit-learn's. */
export function checkLofCase(golden: LofCase): Difference[] {
  const scores = Float32Array.from(golden.x, Number);
  let factors: Float32Array;
  try {
    factors = localOutlierFactor(scores, { neighbors: golden.k });
  } catch (error) {
    if (!RecoupError.isInstance(error)) throw error;
    return golden.raises ? [] : [`expected factors, got an error: ${error.message}`];
  }
  if (golden.raises) return [`expected an error (${golden.raises.message}), got factors`];
  const labels = Array.from(factors, (factor) => (factor > OUTLIER_THRESHOLD ? -1 : 1));
  const outliers = labels.filter((label) => label < 0).length;
  const expected = golden.negative_outlier_factor ?? [];
  return [
    ...compareList("labels", labels, golden.labels ?? []),
    ...compareList("ratio", [outliers / scores.length], [golden.ratio ?? Number.NaN]),
    ...(golden.tie_ambiguous
      ? []
      : compareRelative(
          "negative_outlier_factor",
          factors.map((factor) => -factor),
          expected,
          FACTOR_TOLERANCE,
        )),
  ];
}
