import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createTokenTable,
  expandRow,
  InvalidInputError,
  orderRows,
  ownAnchors,
  ownRow,
  planRows,
  type TokenTable,
} from "../../core/index.js";
import { defaultKernels, type Matrix, plainKernels, randomSource } from "../../math/index.js";
import { syntheticTable } from "../../testing/index.js";
import { unitRows } from "../shared/unit-rows.js";
import { recoup, textEvidence } from "./index.js";

const TABLE = syntheticTable({ rows: 24, columns: 24, dim: 16, seed: 5 });

/** Noise of a normal distribution (a sum of twelve uniform ones) on a square grid. */
function noise(side: number, seed: number): Float32Array {
  const random = randomSource(seed);
  return Float32Array.from({ length: side * side }, () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += random.unit();
    return 0.2 + 0.01 * sum;
  });
}

function tableOf(side: number, textSimilarity: Float32Array | undefined, features = TABLE.features): TokenTable {
  const count = side * side;
  const { dim } = features;
  return createTokenTable({
    features: { data: features.data.slice(0, count * dim), count, dim },
    grids: [{ rows: side, columns: side, offset: 0 }],
    ...(textSimilarity && { textSimilarity }),
  });
}

const roles = (table: TokenTable, budget: number, options = {}) =>
  planRows(recoup.plan(table, { budget, ...options })).map(({ role }) => role);

describe("textEvidence", () => {
  it("finds none in white noise but for one picture in twenty, and then little", () => {
    const found = Array.from({ length: 60 }, (_, seed) => textEvidence(tableOf(24, noise(24, seed))));
    expect(found.filter(({ confidence }) => confidence > 0).length).toBeLessThanOrEqual(6);
    for (const { confidence } of found) expect(confidence).toBeLessThan(0.25);
  });

  it("finds what the question points at, and nothing else", () => {
    const { peak, confidence, scores } = textEvidence(TABLE);
    expect(confidence).toBe(1);
    expect(peak).toBeGreaterThan(6);
    const best = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a]);
    for (const id of best.slice(0, TABLE.target.length >> 1)) expect(TABLE.target).toContain(id);
    expect(scores.filter((score) => score > 0).length).toBeLessThan(TABLE.count / 4);
  });

  it("does not change with the scale of the similarities, nor with what is added to all", () => {
    const similarity = noise(24, 1);
    similarity[100] += 0.3;
    const [one, other] = [similarity, similarity.map((value) => 8 * value - 3)].map((s) =>
      textEvidence(tableOf(24, s)),
    );
    expect(other.peak).toBeCloseTo(one.peak, 3);
    for (const [i, score] of one.scores.entries()) expect(other.scores[i]).toBeCloseTo(score, 3);
  });

  it("has none without a similarity, with one of a single value, and with one whose only differences are rounding", () => {
    const none = { peak: 0, confidence: 0, scores: new Float64Array(144) };
    const flat = new Float32Array(144).fill(0.1);
    expect(textEvidence(tableOf(12, undefined))).toEqual(none);
    expect(textEvidence(tableOf(12, flat))).toEqual(none);
    expect(
      textEvidence(
        tableOf(
          12,
          flat.map((value, i) => value + (i % 3) * 2 ** -27),
        ),
      ),
    ).toEqual(none);
  });

  it("looks for the lowest similarities where the table says so, and smooths each grid by itself", () => {
    const similarity = noise(12, 3);
    similarity[71] += 0.2;
    const table = tableOf(12, similarity);
    const turned = { ...table, textSimilarity: similarity.map((value) => -value), textPolarity: -1 } as const;
    expect(textEvidence(turned)).toEqual(textEvidence(table));
    const halves = [0, 72].map((offset) => ({ rows: 6, columns: 12, offset }));
    // Token 83 is below token 71, in the other half.
    expect(textEvidence(table).scores[83]).toBeGreaterThan(0);
    expect(textEvidence({ ...table, grids: halves }).scores[83]).toBe(0);
    expect(textEvidence(table).scores[70]).toBeGreaterThan(0);
    expect(textEvidence({ ...table, grids: undefined }).scores[70]).toBe(0);
  });
});

describe("recoup", () => {
  it("keeps more of the target than its share, and of the rest what represents it", () => {
    const plan = recoup.plan(TABLE, { budget: 58 });
    const inTarget = [...plan.anchor].filter((id) => TABLE.target.includes(id)).length;
    expect(inTarget).toBeGreaterThan(15);
    expect(roles(TABLE, 58).filter((role) => role === "text").length).toBeLessThanOrEqual(29);
    expect(plan.anchor).toEqual(plan.anchor.toSorted());
  });

  it("keeps at most three quarters of few rows for the text, half of many, and none where it points at nothing", () => {
    const texts = (budget: number) => roles(TABLE, budget).filter((role) => role === "text").length;
    expect(texts(16)).toBe(12);
    // Coverage rows that lie where the text points count, too; and late ones are worth more than another row for the text.
    for (const [budget, least, most] of [
      [32, 13, 16],
      [58, 21, 29],
    ]) {
      expect(texts(budget)).toBeGreaterThanOrEqual(least);
      expect(texts(budget)).toBeLessThanOrEqual(most);
    }
    expect(roles(tableOf(24, new Float32Array(576).fill(0.3)), 58)).not.toContain("text");
    const plan = recoup.plan(TABLE, { budget: 20, textRows: 0 });
    expect(planRows(plan).map(({ role }) => role)).not.toContain("text");
  });

  it("is the same without a similarity as with one that says nothing", () => {
    const without = recoup.plan(tableOf(24, undefined), { budget: 30 });
    expect(recoup.plan(tableOf(24, new Float32Array(576).fill(0.3)), { budget: 30 })).toEqual(without);
    expect(recoup.plan({ ...TABLE, textSimilarity: undefined } as TokenTable, { budget: 30 }).anchor).toEqual(
      without.anchor,
    );
  });

  it("keeps the rows of a smaller budget in every larger one, where the bound of text rows is given", () => {
    const sizes = fc.record({
      side: fc.integer({ min: 2, max: 9 }),
      seed: fc.nat(1000),
      textRows: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), ({ side, seed, textRows }, a, b) => {
        const table = syntheticTable({ rows: side, columns: side + 1, dim: 6, seed });
        const most = table.count - 1;
        const [few, many] = [1 + (a % most), 1 + (b % most)].sort((x, y) => x - y);
        const [small, large] = [few, many].map((budget) => recoup.plan(table, { budget, textRows }));
        expect([...large.anchor]).toEqual(expect.arrayContaining([...small.anchor]));
      }),
      { numRuns: 150 },
    );
  });

  it("puts every token left out into one coverage row, or drops it beside a text row", () => {
    const plan = recoup.plan(TABLE, { budget: 58 });
    const times = new Uint8Array(TABLE.count);
    for (const id of plan.sources) times[id]++;
    expect(Math.max(...times)).toBe(1);
    const coverage = recoup.plan({ ...TABLE, textSimilarity: undefined } as TokenTable, { budget: 58 });
    expect(coverage.sources.toSorted()).toEqual(TABLE.source);
    for (const { role, sources } of planRows(plan)) expect(sources.length > 1).toBe(role === "merged");
  });

  it("keeps the norm of what it merges, and merges nothing at 0", () => {
    const { data, dim } = TABLE.features;
    const norm = (row: ArrayLike<number>) => Math.sqrt(Array.from(row).reduce((sum, x) => sum + x * x, 0));
    const source = (id: number) => data.subarray(id * dim, (id + 1) * dim);
    const plan = recoup.plan(TABLE, { budget: 12, merging: 1 });
    const merged = planRows(plan).findIndex(({ role }) => role === "merged");
    const { sources, weights } = expandRow(plan, merged);
    const row = Array.from({ length: dim }, (_, c) =>
      sources.reduce((sum, id, e) => sum + weights[e] * source(id)[c], 0),
    );
    const mean = sources.reduce((sum, id) => sum + norm(source(id)), 0) / sources.length;
    expect(norm(row)).toBeCloseTo(mean, 5);
    expect(recoup.plan(TABLE, { budget: 12, merging: 0 }).sources.length).toBe(12);
    expect(recoup.plan(TABLE, { budget: 12, merging: 0 }).anchor).toEqual(plan.anchor);
  });

  it("takes the first of equal tokens, and the first of two that stand for each other alone", () => {
    const equal = { data: new Float32Array(36 * 4).fill(1), count: 36, dim: 4 };
    expect([...recoup.plan(tableOf(6, undefined, equal), { budget: 4 }).anchor]).toEqual([0, 1, 2, 3]);
    // Two directions, two tokens each. Token 3 is the most typical; then 0 and 2 gain the same but for rounding.
    const pairs = { data: Float32Array.of(3, 1, 1, 3, 3.1, 1.1, 1.2, 3.3), count: 4, dim: 2 };
    expect([...recoup.plan(tableOf(2, undefined, pairs), { budget: 2 }).anchor]).toEqual([0, 3]);
  });

  it("refuses a dynamic budget, options that are no share, and a NaN in the table", () => {
    expect(() => recoup.plan(TABLE, { budget: "dynamic" })).toThrow(/fixed budget/);
    for (const bad of [{ textRows: 1.1 }, { textShare: -0.1 }, { tau: 0 }, { merging: 2 }])
      expect(() => recoup.plan(TABLE, bad)).toThrow(InvalidInputError);
    const similarity = noise(12, 1);
    similarity[7] = Number.NaN;
    expect(() => recoup.plan(tableOf(12, similarity))).toThrow(InvalidInputError);
  });
});

describe("recoup, for a later question", () => {
  const blank = tableOf(24, undefined);
  const held = recoup.plan(blank, { budget: 58 });
  const recovered = recoup.recover?.bind(recoup) as NonNullable<typeof recoup.recover>;

  it("brings back what the question points at, up to the text's rows", () => {
    const ids = recovered(TABLE, { budget: 58 }, held);
    const { confidence, scores } = textEvidence(TABLE);
    const own = ownAnchors(held);
    expect(confidence).toBe(1);
    for (const id of ids) expect([scores[id] > 0, own.includes(id)]).toEqual([true, false]);
    const there = [...held.anchor].filter((id) => scores[id] > 0).length;
    expect(ids.length).toBeGreaterThan(0);
    expect(ids.length + there).toBeLessThanOrEqual(29);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    // Nothing is left out while there are rows for it.
    const pointed = scores.filter((score) => score > 0).length;
    expect(ids.length + there).toBe(Math.min(29, pointed));
  });

  it("brings nothing back for the same question, nor for one that points at nothing", () => {
    for (const options of [{ budget: 58 }, { budget: 16, textRows: 0.75 }])
      expect(recovered(TABLE, options, recoup.plan(TABLE, options))).toEqual([]);
    expect(recovered(blank, { budget: 58 }, recoup.plan(TABLE, { budget: 58 }))).toEqual([]);
    const flat = tableOf(24, new Float32Array(576).fill(0.2));
    expect(recovered(flat, { budget: 58 }, recoup.plan(TABLE, { budget: 58 }))).toEqual([]);
  });

  it("takes the anchor of a merged row back, too, and never one that has a row", () => {
    const scores = textEvidence(TABLE).scores;
    const best = scores.indexOf(Math.max(...scores));
    const others = [best + 1, best + 2];
    const rows = { sources: [best, ...others], weights: [0.5, 0.25, 0.25] };
    const merged = orderRows([{ role: "merged", anchor: best, ...rows }], 576, "grid");
    expect(recovered(TABLE, { budget: 58 }, merged)).toContain(best);
    const all = orderRows([ownRow("visual", best)], 576, "grid");
    expect(recovered(TABLE, { budget: 58 }, all)).not.toContain(best);
  });

  it("lacks every token of its own where all are to stay, and refuses rows of another picture", () => {
    expect(recovered(TABLE, { budget: 576 }, held)).toHaveLength(576 - ownAnchors(held).length);
    const small = recoup.plan(tableOf(12, undefined), { budget: 20 });
    expect(() => recovered(TABLE, { budget: 58 }, small)).toThrow(InvalidInputError);
  });
});

describe("unitRows", () => {
  const random = randomSource(9);
  const rows = (dim: number): Matrix => ({
    data: Float32Array.from({ length: 40 * dim }, () => random.unit() - 0.4),
    count: 40,
    dim,
  });
  const cosine = ({ data, dim }: Matrix, i: number, j: number) => {
    let [dot, a, b] = [0, 0, 0];
    for (let c = 0; c < dim; c++) {
      const [x, y] = [data[i * dim + c], data[j * dim + c]];
      [dot, a, b] = [dot + x * y, a + x * x, b + y * y];
    }
    return dot / Math.sqrt(a * b);
  };

  it.each([3, 511])("has the same cosines at width %i", (dim) => {
    const matrix = rows(dim);
    const { unit } = unitRows(matrix, defaultKernels());
    expect([unit.count, unit.dim]).toEqual([40, dim]);
    expect(cosine(unit, 3, 17)).toBeCloseTo(cosine(matrix, 3, 17), 6);
  });

  it.each([512, 1000, 1024])("has nearly the same cosines at width %i, in 256 bins, by all kernels", (dim) => {
    const matrix = rows(dim);
    const { unit } = unitRows(matrix, defaultKernels());
    expect(unit.dim).toBe(256);
    expect(unitRows(matrix, plainKernels).unit).toEqual(unit);
    let worst = 0;
    for (let i = 0; i < 40; i++)
      for (let j = 0; j < i; j++) worst = Math.max(worst, Math.abs(cosine(unit, i, j) - cosine(matrix, i, j)));
    expect(worst).toBeLessThan(0.25);
    expect(cosine(unit, 5, 5)).toBeCloseTo(1, 6);
  });

  it("leaves zero rows zero and refuses norms that float32 does not hold", () => {
    const matrix = rows(600);
    matrix.data.fill(0, 600, 1200);
    const { unit, inverse } = unitRows(matrix, defaultKernels());
    expect(unit.data.subarray(256, 512)).toEqual(new Float32Array(256));
    expect(inverse[1]).toBe(0);
    matrix.data[0] = 3e38;
    matrix.data[256] = -3e38;
    expect(() => unitRows(matrix, defaultKernels())).toThrow(InvalidInputError);
  });
});
