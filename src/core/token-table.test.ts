import { describe, expect, it } from "vitest";
import { InvalidInputError, MissingSignalError, RecoupError } from "./errors.js";
import { createTokenTable, onlySignals, requireSignals, signalsOf, take } from "./token-table.js";

const features = { data: Float32Array.of(0, 1, 10, 11, 20, 21, 30, 31), count: 4, dim: 2 };
const columns = {
  features,
  keys: { data: Float32Array.of(5, 6, 7, 8), count: 4, dim: 1 },
  clsAttention: Float32Array.of(0.1, 0.2, 0.3, 0.4),
  textSimilarity: Float32Array.of(-1, 0, 1, 0.5),
  wordSimilarity: { data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), count: 4, dim: 2 },
  grids: [{ rows: 2, columns: 2, offset: 0 }],
};

describe("take", () => {
  it("takes all columns and the source ids together, also of a taken table", () => {
    const taken = take(take(createTokenTable(columns), [0, 1, 3]), [1, 2]);
    expect(Array.from(taken.source)).toEqual([1, 3]);
    expect(taken.count).toBe(2);
    expect(taken.sourceCount).toBe(4);
    expect(Array.from(taken.features?.data ?? [])).toEqual([10, 11, 30, 31]);
    expect(Array.from(taken.keys?.data ?? [])).toEqual([6, 8]);
    expect(taken.clsAttention).toEqual(Float32Array.of(0.2, 0.4));
    expect(taken.textSimilarity).toEqual(Float32Array.of(0, 0.5));
    expect(Array.from(taken.wordSimilarity?.data ?? [])).toEqual([3, 4, 7, 8]);
  });

  it("keeps the sign of the similarities, as does a table of fewer signals", () => {
    const table = createTokenTable({ ...columns, textPolarity: -1 });
    expect(take(table, [1]).textPolarity).toBe(-1);
    expect(onlySignals({ ...table, textSimilarity: columns.textSimilarity }, ["textSimilarity"]).textPolarity).toBe(-1);
    expect(createTokenTable(columns).textPolarity).toBe(1);
  });

  it.each([[[4]], [[-1]], [[1, 0]], [[1, 1]]])("refuses rows %j", (rows) => {
    expect(() => take(createTokenTable(columns), rows)).toThrow(InvalidInputError);
  });
});

describe("signals", () => {
  it("lists what the table carries and names what a method misses", () => {
    const table = createTokenTable({ features, clsAttention: columns.clsAttention });
    expect(signalsOf(table)).toEqual(["features", "clsAttention"]);
    expect(() => requireSignals("some-method", table, ["features", "keys", "grid"])).toThrow(MissingSignalError);
    expect(() => requireSignals("some-method", table, ["features", "keys", "grid"])).toThrow(
      "some-method: expected a table with features, keys, grid, got features, clsAttention; missing: keys, grid",
    );
  });

  it("reduces a table to named signals", () => {
    const table = createTokenTable(columns);
    requireSignals("test", table, ["keys"]);
    expect(signalsOf(onlySignals(table, ["keys"]))).toEqual(["keys"]);
  });
});

describe("createTokenTable", () => {
  const wrong = (part: object) => () => createTokenTable({ ...columns, ...part });
  it.each([
    ["no tokens", { features: { data: new Float32Array(0), count: 0, dim: 2 } }, "at least one token"],
    ["features of the wrong length", { features: { ...features, dim: 3 } }, "features of shape"],
    ["features of width 0", { features: { data: new Float32Array(0), count: 4, dim: 0 } }, "features of shape"],
    ["float16 features", { features: { ...features, data: new Uint16Array(8) } }, "Float32Array"],
    ["keys of another count", { keys: { data: new Float32Array(3), count: 3, dim: 1 } }, "4 rows of keys"],
    ["too few attentions", { clsAttention: new Float32Array(3) }, "clsAttention as Float32Array of 4"],
    ["attention as a plain list", { clsAttention: [1, 2, 3, 4] }, "clsAttention as Float32Array of 4"],
    ["negative attention", { clsAttention: Float32Array.of(0, -1, 0, 0) }, "-1 at row 1"],
    [
      "NaN in features",
      { features: { ...features, data: features.data.map((v, i) => (i === 5 ? Number.NaN : v)) } },
      "NaN at row 2, column 1",
    ],
    [
      "infinity in keys",
      { keys: { data: Float32Array.of(1, 2, 3, -Infinity), count: 4, dim: 1 } },
      "-Infinity at row 3",
    ],
    ["NaN in similarity", { textSimilarity: Float32Array.of(0, 0, Number.NaN, 0) }, "finite textSimilarity"],
    ["a grid that is too small", { grids: [{ rows: 1, columns: 2, offset: 0 }] }, "cover 4 source tokens"],
    [
      "grids with a gap",
      {
        grids: [
          { rows: 1, columns: 2, offset: 0 },
          { rows: 1, columns: 2, offset: 3 },
        ],
      },
      "gap",
    ],
    ["a sign that is none", { textPolarity: 0 }, "textPolarity 1 or -1, got 0"],
    ["an empty grid", { grids: [{ rows: 0, columns: 4, offset: 0 }] }, "at least 1 row"],
  ])("refuses %s", (_, part, message) => {
    expect(wrong(part)).toThrow(message);
    try {
      wrong(part)();
    } catch (error) {
      expect(RecoupError.isInstance(error)).toBe(true);
    }
  });
});
