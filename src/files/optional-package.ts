/** @file Packages that recoup needs for some of its functions only. */
import { RecoupError } from "../core/index.js";
import { brokenPackage } from "./broken-package.js";

/** An optional package is missing, or does not load (see `cause`); the message says what to do. */
export class MissingPackageError extends RecoupError {
  override readonly code = "MISSING_PACKAGE";
  /** Name of the package. */
  readonly package: string;
  /** The command that installs it; of a package that is there and broken, what comes before that. */
  readonly remedy: string;

  constructor(operation: string, name: string, needed: readonly string[], cause?: unknown) {
    const install = `npm install ${needed.join(" ")}`;
    const broken = cause === undefined ? undefined : brokenPackage(name, cause);
    const remedy = broken === undefined ? install : `remove node_modules/${broken.name}, then ${install}`;
    const expected = `the package ${name} (${broken === undefined ? `install it with: ${install}` : remedy})`;
    const got = broken === undefined ? "none that loads" : `one that does not load: ${broken.problem}`;
    super({ operation, expected, got, cause });
    this.package = name;
    this.remedy = remedy;
  }
}

/** What is asked of an optional package. */
export interface PackageNeeds {
  /** All packages to install, where more than this one are needed. */
  readonly needed?: readonly string[];
  /** Names of functions and classes that it has to have: another package may lie in its place. */
  readonly exports?: readonly string[];
}

/**
 * Waits for the import of an optional package: `await optionalPackage("readImage", "sharp", import("sharp"))`.
 *
 * @throws MissingPackageError when it is missing, does not load, or has other exports.
 */
export async function optionalPackage<T>(
  operation: string,
  name: string,
  loading: Promise<T>,
  { needed = [name], exports = [] }: PackageNeeds = {},
): Promise<T> {
  const loaded = await loading.catch((cause) => {
    throw new MissingPackageError(operation, name, needed, cause);
  });
  const lacking = exports.find((part) => typeof (loaded as Readonly<Record<string, unknown>>)[part] !== "function");
  if (lacking === undefined) return loaded;
  throw new MissingPackageError(operation, name, needed, { message: `it has no function ${lacking}` });
}
