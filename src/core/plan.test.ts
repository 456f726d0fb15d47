import { describe, expect, it } from "vitest";
import { InvalidInputError } from "./errors.js";
import { orderRows, ownRow, type PlanRow } from "./plan.js";

const merged = { role: "merged", anchor: 1, sources: [1, 2], weights: [0.5, 0.5] } as const;
const WRONG_IDS = [Number.NaN, undefined, 2 ** 32, 1.9, "3", -1, null, 1n, true, Infinity];

describe("rows of a plan are what they say, or refused", () => {
  it.each(WRONG_IDS)("%s is no id", (id) => {
    const wrong = id as number;
    expect(() => ownRow("visual", wrong)).toThrow(InvalidInputError);
    for (const row of [
      { ...merged, anchor: wrong },
      { ...merged, sources: [1, wrong] },
    ]) {
      expect(() => orderRows([merged, row], 4, "grid")).toThrow(InvalidInputError);
      expect(() => orderRows([merged, row], 4, "grid")).toThrow(/whole numbers? below 4, got .* in row 1/);
    }
  });

  it.each([
    ["an id of no token", { anchor: 4 }, /below 4, got 4 in row 0/],
    ["fewer weights", { weights: [1] }, /as many weights as sources, got 1 for 2 in row 0/],
    ["more weights", { weights: [1, 1, 1] }, /got 3 for 2/],
    ["weights that are no numbers", { weights: ["1", 1] }, /finite weights, got "1"/],
    ["weights without an end", { weights: [Infinity, 1] }, /finite weights/],
    ["no sources", { sources: [], weights: [] }, /at least one source per row/],
    ["another role", { role: "kept" }, /role as one of .*, got "kept"/],
    ["no lists", { sources: 1 }, /sources as a list/],
  ])("%s", (_, change, message) => {
    const rows = [{ ...merged, ...change } as unknown as PlanRow];
    expect(() => orderRows(rows, 4, "grid")).toThrow(InvalidInputError);
    expect(() => orderRows(rows, 4, "grid")).toThrow(message);
  });

  it("and so are number of tokens, order and the list itself", () => {
    for (const count of [Number.NaN, -1, 1.5, "4", 2 ** 32 + 1, undefined])
      expect(() => orderRows([], count as number, "grid")).toThrow(/sourceCount/);
    expect(() => orderRows([merged], 4, "up" as "grid")).toThrow(/order/);
    expect(() => orderRows(new Set([merged]) as never, 4, "grid")).toThrow(/a list of rows/);
    expect(() => orderRows([null] as never, 4, "grid")).toThrow(/an object in row 0/);
    expect(() => ownRow("kept" as "text", 1)).toThrow(/a role: visual, text, merged, residual, got kept/);
  });
});
