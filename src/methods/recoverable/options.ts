/** @file Options of `recoverable`, checked and spelled out as rules. */
import { type MethodOptions, type OutlierSide, type RowOrder, shape, type TableWith } from "../../core/index.js";
import type { FilledOptions, OptionShapes } from "../define-method.js";

/**
 * Which reading of Recoverable Compression. `paper`: what the paper's text says, the default. `official`: what the released
 * `forward` computes, quirk for quirk. `official-alt`: the released path `..._with_text_clustering`, which `forward` has
 * commented out.
 */
export type Variant = "paper" | "official" | "official-alt";

/**
 * How a merged row is formed. `sum`, as released: center + Σ attention · neighbor, so the center dominates (the neighbors
 * add about 3 % of its norm). `mean`: attention-weighted mean of center and neighbors, so weights sum to 1; the residual
 * row likewise.
 */
export type MergeRule = "sum" | "mean";

/** Options of `recoverable`. Defaults are the paper's; `official` and `official-alt` take their own where noted. */
export interface RecoverableOptions extends MethodOptions {
  /** Default `paper`. */
  readonly variant?: Variant;
  /** Default `sum`, as released. */
  readonly merge?: MergeRule;
  /**
   * Neighbors that one center takes in, at least 0. Default 32. More: larger, more blurred clusters that overlap more. In the
   * official variants fewer candidates than this raise, as released; in `paper` all candidates are taken.
   */
  readonly mergeNeighbors?: number;
  /**
   * Weight of the text similarity beside the key cosine when neighbors are chosen. 0: by keys alone. Large: all centers prefer
   * the same text-like tokens. Default in `paper` 50 · 768^-0.5 = 1.80 on a cosine; in the official variants 50 on
   * cosine · D^-0.5, which is the same for CLIP-L's D = 768.
   */
  readonly textWeight?: number;
  /**
   * k of the outlier factors in the visual filter, the text recovery and among the rest. Larger: a group of similar scores
   * must be larger to count as normal, so more tokens are outliers. Default 20, 20, 10; `official-alt` 10, 10, 10.
   */
  readonly outlierNeighbors?: Partial<OutlierNeighbors>;
  /** Order of the output rows. Default `append`, as released. */
  readonly order?: RowOrder;
}

/** k of each outlier factor. */
export interface OutlierNeighbors {
  readonly visual: number;
  readonly text: number;
  readonly rest: number;
}

/** The scores that the four steps share, with a positive `textPolarity`. */
export type ScoreTable = TableWith<"clsAttention" | "textSimilarity">;

/** All options spelled out, and where the variants read the paper differently. */
export interface Rules extends Required<Omit<RecoverableOptions, "budget" | "outlierNeighbors">> {
  readonly outlierNeighbors: OutlierNeighbors;
  /** Outliers of which side count; the released code counts low ones too, then takes the top. */
  readonly side: OutlierSide;
}

/** k = 20 in the two filters, 10 in the merge: constants of the released code (`clip_encoder.py`). */
const OFFICIAL_NEIGHBORS: OutlierNeighbors = { visual: 20, text: 20, rest: 10 };

/** The alternative path uses 10 in all three. */
const ALTERNATIVE_NEIGHBORS: OutlierNeighbors = { visual: 10, text: 10, rest: 10 };

/** The released code's weight, on similarities that it has scaled by D^-0.5. */
const OFFICIAL_TEXT_WEIGHT = 50;

/** The same on a plain cosine, with D = 768 of CLIP-L, so that it does not depend on the width. */
const PAPER_TEXT_WEIGHT = OFFICIAL_TEXT_WEIGHT / Math.sqrt(768);

/** Names of the options whose default is the same in all variants. */
export type Preset = "variant" | "merge" | "mergeNeighbors" | "order";

/** Shapes of the options. */
export const OPTION_SHAPES: OptionShapes<RecoverableOptions, Preset> = {
  variant: shape.described<Variant>(
    shape.oneOf("paper", "official", "official-alt"),
    "reading of the paper: its text, what the released code computes, or the released path that is commented out",
    "paper",
  ),
  merge: shape.described<MergeRule>(
    shape.oneOf("sum", "mean"),
    "how a merged row is formed: center plus attention-weighted neighbors as released, or their weighted mean",
    "sum",
  ),
  mergeNeighbors: shape.described(
    shape.count,
    "neighbors that one center takes in; more: larger, blurred clusters",
    32,
  ),
  textWeight: shape.described(
    shape.number,
    "weight of the text similarity beside the key cosine when neighbors are chosen, on cosines scaled by D^-0.5; default: 1.80, in the official variants 50",
  ),
  outlierNeighbors: shape.described(
    shape.object({
      visual: shape.optional(shape.integer(1)),
      text: shape.optional(shape.integer(1)),
      rest: shape.optional(shape.integer(1)),
    }),
    "{ visual, text, rest }, whole numbers from 1: neighbors in the outlier factors of each step; more: more outliers; default: 20, 20, 10, in official-alt 10 each",
  ),
  order: shape.described<RowOrder>(
    shape.oneOf("append", "grid"),
    "order of the rows: kept ones, merged ones, residual; or all by their place in the image",
    "append",
  ),
};

/** The rules of the given options, with the variant's defaults. */
export function spelledOut(options: FilledOptions<RecoverableOptions, Preset>): Rules {
  const { variant, merge, mergeNeighbors, order, outlierNeighbors } = options;
  const paper = variant === "paper";
  const { textWeight = paper ? PAPER_TEXT_WEIGHT : OFFICIAL_TEXT_WEIGHT } = options;
  const neighbors = variant === "official-alt" ? ALTERNATIVE_NEIGHBORS : OFFICIAL_NEIGHBORS;
  return {
    variant,
    merge,
    mergeNeighbors,
    textWeight,
    outlierNeighbors: { ...neighbors, ...outlierNeighbors },
    order,
    side: paper ? "high" : "both",
  };
}
