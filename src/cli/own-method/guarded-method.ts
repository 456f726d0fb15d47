/** @file A method of one's own among others: whatever it does is a plan or an error, within a time limit. */
import { createContext, Script } from "node:vm";
import {
  budgetRows,
  type CompressionMethod,
  type CompressionPlan,
  InvalidInputError,
  RecoupError,
  shape,
} from "../../core/index.js";
import { planProblem, thrownText } from "../../methods/index.js";
import { copyOf } from "../../testing/index.js";
import { placeOf } from "./import-method.js";
import { lendTable } from "./lent-table.js";

/**
 * Longest time of one plan, and of the module's import, in milliseconds: no method here takes a tenth of it for 2,880 tokens
 * (bench/results/select.json), and a machine may be slow or busy.
 */
export const TIME_LIMIT_MS = 10_000;

/** The method of a module, and where it comes from. */
export interface MethodModule {
  readonly method: CompressionMethod;
  /** As it was given, for messages. */
  readonly path: string;
  readonly url: string;
}

/**
 * The method with its plans checked: one that throws, returns no valid plan of its budget, changes the table, takes longer than the
 * limit or ends the process becomes an error that says so. It runs in this thread on copies of table and options, and its plan is
 * copied: nothing of the module's is read outside the limit, and nothing that it does later reaches another setting.
 */
export function guardedMethod({ method, path, url }: MethodModule, limit = TIME_LIMIT_MS): CompressionMethod {
  const { id } = method;
  const fail = (problem: string, cause?: unknown): never => {
    throw new InvalidInputError({ operation: `${id} (${path})`, problem, cause });
  };
  const guarded = <T>(name: string, work: () => T): T => {
    let end: Ended<T>;
    try {
      end = timed(() => ended(name, work, url), limit);
    } catch (error) {
      const { code } = Object(error) as { code?: unknown };
      if (code === "ERR_SCRIPT_EXECUTION_TIMEOUT")
        return fail(`${name} took longer than ${limit / 1000} s and was stopped`);
      return fail(`${name} threw a value that cannot be read`);
    }
    if ("refusal" in end) throw end.refusal;
    return "problem" in end ? fail(end.problem, end.cause) : end.value;
  };
  const { needsWith, checkOptions, recover } = method;
  return {
    ...method,
    ...(needsWith && { needsWith: (options) => guarded("needsWith", () => needsWith(copyOf(options))) }),
    ...(checkOptions && { checkOptions: (options) => guarded("checkOptions", () => checkOptions(copyOf(options))) }),
    ...(recover && {
      recover(table, options, held, context) {
        const lent = lendTable(table);
        // Ids that are none are refused where the rows are made of them.
        return guarded("recover", () =>
          Array.from(recover(lent.table, copyOf(options), copyOf(held), context), Number),
        );
      },
    }),
    plan(table, options, context) {
      const lent = lendTable(table);
      const { plan, problem } = guarded("plan", () => {
        const plan = plainPlan(method.plan(lent.table, copyOf(options), context));
        const { retain, min, max } = budgetRows(id, options?.budget ?? "dynamic", table.count);
        return { plan, problem: planProblem(plan, table, { least: retain ?? min, most: retain ?? max }) };
      });
      if (problem !== undefined) return fail(problem);
      const changed = lent.changed();
      if (changed !== undefined) return fail(`plan must leave the table as it is, got other ${changed}`);
      return plan as CompressionPlan;
    },
  };
}

/** The end of a call into a module: its value, its own refusal of options, budget or table, or what is wrong. */
type Ended<T> =
  | { readonly value: T }
  | { readonly refusal: unknown }
  | { readonly problem: string; readonly cause: unknown };

/** Calls into a module. What it throws is read here, within the time limit: reading may run its code, too. */
function ended<T>(name: string, work: () => T, url: string): Ended<T> {
  try {
    return { value: work() };
  } catch (cause) {
    if (RecoupError.isInstance(cause)) return { refusal: cause };
    return { problem: `${thrownText(cause, name)}${placeOf(cause, url)}`, cause };
  }
}

/** A plan as plain data, each field read once; whatever is none as it is. */
function plainPlan(plan: unknown): unknown {
  if (!shape.isRecord(plan) || typeof plan.then === "function") return plan;
  const { sourceCount, offsets, sources, weights, roles, anchor, order, mass } = plan;
  return {
    sourceCount,
    offsets: plainArray(offsets),
    sources: plainArray(sources),
    weights: plainArray(weights),
    roles: plainArray(roles),
    anchor: plainArray(anchor),
    order,
    ...(mass !== undefined && { mass: plainArray(mass) }),
  };
}

/** A copy of a typed array, without what else its object may carry; anything else as it is, for the check to say so. */
function plainArray(value: unknown): unknown {
  const Type = [Uint32Array, Float32Array, Uint8Array].find((type) => value instanceof type);
  return Type === undefined ? value : new Type(value as Uint32Array);
}

const sandbox: { work?: () => unknown } = {};
const context = createContext(sandbox);
const script = new Script("work()");

/** Runs synchronous work in this thread, which the engine stops after so many milliseconds; it may not end the process. */
function timed<T>(work: () => T, timeout: number): T {
  const { exit } = process;
  process.exit = (code) => {
    throw new Error(`process.exit(${code ?? ""}) was called`);
  };
  sandbox.work = work;
  try {
    return script.runInContext(context, { timeout }) as T;
  } finally {
    process.exit = exit;
    sandbox.work = undefined;
  }
}
