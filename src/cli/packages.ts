/** @file Optional packages, looked for before any work: a command names all that it lacks in one line. */
import { createRequire } from "node:module";
import { extname } from "node:path";
import { InvalidInputError } from "../core/index.js";
import { MissingPackageError, PNG_PACKAGES } from "../files/index.js";

const { resolve } = createRequire(import.meta.url);

/** The packages among some that are not installed. */
export function missingPackages(names: readonly string[]): string[] {
  return names.filter((name) => !isInstalled(name));
}

function isInstalled(name: string): boolean {
  try {
    resolve(`${name}/package.json`);
    return true;
  } catch (error) {
    // A package may keep its package.json to itself, and is there all the same.
    return (error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND";
  }
}

/** `npm install a b`. */
export function installLine(names: readonly string[]): string {
  return `npm install ${names.join(" ")}`;
}

/** @throws MissingPackageError whose line installs all packages that are missing. */
export function assertPackages(operation: string, names: readonly string[]): void {
  const missing = missingPackages(names);
  if (missing.length > 0) throw new MissingPackageError(operation, missing[0], missing);
}

/** @throws InvalidInputError for a PNG file without the packages that draw it; an SVG needs none. */
export function assertDrawable(operation: string, path: string): void {
  if (extname(path).toLowerCase() !== ".png" || missingPackages(PNG_PACKAGES).length === 0) return;
  const svg = path.replace(/\.png$/i, ".svg");
  const problem = `a PNG needs packages that are not installed: ${installLine(PNG_PACKAGES)}; ${svg} needs none`;
  throw new InvalidInputError({ operation, problem });
}
