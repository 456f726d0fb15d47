/** @file The conformance test of a method of one's own. */
import { type CompressionMethod, InvalidInputError, knownOptions, shape } from "../core/index.js";
import { takesFixedBudgets } from "../methods/index.js";
import { assertProperties, brokenProperty, METHOD_PROPERTIES, type MethodProperty } from "./method-properties.js";
import type { Subject } from "./plan-asserts.js";
import { namedTables } from "./property-tables.js";

/** How a method is tested. */
export interface MethodTestOptions {
  /** Options of the method beside the budget, the same for every plan; default: none. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Properties that the method breaks on purpose; they are left out. */
  readonly except?: readonly MethodProperty[];
}

/** One property of a method. */
export interface PropertyResult {
  readonly property: MethodProperty;
  /** The property in a sentence, the method being its subject: `meets a fixed budget exactly`. */
  readonly says: string;
  /** What breaks it, with the table and its seed; undefined where it holds. */
  readonly broken?: string;
}

const SHAPES = {
  options: shape.optional(shape.record(shape.anything)),
  except: shape.optional(shape.list(shape.text)),
};

/**
 * Tests a method property by property on made-up tables: valid plans, exact budgets, the same plan every time, nothing changed, no
 * signal read that it does not ask for, wrong input refused. A method that never ends is not stopped: `recoup method check` does that.
 *
 * @param begin is told of each property before it is checked.
 * @returns all properties but `except`; after a broken `parts` or `valid-plan` no others, since they stand on these.
 * @throws InvalidInputError for an unknown name in `except`.
 */
export function checkMethod(
  method: CompressionMethod,
  given: MethodTestOptions = {},
  begin: (property: Omit<PropertyResult, "broken">) => void = () => {},
): PropertyResult[] {
  const { options = {}, except = [] } = knownOptions<MethodTestOptions>("checkMethod", given, SHAPES);
  assertProperties("checkMethod", except);
  let fixed: boolean | undefined = except.includes("exact-budget") ? false : undefined;
  const subject: Subject = {
    method,
    options,
    // Asked by the first property that plans with a budget.
    get fixed() {
      fixed ??= takesFixedBudgets(method, namedTables()[0].table, options);
      return fixed;
    },
  };
  const results: PropertyResult[] = [];
  for (const property of METHOD_PROPERTIES) {
    const { id, says } = property;
    if (except.includes(id)) continue;
    begin({ property: id, says });
    const broken = brokenProperty(property, subject);
    results.push({ property: id, says, ...(broken !== undefined && { broken }) });
    if (broken !== undefined && (id === "parts" || id === "valid-plan")) break;
  }
  return results;
}

/**
 * The conformance test of a method, for a test file: `it("is a method", () => assertMethod(mine))`.
 *
 * @throws InvalidInputError naming the first property that does not hold, what came instead, and the table with its seed.
 */
export function assertMethod(method: CompressionMethod, options?: MethodTestOptions): void {
  const first = checkMethod(method, options).find(({ broken }) => broken !== undefined);
  if (first === undefined) return;
  const name = shape.fits(method, shape.object({ id: shape.text })) ? `method ${method.id.slice(0, 60)}` : "the method";
  const problem = `${name} does not keep to "${first.property}" (${first.says}): ${first.broken}`;
  throw new InvalidInputError({ operation: "assertMethod", problem });
}
