/** @file Metric reference data by their schema. */
import { checkAnls, checkNormalization, checkSoftAccuracy, checkTextVqa } from "./answers.js";
import type { Json, MetricResult } from "./case.js";
import { checkMmbench, checkScienceQa } from "./choices.js";
import { checkEfficiency } from "./efficiency.js";
import { checkPrompts } from "./prompts.js";
import { checkMme, checkPope } from "./yes-no.js";

const CHECKS: Readonly<Record<string, (golden: Json) => MetricResult[]>> = {
  "metric-golden/answer-normalization/1": checkNormalization,
  "metric-golden/vqa-soft-accuracy/1": checkSoftAccuracy,
  "metric-golden/anls/1": checkAnls,
  "metric-golden/textvqa-run/1": checkTextVqa,
  "metric-golden/pope/1": checkPope,
  "metric-golden/mme/1": checkMme,
  "metric-golden/scienceqa/1": checkScienceQa,
  "metric-golden/mmbench/1": checkMmbench,
  "metric-golden/prompts/1": checkPrompts,
  "metric-golden/efficiency/1": checkEfficiency,
};

/** True for JSON that says it is metric reference data. */
export function isMetricGolden(json: unknown): json is { schema: string } {
  const { schema } = (json ?? {}) as { schema?: unknown };
  return typeof schema === "string" && schema.startsWith("metric-golden/");
}

/** All comparisons of a file; one that fails for a schema that is not known. */
export function checkMetrics(golden: { schema: string }): MetricResult[] {
  const check = Object.hasOwn(CHECKS, golden.schema) ? CHECKS[golden.schema] : undefined;
  if (check !== undefined) return check(golden);
  return [{ name: "schema", differences: [`expected one of ${Object.keys(CHECKS).join(", ")}, got ${golden.schema}`] }];
}
