import { describe, expect, it } from "vitest";
import { InvalidInputError } from "./errors.js";
import { clsAttention, projectRows, textSimilarity, withoutClsRow, wordSimilarity } from "./signals.js";

const matrix = (rows: number[][]) => ({
  data: Float32Array.from(rows.flat()),
  count: rows.length,
  dim: rows[0].length,
});

describe("clsAttention", () => {
  it("is a softmax over class row and patches with the class entry dropped", () => {
    // Width 4: the scale is 1/2. Logits 0, ln 2, ln 5: exponentials 1, 2, 5 of 8.
    const keys = matrix([
      [0, 0, 0, 0],
      [2 * Math.log(2), 0, 0, 0],
      [2 * Math.log(5), 9, 0, 0],
    ]);
    const attention = clsAttention(Float32Array.of(1, 0, 0, 0), keys);
    expect(attention[0]).toBeCloseTo(2 / 8, 6);
    expect(attention[1]).toBeCloseTo(5 / 8, 6);
    expect(attention).toHaveLength(2);
  });

  it("stays finite for logits beyond the range of exp", () => {
    const keys = matrix([[1e4], [2e4], [-1e4]]);
    expect(Array.from(clsAttention(Float32Array.of(1), keys))).toEqual([1, 0]);
  });

  it("refuses NaN, infinity and shapes that do not fit", () => {
    expect(() => clsAttention(Float32Array.of(1), matrix([[1], [Number.NaN]]))).toThrow("finite keys");
    expect(() => clsAttention(Float32Array.of(Infinity), matrix([[1], [2]]))).toThrow("finite query");
    expect(() => clsAttention(Float32Array.of(1, 2), matrix([[1], [2]]))).toThrow(InvalidInputError);
  });
});

describe("textSimilarity", () => {
  it("is the cosine, times the scale, and 0 for a zero vector", () => {
    const patches = matrix([
      [3, 4],
      [-4, 3],
      [0, 0],
      [-30, -40],
    ]);
    expect(Array.from(textSimilarity(patches, Float32Array.of(6, 8)))).toEqual([1, 0, 0, -1]);
    expect(textSimilarity(patches, Float32Array.of(6, 8), { scale: 0.25 })[0]).toBe(0.25);
    expect(Array.from(textSimilarity(patches, Float32Array.of(0, 0)))).toEqual([0, 0, 0, 0]);
  });

  it("has one column per word in wordSimilarity", () => {
    const words = wordSimilarity(
      matrix([
        [1, 0],
        [0, 2],
      ]),
      matrix([
        [1, 0],
        [0, 1],
        [-1, 0],
      ]),
    );
    expect(words).toEqual({ data: Float32Array.of(1, 0, -1, 0, 1, 0), count: 2, dim: 3 });
  });
});

describe("projectRows", () => {
  it("multiplies by the transposed projection", () => {
    const projected = projectRows(
      matrix([
        [1, 2],
        [3, 4],
      ]),
      matrix([
        [1, 1],
        [0, 1],
        [10, 0],
      ]),
    );
    expect(projected).toEqual({ data: Float32Array.of(3, 2, 10, 7, 4, 30), count: 2, dim: 3 });
    expect(() => projectRows(matrix([[1, 2]]), matrix([[1]]))).toThrow(InvalidInputError);
  });
});

describe("withoutClsRow", () => {
  it("is a view of the rows after the first", () => {
    const keys = matrix([
      [1, 2],
      [3, 4],
    ]);
    const patches = withoutClsRow(keys);
    expect(patches.data.buffer).toBe(keys.data.buffer);
    expect(Array.from(patches.data)).toEqual([3, 4]);
  });
});
