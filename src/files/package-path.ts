/** @file Files that come with the package: the bundled model, the example image. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The package by its own name, wherever this module lies after bundling. */
const PACKAGE = dirname(createRequire(import.meta.url).resolve("recoup/package.json"));

/** Path of a file or folder of this package. */
export function packagePath(...parts: string[]): string {
  return join(PACKAGE, ...parts);
}
