/** @file Errors of files: what the file system refuses, and what is no regular file. */
import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { InvalidInputError, refusalFor } from "../core/index.js";

/** Runs work on files; what the file system refuses becomes an error that says what was expected, with the system's code. */
export async function withFileErrors<T>(operation: string, expected: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (syscall === undefined) throw cause;
    const full = code === "ENOSPC" || code === "EDQUOT";
    const got = full ? `a full disk (${code})` : (code ?? String(cause));
    throw new InvalidInputError({ operation, expected, got, cause });
  }
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

/** Words for what is no regular file. */
export function kindOf(info: Pick<Stats, "isDirectory">): string {
  return info.isDirectory() ? "a folder" : "a device or pipe";
}
