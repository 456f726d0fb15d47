import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { readSafetensors } from "../../src/files/index.js";
import type { Difference } from "./compare.js";
import { checkCompressCase, isCompressCase, OFFICIAL_PATHS } from "./compress-case.js";
import { checkLofCase, isLofCase } from "./lof-case.js";
import { checkMetrics, isMetricGolden } from "./metrics/check-metrics.js";

/** One comparison with reference data: a case, or one path of it. */
export interface GoldenResult {
  /** File below the checked directory, and the path within the case where there are two. */
  readonly name: string;
  /** Empty for a pass. */
  readonly differences: readonly Difference[];
}

/** Checks every file below `directory` whose JSON has a known schema; others are passed over. Sorted by path. */
export async function* checkDirectory(directory: string): AsyncGenerator<GoldenResult> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".json"));
  for (const path of files.map((entry) => join(entry.parentPath, entry.name)).sort()) {
    const name = relative(directory, path).slice(0, -".json".length);
    yield* checkFile(path, name);
  }
}

async function* checkFile(path: string, name: string): AsyncGenerator<GoldenResult> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    yield { name, differences: [`expected JSON, got: ${(error as Error).message}`] };
    return;
  }
  if (isLofCase(json)) yield { name, differences: attempt(() => checkLofCase(json)) };
  if (isMetricGolden(json)) {
    for (const result of attemptMetrics(json)) yield { ...result, name: `${name} ${result.name}` };
  }
  if (!isCompressCase(json)) return;
  try {
    const tensors = await readSafetensors(path.replace(/\.json$/, ".safetensors"));
    for (const released of ["ref", "alt"] as const) {
      const differences = attempt(() => checkCompressCase(json, tensors, released));
      yield { name: `${name} ${OFFICIAL_PATHS[released]}`, differences };
    }
  } catch (error) {
    yield { name, differences: [(error as Error).message] };
  }
}

/** A file that cannot even be read by its schema is one failed case. */
function attemptMetrics(json: { schema: string }): ReturnType<typeof checkMetrics> {
  try {
    return checkMetrics(json);
  } catch (error) {
    return [{ name: "file", differences: [`${(error as Error).name}: ${(error as Error).message}`] }];
  }
}

/** A case that cannot even be compared is a failed case; the others go on. */
function attempt(check: () => Difference[]): Difference[] {
  try {
    return check();
  } catch (error) {
    return [`${(error as Error).name}: ${(error as Error).message}`];
  }
}
