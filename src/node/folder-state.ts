/** @file What a folder of output says of itself: a JSON file with the request that it was made for. */
import { readdir, readFile } from "node:fs/promises";
import { FormatError } from "../core/index.js";

/** Names in a folder; none of one that is not there. */
export async function folderEntries(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
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
