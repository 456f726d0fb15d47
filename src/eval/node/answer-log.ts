/** @file The answers of a run as they come: one JSON line each, appended. What a killed run leaves is read again, but for half a line. */
import { type FileHandle, open } from "node:fs/promises";
import { FormatError } from "../../core/index.js";
import { withFileErrors } from "../../files/index.js";
import { type AnswerRecord, keyText } from "../index.js";

export interface AnswerLog {
  /** What an earlier run wrote, by `keyText`. */
  readonly records: ReadonlyMap<string, AnswerRecord>;
  /** Writes one more. @throws InvalidInputError when the disk is full; what was written before stays. */
  append(record: AnswerRecord): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a log, or begins one. A last line without an end is cut off: its answer is asked again.
 *
 * @throws InvalidInputError where it cannot be read or written; FormatError naming a whole line that is no answer.
 */
export async function openAnswerLog(path: string): Promise<AnswerLog> {
  const expected = `a writable file ${path}, and room on its disk`;
  return withFileErrors("eval", expected, async () => {
    const handle = await open(path, "a+");
    try {
      const { records, length } = await readLines(handle, path);
      await handle.truncate(length);
      return {
        records,
        append: (record) =>
          withFileErrors("eval", expected, async () => {
            const line = Buffer.from(`${JSON.stringify(record)}\n`);
            for (let done = 0; done < line.length; ) done += (await handle.write(line, done)).bytesWritten;
          }),
        close: () => handle.close(),
      };
    } catch (error) {
      await handle.close();
      throw error;
    }
  });
}

/** All whole lines, and how many bytes they take. */
async function readLines(
  handle: FileHandle,
  path: string,
): Promise<{ records: Map<string, AnswerRecord>; length: number }> {
  const records = new Map<string, AnswerRecord>();
  const bytes = await handle.readFile();
  let start = 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0) return { records, length: start };
    const record = parseLine(bytes.toString("utf8", start, end), path, line);
    records.set(keyText(record), record);
    start = end + 1;
  }
}

function parseLine(text: string, path: string, line: number): AnswerRecord {
  try {
    const record = JSON.parse(text) as AnswerRecord;
    if (typeof record.task === "string" && typeof record.doc === "number" && typeof record.cell === "string") {
      return record;
    }
  } catch {
    // Said below, with its place.
  }
  throw new FormatError({
    operation: "eval",
    expected: `an answer in line ${line} of ${path}`,
    got: JSON.stringify(text.slice(0, 80)),
  });
}
