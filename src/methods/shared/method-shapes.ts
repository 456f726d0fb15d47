/** @file Shapes of the parts of a method and of its definition: they come from modules that no compiler has seen. */
import {
  type CompressionMethod,
  knownOptions,
  MASS_MEASURES,
  refusalFor,
  SIGNALS,
  type Signal,
  shape,
} from "../../core/index.js";

/** Ids that stand in names of settings and of folders. */
const ID = /^[a-z0-9][\w.-]{0,59}$/i;

const isFunction = shape.value<(...args: never[]) => unknown>("a function", (value) => typeof value === "function");
const signals = shape.list(shape.oneOf(...SIGNALS));
const FACTS = {
  id: shape.value("a short name of letters, digits, - and _", (value) => typeof value === "string" && ID.test(value)),
  summary: shape.optional(shape.text),
  reference: shape.optional(shape.text),
  needs: signals,
  uses: shape.optional(signals),
  needsWith: shape.optional(isFunction),
  mass: shape.optional(shape.oneOf(...MASS_MEASURES)),
};

/** The parts that a method has beside its facts. */
export const METHOD_PARTS = {
  ...FACTS,
  plan: isFunction,
  recover: shape.optional(isFunction),
  checkOptions: shape.optional(isFunction),
  dynamic: shape.optional(shape.flag),
  options: shape.optional(
    shape.value(
      "a list of distinct names other than budget",
      (value) =>
        shape.fits(value, shape.list(shape.text)) && !value.includes("budget") && new Set(value).size === value.length,
    ),
  ),
  optionFacts: shape.optional(shape.record(shape.object({ values: shape.text, about: shape.text }))),
};

const isShape = (value: unknown) => shape.isRecord(value) && typeof value.mismatch === "function";
const DEFINITION = {
  ...FACTS,
  options: shape.optional(
    shape.value(
      "an object of shapes (shape.number, shape.described(…)) by the options' names",
      (value) => shape.isRecord(value) && Object.values(value).every(isShape),
    ),
  ),
  check: shape.optional(isFunction),
  budgetOf: shape.optional(isFunction),
  recover: shape.optional(isFunction),
  choose: isFunction,
};

/** @throws InvalidInputError for a definition that makes no method: a part missing, of a wrong type, or of an unknown name. */
export function assertDefinition(operation: string, definition: unknown): void {
  const refuse = refusalFor(operation);
  if (!shape.isRecord(definition)) throw refuse("an object { id, summary, reference, needs, choose }", definition);
  const { options = {} } = knownOptions(operation, definition as { readonly options?: object }, DEFINITION);
  if (Object.hasOwn(options, "budget")) throw refuse("options beside budget, which every method has", "budget");
  for (const [name, wanted] of Object.entries(options as Readonly<Record<string, shape.Shape<unknown>>>)) {
    const preset = shape.isDescribed(wanted) ? wanted.preset : undefined;
    if (preset === undefined) continue;
    const refuseDefault = (expected: string, got: string) => refuse(`the default of ${expected}`, got);
    shape.shaped({ [name]: preset }, shape.object({ [name]: wanted }), refuseDefault);
  }
}

/** The signals that a method reads with some options. @throws InvalidInputError for what its `needsWith` returns otherwise. */
export function neededSignals<S extends Signal, O extends object>(
  method: { readonly id: string; readonly needs: readonly S[]; needsWith?(options: O): readonly S[] },
  options: O,
): readonly S[] {
  if (method.needsWith === undefined) return method.needs;
  const named = { needsWith: method.needsWith(options) };
  shape.shaped(named, NEEDED, refusalFor(method.id));
  return named.needsWith;
}

/**
 * The signals that a method reads with some options of a table or model that has `present`: what it needs, and what it uses where that
 * is there.
 *
 * @throws InvalidInputError as `neededSignals`.
 */
export function readSignals<O extends object>(
  method: Pick<CompressionMethod, "id" | "needs" | "uses"> & { needsWith?(options: O): readonly Signal[] },
  options: O,
  present: readonly Signal[],
): readonly Signal[] {
  const needed = neededSignals(method, options);
  const { uses = [] } = method;
  return [...needed, ...uses.filter((signal) => present.includes(signal) && !needed.includes(signal))];
}

const NEEDED = shape.object({ needsWith: signals });
