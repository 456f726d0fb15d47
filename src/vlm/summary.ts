/** @file Counts, times and bytes of an answer. */
import { type CompressionPlan, ROLES, type Role, roleCounts, rowCount } from "../core/index.js";
import type { AskResult } from "./engine.js";
import type { StageClock } from "./stages.js";

export interface Measured {
  /** Tokens in the context before the answer. */
  readonly prompt: number;
  readonly bytesPerToken: number;
  readonly clock: StageClock;
  readonly start: number;
  readonly tokenIds: readonly number[];
}

export function summary(
  plans: readonly CompressionPlan[],
  { prompt, bytesPerToken, clock: { timings }, start, tokenIds }: Measured,
): Pick<AskResult, "tokens" | "roles" | "timings" | "kvBytes"> {
  const sum = (of: (plan: CompressionPlan) => number) => plans.reduce((total, plan) => total + of(plan), 0);
  const source = sum(({ sourceCount }) => sourceCount);
  const kept = sum(rowCount);
  const total = performance.now() - start;
  return {
    tokens: { source, kept, prompt },
    roles: Object.fromEntries(ROLES.map((role) => [role, sum((plan) => roleCounts(plan)[role])])) as Record<
      Role,
      number
    >,
    timings: {
      ...timings,
      firstToken: total - timings.decode,
      decodePerToken: tokenIds.length > 1 ? timings.decode / (tokenIds.length - 1) : 0,
      total,
    },
    kvBytes: { full: bytesPerToken * (prompt - kept + source), kept: bytesPerToken * prompt },
  };
}
