/** @file Every method of the registry on tables and budgets that nobody would think of. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  assertPlan,
  type Budget,
  type CompressionPlan,
  createTokenTable,
  planRows,
  rowCount,
  type TokenTable,
} from "../core/index.js";
import { type Matrix, plainKernels } from "../math/index.js";
import { METHODS } from "./registry.js";

/** Many ties, zeros of both signs, subnormal numbers, huge ones (whose squares float32 still holds) and tiny ones. */
const value = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(0, -0, 1, -1, 0.5) },
  { weight: 1, arbitrary: fc.constantFrom(1e18, -1e18, 1e-30, -1e-30, 1e-45, 1e-40) },
  { weight: 3, arbitrary: fc.float({ min: -4, max: 4, noNaN: true }) },
);

function columnOf(length: number): fc.Arbitrary<Float32Array> {
  return fc.array(value, { minLength: length, maxLength: length }).map((values) => Float32Array.from(values));
}

function matrixOf(count: number, dim: number): fc.Arbitrary<Matrix> {
  return columnOf(count * dim).map((data) => ({ data, count, dim }));
}

/** 1 to 60 tokens, in one grid or in two, all columns. */
const anyTable: fc.Arbitrary<TokenTable> = fc
  .record({
    rows: fc.integer({ min: 1, max: 8 }),
    columns: fc.integer({ min: 1, max: 7 }),
    second: fc.integer({ min: 0, max: 4 }),
    dim: fc.integer({ min: 1, max: 9 }),
    keyDim: fc.integer({ min: 1, max: 9 }),
    words: fc.integer({ min: 1, max: 4 }),
  })
  .chain(({ rows, columns, second, dim, keyDim, words }) => {
    const count = rows * columns + second;
    return fc.record({
      features: matrixOf(count, dim),
      keys: matrixOf(count, keyDim),
      clsAttention: columnOf(count).map((column) => column.map(Math.abs)),
      textSimilarity: columnOf(count),
      wordSimilarity: matrixOf(count, words),
      grids: fc.constant([
        { rows, columns, offset: 0 },
        ...(second > 0 ? [{ rows: 1, columns: second, offset: rows * columns }] : []),
      ]),
    });
  })
  .map(createTokenTable);

/** A share of the tokens, from one token to all. */
const anyShare = fc.double({ min: 0, max: 1, noNaN: true });

/** Ids of the tokens that have a row of their own. */
function ownIds(plan: CompressionPlan): number[] {
  const own = planRows(plan).filter(({ role }) => role === "visual" || role === "text");
  return own.map(({ sources }) => sources[0]);
}

describe("on any table", () => {
  for (const method of METHODS) {
    it(`${method.id} meets the budget with a valid plan, the same with plain kernels`, () => {
      fc.assert(
        fc.property(anyTable, anyShare, (table, share) => {
          const retain = method.id === "none" ? table.count : 1 + Math.floor(share * (table.count - 1));
          const budget: Budget = { retain };
          const plan = method.plan(table, { budget });
          assertPlan(method.id, plan);
          expect(rowCount(plan)).toBe(retain);
          expect(new Set(ownIds(plan)).size).toBe(ownIds(plan).length);
          expect(method.plan(table, { budget }, { kernels: plainKernels })).toEqual(plan);
        }),
        { numRuns: 150, seed: 2409 },
      );
    });

    it(`${method.id} finds a valid plan without a budget`, () => {
      fc.assert(
        fc.property(anyTable, (table) => {
          const plan = method.plan(table);
          assertPlan(method.id, plan);
          expect(rowCount(plan)).toBeGreaterThan(0);
          expect(rowCount(plan)).toBeLessThanOrEqual(table.count);
        }),
        { numRuns: 80, seed: 1179 },
      );
    });
  }
});
