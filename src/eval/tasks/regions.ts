/** @file Regions of a synthetic benchmark's questions: `regions.jsonl`, which the mirrored layouts have no place for. */
import { REGIONS } from "../../benchmarks/index.js";
import type { SampleRegion } from "../task.js";
import { parseJsonLines } from "./json-lines.js";
import type { ProblemLog } from "./problem-log.js";

/** Regions by `regionKey`. A row of another shape, or of a question that was there before, is a problem. */
export function parseRegions(text: string, file: string, problems: ProblemLog): ReadonlyMap<string, SampleRegion> {
  const regions = new Map<string, SampleRegion>();
  for (const { line, value } of parseJsonLines(text, { file, shape: REGIONS.region, problems })) {
    const { question_id, prompt, type, slice, half: split, boxes } = value;
    const key = regionKey(question_id, prompt);
    if (regions.has(key)) problems.report({ file, line, what: `question ${question_id} again` });
    else regions.set(key, { type, slice, split, boxes });
  }
  return regions;
}

/** The key of a question's region. @param asked the question as LLaVA's rule asks it. */
export function regionKey(questionId: string | number, asked: string): string {
  return `${questionId}\n${asked}`;
}
