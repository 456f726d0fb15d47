import { readFileSync } from "node:fs";
import { median } from "../src/math/index.js";

/** Median and quarters of repeated measurements. */
export interface Spread {
  readonly median: number;
  readonly lower_quarter: number;
  readonly upper_quarter: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  return { median: median([...values]), lower_quarter: at(0.25), upper_quarter: at(0.75) };
}

/** Of this process. `file`: pages of mapped files, which other processes share and the system takes back. */
export interface Memory {
  readonly peak_mib: number;
  readonly resident_mib: number;
  readonly anonymous_mib: number;
  readonly file_mib: number;
}

/** By Linux's own count, after a collection where the process allows one (`--expose-gc`). */
export function memoryNow(): Memory {
  globalThis.gc?.();
  const status = readFileSync("/proc/self/status", "utf8");
  const mib = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  const [peak_mib, resident_mib, anonymous_mib, file_mib] = ["VmHWM", "VmRSS", "RssAnon", "RssFile"].map(mib);
  return { peak_mib, resident_mib, anonymous_mib, file_mib };
}
