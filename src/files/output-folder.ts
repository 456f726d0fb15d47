/** @file Folders that a command writes, by one policy for all of them; a lock keeps other processes out. */
import { readdir, rm } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { FormatError, InvalidInputError, refusalFor, shape } from "../core/index.js";
import { checkedPath, readTextIfThere, withFileErrors } from "./file-errors.js";
import { type FolderLock, LOCK_FILE, lockFolder } from "./folder-lock.js";
import { makeFolder } from "./make-folder.js";
import { writeFileAtomic } from "./write-file.js";

/** A fact that two requests have not in common, in words. */
export interface Difference {
  readonly before: string;
  readonly now: string;
}

/** An output folder and the request of the run that writes there. */
export interface OutputFolderRequest<Before> {
  /** Names the caller in errors: `eval`. */
  readonly operation: string;
  readonly path: string;
  /** Name of the file in the folder that holds the request. */
  readonly stateFile: string;
  /** The request as JSON: everything that the folder's content follows from. A function is called once the folder is locked. */
  readonly state: object | (() => Promise<object>);
  /** What a state file must look like to be of this command; other versions of it too. */
  readonly shape: shape.Shape<Before>;
  /** Names in the folder that a run of such a request has written: what `force` removes. */
  outputs(before: Before): readonly string[];
  /**
   * What differs between two requests, as the command's user says it: `--budgets 58`, `--budgets 32`, or `no --limit`. Undefined: the first
   * field of the state that differs is named.
   */
  differing?(state: object, before: Before): Difference | undefined;
  /** Begins anew over another request. */
  readonly force?: boolean;
  /** Names in the folder that count as nothing. */
  readonly keep?: readonly string[];
}

/**
 * Makes a folder ready and locks it; the caller releases the lock. A missing folder, or one without files, is taken; one with exactly
 * this request resumes, and temporaries of a killed run are removed. `force` removes what the state file says that an earlier run has
 * written, and nothing else.
 *
 * @throws InvalidInputError for another request, naming the first difference; for files of something else, `force` or not; while
 *   another process writes there; for a folder that cannot be written. FormatError for a state file that is damaged.
 */
export async function openOutputFolder<Before>(request: OutputFolderRequest<Before>): Promise<FolderLock> {
  const { operation, path, stateFile } = request;
  checkedPath(operation, path);
  const expected = `a folder ${path} that can be written`;
  const guarded = <T>(work: () => Promise<T>) => withFileErrors(operation, expected, work);
  await makeFolder(operation, expected, path);
  // Before the lock, so that nothing at all is written among the files of something else.
  await guarded(async () => {
    const names = await readdir(path);
    if (!names.includes(stateFile) && !names.includes(LOCK_FILE)) await assertNoFiles(request);
  });
  const lock = await lockFolder(operation, path);
  try {
    const before = await guarded(() => readState(request));
    const state = typeof request.state === "function" ? await request.state() : request.state;
    await guarded(async () => {
      if (before !== undefined && request.force) {
        for (const name of request.outputs(before)) await rm(join(path, name), { recursive: true, force: true });
      } else if (before !== undefined) assertSame(request, state, before);
      for await (const left of filesBelow(path, request.keep))
        if (TEMPORARY.test(basename(left))) await rm(left, { force: true });
      await writeFileAtomic(join(path, stateFile), `${JSON.stringify(state, undefined, 2)}\n`);
    });
    return lock;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The request of an earlier run; undefined in a folder without files. */
async function readState<Before>(request: OutputFolderRequest<Before>): Promise<Before | undefined> {
  const { operation, shape: wanted } = request;
  const file = join(request.path, request.stateFile);
  const text = await readTextIfThere(operation, file);
  const refuse = (expected: string, got: string, cause?: unknown) =>
    new FormatError({ operation, expected: `${expected} in ${file}`, got, cause });
  if (text === undefined) {
    await assertNoFiles(request);
    return undefined;
  }
  return shape.parsed(text, wanted, refuse);
}

type Folder = Pick<OutputFolderRequest<unknown>, "operation" | "path" | "stateFile" | "keep">;

/** @throws InvalidInputError for a file in the folder that is not of this module's own making. */
async function assertNoFiles({ operation, path, stateFile, keep = [] }: Folder): Promise<void> {
  for await (const foreign of filesBelow(path, [stateFile, ...keep])) {
    const name = basename(foreign);
    if (TEMPORARY.test(name) || name.startsWith(LOCK_FILE)) continue;
    const got = `one with ${relative(path, foreign)} and without ${stateFile}`;
    throw refusalFor(operation)(`a missing or empty folder ${path}, or one of an earlier run`, got);
  }
}

/** Temporaries of `writeFilesAtomic`. */
const TEMPORARY = /^\.recoup-[0-9a-f-]{36}\.tmp$/;

/** Paths of all files below a folder. @param skipped names in the folder itself. */
async function* filesBelow(folder: string, skipped: readonly string[] = []): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (skipped.includes(entry.name)) continue;
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

/** @throws InvalidInputError unless both are the same request. */
function assertSame<Before>(request: OutputFolderRequest<Before>, state: object, before: Before): void {
  const { operation, path, differing } = request;
  const [own, other] = [state, before] as Readonly<Record<string, unknown>>[];
  const differs = (key: string) => JSON.stringify(own[key]) !== JSON.stringify(other[key]);
  const key = [...new Set([...Object.keys(own), ...Object.keys(other)])].find(differs);
  if (key === undefined) return;
  const [wanted, got] = [JSON.stringify(own[key]), JSON.stringify(other[key])];
  // Of lists and objects no cut-out says what differs.
  const isPlain = [own[key], other[key]].every((value) => typeof value !== "object");
  const plain = isPlain
    ? { before: `${key} ${difference(got, wanted)}`, now: `${key} ${difference(wanted, got)}` }
    : { before: `other ${key}`, now: "these" };
  throw otherRequest(operation, path, differing?.(state, before) ?? plain);
}

/** The refusal of a folder that another request has made. */
export function otherRequest(operation: string, path: string, { before, now }: Difference): InvalidInputError {
  const problem = `${path} was made with ${before}, this asks for ${now}: give another --out, or --force to begin anew`;
  return new InvalidInputError({ operation, problem });
}

/** A text from a little before where it differs from the other. */
function difference(text = "none", other = ""): string {
  let at = 0;
  while (at < text.length && text[at] === other[at]) at++;
  const start = Math.max(0, at - 20);
  return `${start > 0 ? "…" : ""}${text.slice(start, start + 80)}`;
}
