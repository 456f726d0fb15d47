/**
 * @file Errors of the graph tools. They carry the mark by which `RecoupError.isInstance` knows recoup's own errors; this folder
 * imports nothing, so it cannot extend that class.
 */

const MARKER = Symbol.for("recoup.error");

export interface OnnxErrorFacts {
  /** What refused: `openOnnx`, `locate`, `extract`. */
  readonly operation: string;
  readonly expected: string;
  readonly got: string;
  readonly cause?: unknown;
}

/** Characters of a message's half at most: names in a file may be as long as the file. */
const MAX_WORDS = 600;

function bounded(words: string): string {
  return words.length <= MAX_WORDS ? words : `${words.slice(0, MAX_WORDS)}…`;
}

/** Base of the graph tools' errors. The message reads `operation: expected …, got …`. */
export class OnnxError extends Error {
  readonly operation: string;
  readonly expected: string;
  readonly got: string;

  constructor({ operation, cause, ...words }: OnnxErrorFacts) {
    const [expected, got] = [bounded(words.expected), bounded(words.got)];
    super(`${operation}: expected ${expected}, got ${got}`, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.operation = operation;
    this.expected = expected;
    this.got = got;
    Object.defineProperty(this, MARKER, { value: true });
  }
}

/** Bytes that do not follow the format: cut short, a wrong wire type, a length beyond the end, a tensor that nothing makes. */
export class OnnxFormatError extends OnnxError {}

/** An argument that does not fit: a name that the graph lacks, an output name that is taken. */
export class OnnxInputError extends OnnxError {}

/** A graph of a kind that is not served. Names the node, where there is one, and the reason. */
export class OnnxUnsupportedError extends OnnxError {
  /** Name or first output of the node that is in the way. */
  readonly node?: string;

  constructor(facts: OnnxErrorFacts & { node?: string }) {
    super(facts);
    this.node = facts.node;
  }
}
