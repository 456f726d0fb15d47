/**
 * @file Every error that recoup throws on purpose. One base class, so that a caller can tell recoup's refusals from bugs;
 * `isInstance` works across duplicate copies of the package, where `instanceof` does not.
 */
import { brief } from "./brief.js";

/**
 * What kind of error it is, for programs: stable, one per class, and the same from every copy of the package.
 *
 * | code | class | what is wrong |
 * |---|---|---|
 * | `INVALID_INPUT` | `InvalidInputError` | a value, shape, file or option that does not fit, an unknown method |
 * | `BUDGET` | `BudgetError` | a budget of none of the forms, or that cannot be met |
 * | `MISSING_SIGNAL` | `MissingSignalError` | the table or model lacks a signal that the method needs |
 * | `FORMAT` | `FormatError` | bytes or JSON that do not follow their format |
 * | `OFFICIAL_FAILURE` | `OfficialFailureError` | the released code raises here, and an official variant follows it |
 * | `MISSING_PACKAGE` | `MissingPackageError` (`recoup/node`) | an optional package is not installed |
 * | `ONNX` | `OnnxError` (`recoup/onnx`) | base of the three below, which are told apart by code |
 * | `ONNX_FORMAT` | an `OnnxError` | bytes that are no ONNX model |
 * | `ONNX_INPUT` | an `OnnxError` | an argument that does not fit the graph |
 * | `ONNX_UNSUPPORTED` | an `OnnxError` | a graph of a kind that is not supported |
 * | `FAILURE` | `RecoupError` itself | what recoup runs on failed (a model's generation): see `cause` |
 */
export type ErrorCode =
  | "INVALID_INPUT"
  | "BUDGET"
  | "MISSING_SIGNAL"
  | "FORMAT"
  | "OFFICIAL_FAILURE"
  | "MISSING_PACKAGE"
  | "ONNX"
  | "ONNX_FORMAT"
  | "ONNX_INPUT"
  | "ONNX_UNSUPPORTED"
  | "FAILURE";

const MARKER = Symbol.for("recoup.error");

/** Content of an error: who refused, and what was expected and what came, or the problem as a sentence, or both. */
export type ErrorFacts = {
  /** The operation that refused, as the caller knows it: `createTokenTable`, `applyPlan`, `recoverable`. */
  readonly operation: string;
  readonly cause?: unknown;
} & (
  | { readonly expected: string; readonly got: string; readonly problem?: string }
  | { readonly problem: string; readonly expected?: undefined; readonly got?: undefined }
);

/** Base of all recoup errors. The message reads `operation: problem: expected …, got …`; either part may be missing. */
export class RecoupError extends Error {
  /** Kind of error, for programs. */
  readonly code: ErrorCode = "FAILURE";
  readonly operation: string;
  /** Of a value that does not fit; undefined where the message is a sentence. */
  readonly expected?: string;
  readonly got?: string;

  constructor({ operation, expected, got, problem, cause }: ErrorFacts) {
    const value = expected === undefined ? undefined : `expected ${expected}, got ${got}`;
    const message = [operation, problem, value].filter((part) => part !== undefined).join(": ");
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.operation = operation;
    this.expected = expected;
    this.got = got;
    Object.defineProperty(this, MARKER, { value: true });
  }

  /** True for a recoup error of any copy of this package. */
  static isInstance(error: unknown): error is RecoupError {
    return typeof error === "object" && error !== null && MARKER in error;
  }
}

/** A value, shape or option that does not fit: wrong length, NaN, an id out of range, an unknown method. */
export class InvalidInputError extends RecoupError {
  override readonly code = "INVALID_INPUT";
}

/** A method needs a signal that the table does not carry. */
export class MissingSignalError extends RecoupError {
  override readonly code = "MISSING_SIGNAL";
}

/** A budget of none of the forms, or one that cannot be met: more rows than tokens, a dynamic one of a method that takes fixed ones. */
export class BudgetError extends RecoupError {
  override readonly code = "BUDGET";
}

/** Bytes or JSON that do not follow their format: safetensors, plan JSON. */
export class FormatError extends RecoupError {
  override readonly code = "FORMAT";
}

/** The released code raises here, and variant `official` or `official-alt` was asked to follow it. */
export class OfficialFailureError extends RecoupError {
  override readonly code = "OFFICIAL_FAILURE";
  /** The step of the released code that raises. */
  readonly stage: string;

  constructor(facts: ErrorFacts & { stage: string }) {
    super(facts);
    this.stage = facts.stage;
  }
}

/** The message of what was thrown, or what it is where it is no error: others throw null, and objects that cannot be read. */
export function messageOf(thrown: unknown): string {
  try {
    const { message } = Object(thrown) as { readonly message?: unknown };
    return typeof message === "string" ? message : brief(thrown);
  } catch {
    return brief(thrown);
  }
}

/**
 * Errors of one operation, in short: `const refuse = refusalFor("splice")`, then `throw refuse("3 rows", 2)`. A text is quoted
 * as it is, any other value briefly.
 *
 * @param type default: `InvalidInputError`.
 */
export function refusalFor<E extends RecoupError = InvalidInputError>(
  operation: string,
  type?: new (facts: ErrorFacts) => E,
): (expected: string, got: unknown, cause?: unknown) => E {
  const Type = type ?? (InvalidInputError as unknown as new (facts: ErrorFacts) => E);
  return (expected, got, cause) =>
    new Type({ operation, expected, got: typeof got === "string" ? got : brief(got), cause });
}
