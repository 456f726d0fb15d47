/** @file Errors of the graph tools. */
import { type ErrorCode, type ErrorFacts, RecoupError } from "../../core/index.js";

/** Characters of a phrase in a message at most: names in a file may be as long as the file. */
const MAX_WORDS = 600;

function bounded<T extends string | undefined>(words: T): T {
  return words === undefined || words.length <= MAX_WORDS ? words : (`${words.slice(0, MAX_WORDS)}…` as T);
}

/** Base of the graph tools' errors; each phrase of the message has 600 characters at most. */
export class OnnxError extends RecoupError {
  override readonly code: Extract<ErrorCode, `ONNX${string}`> = "ONNX";

  constructor({ expected, got, problem, ...facts }: ErrorFacts) {
    super({ ...facts, expected: bounded(expected), got: bounded(got), problem: bounded(problem) } as ErrorFacts);
  }
}

/**
 * Bytes that do not follow the format. Examples: cut short, a wrong wire type, a length beyond the end, a tensor without a maker.
 */
export class OnnxFormatError extends OnnxError {
  override readonly code = "ONNX_FORMAT";
}

/** An argument that does not fit: a name that the graph lacks, an output name that is taken. */
export class OnnxInputError extends OnnxError {
  override readonly code = "ONNX_INPUT";
}

/** A graph of a kind that is not supported. Names the node, where there is one, and the reason. */
export class OnnxUnsupportedError extends OnnxError {
  override readonly code = "ONNX_UNSUPPORTED";
  /** Name or first output of the node that is in the way. */
  readonly node?: string;

  constructor(facts: ErrorFacts & { node?: string }) {
    super(facts);
    this.node = facts.node;
  }
}
