/** @file The checks that all methods share, put around the choice of each. */
import {
  type Budget,
  BudgetError,
  budgetRows,
  CONTEXT_SHAPES,
  type CompressionMethod,
  type CompressionPlan,
  checkedBudget,
  identityPlan,
  type MethodContext,
  type MethodOptions,
  optionsOf,
  refusalFor,
  requireSignals,
  rowCount,
  type Signal,
  shape,
  type TableWith,
} from "../core/index.js";
import { defaultKernels, type Kernels } from "../math/index.js";

/** The field's usual budget, 64 of LLaVA-1.5's 576 tokens, as a share: what a peer keeps when no budget is given. */
const FIELD_BUDGET = { ratio: 64 / 576 } as const;

/** The question put to a method, already checked. */
export interface Decision<S extends Signal, R extends number | undefined> {
  /** A whole table that carries the method's signals. */
  readonly table: TableWith<S>;
  /** Rows to keep, from 1 to N - 1; undefined where a dynamic method decides itself. */
  readonly retain: R;
  /**
   * Bounds of the number that a dynamic method decides itself, 1 to N - 1 and 1 to N; undefined where there is none. A plan out of bounds is asked for
   * again with `retain` as the bound, so a method may leave them alone.
   */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly kernels: Kernels;
}

/** A shape for each option of a method but `budget`. */
export type OptionShapes<O extends MethodOptions> = {
  readonly [N in Exclude<keyof O & string, "budget">]-?: shape.Shape<NonNullable<O[N]>>;
};

type Definition<O extends MethodOptions, S extends Signal, R extends number | undefined> = Omit<
  CompressionMethod<O>,
  "plan" | "needs" | "needsWith" | "dynamic" | "options"
> & {
  readonly needs: readonly S[];
  /** Shapes of its own options, none if left out; each may be missing. `budget` is every method's. */
  readonly options?: OptionShapes<O>;
  /** Refuses options that fit one by one, but not together. */
  readonly check?: (options: O) => void;
  /** Its needs with these options, where they are not `needs`. */
  readonly needsWith?: (options: O) => readonly S[];
  /** The budget of these options, where the default is not the field's; checked as any other. */
  readonly budgetOf?: (options: O, table: TableWith<S>) => Budget;
  readonly choose: (decision: Decision<S, R>, options: O) => CompressionPlan;
};

/**
 * Puts the checks that all methods share around `choose`: signals present, a whole table, known options of their shapes, a budget
 * that can be met. A budget of all N rows is the identity for every method. The
 * method needs a fixed budget: `FIELD_BUDGET` if none is given and there is no `budgetOf`.
 */
export function defineMethod<O extends MethodOptions, S extends Signal>(
  definition: Definition<O, S, number>,
): CompressionMethod<O> {
  return define(definition as Definition<O, S, number | undefined>, false);
}

/** As `defineMethod`, for a method that can find the number of rows in the image, and does so if no budget is given. */
export function defineDynamicMethod<O extends MethodOptions, S extends Signal>(
  definition: Definition<O, S, number | undefined>,
): CompressionMethod<O> {
  return define(definition, true);
}

function define<O extends MethodOptions, S extends Signal>(
  { choose, budgetOf, check, options: shapes = {} as OptionShapes<O>, ...about }: Definition<O, S, number | undefined>,
  dynamic: boolean,
): CompressionMethod<O> {
  const { id, needs, needsWith } = about;
  const refuse = refusalFor(id);
  const fields: Readonly<Record<string, shape.Shape<unknown>>> = shapes;
  const checkedOptions = ({ budget, ...own }: O): O => {
    for (const [name, value] of Object.entries(own)) {
      if (!Object.hasOwn(fields, name))
        throw refuse(`options among ${["budget", ...Object.keys(fields)].join(", ")}`, name);
      if (value !== undefined) shape.shaped({ [name]: value }, shape.object({ [name]: fields[name] }), refuse);
    }
    const checked = budget === undefined ? undefined : checkedBudget(id, budget);
    if (!dynamic && (checked === "dynamic" || checked?.min !== undefined || checked?.max !== undefined))
      throw refusalFor(id, BudgetError)("a fixed budget: rows (58) or a share (0.1)", budget);
    const options = { ...own, ...(checked !== undefined && { budget: checked }) } as O;
    check?.(options);
    return options;
  };
  return {
    ...about,
    options: Object.keys(fields),
    dynamic,
    checkOptions: (options) => void checkedOptions(optionsOf(id, options)),
    plan(table, given, context) {
      // A copy of the own entries, which alone are checked.
      const asked = optionsOf(id, given);
      requireSignals(id, table, needsWith?.(asked) ?? needs);
      if (table.count !== table.sourceCount)
        throw refuse(`a whole table of ${table.sourceCount} tokens`, `${table.count} taken rows`);
      const options = checkedOptions(asked);
      const { kernels = defaultKernels() } = optionsOf<MethodContext>(id, context, CONTEXT_SHAPES);
      const { budget: plain = dynamic ? "dynamic" : FIELD_BUDGET } = options;
      const budget = budgetOf === undefined ? plain : budgetOf(options, table);
      const { retain, min, max } = budgetRows(id, budget, table.count);
      const decide = (retain?: number) =>
        retain === table.count ? identityPlan(retain) : choose({ table, retain, kernels, min, max }, options);
      const plan = decide(retain);
      if (min !== undefined && rowCount(plan) < min) return decide(min);
      return max !== undefined && rowCount(plan) > max ? decide(max) : plan;
    },
  };
}
