/** @file Options of the baked method, checked and with their defaults. */
import { refusalFor } from "../../core/index.js";
import { OnnxInputError } from "../proto/errors.js";

const refusal = refusalFor("bake", OnnxInputError);

/** Options of the baked method: `recoverable`, variant `paper`, as in `recoup`; defaults are the same. */
export interface BakeMethodOptions {
  /** Number of source tokens N, from 2 to 4096: the graph compares all pairs. */
  readonly tokens: number;
  /** Exactly this many rows, from 1 to N - 1. Default: outlier factors decide. */
  readonly retain?: number;
  /** Bounds of the number that outlier factors decide. Default: 1 and N. */
  readonly minTokens?: number;
  readonly maxTokens?: number;
  /**
   * `dynamic`: as many rows as the image needs; distances in double precision, so decisions are those of the library. `static`:
   * always `retain ?? maxTokens` rows, zero from `count` on; every node has a WebGPU kernel. Distances are rounded to float32 then, so
   * tokens that are all but tied may be decided otherwise.
   */
  readonly form?: "dynamic" | "static";
  /** 1 if tokens that show the text's objects have high similarity, -1 if low. A property of the model, so there is no default. */
  readonly textPolarity: 1 | -1;
  /** Default: `sum`. */
  readonly merge?: "sum" | "mean";
  /** Default: 32. */
  readonly mergeNeighbors?: number;
  /** Default: 50 · 768^-0.5 on a cosine. */
  readonly textWeight?: number;
  /** k of the outlier factors. Default: 20, 20, 10. */
  readonly outlierNeighbors?: { readonly visual?: number; readonly text?: number; readonly rest?: number };
  /** One output more: the weights of each row over the source tokens, [K, N]. Default: false. */
  readonly weights?: boolean;
}

/** All options spelled out. */
export interface BakeRules extends Required<Omit<BakeMethodOptions, "retain" | "outlierNeighbors">> {
  readonly retain?: number;
  /** Rows of the static form, K; undefined where the image decides. */
  readonly rows?: number;
  /** k of the outlier factors, by kind of row. */
  readonly neighbors: { readonly visual: number; readonly text: number; readonly rest: number };
}

/** Pairs of tokens are compared in matrices of N x N floats: 64 MiB each at 4096. Counts stay exact in float32 too. */
const MAX_TOKENS = 4096;

/** Fills in the defaults. @throws OnnxInputError at the first option that does not fit. */
export function bakeRules(options: BakeMethodOptions): BakeRules {
  const { tokens, retain, textPolarity, merge = "sum", form = "dynamic", weights = false } = options;
  const { minTokens = 1, maxTokens = tokens, mergeNeighbors = 32, textWeight = 50 / Math.sqrt(768) } = options;
  const { outlierNeighbors = {} } = options;
  if (typeof outlierNeighbors !== "object" || outlierNeighbors === null)
    throw refusal("outlierNeighbors as an object", outlierNeighbors);
  whole("tokens", tokens, 2, MAX_TOKENS);
  if (retain !== undefined) whole("retain", retain, 1, tokens - 1);
  whole("minTokens", minTokens, 0, tokens - 1);
  whole("maxTokens", maxTokens, Math.max(1, minTokens), tokens);
  if (retain !== undefined && (options.minTokens !== undefined || options.maxTokens !== undefined)) {
    throw refusal("retain, or minTokens and maxTokens", "both");
  }
  if (textPolarity !== 1 && textPolarity !== -1) throw refusal("textPolarity 1 or -1", textPolarity);
  if (merge !== "sum" && merge !== "mean") throw refusal("merge sum or mean", merge);
  if (form !== "dynamic" && form !== "static") throw refusal("form dynamic or static", form);
  if (form === "static" && (retain ?? maxTokens) === tokens) {
    throw refusal("retain or maxTokens below tokens for the static form", retain ?? maxTokens);
  }
  whole("mergeNeighbors", mergeNeighbors, 0, Number.MAX_SAFE_INTEGER);
  if (!Number.isFinite(textWeight)) throw refusal("a finite textWeight", textWeight);
  const { visual = 20, text = 20, rest = 10 } = outlierNeighbors;
  for (const [name, k] of Object.entries({ visual, text, rest })) whole(`outlierNeighbors.${name}`, k, 1, Infinity);
  const rows = form === "static" ? (retain ?? maxTokens) : undefined;
  const bounds = { tokens, retain, minTokens, maxTokens, form, rows };
  const neighbors = { visual, text, rest };
  return { ...bounds, textPolarity, merge, mergeNeighbors, textWeight, neighbors, weights };
}

function whole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw refusal(`${name} as a whole number from ${least} to ${most}`, value);
}
