import { InvalidInputError } from "../core/index.js";

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
