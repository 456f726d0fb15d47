/** @file Thread in which a method of one's own is imported and tried before anything else: see try-method. */
import { setImmediate } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import {
  type Budget,
  type BudgetRows,
  budgetRows,
  budgetText,
  type CompressionMethod,
  RecoupError,
} from "../../core/index.js";
import { planProblem, thrownText } from "../../methods/index.js";
import { checkMethod, copyOf, firstDifference, syntheticTable } from "../../testing/index.js";
import { importMethod, ModuleProblem, placeOf } from "./import-method.js";
import type { TrialMessage, TrialRequest, TrialUse } from "./try-method.js";

const { url, uses, check } = workerData as TrialRequest;
const tell = (message: TrialMessage) => parentPort?.postMessage(message);

/** The step that runs; each has the time limit of its own. */
let step = "while it was imported";
function begin(next: string): void {
  step = next;
  tell({ step });
}

/** Tokens a side of the tables: LLaVA-1.5's, or more for larger budgets, up to 64. */
function sideFor(budgets: TrialUse["budgets"]): number {
  const most = Math.max(0, ...budgets.map((budget) => rowsOf(budget, Infinity).retain ?? 0).filter(Number.isFinite));
  return Math.min(64, Math.max(24, Math.ceil(Math.sqrt(most + 1))));
}

function rowsOf(budget: Budget | undefined, count: number): BudgetRows {
  return budgetRows("a budget", budget ?? "dynamic", count);
}

/** Tries one use: its options, then two plans at each budget. @throws ModuleProblem for what is wrong. */
function tryUse(method: CompressionMethod, { options, budgets }: TrialUse): void {
  const guarded = <T>(thrower: string, next: string, work: () => T): T => {
    begin(next);
    try {
      return work();
    } catch (error) {
      // A refusal of options is a sentence already.
      if (RecoupError.isInstance(error)) throw new ModuleProblem(error.message);
      throw new ModuleProblem(`${thrownText(error, thrower)}${placeOf(error, url)}, ${step}`);
    }
  };
  guarded("checkOptions", "while it checked its options", () => method.checkOptions?.(options));
  guarded("needsWith", "while it named the signals that it needs", () => method.needsWith?.(options));
  const side = sideFor(budgets);
  for (const budget of budgets) {
    const table = syntheticTable({ rows: side, columns: side, dim: 32, seed: 1 });
    const isLarger = typeof budget === "object" && "retain" in budget && (budget.retain ?? 0) > table.count;
    if (isLarger) continue;
    const { retain, min, max } = rowsOf(budget, table.count);
    // The number of rows is the method's to find: `leftOut` says that this one does not.
    if (budget !== undefined && retain === undefined && !method.dynamic) continue;
    const place = `on a made-up table of ${side} x ${side} tokens ${budget === undefined ? "without a budget" : `at budget ${budgetText(budget)}`}`;
    const before = copyOf(table);
    const plan = () =>
      guarded("plan", place, () => method.plan(table, { ...options, ...(budget !== undefined && { budget }) }));
    const first = plan();
    const problem = planProblem(first, table, { least: retain ?? min, most: retain ?? max });
    if (problem !== undefined) throw new ModuleProblem(`${problem}, ${place}`);
    const kept = copyOf(first);
    const another = firstDifference(plan(), kept);
    const changed = firstDifference(table, before);
    if (changed !== undefined) {
      throw new ModuleProblem(`plan must leave the table as it is, but ${changed}, ${place}; copy what it sorts`);
    }
    if (another !== undefined) {
      const draw = "draw random numbers from a seed (recoup/math: randomSource)";
      throw new ModuleProblem(`plan must return the same plan for the same table, but ${another}, ${place}; ${draw}`);
    }
  }
}

/** The thread would end without a word. */
const { exit } = process;
process.exit = (code) => {
  tell({ problem: `it called process.exit(${code ?? ""}) ${step}: leave that out` });
  return exit(code);
};

async function main(): Promise<void> {
  const method = await importMethod(url);
  if (check !== undefined) {
    // Each property has a time limit of its own.
    tell({ results: checkMethod(method, check, ({ says }) => begin(`while it was checked that it ${says}`)) });
    return;
  }
  for (const use of uses) tryUse(method, use);
  // What the plans have left behind, such as a rejection that nobody handles, comes first.
  await setImmediate();
  tell({ results: [] });
}

main().catch((error) => {
  const problem = error instanceof ModuleProblem ? error.message : thrownText(error, "it");
  tell({ problem });
});
