import { describe, expect, it } from "vitest";
import { MMBENCH } from "../../benchmarks/index.js";
import { InvalidInputError } from "../../core/index.js";
import { mmbenchScores } from "./mmbench.js";

const row = (index: number, found: string | undefined, category = "ocr", l2Category = "logic_reasoning") => ({
  index,
  found,
  answer: "B",
  category,
  l2Category,
});

describe("mmbenchScores", () => {
  it("counts a question only if all its rotations are right", () => {
    const scores = mmbenchScores([
      row(1, "B"),
      row(1 + MMBENCH.rotation, "B"),
      row(2, "B"),
      row(2 + MMBENCH.rotation, undefined),
      // The last rotation fails, and stands before the first.
      row(3 + 3 * MMBENCH.rotation, "A"),
      row(3, "B", "count", "coarse_perception"),
    ]);
    expect([...scores.hits]).toEqual([
      [1, 1],
      [2, 0],
      [3, 0],
    ]);
    expect(scores).toMatchObject({ circular: 1 / 3, single: 1, allRows: 4 / 6 });
  });

  it("leaves a group without its first rotation out of all but the mean over rows", () => {
    const scores = mmbenchScores([row(1, "B"), row(2 + MMBENCH.rotation, "A")]);
    expect(scores).toMatchObject({ circular: 1, single: 1, allRows: 0.5 });
    expect(mmbenchScores([row(2 + MMBENCH.rotation, "B")])).toMatchObject({ circular: null, single: null, allRows: 1 });
    expect(mmbenchScores([])).toMatchObject({ circular: null, single: null, allRows: null });
  });

  it("has no group for a row without a category, and groups with any name", () => {
    const scores = mmbenchScores([row(1, "B", "__proto__"), { index: 2, found: "B", answer: "B" }]);
    expect([...scores.categories]).toEqual([["__proto__", 1]]);
  });

  it("refuses indexes that are no whole numbers or come twice", () => {
    expect(() => mmbenchScores([row(1, "B"), row(1, "B")])).toThrow("got 1 twice");
    expect(() => mmbenchScores([row(-1, "B")])).toThrow(InvalidInputError);
    expect(() => mmbenchScores([row(0.5, "B")])).toThrow(InvalidInputError);
  });
});
