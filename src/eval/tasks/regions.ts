/** @file What the questions of a synthetic benchmark are about: `regions.jsonl`, which the mirrored layouts have no place for. */
import { shape } from "../../core/index.js";
import type { SampleRegion } from "../task.js";
import { parseJsonLines } from "./json-lines.js";
import type { ProblemLog } from "./problem-log.js";

/** Name of the file in the folder of each synthetic task. */
export const REGIONS_FILE = "regions.jsonl";

/** The part of a sample that its region is found by; the question is as LLaVA's rule asks it. */
export interface RegionKey {
  readonly questionId: string | number;
  readonly asked: string;
}

const SHAPE = shape.object({
  question_id: shape.id,
  prompt: shape.text,
  type: shape.text,
  slice: shape.text,
  half: shape.text,
});

/** Regions by `regionKey`. A row without boxes, or of a question that was there before, is a problem. */
export function parseRegions(text: string, file: string, problems: ProblemLog): ReadonlyMap<string, SampleRegion> {
  const regions = new Map<string, SampleRegion>();
  for (const { line, value } of parseJsonLines(text, { file, shape: SHAPE, problems })) {
    const { question_id, prompt, type, slice, half } = value;
    const { boxes } = value as { boxes?: unknown };
    const key = regionKey({ questionId: question_id, asked: prompt });
    if (!areBoxes(boxes)) problems.report({ file, line, what: "no boxes of four numbers" });
    else if (regions.has(key)) problems.report({ file, line, what: `question ${question_id} again` });
    else regions.set(key, { type, slice, half, boxes });
  }
  return regions;
}

/** The key of a question's region. */
export function regionKey({ questionId, asked }: RegionKey): string {
  return `${questionId}\n${asked}`;
}

function areBoxes(value: unknown): value is SampleRegion["boxes"] {
  if (!Array.isArray(value)) return false;
  return value.every((box) => Array.isArray(box) && box.length === 4 && box.every(Number.isFinite));
}
