/** @file The one loop of all fuzz harnesses: damaged inputs are answered or refused with a typed error, in bounded time and memory. */
import { RecoupError } from "../../src/core/index.js";
import { type RandomSource, randomSource } from "../../src/math/index.js";

/** One kind of input. */
export interface Harness {
  /** What is damaged, in a line of the help. */
  readonly about: string;
  /** Most bytes of resident memory that the process may come to; default: not looked at. */
  readonly maxResident?: number;
  /** Reads what the cases need, once. A case makes its input from `random` alone, hands it to recoup and may check the result. */
  open(): Promise<FuzzTarget>;
}

/** An opened harness. */
export interface FuzzTarget {
  /** Resolves where the input was read; throws what recoup threw. */
  run(random: RandomSource): Promise<void>;
  close?(): Promise<void>;
}

/** A case that broke the promise. `--only INDEX` with the same seed runs it again. */
export interface FuzzFault {
  readonly index: number;
  readonly kind: "untyped error" | "slow" | "long message" | "memory";
  readonly text: string;
}

/** What came out of a run. */
export interface FuzzReport {
  readonly cases: number;
  readonly read: number;
  readonly refused: number;
  readonly slowestMs: number;
  /** Highest resident memory seen after a case, in bytes. */
  readonly peakResident: number;
  readonly faults: readonly FuzzFault[];
}

/** Where it was thrown, by paths from the repository's root: results are committed. */
function stackOf(error: unknown): string {
  const stack = error instanceof Error ? `${error.stack}` : String(error);
  return stack.replaceAll(`file://${process.cwd()}/`, "").replaceAll(`${process.cwd()}/`, "");
}

/** A refusal or answer later than this counts as a hang. */
const MOST_MS = 5000;

/** A message fills a terminal beyond this. */
const MOST_LETTERS = 2000;

/** At most this many faults are kept: each is one to be mended before the next run. */
const MOST_FAULTS = 20;

/**
 * Runs `count` cases from `first` on; each draws from a stream of its own, made from seed and index.
 *
 * @param onCase is called after each case with its index.
 */
export async function runFuzz(
  harness: Harness,
  options: { count: number; seed: number; first?: number; onCase?: (index: number) => void },
): Promise<FuzzReport> {
  const { count, seed, first = 0, onCase } = options;
  const target = await harness.open();
  const faults: FuzzFault[] = [];
  const counts = { read: 0, refused: 0 };
  let slowestMs = 0;
  let peakResident = 0;
  let cases = 0;
  for (let index = first; index < first + count && faults.length < MOST_FAULTS; index++, cases++) {
    const fault = (kind: FuzzFault["kind"], text: string) => faults.push({ index, kind, text });
    const start = performance.now();
    try {
      await target.run(randomSource((seed * 1_000_003 + index) >>> 0));
      counts.read++;
    } catch (error) {
      counts.refused++;
      if (!RecoupError.isInstance(error)) fault("untyped error", stackOf(error));
      else if (error.message.length > MOST_LETTERS) fault("long message", error.message.slice(0, 200));
    }
    const ms = performance.now() - start;
    if (ms > MOST_MS) fault("slow", `${ms.toFixed(0)} ms`);
    slowestMs = Math.max(slowestMs, ms);
    const resident = process.memoryUsage.rss();
    if (resident > (harness.maxResident ?? Number.POSITIVE_INFINITY)) fault("memory", `${resident} bytes`);
    peakResident = Math.max(peakResident, resident);
    onCase?.(index);
  }
  await target.close?.();
  return { cases, ...counts, slowestMs, peakResident, faults };
}
