/** @file Sentences on what a method of one's own gets wrong: its parts, and the plans that it returns. */
import {
  assertPlan,
  type CompressionMethod,
  type CompressionPlan,
  RecoupError,
  rowCount,
  shape,
  type TokenTable,
} from "../../core/index.js";
import { METHOD_PARTS, neededSignals } from "./method-shapes.js";

const PARTS = Object.keys(METHOD_PARTS);
const methodShape = shape.object(METHOD_PARTS);

/** What keeps a value from being a method, as `expected …, got …`. Undefined for nothing. */
export function methodProblem(value: unknown): string | undefined {
  const expected = "a method, as defineMethod makes it, or an object { id, needs, plan }";
  if (typeof value === "function") return `expected ${expected}, got a function or class: of a class, new of it`;
  if (!shape.isRecord(value)) return `expected ${expected}, got ${shape.brief(value)}`;
  try {
    // Parts of a class's instance are inherited.
    const parts = Object.fromEntries(PARTS.map((name) => [name, value[name]]));
    shape.shaped(parts, methodShape, (wanted, got) => new TypeError(`expected ${wanted}, got ${got}`));
    return undefined;
  } catch (error) {
    return error instanceof TypeError ? error.message : "expected parts that can be read, got an error";
  }
}

/** Rows that a plan may have. */
interface PlanBounds {
  /** Default: 1. */
  readonly least?: number;
  /** Default: all tokens. */
  readonly most?: number;
}

/**
 * What is wrong with the plan that a method has returned, as a sentence that says what it should be. Undefined for a plan of the
 * table's tokens with a number of rows within the bounds.
 */
export function planProblem(plan: unknown, { count }: TokenTable, bounds: PlanBounds = {}): string | undefined {
  const { least = 1, most = count } = bounds;
  if (!shape.isRecord(plan)) return `plan must return a plan, as orderRows makes it, got ${shape.brief(plan)}`;
  if (typeof plan.then === "function") {
    // Nobody waits for it.
    (plan as unknown as Promise<unknown>).then(undefined, () => {});
    return "plan must return the plan itself, got a promise: await what it needs at the top of the module";
  }
  const wanted = plan as unknown as CompressionPlan;
  try {
    assertPlan("a plan", wanted);
  } catch (error) {
    return `plan must return a valid plan: ${(error as Error).message.replace("a plan: ", "")}`;
  }
  if (wanted.sourceCount !== count) return `sourceCount must be ${count}, the table's, got ${wanted.sourceCount}`;
  const rows = rowCount(wanted);
  if (rows < least || rows > most) {
    const range = least === most ? `${most}` : `${least} to ${most}`;
    return `plan must have ${range} row${most === 1 ? "" : "s"}, got ${rows}`;
  }
  const late = wanted.anchor.findIndex((id, row) => row > 0 && id < wanted.anchor[row - 1]);
  if (wanted.order === "grid" && late > 0) {
    return `anchors must ascend in order "grid" (orderRows sorts them), got ${wanted.anchor[late]} behind ${wanted.anchor[late - 1]}`;
  }
  return undefined;
}

/** What a function of a method threw, in a sentence, whatever reading it does. */
export function thrownText(error: unknown, thrower = "plan"): string {
  try {
    if (!(error instanceof Error) && !shape.isRecord(error)) return `${thrower} threw ${shape.brief(error)}`;
    const { name = "Error", message = "" } = error as Partial<Error>;
    return `${thrower} threw ${String(name)}: ${String(message).replaceAll(/\s+/g, " ").slice(0, 300)}`;
  } catch {
    return `${thrower} threw a value that cannot be read`;
  }
}

/** Whether a method takes fixed budgets below N at all: one that refuses N - 1 of the table's N tokens takes none. */
export function takesFixedBudgets(method: CompressionMethod, table: TokenTable, options: object = {}): boolean {
  try {
    method.plan(table, { ...options, budget: { retain: table.count - 1 } });
    return true;
  } catch (error) {
    // Of any copy of recoup, and of a class of the method's own.
    return !(RecoupError.isInstance(error) && error.code === "BUDGET");
  }
}

/** A method as a plain object, its functions bound: an instance of a class is then a method like any other. */
export function plainMethod(method: CompressionMethod): CompressionMethod {
  const { id, summary = "", reference = "", needs, uses, dynamic = false, options = [], optionFacts, mass } = method;
  return {
    id,
    summary,
    reference,
    needs,
    ...(uses && { uses }),
    dynamic,
    options,
    ...(optionFacts && { optionFacts }),
    ...(mass && { mass }),
    ...(method.needsWith && { needsWith: (given) => neededSignals(method, given) }),
    ...(method.checkOptions && { checkOptions: (given) => method.checkOptions?.(given) }),
    plan: (table, given, context) => method.plan(table, given, context),
  };
}
