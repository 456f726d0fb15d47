/** @file Packages that recoup needs for some of its functions only. */
import { RecoupError } from "../core/index.js";

/** An optional package is missing, or does not load (see `cause`); the message has the command that installs it. */
export class MissingPackageError extends RecoupError {
  /** Name of the package. */
  readonly package: string;

  constructor(operation: string, name: string, needed: readonly string[], cause?: unknown) {
    const expected = `the package ${name} (install it with: npm install ${needed.join(" ")})`;
    super({ operation, expected, got: "none that loads", cause });
    this.package = name;
  }
}

/**
 * Waits for the import of an optional package: `await optionalPackage("readImage", "sharp", import("sharp"))`.
 *
 * @param needed all packages to install, where more than this one are needed.
 * @throws MissingPackageError when it is missing or does not load.
 */
export async function optionalPackage<T>(
  operation: string,
  name: string,
  loading: Promise<T>,
  needed: readonly string[] = [name],
): Promise<T> {
  return loading.catch((cause) => {
    throw new MissingPackageError(operation, name, needed, cause);
  });
}
