/** @file A line of `samples_TASK.jsonl`, checked, without the texts that a report does not read. */
import { FormatError } from "../../core/index.js";
import { STAGES } from "../../vlm/index.js";
import type { ReportRow } from "../index.js";

type Json = Readonly<Record<string, unknown>>;

/** Keys of the numbers that a report needs. */
const NUMBERS: readonly (readonly [name: string, keys: readonly string[]])[] = [
  ["compression", ["n_full", "n_kept", "n_prompt"]],
  ["kv_bytes", ["full", "kept"]],
  ["timing_ms", [...STAGES, "firstToken", "total"]],
];

/** @param place the line, for the message. @throws FormatError for a line that is no sample, or lacks what a report needs. */
export function reportRow(line: string, place: string): ReportRow {
  const row = parsed(line, place);
  if (!Number.isInteger(row.doc_id)) refuse(place, '"doc_id" as a whole number', row.doc_id);
  if (!isAmount(row.score) || row.score > 1) refuse(place, '"score" from 0 to 1', row.score);
  const answers = row.filtered_resps;
  if (!Array.isArray(answers) || typeof answers[0] !== "string") {
    refuse(place, '"filtered_resps" with the answer', answers);
  }
  for (const [name, keys] of NUMBERS) assertNumbers(row[name], name, keys, place);
  const { region } = row.compression as Json;
  if (region !== undefined) assertNumbers(region, "compression.region", ["patches", "kept"], place);
  for (const key of ["image", "failed", "slice", "type", "half"]) {
    if (row[key] !== undefined && typeof row[key] !== "string") refuse(place, `"${key}" as text`, row[key]);
  }
  return picked(row as unknown as ReportRow);
}

function picked(row: ReportRow): ReportRow {
  const { doc_id, question_id, image, filtered_resps, score, failed } = row;
  const { slice, type, half, compression, kv_bytes, timing_ms } = row;
  const asked = { doc_id, question_id, image, filtered_resps, score, failed };
  return { ...asked, slice, type, half, compression, kv_bytes, timing_ms };
}

function parsed(line: string, place: string): Json {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (cause) {
    const got = (cause as Error).message;
    throw new FormatError({ operation: "report", expected: `a sample as JSON in ${place}`, got, cause });
  }
  return isObject(row) ? row : refuse(place, "an object", row);
}

function assertNumbers(value: unknown, name: string, keys: readonly string[], place: string): void {
  if (!isObject(value)) refuse(place, `"${name}"`, value);
  const missing = keys.find((key) => !isAmount(value[key]));
  if (missing !== undefined) refuse(place, `"${name}.${missing}" as a number from 0`, value[missing]);
}

function refuse(place: string, expected: string, got: unknown): never {
  const text = got === undefined ? "none" : JSON.stringify(got);
  throw new FormatError({ operation: "report", expected: `${expected} in ${place}`, got: text.slice(0, 80) });
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}
