/** @file What is asked of the plans of a method that is tested. */
import {
  type Budget,
  budgetRows,
  budgetText,
  type CompressionMethod,
  type CompressionPlan,
  planRows,
} from "../core/index.js";
import { planProblem, thrownText } from "../methods/index.js";
import type { NamedTable } from "./property-tables.js";
import { firstDifference } from "./same-bits.js";

/** A method with the options that it is tested with. */
export interface Subject {
  readonly method: CompressionMethod;
  /** Options beside the budget, the same for every plan. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Whether it meets fixed budgets below the number of tokens. */
  readonly fixed: boolean;
}

/** A property that does not hold, as a sentence. */
export class BrokenProperty extends Error {}

/** A plan, checked. */
export function planOf(
  { method, options }: Subject,
  { name, table }: NamedTable,
  budget?: Budget,
  context?: Parameters<CompressionMethod["plan"]>[2],
): CompressionPlan {
  const at = `${budgetName(budget)} on ${name}`;
  let plan: CompressionPlan;
  try {
    plan = method.plan(table, { ...options, ...(budget !== undefined && { budget }) }, context);
  } catch (error) {
    throw new BrokenProperty(`${thrownText(error)} (${at})`);
  }
  const { retain, min, max } = budgetRows(method.id, budget ?? "dynamic", table.count);
  const problem = planProblem(plan, table, { least: retain ?? min, most: retain ?? max });
  if (problem !== undefined) throw new BrokenProperty(`${problem} (${at})`);
  return plan;
}

/** A budget in messages. */
export function budgetName(budget: Budget | undefined): string {
  return budget === undefined ? "without a budget" : `budget ${budgetText(budget)}`;
}

/** @throws BrokenProperty for values that differ. */
export function assertSame(what: string, got: unknown, wanted: unknown): void {
  const difference = firstDifference(got, wanted);
  if (difference !== undefined) throw new BrokenProperty(`${what}: ${difference}`);
}

/** @throws BrokenProperty unless the call throws. */
export function assertRefuses(what: string, call: () => unknown): void {
  let plan: unknown;
  try {
    plan = call();
  } catch {
    return;
  }
  // A promise is no refusal, whatever becomes of it.
  if (plan instanceof Promise) plan.catch(() => {});
  throw new BrokenProperty(`${what} must be refused by an error, got a plan`);
}

/** @throws BrokenProperty unless each kept token is one row of its own. */
export function assertOwnRows(plan: CompressionPlan, at: string): void {
  const times = new Map<number, number>();
  for (const id of plan.sources) times.set(id, (times.get(id) ?? 0) + 1);
  for (const { role, anchor, sources, weights } of planRows(plan)) {
    if (role !== "visual" && role !== "text") continue;
    if (sources.length !== 1 || sources[0] !== anchor || weights[0] !== 1) {
      throw new BrokenProperty(`a ${role} row must be one token with weight 1 (ownRow makes it), got another (${at})`);
    }
    const places = times.get(anchor) ?? 0;
    if (places !== 1) throw new BrokenProperty(`token ${anchor} must stand in one row, got ${places} (${at})`);
  }
}

/** @throws BrokenProperty where a token is kept twice, whatever its weight. */
export function assertDistinct(plan: CompressionPlan, at: string): void {
  const seen = new Set<number>();
  for (const { role, anchor } of planRows(plan)) {
    if (role !== "visual" && role !== "text") continue;
    if (seen.has(anchor)) throw new BrokenProperty(`a token must be kept once, got token ${anchor} twice (${at})`);
    seen.add(anchor);
  }
}

/** Place of each role in order `append`. */
const RANK = { visual: 0, text: 0, merged: 1, residual: 2 };

/** @throws BrokenProperty unless the rows stand in the plan's order. */
export function assertOrder(plan: CompressionPlan, at: string): void {
  const rows = planRows(plan);
  const ordered = plan.order === "grid" ? rows : rows.filter(({ role }) => RANK[role] === 0);
  if (ordered.some(({ anchor }, i) => i > 0 && anchor < ordered[i - 1].anchor)) {
    throw new BrokenProperty(`rows must ascend by their anchors, got others (${at})`);
  }
  if (plan.order === "grid") return;
  if (rows.some(({ role }, i) => i > 0 && RANK[role] < RANK[rows[i - 1].role])) {
    throw new BrokenProperty(`order "append" must have own rows, merged rows and a residual, got another (${at})`);
  }
}
