/** @file Options of the baked `recoup`. */
import { assertGrids, type Budget, shape, squareGrid, type TokenGrid } from "../../../core/index.js";
import { onnxOptions } from "../../proto/assert-model.js";
import {
  refusal,
  refuseBudget,
  type SharedBakeOptions,
  type SharedBakeRules,
  sharedRules,
  whole,
} from "../shared-options.js";

/** Options of the baked `recoup`; defaults are those of the library's method. */
export interface BakeRecoupOptions extends SharedBakeOptions {
  readonly method?: "recoup";
  /** How many rows, below N and at most 1024: a number or a share. Default: 0.1. */
  readonly budget?: Budget;
  /**
   * Channels C of the features: wide ones are compared by a sketch, which the graph has or has not. Default of `bake`: the tower's width;
   * `compressionModel` has to be told.
   */
  readonly width?: number;
  /** Where the tokens lie, for the smoothing of the similarity; [] smooths nothing. Default: one square, where N is a square number. */
  readonly grids?: readonly TokenGrid[];
  /** Most of the rows that are chosen for the text, 0 to 1, at full confidence. Default: clamp(N / 36 / K, 0.5, 0.75). */
  readonly textRows?: number;
  /** Share of the loss that is of what the text points at, 0 to 1, at full confidence. Default: 0.7. */
  readonly textShare?: number;
  /** 1 - cosine at which a token represents another by 1 / e, for what the text points at. Default: 0.05. */
  readonly tau?: number;
  /** Weight of the mean in a coverage row beside its own token, 0 to 1. Default: 0.5. */
  readonly merging?: number;
  /** One output more: the mass of each row, [K], as `withMass` gives it for `recoup` (measure `cosine`). Default: false. */
  readonly mass?: boolean;
}

/** Names of the options that this method alone has. */
export const RECOUP_OPTIONS = ["width", "grids", "textRows", "textShare", "tau", "merging", "mass"] as const;

/** All options spelled out. */
export interface RecoupRules extends SharedBakeRules {
  readonly method: "recoup";
  /** Rows, K. */
  readonly rows: number;
  /** C. */
  readonly width: number;
  readonly grids: readonly TokenGrid[];
  readonly textRows: number;
  readonly textShare: number;
  readonly tau: number;
  readonly merging: number;
  readonly mass: boolean;
}

const SHARE = shape.optional(shape.range(0, 1));
const OPTIONS = {
  textRows: SHARE,
  textShare: SHARE,
  tau: shape.optional(shape.range(0.001, 10)),
  merging: SHARE,
  mass: shape.optional(shape.flag),
};

/** Each row is some forty nodes, and ONNX Runtime takes a quarter of a minute to read 40 000. */
const MAX_ROWS = 1024;

/** Widths from 1; the signs of a sketch are a weight of that length. */
const MAX_WIDTH = 2 ** 16;

/**
 * Fills in the defaults.
 *
 * @throws BudgetError for the budget, InvalidInputError for the grids, OnnxInputError at the first other option that does not fit.
 */
export function recoupRules(given: BakeRecoupOptions): RecoupRules {
  const options = onnxOptions("bake", given, OPTIONS);
  const { budget = { ratio: 0.1 }, textShare = 0.7, tau = 0.05, merging = 0.5, mass = false, width } = options;
  const shared = sharedRules(options, budget);
  const { tokens, asked } = shared;
  const rows = asked.retain;
  if (rows === undefined) throw refuseBudget("a fixed budget for recoup: rows (58) or a share (0.1)", budget);
  if (rows > MAX_ROWS) throw refuseBudget(`at most ${MAX_ROWS} rows of recoup`, rows);
  if (width === undefined) throw refusal("width, the channels of the features", "none");
  whole("width", width, 1, MAX_WIDTH);
  const { textRows = Math.max(0.5, Math.min(0.75, tokens / 36 / rows)) } = options;
  const grids = gridsOf(tokens, options.grids);
  return { ...shared, method: "recoup", rows, width, grids, textRows, textShare, tau, merging, mass };
}

function gridsOf(tokens: number, grids: readonly TokenGrid[] | undefined): readonly TokenGrid[] {
  if (grids === undefined) {
    if (Number.isInteger(Math.sqrt(tokens))) return [squareGrid(tokens)];
    throw refusal(`grids, as ${tokens} tokens are no square ([] for none)`, "none");
  }
  if (Array.isArray(grids) && grids.length === 0) return [];
  assertGrids("bake", grids, tokens);
  return grids;
}
