/**
 * @file The table that every method decides on: one row per source token, one column per signal. The only way to subset it is
 * `take`, which subsets all columns together, so that a signal can never be read at another token's row.
 */
import { type Matrix, takeRows } from "../math/index.js";
import { attempt } from "./brief.js";
import { MissingSignalError, refusalFor } from "./errors.js";
import { count, fits, instance, isArrayLike, isRecord, object, oneOf } from "./shape.js";
import { assertGrids, type TokenGrid } from "./token-grid.js";
import { assertFinite, assertRows, assertVector } from "./visual-tokens.js";

/** All signals, in the order of a table's columns. */
export const SIGNALS = ["features", "keys", "clsAttention", "textSimilarity", "wordSimilarity", "grid"] as const;

/** A column that a method may ask for. `grid` is the position of the tokens in the image. */
export type Signal = (typeof SIGNALS)[number];

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
export interface TokenTableColumns
  extends Pick<TokenTable, "keys" | "clsAttention" | "textSimilarity" | "wordSimilarity" | "grids"> {
  readonly features: Matrix;
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
  const refuse = refusalFor(operation);
  const own = isRecord(columns) && attempt(() => ({ ...columns }), undefined);
  if (!own) throw refuse("columns as { features, … }", columns);
  const { features, keys, clsAttention, textSimilarity, wordSimilarity, grids, textPolarity = 1 } = own;
  assertRows(operation, "features", features);
  const { count } = features;
  if (count === 0) throw refuse("at least one token", "features of 0 rows");
  const given = { features, keys, clsAttention, textSimilarity, wordSimilarity, grids };
  assertColumns(operation, given, count, count);
  for (const [name, matrix] of Object.entries({ features, keys, wordSimilarity })) {
    if (matrix !== undefined) assertFinite(operation, name, matrix.data, matrix.dim);
  }
  for (const [name, scores] of Object.entries({ clsAttention, textSimilarity })) {
    if (scores !== undefined) assertFinite(operation, name, scores, 1);
  }
  const negative = clsAttention?.findIndex((value) => value < 0) ?? -1;
  if (clsAttention !== undefined && negative >= 0) {
    const got = `${clsAttention[negative]} at row ${negative}`;
    throw refuse("clsAttention of at least 0 (softmax output, not logits)", got);
  }
  if (textPolarity !== 1 && textPolarity !== -1) throw refuse("textPolarity 1 or -1", textPolarity);
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
  assertTable("take", table);
  if (!isArrayLike(rows)) throw refusalFor("take")("a list of rows", rows);
  for (let i = 0; i < rows.length; i++) {
    if (!(rows[i] >= 0 && rows[i] < table.count) || (i > 0 && rows[i] <= rows[i - 1])) {
      throw refusalFor("take")(`ascending rows below ${table.count}`, `${rows[i]} at position ${i}`);
    }
  }
  return {
    ...table,
    count: rows.length,
    source: pick(table.source, rows, new Uint32Array(rows.length)),
    features: table.features && takeRows(table.features, rows),
    keys: table.keys && takeRows(table.keys, rows),
    clsAttention: table.clsAttention && pick(table.clsAttention, rows, new Float32Array(rows.length)),
    textSimilarity: table.textSimilarity && pick(table.textSimilarity, rows, new Float32Array(rows.length)),
    wordSimilarity: table.wordSimilarity && takeRows(table.wordSimilarity, rows),
  };
}

/** The same rows with the named signals only: taking rows of it copies no more than these. */
export function onlySignals<S extends Signal>(table: TableWith<S>, signals: readonly S[]): TableWith<S> {
  assertTable("onlySignals", table);
  if (!Array.isArray(signals)) throw refusalFor("onlySignals")("a list of signals", signals);
  const others = SIGNALS.filter((signal) => !(signals as readonly Signal[]).includes(signal));
  return { ...table, ...Object.fromEntries(others.map((signal) => [columnOf(signal), undefined])) };
}

function pick<A extends Uint32Array | Float32Array>(column: A, rows: ArrayLike<number>, out: A): A {
  for (let i = 0; i < rows.length; i++) out[i] = column[rows[i]];
  return out;
}

/** The signals that the table carries. */
export function signalsOf(table: TokenTable): Signal[] {
  return SIGNALS.filter((signal) => table[columnOf(signal)] !== undefined);
}

function columnOf(signal: Signal) {
  return signal === "grid" ? "grids" : signal;
}

/** A table whose named signals are known to be there. */
export type TableWith<S extends Signal> = TokenTable & {
  readonly [P in Exclude<S, "grid">]-?: NonNullable<TokenTable[P]>;
} & ("grid" extends S ? { readonly grids: readonly TokenGrid[] } : unknown);

/** Narrows the table to the signals a method needs. @throws MissingSignalError naming method and signal; InvalidInputError for no table. */
export function requireSignals<S extends Signal>(
  method: string,
  table: TokenTable,
  needs: readonly S[],
): asserts table is TableWith<S> {
  assertTable(method, table);
  const present = signalsOf(table);
  const missing = needs.filter((signal) => !present.includes(signal));
  if (missing.length > 0) {
    const got = `${present.join(", ")}; missing: ${missing.join(", ")}`;
    throw refusalFor(method, MissingSignalError)(`a table with ${needs.join(", ")}`, got);
  }
}

/** Throws unless the value is as `createTokenTable` makes it; whether its numbers are finite is not looked at again. */
function assertTable(operation: string, table: TokenTable): void {
  const refuse = refusalFor(operation);
  const made = isRecord(table) && fits(table, MADE) && table.source.length === table.count;
  if (!made) throw refuse("a token table made by createTokenTable", isRecord(table) ? "another object" : table);
  assertColumns(operation, table, table.count, table.sourceCount);
}

const MADE = object({ source: instance(Uint32Array), count, sourceCount: count, textPolarity: oneOf(1, -1) });

/** Throws unless all columns have that many rows, and the grids as many cells as there are source tokens. */
function assertColumns(operation: string, table: Partial<TokenTable>, count: number, sourceCount: number): void {
  const { features, keys, wordSimilarity, clsAttention, textSimilarity, grids } = table;
  for (const [name, matrix] of Object.entries({ features, keys, wordSimilarity })) {
    if (matrix === undefined) continue;
    assertRows(operation, name, matrix);
    assertVector(operation, `${name}.data`, matrix.data);
    if (matrix.count !== count) throw refusalFor(operation)(`${count} rows of ${name}`, matrix.count);
  }
  for (const [name, scores] of Object.entries({ clsAttention, textSimilarity })) {
    if (scores !== undefined) assertVector(operation, name, scores, count);
  }
  if (grids !== undefined) assertGrids(operation, grids, sourceCount);
}
