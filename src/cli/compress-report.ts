import { performance } from "node:perf_hooks";
import {
  applyPlan,
  type CompressionMethod,
  type CompressionPlan,
  ROLES,
  type Role,
  requireSignals,
  retentionRatio,
  roleCounts,
  rowCount,
  type VisualTokens,
} from "../core/index.js";
import type { TokenTableFile } from "../files/index.js";
import { textTable } from "./text-table.js";

/** A plan, the tokens it makes, and the milliseconds that each took. */
export interface CompressResult {
  /** Method and variant, for headings. */
  readonly name: string;
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly plan: CompressionPlan;
  readonly tokens: VisualTokens<Float32Array>;
  readonly timings: { readonly plan: number; readonly apply: number };
}

/** The released code's text weight, for similarities in its scale (cosine · D^-0.5). */
const RELEASED_WEIGHT = 50;

/** The same for plain cosines, with CLIP-L's D = 768. */
const COSINE_WEIGHT = RELEASED_WEIGHT / Math.sqrt(768);

/** Plans and applies, timed. The text weight, if none is given, fits the scale of the file's similarities. */
export function compressTable(
  { table, textScale }: TokenTableFile,
  method: CompressionMethod,
  options: Readonly<Record<string, unknown>>,
): CompressResult {
  requireSignals("compress", table, ["features"]);
  const textWeight = textScale === "released" ? RELEASED_WEIGHT : COSINE_WEIGHT;
  const weighted = method.options.includes("textWeight") ? { textWeight, ...options } : options;
  const start = performance.now();
  const plan = method.plan(table, weighted);
  const planned = performance.now();
  const tokens = applyPlan(plan, table.features);
  const timings = { plan: planned - start, apply: performance.now() - planned };
  const name = method.options.includes("variant") ? `${method.id} (${options.variant ?? "paper"})` : method.id;
  return { name, method: method.id, options, plan, tokens, timings };
}

/** The result as one JSON value. */
export function resultJson({ method, options, plan, timings }: CompressResult) {
  return {
    method,
    options,
    tokens: { source: plan.sourceCount, kept: rowCount(plan) },
    retentionRatio: retentionRatio(plan),
    roles: roleCounts(plan),
    timings,
  };
}

/** The short table: rows and sources by role, retention, milliseconds. */
export function resultText({ name, plan, timings }: CompressResult): string {
  const rows = roleCounts(plan);
  const sources = sourcesByRole(plan);
  const shown = ROLES.filter((role) => rows[role] > 0);
  return [
    `${name}: ${rowCount(plan)} of ${plan.sourceCount} tokens (${(100 * retentionRatio(plan)).toFixed(1)} %)`,
    "",
    textTable(
      ["role", "rows", "source tokens"],
      shown.map((role) => [role, String(rows[role]), String(sources[role])]),
    ),
    "",
    `plan ${timings.plan.toFixed(1)} ms, apply ${timings.apply.toFixed(1)} ms (first call, code not yet compiled)`,
  ].join("\n");
}

/** How many different source tokens stand in the rows of each role. */
function sourcesByRole(plan: CompressionPlan): Record<Role, number> {
  const seen = ROLES.map(() => new Set<number>());
  plan.roles.forEach((role, row) => {
    for (let entry = plan.offsets[row]; entry < plan.offsets[row + 1]; entry++) seen[role].add(plan.sources[entry]);
  });
  return Object.fromEntries(ROLES.map((role, i) => [role, seen[i].size])) as Record<Role, number>;
}
