import { performance } from "node:perf_hooks";

/** Medians are taken over the runs; the warm-up before them lets the engine compile. */
export interface MeasureOptions {
  /** Runs that count. */
  readonly runs: number;
  readonly warmUps: number;
}

/** Milliseconds of each counted run, ascending. */
export function measure(run: () => void, { runs, warmUps }: MeasureOptions): number[] {
  for (let i = 0; i < warmUps; i++) run();
  const milliseconds: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    run();
    milliseconds.push(performance.now() - start);
  }
  return milliseconds.sort((a, b) => a - b);
}

/** The value below which the given share of ascending values lies (nearest rank). */
export function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.max(0, Math.ceil(share * ascending.length) - 1))];
}

/**
 * Bytes that one run allocates on the JavaScript heap and in array buffers, temporary ones included: an upper bound of
 * its peak. The largest of a few runs, since a collection in the middle of one hides some. Needs `--expose-gc`.
 */
export function allocatedBytes(run: () => void): number {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error("allocatedBytes: expected node --expose-gc, got no gc()");
  let most = 0;
  for (let i = 0; i < 3; i++) {
    collect();
    const before = usedBytes();
    run();
    most = Math.max(most, usedBytes() - before);
  }
  return most;
}

function usedBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
