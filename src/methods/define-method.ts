/** @file The checks that all methods share, put around the choice of each. */
import {
  assertPlan,
  type Budget,
  BudgetError,
  budgetRows,
  CONTEXT_SHAPES,
  type CompressionMethod,
  type CompressionPlan,
  checkedBudget,
  didYouMean,
  identityPlan,
  lackingIds,
  type MethodContext,
  type MethodOptions,
  nearestName,
  type OptionFacts,
  optionsOf,
  refusalFor,
  requireSignals,
  rowCount,
  type Signal,
  shape,
  type TableWith,
  type TokenTable,
} from "../core/index.js";
import { defaultKernels, type Kernels } from "../math/index.js";
import { assertDefinition, neededSignals } from "./shared/method-shapes.js";

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

/**
 * A shape for each option of a method but `budget`.
 *
 * @typeParam P names of those whose shape (`shape.described`) has the value for where none is given.
 */
export type OptionShapes<O extends MethodOptions, P extends keyof O = never> = {
  readonly [N in Exclude<keyof O & string, "budget">]-?: N extends P
    ? shape.Described<NonNullable<O[N]>, NonNullable<O[N]>>
    : shape.Shape<NonNullable<O[N]>>;
};

/** Options with the presets of their shapes filled in. */
export type FilledOptions<O extends MethodOptions, P extends keyof O> = Omit<O, P> & Required<Pick<O, P>>;

type Definition<O extends MethodOptions, S extends Signal, R extends number | undefined, P extends keyof O> = Omit<
  CompressionMethod<O>,
  "plan" | "recover" | "needs" | "needsWith" | "dynamic" | "options" | "optionFacts" | "checkOptions"
> & {
  readonly needs: readonly S[];
  /**
   * Shapes of its own options, none if left out; each may be missing. `budget` is every method's. A shape of `shape.described` says
   * what the option means, and what stands where it is not given.
   */
  readonly options?: OptionShapes<O, P>;
  /** Refuses options that fit one by one, but not together. */
  readonly check?: (options: FilledOptions<O, P>) => void;
  /** Its needs with these options, where they are not `needs`. */
  readonly needsWith?: (options: FilledOptions<O, P>) => readonly S[];
  /** The budget of these options, where the default is not the field's; checked as any other. */
  readonly budgetOf?: (options: FilledOptions<O, P>, table: TableWith<S>) => Budget;
  readonly choose: (decision: Decision<S, R>, options: FilledOptions<O, P>) => CompressionPlan;
  /** The method's own `recover`, with the rows of a plan that it would make. Asked only where these are fewer than all. */
  readonly recover?: (
    decision: Decision<S, R>,
    options: FilledOptions<O, P>,
    held: CompressionPlan,
  ) => readonly number[];
};

/**
 * Puts the checks that all methods share around `choose`: signals present, a whole table, known options of their shapes, a budget
 * that can be met. A budget of all N rows is the identity for every method. The
 * method needs a fixed budget: `FIELD_BUDGET` if none is given and there is no `budgetOf`.
 *
 * @throws InvalidInputError for a definition with a part missing, of a wrong type or of an unknown name, an option named budget, or a
 *   default that its own shape refuses.
 */
export function defineMethod<O extends MethodOptions, S extends Signal, P extends keyof O = never>(
  definition: Definition<O, S, number, P>,
): CompressionMethod<O> {
  assertDefinition("defineMethod", definition);
  return define(definition as Definition<O, S, number | undefined, P>, false);
}

/** As `defineMethod`, for a method that can find the number of rows in the image, and does so if no budget is given. */
export function defineDynamicMethod<O extends MethodOptions, S extends Signal, P extends keyof O = never>(
  definition: Definition<O, S, number | undefined, P>,
): CompressionMethod<O> {
  assertDefinition("defineDynamicMethod", definition);
  return define(definition, true);
}

const callable = shape.optional(shape.value<() => void>("a function", (given) => typeof given === "function"));
/** What has to be there for the checks of a call. */
const DEFINITION = {
  id: shape.text,
  needs: shape.list(shape.text),
  choose: shape.value<() => void>("a function", (given) => typeof given === "function"),
  options: shape.optional(
    shape.record(shape.value("a shape", (given) => typeof (given as shape.Shape<unknown>).mismatch === "function")),
  ),
  check: callable,
  needsWith: callable,
  budgetOf: callable,
  recover: callable,
};

function define<O extends MethodOptions, S extends Signal, P extends keyof O>(
  definition: Definition<O, S, number | undefined, P>,
  dynamic: boolean,
): CompressionMethod<O> {
  const {
    choose,
    recover,
    budgetOf,
    check,
    needsWith,
    summary = "",
    reference = "",
    options: shapes = {} as OptionShapes<O, P>,
    ...about
  } = shape.options(definition, DEFINITION, refusalFor("defineMethod"), "definition");
  const { id, needs } = about;
  const refuse = refusalFor(id);
  const fields: Fields = shapes;
  const names = ["budget", ...Object.keys(fields)];
  const presets = presetsOf(fields);
  const needed = (options: FilledOptions<O, P>) => neededSignals({ id, needs, needsWith }, options);
  const filled = (options: O) => ({ ...presets, ...given(options) }) as FilledOptions<O, P>;
  const checkedOptions = ({ budget, ...own }: O): FilledOptions<O, P> => {
    for (const [name, value] of Object.entries(own)) {
      if (!Object.hasOwn(fields, name))
        throw refuse(`options among ${names.join(", ")}`, name + didYouMean(nearestName(name, names)));
      if (value !== undefined) shape.shaped({ [name]: value }, shape.object({ [name]: fields[name] }), refuse);
    }
    const checked = budget === undefined ? undefined : checkedBudget(id, budget);
    if (!dynamic && (checked === "dynamic" || checked?.min !== undefined || checked?.max !== undefined))
      throw refusalFor(id, BudgetError)("a fixed budget: rows (58) or a share (0.1)", budget);
    const options = filled({ ...own, ...(checked !== undefined && { budget: checked }) } as O);
    check?.(options);
    return options;
  };
  /** The question with everything about it checked. */
  const decided = (table: TokenTable, given: O | undefined, context: MethodContext | undefined) => {
    // A copy of the own entries, which alone are checked.
    const asked = optionsOf(id, given);
    requireSignals(id, table, needed(filled(asked)));
    if (table.count !== table.sourceCount)
      throw refuse(`a whole table of ${table.sourceCount} tokens`, `${table.count} taken rows`);
    const options = checkedOptions(asked);
    const { kernels = defaultKernels() } = optionsOf<MethodContext>(id, context, CONTEXT_SHAPES);
    const { budget: plain = dynamic ? "dynamic" : FIELD_BUDGET }: MethodOptions = options;
    const budget = budgetOf === undefined ? plain : budgetOf(options, table);
    const { retain, min, max } = budgetRows(id, budget, table.count);
    return { decision: { table, kernels, retain, min, max }, options };
  };
  return {
    ...about,
    summary,
    reference,
    options: Object.keys(fields),
    optionFacts: factsOf(fields),
    dynamic,
    ...(needsWith && { needsWith: (options: O) => needed(filled(options)) }),
    checkOptions: (options) => void checkedOptions(optionsOf(id, options)),
    plan(table, given, context) {
      const { decision, options } = decided(table, given, context);
      const { retain, min, max } = decision;
      const decide = (retain?: number) =>
        retain === table.count ? identityPlan(retain) : choose({ ...decision, retain }, options);
      const plan = decide(retain);
      if (min !== undefined && rowCount(plan) < min) return decide(min);
      return max !== undefined && rowCount(plan) > max ? decide(max) : plan;
    },
    ...(recover && {
      recover(table: TokenTable, given: O, held: CompressionPlan, context?: MethodContext) {
        const { decision, options } = decided(table, given, context);
        assertPlan(id, held);
        if (held.sourceCount !== table.count)
          throw refuse(`rows held of the table's ${table.count} tokens`, held.sourceCount);
        return decision.retain === table.count
          ? lackingIds(held, identityPlan(table.count))
          : recover(decision, options, held);
      },
    }),
  };
}

type Fields = Readonly<Record<string, shape.Shape<unknown>>>;

/** The entries of options that have a value. */
function given(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** The values where none are given. */
function presetsOf(fields: Fields): object {
  return given(
    Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [name, shape.isDescribed(field) ? field.preset : undefined]),
    ),
  );
}

function factsOf(fields: Fields): Readonly<Record<string, OptionFacts>> {
  const facts = Object.entries(fields).map(([name, field]) => {
    const { about = "", preset } = shape.isDescribed(field) ? field : {};
    return [name, { values: shape.valuesText(field), about, ...(preset !== undefined && { preset }) }];
  });
  return Object.fromEntries(facts);
}
