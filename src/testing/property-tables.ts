/** @file Tables on which the properties of a method are checked. */
import { createTokenTable, type TokenTable } from "../core/index.js";
import { type Matrix, randomSource } from "../math/index.js";
import { type SyntheticTable, syntheticTable } from "./synthetic-table.js";

/** A table that a method is tried on, and its name in messages. */
export interface NamedTable {
  readonly name: string;
  readonly table: TokenTable;
}

const TABLES = [
  { rows: 12, columns: 12, dim: 16, seed: 1 },
  { rows: 13, columns: 7, dim: 5, seed: 2 },
  { rows: 5, columns: 6, dim: 8, seed: 3, pictures: 3 },
];

/** One image, one that is not square and whose sides are odd, and three images. */
export function namedTables(textPolarity: 1 | -1 = 1): (NamedTable & { readonly table: SyntheticTable })[] {
  return TABLES.map((size) => {
    const name = `a table of ${size.pictures ?? 1} x ${size.rows} x ${size.columns} tokens, seed ${size.seed}`;
    return { name, table: syntheticTable({ ...size, textPolarity }) };
  });
}

/** The table without some signals. */
export function without(table: TokenTable, signals: readonly string[]): TokenTable {
  const gone = Object.fromEntries(signals.map((signal) => [signal === "grid" ? "grids" : signal, undefined]));
  return { ...table, ...gone };
}

/** Every token like every other: features, keys, scores of one value, on a square grid. */
export function flatTable(side: number, value: number): TokenTable {
  const count = side * side;
  return tableOf(side, side, (width, share) => new Float32Array(count * width).fill(share ?? value));
}

/** Many ties, zeros of both signs, subnormal numbers, huge ones (whose squares float32 still holds) and tiny ones. */
const EXTREMES = [0, -0, 1, -1, 0.5, 0, 1, 1e18, -1e18, 1e-30, -1e-30, 1e-45, 1e-40];

/** Magnitudes of whole tables: at the ends of float32 and float16, where squares overflow, where they vanish, subnormal ones. */
export const MAGNITUDES = [3e38, 1e20, 2e19, 1e18, 65_504, 6e-8, 1e-15, 1e-22, 1e-38, 1e-44];

/** Values drawn from the extremes, or between plus and minus a magnitude. */
export function extremeTable(rows: number, columns: number, seed: number, magnitude?: number): TokenTable {
  const random = randomSource(seed);
  const draw = () =>
    magnitude === undefined ? EXTREMES[random.below(EXTREMES.length)] : (random.below(2001) / 1000 - 1) * magnitude;
  return tableOf(rows, columns, (width) => Float32Array.from({ length: rows * columns * width }, draw));
}

/** @param values of a column of some width; `share`: where one value would be odd. */
function tableOf(rows: number, columns: number, values: (width: number, share?: number) => Float32Array): TokenTable {
  const count = rows * columns;
  const matrix = (dim: number, share?: number): Matrix => ({ data: values(dim, share), count, dim });
  return createTokenTable({
    features: matrix(4),
    keys: matrix(4),
    clsAttention: values(1, 0.9 / count).map(Math.abs),
    textSimilarity: values(1, 0.1),
    wordSimilarity: matrix(2, 0.1),
    grids: [{ rows, columns, offset: 0 }],
  });
}
