/** @file Which rows methods keep of tables with something odd in them. No answers: these say where rows go, not what they are worth. */
import {
  type CompressionMethod,
  createTokenTable,
  MissingSignalError,
  type TokenGrid,
  type TokenTable,
} from "../../src/core/index.js";
import { type Matrix, randomSource } from "../../src/math/index.js";
import { findMethod, type MethodId } from "../../src/methods/index.js";
import type { Vlm } from "../../src/vlm/transformers/node/index.js";
import { type Asked, mean, pictureOf } from "../synthetic-answers.js";
import { normal } from "./conditions.js";

/** One fact of one method's plans, the mean over pictures. */
export interface PlanFact {
  readonly part: "plans";
  readonly table: string;
  readonly fact: string;
  readonly method: string;
  readonly budget: number;
  readonly pictures: number;
  /** Null where the method refuses such a table. */
  readonly value: number | null;
}

/** A table with something odd in it, and what is asked of its rows. */
export interface OddTable {
  readonly name: string;
  /** @param own of the question, and of the same question to three other pictures. */
  make(own: TokenTable, others: readonly TokenTable[]): TokenTable;
  /** @param anchors of the rows. @param plain those of the table without what is odd. */
  readonly facts: Readonly<Record<string, (anchors: Uint32Array, plain: Uint32Array, count: number) => number>>;
}

const METHODS: readonly MethodId[] = ["recoup", "cdpruner", "divprune", "recoverable"];

/** Enough to see where rows go; each is a few plans. */
const PICTURES = 24;

/** Other pictures whose tokens stand beside the question's own, as tiles. */
const OTHER_TILES = 3;

/** Towers have a handful of sinks, of norms some ten times those of other tokens, all alike. */
const SINKS = 8;
const SINK_LENGTH = 30;

/** Of the second frame's noise, as a share of a column's standard deviation. */
const FRAME_NOISE = 1e-3;

const SEED = 1;

/** All of them. */
export const ODD_TABLES: readonly OddTable[] = [
  {
    name: "no class attention",
    make: (own) => ({ ...own, clsAttention: undefined }),
    facts: { "rows that are the same, share": (anchors, plain) => sharedBy(anchors, new Set(plain)) / anchors.length },
  },
  {
    name: `${SINKS} sinks`,
    make: withSinks,
    facts: { "rows on sinks": (anchors, _, count) => sharedBy(anchors, new Set(sinkIds(count))) },
  },
  {
    name: `${1 + OTHER_TILES} tiles, the first asked about`,
    make: (own, others) => joined([own, ...others]),
    facts: {
      "rows in the first, share": (anchors, _, count) => perPart(anchors, count, 1 + OTHER_TILES)[0] / anchors.length,
      "fewest rows in a tile": (anchors, _, count) => Math.min(...perPart(anchors, count, 1 + OTHER_TILES)),
    },
  },
  {
    name: "two near-equal frames",
    make: (own) => joined([own, nearCopy(own)]),
    facts: {
      "rows in the first, share": (anchors, _, count) => perPart(anchors, count, 2)[0] / anchors.length,
      "places kept twice": (anchors, _, count) => anchors.length - new Set(anchors.map((id) => id % (count / 2))).size,
    },
  },
];

/** All facts, of pictures evenly spaced among the questions. */
export async function planFacts(vlm: Vlm, asked: readonly Asked[], budgets: readonly number[]): Promise<PlanFact[]> {
  const chosen = Math.min(PICTURES, asked.length);
  const at = Array.from({ length: chosen }, (_, i) => Math.floor((i * asked.length) / chosen));
  const images = [];
  for (const i of at) images.push(await vlm.encodeImage(await pictureOf(asked[i])));
  const tables: TokenTable[][] = [];
  for (const [i, image] of images.entries()) {
    const { relevanceText } = asked[at[i]].sample;
    const shown = [image];
    for (let t = 1; t <= OTHER_TILES; t++) shown.push(images[(i + t) % chosen]);
    const own: TokenTable[] = [];
    for (const each of shown) own.push(await each.table(relevanceText));
    tables.push(own);
  }
  return ODD_TABLES.flatMap(({ name, make, facts }) => {
    const odd = tables.map(([own, ...others]) => make(own, others));
    return METHODS.flatMap((id) =>
      budgets.flatMap((budget) => {
        const plans = odd.map((table, i) => {
          const plain = anchorsOf(id, tables[i][0], budget);
          const anchors = anchorsOf(id, table, budget);
          return anchors && plain && { anchors, plain, count: table.count };
        });
        return Object.entries(facts).map(([fact, of]): PlanFact => {
          const values = plans.map((each) => each && of(each.anchors, each.plain, each.count));
          const value = values.some((each) => each === undefined) ? null : mean(values as number[]);
          return { part: "plans", table: name, fact, method: id, budget, pictures: plans.length, value };
        });
      }),
    );
  });
}

/** Undefined where the method refuses the table. */
function anchorsOf(id: MethodId, table: TokenTable, budget: number): Uint32Array | undefined {
  const method: CompressionMethod = findMethod(id as string);
  try {
    return method.plan(table, { budget }).anchor;
  } catch (error) {
    if (error instanceof MissingSignalError) return undefined;
    throw error;
  }
}

function sharedBy(anchors: Uint32Array, ids: ReadonlySet<number>): number {
  return anchors.reduce((sum, id) => sum + Number(ids.has(id)), 0);
}

/** Rows in each of so many equal parts of a table. */
function perPart(anchors: Uint32Array, count: number, parts: number): number[] {
  const rows = new Array<number>(parts).fill(0);
  for (const id of anchors) rows[Math.floor(id / (count / parts))]++;
  return rows;
}

function sinkIds(count: number): number[] {
  return Array.from({ length: SINKS }, (_, i) => Math.floor(((i + 0.5) * count) / SINKS));
}

/** Features of eight tokens in one direction drawn by chance, 30 times as long as the mean; the largest class attention is theirs, too. */
function withSinks(own: TokenTable): TokenTable {
  const { count, clsAttention, features } = own;
  if (features === undefined || clsAttention === undefined) throw new TypeError("the bundled model gives both");
  const { dim } = features;
  const random = randomSource(SEED);
  const direction = Float64Array.from({ length: dim }, () => normal(random));
  let meanNorm = 0;
  for (let i = 0; i < count; i++) meanNorm += Math.hypot(...features.data.subarray(i * dim, (i + 1) * dim)) / count;
  const scale = (SINK_LENGTH * meanNorm) / Math.hypot(...direction);
  const data = features.data.slice();
  const attention = clsAttention.slice();
  const most = Math.max(...clsAttention);
  for (const id of sinkIds(count)) {
    direction.forEach((value, c) => {
      data[id * dim + c] = scale * value;
    });
    attention[id] = most;
  }
  return { ...own, features: { ...features, data }, clsAttention: attention };
}

/** The same tokens with a little noise in all columns. */
function nearCopy(own: TokenTable): TokenTable {
  const random = randomSource(SEED);
  const noisy = (data: Float32Array) => {
    const middle = mean(Array.from(data));
    const sd = Math.sqrt(mean(Array.from(data, (value) => (value - middle) ** 2)));
    return data.map((value) => value + FRAME_NOISE * sd * normal(random));
  };
  const { features, keys, clsAttention, textSimilarity } = own;
  return {
    ...own,
    features: features && { ...features, data: noisy(features.data) },
    keys: keys && { ...keys, data: noisy(keys.data) },
    clsAttention: clsAttention && noisy(clsAttention).map((value) => Math.max(0, value)),
    textSimilarity: textSimilarity && noisy(textSimilarity),
  };
}

/** Tables one behind the other, as an engine gives tiles and frames: a grid each. */
function joined(tables: readonly TokenTable[]): TokenTable {
  const columns = <T>(name: string, of: (table: TokenTable) => T | undefined): T[] =>
    tables.map((table) => {
      const column = of(table);
      if (column === undefined) throw new TypeError(`the bundled model gives ${name}`);
      return column;
    });
  const grids = tables.flatMap(({ grids = [] }, i): TokenGrid[] =>
    grids.map((grid) => ({ ...grid, offset: grid.offset + i * tables[0].count })),
  );
  return createTokenTable({
    features: stacked(columns("features", ({ features }) => features)),
    keys: stacked(columns("keys", ({ keys }) => keys)),
    clsAttention: appended(columns("clsAttention", ({ clsAttention }) => clsAttention)),
    textSimilarity: appended(columns("textSimilarity", ({ textSimilarity }) => textSimilarity)),
    grids,
    textPolarity: tables[0].textPolarity,
  });
}

function stacked(matrices: readonly Matrix[]): Matrix {
  return {
    data: appended(matrices.map(({ data }) => data)),
    count: matrices.reduce((sum, { count }) => sum + count, 0),
    dim: matrices[0].dim,
  };
}

function appended(columns: readonly Float32Array[]): Float32Array {
  return Float32Array.from(columns.flatMap((column) => Array.from(column)));
}
