import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { withFileErrors } from "./file-errors.js";

/**
 * Makes a folder with those above it; one that is there is left as it is. Step by step, since Node's `recursive` never ends where the
 * system says of a folder in an existing one that there is no such file (below /proc).
 *
 * @param expected for the error: `a folder out that can be written`.
 * @throws InvalidInputError for what the file system refuses.
 */
export function makeFolder(operation: string, expected: string, path: string): Promise<void> {
  return withFileErrors(operation, expected, () => make(resolve(path)));
}

async function make(path: string): Promise<void> {
  if (await isFolder(path)) return;
  if (dirname(path) !== path) await make(dirname(path));
  try {
    await mkdir(path);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!(await isFolder(path))) throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return false;
    throw error;
  }
}
