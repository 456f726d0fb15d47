/** @file The answers of a run as they come: one JSON line each, appended. A killed run's lines are read again, but for half a line. */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { FormatError, refusalFor, shape } from "../../core/index.js";
import { withFileErrors } from "../../files/index.js";
import { type AnswerRecord, answerRecordShape, keyText, type Records } from "../run/answer-record.js";

/** Name of the log in the folder of a run. */
export const LOG_FILE = "answers.jsonl";

/**
 * Opens a log, or begins one: earlier answers to read, new ones to append. A last line without an end is cut off: its answer is
 * asked again.
 *
 * @throws InvalidInputError where it cannot be read or written; FormatError naming a whole line that is no answer.
 */
export async function openAnswerLog(path: string) {
  const expected = `a writable file ${path}, and room on its disk`;
  return withFileErrors("eval", expected, async () => {
    const handle = await open(path, "a+");
    try {
      const { records, length } = parseAnswers(await handle.readFile(), path);
      await handle.truncate(length);
      return {
        /** The answers of earlier sessions, by `keyText`; of two to one question the later. */
        records,
        /** Writes one more. @throws InvalidInputError when the disk is full; what was written before stays. */
        append: (record: AnswerRecord) => withFileErrors("eval", expected, () => appendLine(handle, record)),
        close: () => handle.close(),
      };
    } catch (error) {
      await handle.close();
      throw error;
    }
  });
}

/** The answers of a log that is not written to. @throws InvalidInputError and FormatError as `openAnswerLog`. */
export async function readAnswers(path: string): Promise<Records> {
  const bytes = await withFileErrors("report", `a readable file ${path}`, () => readFile(path));
  return parseAnswers(bytes, path).records;
}

async function appendLine(handle: FileHandle, record: AnswerRecord): Promise<void> {
  const line = Buffer.from(`${JSON.stringify(record)}\n`);
  for (let done = 0; done < line.length; ) done += (await handle.write(line, done)).bytesWritten;
}

/** All whole lines, and how many bytes they take. */
function parseAnswers(bytes: Buffer, path: string): { readonly records: Records; readonly length: number } {
  const records = new Map<string, AnswerRecord>();
  // Behind a byte order mark.
  let start = bytes.indexOf("\ufeff") === 0 ? 3 : 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0) return { records, length: start };
    const record = shape.parsed(bytes.toString("utf8", start, end), answerRecordShape, (expected, got) =>
      refuse(`an answer in line ${line} of ${path}, ${expected}`, got),
    );
    records.set(keyText(record), record);
    start = end + 1;
  }
}

const refuse = refusalFor("eval", FormatError);
