import {
  type Budget,
  BudgetError,
  type CompressionMethod,
  type CompressionPlan,
  fixedBudget,
  InvalidInputError,
  identityPlan,
  type MethodOptions,
  requireSignals,
  type Signal,
  type TableWith,
  type TokenTable,
} from "../core/index.js";
import { defaultKernels, type Kernels } from "../math/index.js";

/** The field's usual budget, 64 of LLaVA-1.5's 576 tokens, as a share: what a peer keeps when no budget is given. */
export const FIELD_BUDGET = { retentionRatio: 64 / 576 } as const;

/** What a method is asked to decide, already checked. */
export interface Decision<S extends Signal, R extends number | undefined> {
  /** A whole table that carries the method's signals. */
  readonly table: TableWith<S>;
  /** Rows to keep, from 1 to N - 1; undefined where a dynamic method decides itself. */
  readonly retain: R;
  readonly kernels: Kernels;
}

type Definition<O extends MethodOptions, S extends Signal, R extends number | undefined> = Omit<
  CompressionMethod<O>,
  "plan" | "needs" | "dynamic" | "options"
> & {
  readonly needs: readonly S[];
  /** Names of its own options, none if left out; `budget` is every method's. */
  readonly options?: readonly Exclude<keyof O & string, "budget">[];
  /** What it needs with these options, where that is not `needs`. */
  readonly needsWith?: (options: O) => readonly S[];
  readonly choose: (decision: Decision<S, R>, options: O) => CompressionPlan;
};

/**
 * Puts the checks that all methods share around `choose`: signals present, a whole table, a budget that can be met. A
 * budget of all N rows is the identity for every method. The method needs a fixed budget; `FIELD_BUDGET` if none is given.
 */
export function defineMethod<O extends MethodOptions, S extends Signal>(
  definition: Definition<O, S, number>,
): CompressionMethod<O> {
  const { choose, needsWith, ...about } = { ...definition, options: definition.options ?? [] };
  const { id } = about;
  const plan: CompressionMethod<O>["plan"] = (table, options = {} as O, { kernels = defaultKernels() } = {}) => {
    const retain = checkDecision(
      { ...about, needs: needsWith?.(options) ?? about.needs },
      table,
      options,
      FIELD_BUDGET,
    );
    if (retain === undefined) {
      throw new BudgetError({ operation: id, expected: "a fixed budget: retain or retentionRatio", got: "dynamic" });
    }
    return retain === table.count
      ? identityPlan(retain)
      : choose({ table: table as TableWith<S>, retain, kernels }, options);
  };
  return { ...about, dynamic: false, ...(needsWith && { needsWith }), plan };
}

/** As `defineMethod`, for a method that can find the number of rows in the picture, and does so if no budget is given. */
export function defineDynamicMethod<O extends MethodOptions, S extends Signal>(
  definition: Definition<O, S, number | undefined>,
): CompressionMethod<O> {
  const { choose, needsWith, ...about } = { ...definition, options: definition.options ?? [] };
  const plan: CompressionMethod<O>["plan"] = (table, options = {} as O, { kernels = defaultKernels() } = {}) => {
    const retain = checkDecision({ ...about, needs: needsWith?.(options) ?? about.needs }, table, options, "dynamic");
    return retain === table.count
      ? identityPlan(retain)
      : choose({ table: table as TableWith<S>, retain, kernels }, options);
  };
  return { ...about, dynamic: true, ...(needsWith && { needsWith }), plan };
}

/**
 * The checks before a decision: the table carries the signals and is whole (a plan speaks of all source tokens), the options
 * are known, the budget can be met. Returns the rows to keep; undefined for a dynamic budget.
 */
export function checkDecision(
  { id, needs, options: known }: Pick<CompressionMethod, "id" | "needs" | "options">,
  table: TokenTable,
  options: MethodOptions,
  defaultBudget: Budget,
): number | undefined {
  requireSignals(id, table, needs);
  if (table.count !== table.sourceCount) {
    throw new InvalidInputError({
      operation: id,
      expected: `a whole table of ${table.sourceCount} tokens`,
      got: `${table.count} taken rows`,
    });
  }
  const unknown = Object.keys(options).find((name) => name !== "budget" && !known.includes(name));
  if (unknown !== undefined) {
    throw new InvalidInputError({
      operation: id,
      expected: `options among ${["budget", ...known].join(", ")}`,
      got: unknown,
    });
  }
  const { budget = defaultBudget } = options;
  return budget === "dynamic" ? undefined : fixedBudget(id, budget, table.count);
}
