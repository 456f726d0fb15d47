/** @file Split plans kept on disk, by the fingerprints of their files. */
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { withFileErrors, writeFileAtomic } from "../../files/index.js";
import { fingerprint } from "../proto/fingerprint.js";
import type { OnnxModel } from "../proto/model.js";
import { parseSplitPlan, planSplit, type SplitOptions, type SplitPlan } from "../vision/split.js";

/**
 * The split plan of a vision encoder (and the CLIP file of its tower), kept in `folder`. A new one is made where none is kept. A
 * kept plan may have been changed by hand; it is used unchanged.
 *
 * @returns the plan, and the file it lies in.
 * @throws OnnxFormatError for a kept file that is no plan; InvalidInputError for a folder that cannot be written; else as `planSplit`.
 */
export async function cachedSplitPlan(
  folder: string,
  vision: OnnxModel,
  options: SplitOptions = {},
): Promise<{ plan: SplitPlan; path: string }> {
  const prints = await Promise.all([vision, ...(options.clip === undefined ? [] : [options.clip])].map(fingerprint));
  // 16 hexadecimal digits of each: 64 bits tell the few models of one folder apart. The options are in the name as well.
  const { configuredLayers, output } = options;
  const asked = [
    ...(configuredLayers === undefined ? [] : [`layers${configuredLayers}`]),
    ...(output === undefined ? [] : [`output${createHash("sha256").update(output).digest("hex").slice(0, 16)}`]),
  ];
  const path = join(folder, `${[...prints.map((print) => print.slice(0, 16)), ...asked].join("-")}.json`);
  const kept = await withFileErrors("cachedSplitPlan", `a readable plan at ${path}`, () =>
    readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    }),
  );
  if (kept !== undefined) return { plan: parseSplitPlan(kept), path };
  const plan = planSplit(vision, options);
  await withFileErrors("cachedSplitPlan", `a folder ${folder} that can be written`, () =>
    mkdir(folder, { recursive: true }),
  );
  await writeFileAtomic(path, `${JSON.stringify(plan, undefined, 2)}\n`);
  return { plan, path };
}
