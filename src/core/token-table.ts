/**
 * The table every method decides on: one row per source token, one column per signal. The only way to subset it is
 * `take`, which subsets all columns together, so that a signal can never be read at another token's row.
 */
import { type Matrix, takeRows } from "../math/index.js";
import { InvalidInputError, MissingSignalError } from "./errors.js";
import { assertGrids, type TokenGrid } from "./token-grid.js";
import { assertRows } from "./visual-tokens.js";

/** A column that a method may ask for. `grid` is the position of the tokens in the picture. */
export type Signal = "features" | "keys" | "clsAttention" | "textSimilarity" | "wordSimilarity" | "grid";

/** One row per token. Made by `createTokenTable`, which checks it; frozen by convention. */
export interface TokenTable {
  /** Number of rows, N. */
  readonly count: number;
  /** Source ids of the rows, ascending, `[N]`; an id is the token's raster index in the encoder's output. */
  readonly source: Uint32Array;
  /** Number of tokens of the encoder's output; ids are below it. Equals `count` for a whole table. */
  readonly sourceCount: number;
  /** Visual features before the projector, `[N, C]`; absent only in a table reduced by `onlySignals`. */
  readonly features?: Matrix;
  /** Keys of the vision tower's last attention layer, without the CLS row, `[N, Ck]`. */
  readonly keys?: Matrix;
  /** Attention of the class token to each token, `[N]`, never negative. */
  readonly clsAttention?: Float32Array;
  /** Similarity of each token to the question, `[N]`; a cosine unless a method's option says otherwise. */
  readonly textSimilarity?: Float32Array;
  /** Cosine of each token (row) with each word of the question (column), `[N, M]`. */
  readonly wordSimilarity?: Matrix;
  /** Where the source tokens lie; the grids cover all `sourceCount` ids. */
  readonly grids?: readonly TokenGrid[];
  /**
   * Sign of both similarities, a property of the model: 1 if tokens that show what the text names score high, -1 if they score
   * low, as in many published CLIP towers. Every method that reads a similarity reads it with this sign.
   */
  readonly textPolarity: 1 | -1;
}

/** The columns of a whole table, N rows each. */
export interface TokenTableColumns {
  readonly features: Matrix;
  readonly keys?: Matrix;
  readonly clsAttention?: Float32Array;
  readonly textSimilarity?: Float32Array;
  readonly wordSimilarity?: Matrix;
  readonly grids?: readonly TokenGrid[];
  /** Default 1, the plain meaning of a similarity: high is relevant. Measure it for a CLIP tower, where it may be -1. */
  readonly textPolarity?: 1 | -1;
}

/**
 * Checks the columns once (at least one token, shapes, finite values, attention not negative) and makes the table of all
 * N tokens. No copy is made: the table reads the caller's arrays.
 *
 * @throws InvalidInputError naming the column, what was expected and what came.
 */
export function createTokenTable(columns: TokenTableColumns): TokenTable {
  const operation = "createTokenTable";
  const { features, keys, clsAttention, textSimilarity, wordSimilarity, grids, textPolarity = 1 } = columns;
  const count = features.count;
  if (count === 0)
    throw new InvalidInputError({ operation, expected: "at least one token", got: "features of 0 rows" });
  for (const [name, matrix] of Object.entries({ features, keys, wordSimilarity })) {
    if (matrix !== undefined) assertMatrix(operation, name, matrix, count);
  }
  for (const [name, scores] of Object.entries({ clsAttention, textSimilarity })) {
    if (scores !== undefined) assertScores(operation, name, scores, count);
  }
  if (clsAttention?.some((value) => value < 0)) {
    const row = clsAttention.findIndex((value) => value < 0);
    throw new InvalidInputError({
      operation,
      expected: "clsAttention of at least 0 (softmax output, not logits)",
      got: `${clsAttention[row]} at row ${row}`,
    });
  }
  if (grids !== undefined) assertGrids(operation, grids, count);
  if (textPolarity !== 1 && textPolarity !== -1) {
    throw new InvalidInputError({ operation, expected: "textPolarity 1 or -1", got: String(textPolarity) });
  }
  return {
    count,
    source: Uint32Array.from({ length: count }, (_, id) => id),
    sourceCount: count,
    features,
    keys,
    clsAttention,
    textSimilarity,
    wordSimilarity,
    grids,
    textPolarity,
  };
}

/** The given rows (positions in `table`, ascending) as a table of their own: every column and `source` together. */
export function take<T extends TokenTable>(table: T, rows: ArrayLike<number>): T {
  for (let i = 0; i < rows.length; i++) {
    if (!(rows[i] >= 0 && rows[i] < table.count) || (i > 0 && rows[i] <= rows[i - 1])) {
      throw new InvalidInputError({
        operation: "take",
        expected: `ascending rows below ${table.count}`,
        got: `${rows[i]} at position ${i}`,
      });
    }
  }
  return {
    count: rows.length,
    source: pick(table.source, rows, new Uint32Array(rows.length)),
    sourceCount: table.sourceCount,
    features: table.features && takeRows(table.features, rows),
    keys: table.keys && takeRows(table.keys, rows),
    clsAttention: table.clsAttention && pick(table.clsAttention, rows, new Float32Array(rows.length)),
    textSimilarity: table.textSimilarity && pick(table.textSimilarity, rows, new Float32Array(rows.length)),
    wordSimilarity: table.wordSimilarity && takeRows(table.wordSimilarity, rows),
    grids: table.grids,
    textPolarity: table.textPolarity,
  } as T;
}

/** The same rows with the named signals only: taking rows of it copies no more than these. */
export function onlySignals<S extends Signal>(table: TableWith<S>, signals: readonly S[]): TableWith<S> {
  const has = (signal: Signal) => (signals as readonly Signal[]).includes(signal);
  const { count, source, sourceCount, textPolarity } = table;
  return {
    count,
    source,
    sourceCount,
    features: has("features") ? table.features : undefined,
    keys: has("keys") ? table.keys : undefined,
    clsAttention: has("clsAttention") ? table.clsAttention : undefined,
    textSimilarity: has("textSimilarity") ? table.textSimilarity : undefined,
    wordSimilarity: has("wordSimilarity") ? table.wordSimilarity : undefined,
    grids: has("grid") ? table.grids : undefined,
    textPolarity,
  } as TableWith<S>;
}

function pick<A extends Uint32Array | Float32Array>(column: A, rows: ArrayLike<number>, out: A): A {
  for (let i = 0; i < rows.length; i++) out[i] = column[rows[i]];
  return out;
}

/** The signals that the table carries. */
export function signalsOf(table: TokenTable): Signal[] {
  const present: Record<Signal, unknown> = {
    features: table.features,
    keys: table.keys,
    clsAttention: table.clsAttention,
    textSimilarity: table.textSimilarity,
    wordSimilarity: table.wordSimilarity,
    grid: table.grids,
  };
  return (Object.keys(present) as Signal[]).filter((signal) => present[signal] !== undefined);
}

/** A table whose named signals are known to be there. */
export type TableWith<S extends Signal> = TokenTable & {
  readonly [P in Exclude<S, "grid">]-?: NonNullable<TokenTable[P]>;
} & ("grid" extends S ? { readonly grids: readonly TokenGrid[] } : unknown);

/** Narrows the table to the signals a method needs. @throws MissingSignalError naming method and signal. */
export function requireSignals<S extends Signal>(
  method: string,
  table: TokenTable,
  needs: readonly S[],
): asserts table is TableWith<S> {
  const present = signalsOf(table);
  const missing = needs.filter((signal) => !present.includes(signal));
  if (missing.length > 0) {
    throw new MissingSignalError({
      operation: method,
      expected: `a table with ${needs.join(", ")}`,
      got: `${present.join(", ")}; missing: ${missing.join(", ")}`,
    });
  }
}

function assertMatrix(operation: string, name: string, matrix: Matrix, count: number): void {
  assertRows(operation, name, matrix);
  if (!(matrix.data instanceof Float32Array)) {
    throw new InvalidInputError({ operation, expected: `${name}.data as Float32Array`, got: "Uint16Array" });
  }
  if (matrix.count !== count) {
    throw new InvalidInputError({ operation, expected: `${count} rows of ${name}`, got: `${matrix.count}` });
  }
  assertFinite(operation, name, matrix.data, matrix.dim);
}

function assertScores(operation: string, name: string, scores: Float32Array, count: number): void {
  if (!(scores instanceof Float32Array) || scores.length !== count) {
    throw new InvalidInputError({
      operation,
      expected: `${name} as Float32Array of ${count} values`,
      got: scores instanceof Float32Array ? `${scores.length} values` : typeof scores,
    });
  }
  assertFinite(operation, name, scores, 1);
}

/** Throws at the first NaN or infinity. x * 0 is 0 for a finite x and NaN otherwise: one pass without a branch. */
export function assertFinite(operation: string, name: string, values: Float32Array, dim: number): void {
  let zero0 = 0;
  let zero1 = 0;
  let zero2 = 0;
  let zero3 = 0;
  const whole = values.length - (values.length % 4);
  for (let i = 0; i < whole; i += 4) {
    zero0 += values[i] * 0;
    zero1 += values[i + 1] * 0;
    zero2 += values[i + 2] * 0;
    zero3 += values[i + 3] * 0;
  }
  for (let i = whole; i < values.length; i++) zero0 += values[i] * 0;
  if (zero0 + zero1 + zero2 + zero3 === 0) return;
  const at = values.findIndex((value) => !Number.isFinite(value));
  throw new InvalidInputError({
    operation,
    expected: `finite ${name}`,
    got: `${values[at]} at row ${Math.floor(at / dim)}, column ${at % dim}`,
  });
}
