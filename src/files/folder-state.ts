/** @file What a folder of output says of itself: a JSON file with the request that it was made for. */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { FormatError } from "../core/index.js";

/** Names below a folder; none of one that is not there. */
export async function folderEntries(folder: string, options: { recursive?: boolean } = {}): Promise<string[]> {
  return readdir(folder, options).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
}

/** Removes the temporaries of files (see `writeFilesAtomic`) that a killed run was writing. */
export async function removeTemporaries(folder: string): Promise<void> {
  for (const name of await folderEntries(folder, { recursive: true })) {
    if (/(^|[\\/])\.recoup-[0-9a-f-]{36}\.tmp$/.test(name)) await rm(join(folder, name), { force: true });
  }
}

/** @throws FormatError for a file that is no JSON. */
export async function readFolderState(operation: string, path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    const got = cause instanceof SyntaxError ? cause.message : String(cause);
    throw new FormatError({ operation, expected: `JSON in ${path}`, got, cause });
  }
}
