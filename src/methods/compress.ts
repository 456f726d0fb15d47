import {
  applyPlan,
  type CompressionMethod,
  type CompressionPlan,
  type MethodContext,
  type MethodOptions,
  optionsOf,
  type Role,
  refusalFor,
  requireSignals,
  retentionRatio,
  roleCounts,
  rowCount,
  type Signal,
  shape,
  signalsOf,
  type TokenGrid,
  type TokenTable,
  type VisualTokens,
} from "../core/index.js";
import type { RecoupOptions } from "./recoup/index.js";
import { defaultMethod, findMethod, type MethodId, type MethodOptionsOf } from "./registry.js";
import { readSignals } from "./shared/method-shapes.js";

/** Numbers of a compression. */
export interface CompressionReport {
  /** Id of the method. */
  readonly method: string;
  /** Tokens before, N. */
  readonly sourceCount: number;
  /** Rows after, K. */
  readonly rowCount: number;
  /** K / N. */
  readonly retentionRatio: number;
  /** Rows of each role; they sum to K. */
  readonly roleCounts: Readonly<Record<Role, number>>;
  /** The signals that the method decides by: those that it needs, and those that it uses where the table has them. */
  readonly signals: readonly Signal[];
}

/** Compressed features with all that is needed to place them, draw them and take more tokens back later. */
export interface CompressedTokens {
  /** The compressed features, `[K, C]`. */
  readonly tokens: VisualTokens<Float32Array>;
  /** Source tokens of each row with their weights, and why the row is there. */
  readonly plan: CompressionPlan;
  /** The table's grids, if it has any. */
  readonly grids: readonly TokenGrid[] | undefined;
  readonly report: CompressionReport;
}

/** The name of a method with its own options: `{ method: "random", seed: 3 }`. */
export type NamedMethod = { [I in MethodId]: { readonly method: I } & MethodOptionsOf<I> }[MethodId];

/**
 * Plan and apply in one call: lets the method decide on the table, and computes the rows from its features. For features
 * after the projector, or in half precision, call `method.plan` and `applyPlan` yourself.
 *
 * @param options the method's own options, and `method`: an id, or a method of one's own. By default that of `defaultMethod`:
 *   `recoup` where the table has a text similarity, else `divprune-cen`.
 * @throws what the method's `plan` throws; MissingSignalError for a table without features; InvalidInputError for no method.
 */
export function compress<O extends MethodOptions>(
  table: TokenTable,
  options: { readonly method: CompressionMethod<O> } & NoInfer<O>,
  context?: MethodContext,
): CompressedTokens;
// The last overload is the one that compilers explain: by a name.
export function compress(
  table: TokenTable,
  options?: NamedMethod | ({ readonly method?: undefined } & RecoupOptions),
  context?: MethodContext,
): CompressedTokens;
export function compress(
  table: TokenTable,
  options?: { readonly method?: string | CompressionMethod } & MethodOptions,
  context?: MethodContext,
): CompressedTokens {
  requireSignals("compress", table, ["features"]);
  const { method: named = defaultMethod(signalsOf(table)), ...own } = optionsOf("compress", options);
  const method = typeof named === "string" ? findMethod(named) : named;
  if (!shape.isRecord(method) || typeof method.plan !== "function")
    throw refusalFor("compress")("the id of a method, or a method", method);
  shape.shaped({ needs: method.needs, uses: method.uses }, READ, refusalFor("compress"));
  const plan = method.plan(table, own, context);
  return {
    tokens: applyPlan(plan, table.features),
    plan,
    grids: table.grids,
    report: {
      method: method.id,
      sourceCount: plan.sourceCount,
      rowCount: rowCount(plan),
      retentionRatio: retentionRatio(plan),
      roleCounts: roleCounts(plan),
      signals: readSignals(method, own, signalsOf(table)),
    },
  };
}

const SIGNALS_READ = shape.list(shape.text);
const READ = shape.object({ needs: SIGNALS_READ, uses: shape.optional(SIGNALS_READ) });
