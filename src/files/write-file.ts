/** @file Files that appear whole or not at all: a temporary beside the target, brought to the disk, then renamed over it. */
import { randomUUID } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { optionsOf, refusalFor, shape } from "../core/index.js";
import { ABORT_SIGNAL, checkedPath, kindOf, withFileErrors } from "./file-errors.js";
import { makeFolder } from "./make-folder.js";

const OPERATION = "writeFilesAtomic";
const refuse = refusalFor(OPERATION);

/** Content of a file: whole, in pieces, or written by position. */
export type FileContent = string | Uint8Array | AsyncIterable<Uint8Array> | ((writeAt: WriteAt) => Promise<void>);

/** Puts bytes at a place of the file that is being made. They may be changed once it has answered. */
export type WriteAt = (bytes: Uint8Array, position: number) => Promise<void>;

/** One output. */
export interface OutputFile {
  readonly path: string;
  /** Text is written as UTF-8; of long content the pieces, one after another, or in any order by a function. */
  readonly data: FileContent;
}

/** Options of `writeFileAtomic`. */
export interface WriteFileOptions {
  /** Files that must stay: an output that is one of them, also by another path, file: address or link, is refused. */
  readonly inputs?: readonly string[];
  /** Stops before anything is renamed. */
  readonly signal?: AbortSignal;
  /**
   * Whether to wait until the disk has the content before the rename, so that the file is whole even if the power fails then.
   * Default: true. Without it the system writes in its own time, as after `cp`.
   */
  readonly flush?: boolean;
  /** Whether to make the folders that the files need. They stay when anything fails after that. Default: false. */
  readonly folders?: boolean;
}

const PATHS = shape.list(shape.text);
const OPTION_SHAPES = {
  inputs: shape.optional(PATHS),
  signal: ABORT_SIGNAL,
  flush: shape.optional(shape.flag),
  folders: shape.optional(shape.flag),
};

const isContent = (data: unknown) =>
  typeof data === "string" || typeof data === "function" || Symbol.asyncIterator in Object(data);
const CONTENT = shape.value<FileContent>("text, bytes, pieces or a function", isContent);
const FILES = shape.list(shape.object({ path: shape.text, data: shape.either(shape.instance(Uint8Array), CONTENT) }));

/** `writeFilesAtomic` for one file. */
export async function writeFileAtomic(path: string, data: FileContent, options?: WriteFileOptions): Promise<void> {
  await writeFilesAtomic([{ path, data }], options);
}

/**
 * Writes all files, or none when anything fails before the last step: every content goes to a temporary in its target's
 * folder and, unless `flush` is false, to the disk, and only when all are there are they renamed over their targets. Each
 * target is at all times the whole old or the whole new file. Should a rename itself fail, those before it stand. A link to a file is followed;
 * the file that is replaced gives its permissions to the new one.
 *
 * @throws InvalidInputError when an output is an input, two outputs are one file, a target is no regular file, its folder
 *   is missing (but with `folders`) or cannot be written, or the disk is full. No temporary is left.
 */
export async function writeFilesAtomic(files: readonly OutputFile[], options?: WriteFileOptions): Promise<void> {
  const { inputs = [], signal, flush = true, folders = false } = optionsOf(OPERATION, options, OPTION_SHAPES);
  shape.shaped(files, FILES, refuse);
  const paths = files.map(({ path }) => path);
  if (folders) await makeFolders(paths);
  const targets = await resolveTargets(paths, inputs);
  const temporaries = targets.map(({ path }) => join(dirname(path), `.recoup-${randomUUID()}.tmp`));
  try {
    for (const [i, { path, data }] of files.entries()) {
      signal?.throwIfAborted();
      await guarded(path, () => writeTemporary(temporaries[i], data, { mode: targets[i].mode, signal, flush }));
    }
    signal?.throwIfAborted();
    for (const [i, { path }] of files.entries()) {
      await guarded(path, () => rename(temporaries[i], targets[i].path));
    }
  } finally {
    await Promise.all(temporaries.map((temporary) => rm(temporary, { force: true })));
  }
}

/**
 * The checks of `writeFilesAtomic` that need no content, for asking before a long computation.
 *
 * @throws InvalidInputError as `writeFilesAtomic` does, except for what only writing shows (permissions, a full disk).
 */
export async function assertOutputs(
  paths: readonly string[],
  options?: Pick<WriteFileOptions, "inputs">,
): Promise<void> {
  const { inputs = [] } = optionsOf("assertOutputs", options, OPTION_SHAPES);
  shape.shaped(paths, PATHS, refusalFor("assertOutputs"));
  await resolveTargets(paths, inputs);
}

async function makeFolders(paths: readonly string[]): Promise<void> {
  for (const folder of new Set(paths.map((path) => dirname(checkedPath(OPERATION, path))))) {
    await makeFolder(OPERATION, `a folder ${folder} that can be made`, folder);
  }
}

interface Target {
  /** Where the file lies, links resolved. */
  readonly path: string;
  /** Permissions of the file that is replaced. */
  readonly mode?: number;
  /** The same for all names of the file that is replaced. */
  readonly identity?: string;
}

async function resolveTargets(paths: readonly string[], inputs: readonly string[]): Promise<Target[]> {
  const kept = new Set(await Promise.all(inputs.map(inputIdentity)));
  const seen = new Set<string>();
  const targets: Target[] = [];
  for (const path of paths) {
    const target = await guarded(path, () => resolveTarget(path));
    const isInput = target.identity !== undefined && kept.has(target.identity);
    if (isInput) throw refuse(`an output other than the input ${path}`, "the same file");
    if (seen.has(target.path)) throw refuse("outputs that are different files", `${path} twice`);
    seen.add(target.path);
    targets.push(target);
  }
  return targets;
}

async function resolveTarget(path: string): Promise<Target> {
  checkedPath(OPERATION, path);
  const info = await stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  if (info === undefined) return { path: join(await realpath(dirname(path)), basename(path)) };
  if (!info.isFile()) throw refuse(`a file as output ${path}`, kindOf(info));
  return { path: await realpath(path), mode: Number(info.mode) & 0o777, identity: identityOf(info) };
}

/** Undefined for an input that is not there: it cannot be overwritten, and reading it fails elsewhere. */
async function inputIdentity(input: string): Promise<string | undefined> {
  try {
    const path = /^file:/i.test(input) ? fileURLToPath(input) : input;
    return identityOf(await stat(path, { bigint: true }));
  } catch {
    return undefined;
  }
}

/** Device and number of a file: hard links and names that differ in case only have them in common. */
function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

async function writeTemporary(
  temporary: string,
  data: FileContent,
  { mode, signal, flush }: Pick<Target, "mode"> & Pick<WriteFileOptions, "signal" | "flush">,
): Promise<void> {
  // wx: never an existing file or link.
  const handle = await open(temporary, "wx");
  try {
    if (mode !== undefined) await handle.chmod(mode);
    const writeAt: WriteAt = (bytes, position) => {
      signal?.throwIfAborted();
      return writeAll(handle, bytes, position);
    };
    if (typeof data === "string" || data instanceof Uint8Array) await handle.writeFile(data, { signal });
    else if (typeof data === "function") await data(writeAt);
    else {
      let position = 0;
      for await (const chunk of data) {
        await writeAt(chunk, position);
        position += chunk.length;
      }
    }
    if (flush) await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Bytes written in one call. More at a time are no faster, and up to eight times slower where the system first has to find long runs
 * of free memory for them (Linux 6.18 on a virtual machine that was idle: 325 MiB in 0.2 s, by 512 KiB and more in up to 1.2 s).
 */
const MAX_WRITE = 2 ** 18;

/** Writes a chunk whole; the system may take less at a time than it is given. */
async function writeAll(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  if (!(chunk instanceof Uint8Array)) throw refuse("pieces as Uint8Array", chunk);
  for (let done = 0; done < chunk.length; ) {
    const length = Math.min(MAX_WRITE, chunk.length - done);
    const { bytesWritten } = await handle.write(chunk, done, length, position + done);
    done += bytesWritten;
  }
}

/** Refusals of the file system name the output as the caller does. */
function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  return withFileErrors(OPERATION, `output ${path} in an existing, writable folder`, work);
}
