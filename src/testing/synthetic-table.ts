/**
 * @file A made-up token table whose landmarks are known: register tokens, regions, a target of the question.
 *
 * To a method the table looks like one of CLIP's. Attention is heavy-tailed: a few register tokens hold some 40 % of it. Regions
 * have similar features. The question points at a blob that the class token overlooks. For tests, benches and demonstrations;
 * numbers measured on it say nothing about a model's answers.
 */
import { createTokenTable, refusalFor, shape, type TokenGrid, type TokenTable } from "../core/index.js";
import { type Matrix, type RandomSource, randomSource } from "../math/index.js";

/** Size and seed of a made-up table. */
export interface SyntheticTableOptions {
  /** Rows of tokens per image. */
  readonly rows: number;
  /** Columns of tokens per image. */
  readonly columns: number;
  /** Width C of features and keys. */
  readonly dim: number;
  /** Whole number from 0 to 2^32 - 1, default 0. */
  readonly seed?: number;
  /** Images (or tiles, or frames), one grid each; default 1. */
  readonly pictures?: number;
  /** Words of the question, columns of `wordSimilarity`, at least 1; default 3. The first one names the target. */
  readonly words?: number;
  /** Register tokens per image, from 0 to rows · columns - 1. Default: one in 96 tokens, and at least one if there are two. */
  readonly registers?: number;
  /** Sign of the similarity columns, default 1; -1 for a model in which named patches score low. */
  readonly textPolarity?: 1 | -1;
}

/** A whole table with all columns, and where its landmarks are. */
export interface SyntheticTable extends Required<TokenTable> {
  /** Ids of the register tokens, ascending: high attention, features unlike any region's. */
  readonly registers: Uint32Array;
  /** Ids of the tokens that the question points at, ascending; at least one per image. */
  readonly target: Uint32Array;
}

/**
 * Makes the table. It uses random 32-bit integers, sums, products, quotients and square roots only. So the same options give the
 * same bits on every engine.
 *
 * Columns: `features` and `keys` `[N, dim]`; `clsAttention` `[N]`, sum 0.9. `textSimilarity` `[N]` is about 0.1, and up to 0.35 in
 * the target, times `textPolarity`. `wordSimilarity` `[N, words]` is likewise, each further word with a place of its own. There is
 * one grid per image.
 *
 * @throws InvalidInputError for a size that is no whole number in its range.
 */
export function syntheticTable(options: SyntheticTableOptions): SyntheticTable {
  const given = shape.options(options, {}, refusalFor("syntheticTable"));
  const { rows, columns, dim, seed = 0, pictures = 1, words = 3, textPolarity = 1 } = given;
  for (const [name, size] of Object.entries({ rows, columns, dim })) assertSize(name, size);
  assertSize("seed", seed, 0, 0xffffffff);
  for (const [name, size] of Object.entries({ pictures, words })) assertSize(name, size);
  const values = rows * columns * pictures * Math.max(dim, words);
  if (values > MOST_VALUES) throw refusalFor("syntheticTable")(`at most ${MOST_VALUES} values of a column`, values);
  const { registers = Math.min(rows * columns - 1, Math.max(1, Math.round((rows * columns) / 96))) } = given;
  assertSize("registers", registers, 0, rows * columns - 1);
  const random = randomSource(seed);
  const grids = Array.from({ length: pictures }, (_, i): TokenGrid => ({ rows, columns, offset: i * rows * columns }));
  const cells = grids.flatMap((grid) => layOut(grid, { registers, words, random }));
  const table = createTokenTable({
    features: regionRows(cells, dim, random),
    keys: regionRows(cells, dim, random),
    clsAttention: attention(cells, random),
    textSimilarity: Float32Array.from(cells, (cell) => textPolarity * similarity(cell.nearness[0], random)),
    wordSimilarity: {
      data: Float32Array.from(
        cells.flatMap((cell) => cell.nearness.map((near) => textPolarity * similarity(near, random))),
      ),
      count: cells.length,
      dim: words,
    },
    grids,
    textPolarity,
  }) as Required<TokenTable>;
  const idsWhere = (holds: (cell: Cell) => boolean) => table.source.filter((id) => holds(cells[id]));
  return { ...table, registers: idsWhere((cell) => cell.register), target: idsWhere((cell) => cell.nearness[0] > 0) };
}

/** Largest size of any kind, and most values of a column: a table is held whole. */
const MOST = 2 ** 16;
const MOST_VALUES = 2 ** 26;

function assertSize(name: string, value: number, least = 1, most = MOST): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw refusalFor("syntheticTable")(`${name} as a whole number from ${least} to ${most}`, value);
}

/** Content of a token. */
interface Cell {
  /** Region 0 is the target, the others background. */
  readonly region: number;
  readonly register: boolean;
  /** Per word: 1 at the center of its place, falling to 0 at its rim and outside. */
  readonly nearness: readonly number[];
}

/** Background regions of an image: enough that a diverse choice differs from a random one. */
const REGIONS = 5;

interface Place {
  readonly row: number;
  readonly column: number;
}

function layOut(
  { rows, columns }: TokenGrid,
  { registers, words, random }: { registers: number; words: number; random: RandomSource },
): Cell[] {
  const place = (): Place => ({ row: random.below(rows), column: random.below(columns) });
  const wordPlaces = Array.from({ length: words }, place);
  const regions = Array.from({ length: REGIONS }, place);
  // 0.12: about 5 % of a square image's area (0.12² · π), the size of an object that a question asks about.
  const radius = Math.max(1, 0.12 * (rows + columns));
  const cells = Array.from({ length: rows * columns }, (_, i): Cell => {
    const at = { row: Math.floor(i / columns), column: i % columns };
    const nearness = wordPlaces.map((center) => Math.max(0, 1 - squaredDistance(at, center) / radius ** 2));
    const region = nearness[0] > 0 ? 0 : 1 + nearest(at, regions);
    return { region, register: false, nearness };
  });
  for (let left = registers; left > 0; ) {
    const id = random.below(cells.length);
    // The target's own center stays what the question points at.
    if (cells[id].register || cells[id].nearness[0] === 1) continue;
    cells[id] = { ...cells[id], register: true, nearness: cells[id].nearness.map(() => 0) };
    left--;
  }
  return cells;
}

function squaredDistance(a: Place, b: Place): number {
  return (a.row - b.row) ** 2 + (a.column - b.column) ** 2;
}

function nearest(at: Place, places: readonly Place[]): number {
  const distances = places.map((place) => squaredDistance(at, place));
  return distances.indexOf(Math.min(...distances));
}

/** Each region's own direction plus noise; registers share one direction and are three times as long. */
function regionRows(cells: readonly Cell[], dim: number, random: RandomSource): Matrix {
  const directions = Array.from({ length: REGIONS + 2 }, () => Array.from({ length: dim }, () => bell(random)));
  const data = new Float32Array(cells.length * dim);
  cells.forEach(({ region, register }, row) => {
    const direction = directions[register ? REGIONS + 1 : region];
    const length = register ? 3 : 1;
    for (let c = 0; c < dim; c++) data[row * dim + c] = length * (direction[c] + 0.6 * bell(random));
  });
  return { data, count: cells.length, dim };
}

/** Share of the class token's attention that goes to itself. */
const CLS_SHARE = 0.1;

/** 1 / (0.05 + u): median 1.8, one token in 20 above 10. Registers stand some 100 times above the median. */
function attention(cells: readonly Cell[], random: RandomSource): Float32Array {
  const raw = cells.map(({ register, region }) => {
    const bulk = 1 / (0.05 + random.unit());
    if (register) return 180 + bulk;
    return region === 0 ? bulk / 4 : bulk;
  });
  const sum = raw.reduce((a, b) => a + b);
  return Float32Array.from(raw, (value) => ((1 - CLS_SHARE) * value) / sum);
}

/** 0.1 with noise, as unrelated patches of CLIP have it, and 0.2 more where the word points. */
function similarity(nearness: number, random: RandomSource): number {
  return 0.1 + 0.015 * bell(random) + (nearness > 0 ? 0.05 + 0.15 * nearness : 0);
}

/** Bell-shaped, mean 0, variance 1, from -√12 to √12: the sum of four even draws. */
function bell(random: RandomSource): number {
  return (random.unit() + random.unit() + random.unit() + random.unit() - 2) * Math.sqrt(3);
}
