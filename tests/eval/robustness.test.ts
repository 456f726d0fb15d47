/** The parts of `npm run bench -- robustness` that need no model: how similarities are spoiled, statistics, odd tables. */
import { describe, expect, it } from "vitest";
import { CONDITIONS, strangers } from "../../bench/robustness/conditions.js";
import { answerRows, barRows, type Cell } from "../../bench/robustness/numbers.js";
import { ODD_TABLES } from "../../bench/robustness/plans.js";
import type { Answered } from "../../bench/synthetic-answers.js";
import { createTokenTable, type TokenTable } from "../../src/core/index.js";
import { randomSource } from "../../src/math/index.js";

describe("spoiled similarities", () => {
  const own = Float32Array.from({ length: 4000 }, (_, i) => 0.2 + 0.1 * Math.sin(i));
  const other = own.map((value) => value + 1);
  const under = (id: string) => {
    const condition = CONDITIONS.find((one) => one.id === id);
    if (condition === undefined) throw new RangeError(id);
    return condition.change({ own, other, random: randomSource(3) });
  };

  it("noise has the mean and deviation of the similarity, and nothing else of it", () => {
    const { mean, sd } = moments(own);
    const noise = under("noise");
    expect(moments(noise).mean).toBeCloseTo(mean, 2);
    expect(moments(noise).sd / sd).toBeCloseTo(1, 1);
    expect(Math.abs(correlation(own, noise))).toBeLessThan(0.05);
  });

  it.each([0.5, 1, 3])("added noise of %f deviations leaves that much of the similarity", (share) => {
    const noisy = under(`noise +${share} sd`);
    const added = noisy.map((value, i) => value - own[i]);
    expect(moments(added).sd / moments(own).sd / share).toBeCloseTo(1, 1);
    expect(correlation(own, noisy)).toBeCloseTo(1 / Math.sqrt(1 + share * share), 1);
  });

  it("takes another's, its own, or its negative as they are", () => {
    expect(under("another")).toEqual(other);
    expect(under("own")).toEqual(own);
    expect(under("negative")).toEqual(own.map((value) => -value));
  });

  it("another question is about another picture, drawn from all of them", () => {
    const pictures = ["a", "a", "b", "c", "c", "c"];
    const drawn = new Set<number>();
    for (let seed = 0; seed < 50; seed++) {
      strangers(pictures, randomSource(seed)).forEach((at, i) => {
        expect(pictures[at]).not.toBe(pictures[i]);
        if (i === 0) drawn.add(at);
      });
    }
    expect([...drawn].sort()).toEqual([2, 3, 4, 5]);
    expect(() => strangers(["a", "a"], randomSource(0))).toThrow(RangeError);
  });
});

describe("figures", () => {
  const pictures = ["a", "a", "b", "c"];
  const cell = (method: string, condition: string | null, kls: number[]): Cell => ({
    method,
    condition,
    readsText: condition !== null,
    budget: 16,
    answers: kls.map((kl): Answered => ({ kl, score: kl < 1 ? 1 : 0, same: kl < 0.5 })),
  });
  const cells = [
    cell("recoup", "noise", [0.4, 0.4, 0.6, 1.2]),
    cell("recoup", "another", [2, 2, 2, 2]),
    cell("cdpruner", "another", [1.5, 2.5, 1, 1]),
    cell("divprune", null, [1.4, 1.4, 1.6, 2.2]),
    cell("recoup, no text", null, [0.3, 0.3, 0.5, 1.1]),
  ];

  it("are means over questions", () => {
    const [noise, another] = answerRows(cells, pictures);
    expect(noise).toMatchObject({ method: "recoup", condition: "noise", budget: 16, questions: 4 });
    expect(noise.kl).toBeCloseTo(0.65, 12);
    expect(noise.score).toBe(0.75);
    expect(noise.same).toBe(0.5);
    const [low, high] = noise.kl_interval ?? [];
    expect(low).toBeLessThan(0.65);
    expect(high).toBeGreaterThan(0.65);
    // Nothing varied.
    expect(another.kl_interval).toBeNull();
  });

  it("bars are paired: a constant difference has no width, whatever the questions are like", () => {
    const bars = barRows(cells, pictures);
    expect(bars.map(({ condition, against }) => `${condition} ${against}`)).toEqual([
      "noise recoup, no text",
      "noise divprune",
      "another cdpruner",
    ]);
    expect(bars[0].kl).toBeCloseTo(0.1, 12);
    expect(bars[1].kl).toBeCloseTo(-1, 12);
    expect(bars[1].kl_interval).toBeNull();
    expect(bars[1].score).toBe(0.75);
    expect(bars[2].kl).toBeCloseTo(0.5, 12);
    // Of pictures, not of questions: a's two differences of 0.5 and -0.5 always come together.
    expect(bars[2].kl_interval?.[0]).toBeCloseTo(0, 12);
    expect(bars[2].kl_interval?.[1]).toBeCloseTo(1, 12);
  });

  it("refuse bars without the cells that they compare", () => {
    expect(() => barRows(cells.slice(1), pictures)).toThrow("no recoup under noise at 16 rows");
  });
});

describe("odd tables", () => {
  const SIDE = 8;
  const tables = [1, 2, 3, 4].map((seed) => madeUp(SIDE, seed));
  const [own, ...others] = tables;
  const odd = (start: string) => {
    const found = ODD_TABLES.find(({ name }) => name.startsWith(start));
    if (found === undefined) throw new RangeError(start);
    return { table: found.make(own, others), facts: found.facts };
  };
  const ids = (...values: number[]) => Uint32Array.from(values);

  it("sinks are alike, long, and what the class token looks at", () => {
    const { table, facts } = odd("8 sinks");
    const rows = Array.from({ length: table.count }, (_, i) =>
      Array.from(table.features?.data.subarray(3 * i, 3 * i + 3) ?? []),
    );
    const plain = Array.from({ length: own.count }, (_, i) =>
      Math.hypot(...(own.features?.data.subarray(3 * i, 3 * i + 3) ?? [])),
    );
    const long = rows.flatMap((row, i) => (Math.hypot(...row) > 15 * Math.max(...plain) ? [i] : []));
    expect(long).toEqual([4, 12, 20, 28, 36, 44, 52, 60]);
    for (const id of long) expect(rows[id]).toEqual(rows[4]);
    expect(table.clsAttention?.[4]).toBe(Math.max(...(own.clsAttention ?? [])));
    expect(own.features?.data).not.toEqual(table.features?.data);
    expect(facts["rows on sinks"](ids(3, 4, 12, 13), ids(), 64)).toBe(2);
  });

  it("tiles are a table with a grid each", () => {
    const { table, facts } = odd("4 tiles");
    expect(table.count).toBe(256);
    expect(table.grids?.map(({ offset }) => offset)).toEqual([0, 64, 128, 192]);
    expect(table.textSimilarity?.subarray(64, 128)).toEqual(others[0].textSimilarity);
    const anchors = ids(0, 63, 64, 128, 200, 201);
    expect(facts["rows in the first, share"](anchors, ids(), 256)).toBeCloseTo(1 / 3, 12);
    expect(facts["fewest rows in a tile"](anchors, ids(), 256)).toBe(1);
    expect(facts["fewest rows in a tile"](ids(0, 1), ids(), 256)).toBe(0);
  });

  it("frames differ by a thousandth", () => {
    const { table, facts } = odd("two near");
    const { data } = table.features ?? { data: new Float32Array(0) };
    const [first, second] = [data.subarray(0, 192), data.subarray(192)];
    const differences = first.map((value, i) => value - second[i]);
    expect(moments(differences).sd / moments(first).sd).toBeCloseTo(1e-3, 4);
    expect(facts["places kept twice"](ids(5, 6, 69, 70, 71), ids(), 128)).toBe(2);
    expect(facts["rows in the first, share"](ids(5, 6, 69, 70), ids(), 128)).toBe(0.5);
  });

  it("without class attention all else is there", () => {
    const { table, facts } = odd("no class");
    expect(table).toEqual({ ...own, clsAttention: undefined });
    expect(facts["rows that are the same, share"](ids(1, 2, 3, 4), ids(2, 4, 5, 6), 64)).toBe(0.5);
  });
});

function madeUp(side: number, seed: number): TokenTable {
  const random = randomSource(seed);
  const column = (length: number) => Float32Array.from({ length }, () => random.unit());
  const count = side * side;
  return createTokenTable({
    features: { data: column(3 * count), count, dim: 3 },
    keys: { data: column(2 * count), count, dim: 2 },
    clsAttention: column(count),
    textSimilarity: column(count),
    grids: [{ rows: side, columns: side, offset: 0 }],
  });
}

function moments(values: Float32Array): { mean: number; sd: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, sd: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
}

function correlation(a: Float32Array, b: Float32Array): number {
  const [one, two] = [moments(a), moments(b)];
  return a.reduce((sum, value, i) => sum + (value - one.mean) * (b[i] - two.mean), 0) / (a.length * one.sd * two.sd);
}
