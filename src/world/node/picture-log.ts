/** Which pictures of a task are done: one JSON line each, appended after the picture's file is in its place. */
import { appendFile, readFile } from "node:fs/promises";

/** A picture that is done. */
export interface PictureRecord {
  /** Below the task's folder. */
  readonly path: string;
  readonly scene: string;
  readonly half: "iid" | "held-out";
  /** SHA-256 over the RGB bytes, hexadecimal: the picture's identity. */
  readonly sha256: string;
  /** Ids of the `GATE_TOKENS` patches that stand out most by their pixels, most first. */
  readonly salient: readonly number[];
}

/** Records of an earlier run, up to the first that is not whole: a killed run may leave half a line. */
export async function readPictureLog(path: string): Promise<PictureRecord[]> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const records: PictureRecord[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    try {
      records.push(JSON.parse(line));
    } catch {
      break;
    }
  }
  return records;
}

export async function appendPicture(path: string, record: PictureRecord): Promise<void> {
  await appendFile(path, recordLine(record));
}

export function recordLine(record: PictureRecord): string {
  return `${JSON.stringify(record)}\n`;
}
