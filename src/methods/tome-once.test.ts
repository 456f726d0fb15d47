import { describe, expect, it } from "vitest";
import { createTokenTable, InvalidInputError, MissingSignalError, planRows, type TokenTable } from "../core/index.js";
import { type SyntheticTable, syntheticTable } from "../testing/index.js";
import { type ToMeOnceOptions, toMeOnce } from "./tome-once.js";

function tableOf(rows: readonly (readonly number[])[], keys?: readonly (readonly number[])[]): TokenTable {
  const matrix = (values: readonly (readonly number[])[]) => ({
    data: Float32Array.from(values.flat()),
    count: values.length,
    dim: values[0].length,
  });
  return createTokenTable({ features: matrix(rows), keys: keys && matrix(keys) });
}

/** The groups, as lists of ids, by the token they stand at. */
function groups(table: TokenTable, retain: number, options: ToMeOnceOptions = {}): Record<number, number[]> {
  const plan = toMeOnce.plan(table, { ...options, budget: { retain } });
  return Object.fromEntries(planRows(plan).map((row) => [row.anchor, Array.from(row.sources)]));
}

describe("tome-once", () => {
  const pairs = tableOf([
    [1, 0],
    [1, 0.1],
    [0, 1],
    [0.1, 1],
  ]);

  it("merges the most similar edge first, of equally similar ones the lower", () => {
    expect(groups(pairs, 3)).toEqual({ 1: [0, 1], 2: [2], 3: [3] });
    expect(groups(pairs, 2)).toEqual({ 1: [0, 1], 3: [2, 3] });
    expect(groups(pairs, 1)).toEqual({ 3: [0, 1, 2, 3] });
  });

  it("gives merged rows the weights 1 / size, and leaves lone tokens as they are", () => {
    const [merged, lone] = planRows(toMeOnce.plan(pairs, { budget: { retain: 3 } }));
    expect(merged).toEqual({
      role: "merged",
      anchor: 1,
      sources: Uint32Array.of(0, 1),
      weights: Float32Array.of(0.5, 0.5),
    });
    expect(lone).toEqual({ role: "visual", anchor: 2, sources: Uint32Array.of(2), weights: Float32Array.of(1) });
  });

  it("lets several tokens join one, and a second round start from the groups' means", () => {
    const table = tableOf([
      [1, 0],
      [1, 0],
      [1, 0],
      [0, 1],
      [1, 0.05],
    ]);
    expect(groups(table, 3)).toEqual({ 1: [0, 1, 2], 3: [3], 4: [4] });
    // Round 2: places 0 and 2 are A, so 4 can only join 3, as cosine 0.05 against 0 of the group around 1.
    expect(groups(table, 2)).toEqual({ 1: [0, 1, 2], 3: [3, 4] });
  });

  it("compares directions, not lengths", () => {
    const table = tableOf([
      [2, 0],
      [1e18, 1e18],
      [0, 3],
      [1e-30, 0],
    ]);
    // 0 → 3 and 2 → 1: cosines 1 and 0.71.
    expect(groups(table, 3)).toEqual({ 1: [1], 2: [2], 3: [0, 3] });
  });

  it("looks at the keys when told so, and at nothing else", () => {
    const features = [
      [1, 0],
      [1, 0],
      [0, 1],
      [0, 1],
    ];
    const keys = [
      [1, 0],
      [0, 1],
      [0, 1],
      [1, 0],
    ];
    expect(groups(tableOf(features, keys), 2)).toEqual({ 1: [0, 1], 3: [2, 3] });
    expect(groups(tableOf(features, keys), 2, { metric: "keys" })).toEqual({ 1: [1, 2], 3: [0, 3] });
  });

  it("needs no features to compare keys", () => {
    const { features, ...keysOnly } = syntheticTable({ rows: 3, columns: 3, dim: 2 });
    expect(groups(keysOnly, 4, { metric: "keys" })).toEqual(groups({ ...keysOnly, features }, 4, { metric: "keys" }));
    expect(() => groups(keysOnly, 4)).toThrow(MissingSignalError);
  });

  it("refuses keys that are not there, and a metric of another name", () => {
    expect(() => groups(pairs, 2, { metric: "keys" })).toThrow(MissingSignalError);
    expect(() => groups(pairs, 2, { metric: "values" as "keys" })).toThrow(InvalidInputError);
  });

  it("puts every token into exactly one row, whatever the budget", () => {
    const table = syntheticTable({ rows: 9, columns: 7, dim: 5, seed: 2 });
    for (let retain = 1; retain <= 63; retain++) {
      const rows = planRows(toMeOnce.plan(table, { budget: { retain } }));
      expect(rows.length).toBe(retain);
      expect(rows.flatMap((row) => Array.from(row.sources)).sort((a, b) => a - b)).toEqual(Array.from(table.source));
      for (const { weights } of rows) expect(Array.from(weights).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    }
  });

  it("agrees with the paper's steps written out naively, also past one block of rows", () => {
    const table = syntheticTable({ rows: 16, columns: 15, dim: 12, seed: 8 });
    for (const retain of [200, 120, 119, 64, 7]) expect(groups(table, retain)).toEqual(naiveGroups(table, retain));
  });
});

/** Section 3 of the paper in double precision, with a full similarity table and size-weighted running means. */
function naiveGroups({ features, count }: SyntheticTable, retain: number): Record<number, number[]> {
  let tokens = Array.from({ length: count }, (_, id) => ({
    id,
    size: 1,
    members: [id],
    mean: Array.from(features.data.subarray(id * features.dim, (id + 1) * features.dim)),
  }));
  const cosine = (a: number[], b: number[]) =>
    a.reduce((sum, value, c) => sum + value * b[c], 0) / (Math.hypot(...a) * Math.hypot(...b));
  while (tokens.length > retain) {
    const b = tokens.filter((_, place) => place % 2 === 1);
    const edges = tokens
      .filter((_, place) => place % 2 === 0)
      .map(
        (from) => b.map((to) => ({ from, to, score: cosine(from.mean, to.mean) })).sort((x, y) => y.score - x.score)[0],
      )
      .sort((x, y) => y.score - x.score)
      .slice(0, Math.min(tokens.length - retain, Math.floor(tokens.length / 2)));
    for (const { from, to } of edges) {
      to.mean = to.mean.map((value, c) => (value * to.size + from.mean[c] * from.size) / (to.size + from.size));
      to.size += from.size;
      to.members = [...to.members, ...from.members];
    }
    tokens = tokens.filter((token) => !edges.some(({ from }) => from === token));
  }
  return Object.fromEntries(tokens.map(({ id, members }) => [id, members.sort((x, y) => x - y)]));
}
