/** @file Files that come with the package, and those of the package of data beside it: the example image, the bundled model. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { MissingPackageError } from "./optional-package.js";

const { resolve } = createRequire(import.meta.url);

/** Path of a file or folder of this package, found by its own name, wherever this module lies after bundling. */
export function packagePath(...parts: string[]): string {
  return join(dirname(resolve("recoup/package.json")), ...parts);
}

/**
 * Path of a file or folder of `recoup-tiny`, the package that holds the bundled model.
 *
 * @throws MissingPackageError unless it is installed.
 */
export function tinyPath(operation: string, ...parts: string[]): string {
  const name = "recoup-tiny";
  try {
    return join(dirname(resolve(`${name}/package.json`)), ...parts);
  } catch (cause) {
    throw new MissingPackageError(operation, name, [name], cause);
  }
}
