/** @file A method of one's own among others: whatever it does is a plan or an error, within a time limit. */
import { createContext, Script } from "node:vm";
import { budgetRows, type CompressionMethod, InvalidInputError, RecoupError } from "../../core/index.js";
import { planProblem, thrownText } from "../../testing/index.js";
import { placeOf } from "./import-method.js";

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
 * The method with its plans checked: one that throws, returns no valid plan of its budget, takes longer than the limit or ends the
 * process becomes an error that says so. It runs in this thread, on the caller's own table: no copies are made (0.1 ms a call).
 */
export function guardedMethod({ method, path, url }: MethodModule, limit = TIME_LIMIT_MS): CompressionMethod {
  const { id } = method;
  const fail = (problem: string, cause?: unknown) => {
    throw new InvalidInputError({ operation: `${id} (${path})`, problem, cause });
  };
  const guarded = <T>(work: () => T): T => {
    try {
      return timed(work, limit);
    } catch (error) {
      // Its own refusal of options, budget or table.
      if (RecoupError.isInstance(error)) throw error;
      const { code } = Object(error) as { code?: unknown };
      if (code === "ERR_SCRIPT_EXECUTION_TIMEOUT")
        return fail(`plan took longer than ${limit / 1000} s and was stopped`);
      return fail(`${thrownText(error)}${placeOf(error, url)}`, error);
    }
  };
  const { needsWith, checkOptions } = method;
  return {
    ...method,
    ...(needsWith && { needsWith: (options) => guarded(() => needsWith(options)) }),
    ...(checkOptions && { checkOptions: (options) => guarded(() => checkOptions(options)) }),
    plan(table, options, context) {
      const plan = guarded(() => method.plan(table, options, context));
      const { retain, min, max } = budgetRows(id, options?.budget ?? "dynamic", table.count);
      const problem = planProblem(plan, table, { least: retain ?? min, most: retain ?? max });
      return problem === undefined ? plan : fail(problem);
    },
  };
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
