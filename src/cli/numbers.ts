/** Numbers on the command line. */
import { InvalidInputError } from "../core/index.js";

/** A number, or undefined for no flag. */
export function number(operation: string, flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isNaN(value))
    throw new InvalidInputError({ operation, expected: `${flag} as a number`, got: `"${text}"` });
  return value;
}

/** A number that must be given. */
export function requiredNumber(operation: string, flag: string, text: string | undefined): number {
  const value = number(operation, flag, text);
  if (value === undefined) throw new InvalidInputError({ operation, expected: `${flag} N`, got: "none" });
  return value;
}
