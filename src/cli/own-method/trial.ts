/** @file Thread in which a method of one's own is imported and tried before anything else: see try-method. */
import { parentPort, workerData } from "node:worker_threads";
import {
  type Budget,
  type BudgetRows,
  budgetRows,
  budgetText,
  type CompressionMethod,
  RecoupError,
} from "../../core/index.js";
import {
  METHOD_PROPERTIES,
  type MethodTestOptions,
  type PropertyResult,
  planProblem,
  propertyResults,
  syntheticTable,
  thrownText,
} from "../../testing/index.js";
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
  const guarded = <T>(next: string, work: () => T): T => {
    begin(next);
    try {
      return work();
    } catch (error) {
      // A refusal of options is a sentence already.
      if (RecoupError.isInstance(error)) throw new ModuleProblem(error.message);
      throw new ModuleProblem(`${thrownText(error)}${placeOf(error, url)}, ${step}`);
    }
  };
  guarded("while it checked its options", () => method.checkOptions?.(options));
  const side = sideFor(budgets);
  for (const budget of budgets) {
    const table = syntheticTable({ rows: side, columns: side, dim: 32, seed: 1 });
    const isLarger = typeof budget === "object" && "retain" in budget && (budget.retain ?? 0) > table.count;
    if (isLarger) continue;
    const { retain, min, max } = rowsOf(budget, table.count);
    // The number of rows is the method's to find: `leftOut` says that this one does not.
    if (budget !== undefined && retain === undefined && !method.dynamic) continue;
    const place = `on a made-up table of ${side} x ${side} tokens ${budget === undefined ? "without a budget" : `at budget ${budgetText(budget)}`}`;
    const before = JSON.stringify([table.features.data, table.textSimilarity, table.clsAttention, table.keys.data]);
    const plan = () =>
      guarded(place, () => method.plan(table, { ...options, ...(budget !== undefined && { budget }) }));
    const first = plan();
    const problem = planProblem(first, table, { least: retain ?? min, most: retain ?? max });
    if (problem !== undefined) throw new ModuleProblem(`${problem}, ${place}`);
    const kept = JSON.stringify(first);
    if (JSON.stringify(plan()) !== kept) {
      const draw = "draw random numbers from a seed (recoup/math: randomSource)";
      throw new ModuleProblem(`plan must return the same plan for the same table, got another, ${place}; ${draw}`);
    }
    if (JSON.stringify([table.features.data, table.textSimilarity, table.clsAttention, table.keys.data]) !== before) {
      throw new ModuleProblem(`plan must leave the table as it is, got a changed one, ${place}; copy what it sorts`);
    }
  }
}

/** The thread would end without a word. */
const { exit } = process;
process.exit = (code) => {
  tell({ problem: `it called process.exit(${code ?? ""}) ${step}: leave that out` });
  return exit(code);
};

/** Properties one by one, each with a time limit of its own. */
function checked(method: CompressionMethod, options: MethodTestOptions): PropertyResult[] {
  const results: PropertyResult[] = [];
  const next = propertyResults(method, options);
  for (const { id, says } of METHOD_PROPERTIES) {
    if (options.except?.includes(id)) continue;
    begin(`while it was checked that it ${says}`);
    const { value, done } = next.next();
    if (done) break;
    results.push(value);
  }
  return results;
}

async function main(): Promise<void> {
  const method = await importMethod(url);
  if (check !== undefined) {
    tell({ results: checked(method, check) });
    return;
  }
  for (const use of uses) tryUse(method, use);
  tell({ results: [] });
}

main().catch((error) => {
  const problem = error instanceof ModuleProblem ? error.message : thrownText(error).replace(/^plan/, "it");
  tell({ problem });
});
