/** @file What the checks of metric reference data share. Numbers agree within 1e-9, texts exactly. */
import type { Difference } from "../compare.js";

/** JSON whose shape the schema promises. */
// biome-ignore lint/suspicious/noExplicitAny: reference data are read by their schema's names
export type Json = any;

/** One comparison: its name within the file, and what differs. */
export interface MetricResult {
  readonly name: string;
  readonly differences: readonly Difference[];
}

const TOLERANCE = 1e-9;

/** A result from pairs of what was computed and what is expected. A computation that throws is a difference. */
export function compared(
  name: string,
  pairs: () => Readonly<Record<string, readonly [got: unknown, want: unknown]>>,
): MetricResult {
  try {
    const differences = Object.entries(pairs()).flatMap(([field, [got, want]]) =>
      equal(got, want) ? [] : [`${field}: expected ${JSON.stringify(want)}, got ${JSON.stringify(got)}`],
    );
    return { name, differences };
  } catch (error) {
    return { name, differences: [`${(error as Error).name}: ${(error as Error).message}`] };
  }
}

function equal(got: unknown, want: unknown): boolean {
  if (typeof got === "number" && typeof want === "number") {
    return Math.abs(got - want) <= TOLERANCE * Math.max(1, Math.abs(want));
  }
  if (typeof got !== "object" || typeof want !== "object" || got === null || want === null) {
    return (got ?? null) === (want ?? null);
  }
  const keys = new Set([...Object.keys(got), ...Object.keys(want)]);
  return [...keys].every((key) => equal((got as Json)[key], (want as Json)[key]));
}
