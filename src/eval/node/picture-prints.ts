/** @file Fingerprints of a run's pictures: a run that is resumed with others would mix answers about both. */
import { createHash } from "node:crypto";
import { type FileHandle, open, stat } from "node:fs/promises";
import { join } from "node:path";
import { FormatError, refusalFor, shape } from "../../core/index.js";
import { readTextIfThere, writeFileAtomic } from "../../files/index.js";
import { isAnswered, type Records } from "../run/answer-record.js";
import type { AskedTask } from "../run/answer-samples.js";

/** Name of the file in the folder of a run. */
export const PRINTS_FILE = "pictures.json";

/** By task, then by the picture's path below the task's folder. Files that cannot be read have none. */
const printsShape = shape.record(shape.record(shape.text));
type Prints = shape.TypeOf<typeof printsShape>;

/** Bytes read at each end of a file: photographs of benchmarks are mostly covered whole, and 5,000 take a few seconds. */
const END_BYTES = 2 ** 16;
/** Files that are open at a time: more do not make a disk faster. */
const AT_A_TIME = 16;
/** The setting that sees no picture. */
const WITHOUT_PICTURE = "zero";

const refuse = refusalFor("eval");

/**
 * Compares pictures with those that a run's answers are about, and writes their fingerprints down. A picture without answers may change: one
 * that was missing or broken is asked about again. Runs of earlier versions have no fingerprints, and get them here.
 *
 * @throws InvalidInputError naming the first picture that is another, of those that have an answer; FormatError for a damaged file.
 */
export async function checkPictures(out: string, tasks: readonly AskedTask[], records: Records): Promise<void> {
  const path = join(out, PRINTS_FILE);
  const text = await readTextIfThere("eval", path);
  const before = text === undefined ? {} : shape.parsed(text, printsShape, inFile(path));
  const now: Record<string, Record<string, string>> = {};
  const answered = answeredPictures(tasks, records);
  for (const task of tasks) {
    const old = Object.hasOwn(before, task.id) ? before[task.id] : {};
    const own = await printsOf(task);
    const other = Object.keys(own).find((name) => {
      return answered.has(keyOf(task.id, name)) && Object.hasOwn(old, name) && old[name] !== own[name];
    });
    if (other !== undefined) {
      const expected = `the pictures that answers in ${out} are about (--force starts anew)`;
      throw refuse(expected, `another ${other} in ${task.folder}`);
    }
    now[task.id] = { ...old, ...own };
  }
  await writeFileAtomic(path, `${JSON.stringify(now)}\n`);
}

function inFile(path: string) {
  return (expected: string, got: string, cause?: unknown) =>
    refusalFor("eval", FormatError)(`${expected} in ${path}`, got, cause);
}

function keyOf(task: string, name: string): string {
  return `${task}\n${name}`;
}

function answeredPictures(tasks: readonly AskedTask[], records: Records): ReadonlySet<string> {
  const names = new Map(
    tasks.flatMap(({ id, samples }) =>
      samples.flatMap(({ docId, image }) =>
        image && "path" in image ? [[`${id} ${docId}`, image.path] as const] : [],
      ),
    ),
  );
  const found = new Set<string>();
  for (const record of records.values()) {
    const name = names.get(`${record.task} ${record.doc}`);
    if (name !== undefined && isAnswered(record) && record.setting !== WITHOUT_PICTURE)
      found.add(keyOf(record.task, name));
  }
  return found;
}

async function printsOf({ folder, samples }: AskedTask): Promise<Prints[string]> {
  const names = [...new Set(samples.flatMap(({ image }) => (image && "path" in image ? [image.path] : [])))];
  const prints: [string, string][] = [];
  for (let start = 0; start < names.length; start += AT_A_TIME) {
    const some = names.slice(start, start + AT_A_TIME);
    const read = await Promise.all(some.map(async (name) => [name, await printOf(join(folder, name))] as const));
    for (const [name, print] of read) if (print !== undefined) prints.push([name, print]);
  }
  return Object.fromEntries(prints);
}

/** Hash of a file's length and its two ends: all of it up to 128 KiB. Undefined for one that cannot be read. */
async function printOf(path: string): Promise<string | undefined> {
  let file: FileHandle | undefined;
  try {
    const info = await stat(path);
    // A pipe would be waited for.
    if (!info.isFile()) return undefined;
    const { size } = info;
    file = await open(path);
    const hash = createHash("sha256").update(`${size}\n`);
    for (const start of new Set([0, Math.max(0, size - END_BYTES)])) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, END_BYTES)), 0, undefined, start);
      hash.update(buffer.subarray(0, bytesRead));
    }
    // 64 bits tell pictures apart; nobody is kept out.
    return hash.digest("hex").slice(0, 16);
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}
