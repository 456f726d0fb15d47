/** @file Errors of files: what the file system refuses, and what is no regular file. */
import type { Stats } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { InvalidInputError, refusalFor, shape } from "../core/index.js";

/** What the system's codes mean; a full disk is said in `got`. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "no permission",
  EPERM: "not permitted",
  EROFS: "a disk that is only for reading",
  EISDIR: "a folder, not a file",
  ENOTDIR: "a file in the place of a folder",
  ELOOP: "links in a circle",
  ENAMETOOLONG: "a name that is too long",
  EMFILE: "too many open files",
  EFBIG: "a file that may not grow any more",
};

/**
 * Runs work on files; what the file system refuses becomes an error that says in words why, and what was expected, with the system's
 * code.
 */
export async function withFileErrors<T>(operation: string, expected: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (syscall === undefined) throw cause;
    const full = code === "ENOSPC" || code === "EDQUOT";
    const got = full ? `a full disk (${code})` : (code ?? String(cause));
    throw new InvalidInputError({ operation, problem: WORDS[code ?? ""], expected, got, cause });
  }
}

/** Of options of reading and writing. */
export const ABORT_SIGNAL = shape.optional(shape.instance(AbortSignal));

/**
 * A path as a caller gave it.
 *
 * @param operation names the caller in errors.
 * @throws InvalidInputError for what is no text, an empty one, one with a zero byte.
 */
export function checkedPath(operation: string, path: unknown): string {
  if (typeof path === "string" && path !== "" && !path.includes("\0")) return path;
  const got = typeof path !== "string" ? shape.brief(path) : path === "" ? "an empty text" : "one with a zero byte";
  throw refusalFor(operation)("a path", got);
}

/**
 * Asks for kind and size of a file before it is opened, as opening a pipe would wait for its writer.
 *
 * @throws InvalidInputError for a folder, a device or a pipe; what the system throws where there is nothing.
 */
export async function statFile(operation: string, path: string): Promise<Stats> {
  const info = await stat(path);
  if (!info.isFile()) throw refusalFor(operation)(`a file at ${path}`, kindOf(info));
  return info;
}

/** Text of a file, without the byte order mark that some editors put before it. @throws what the system throws. */
export async function readText(path: string): Promise<string> {
  return (await readFile(path, "utf8")).replace(/^\ufeff/, "");
}

/**
 * Text of a regular file; undefined where there is none.
 *
 * @param most bytes that it may have, for a file that others have made.
 * @throws InvalidInputError for a longer one; as `statFile`, and what the system throws.
 */
export async function readTextIfThere(
  operation: string,
  path: string,
  most = Number.POSITIVE_INFINITY,
): Promise<string | undefined> {
  try {
    const { size } = await statFile(operation, path);
    if (size > most) throw refusalFor(operation)(`at most ${most} bytes in ${path}`, size);
    return await readText(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
  }
}

/** Words for what is no regular file. */
export function kindOf(info: Pick<Stats, "isDirectory">): string {
  return info.isDirectory() ? "a folder" : "a device or pipe";
}
