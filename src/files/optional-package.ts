import { RecoupError } from "../core/index.js";

/** An optional package is missing, or does not load (see `cause`); the message has the command that installs it. */
export class MissingPackageError extends RecoupError {
  /** Name of the package. */
  readonly package: string;

  constructor({
    operation,
    name,
    install,
    cause,
  }: { operation: string; name: string; install: string; cause?: unknown }) {
    super({ operation, expected: `the package ${name} (install it with: ${install})`, got: "none that loads", cause });
    this.package = name;
  }
}
