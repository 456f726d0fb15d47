import { describe, expect, it } from "vitest";
import { InvalidInputError } from "./errors.js";
import { identityPlan, orderRows, ownRow } from "./plan.js";
import { splicePlaceholders } from "./splice.js";

const IMAGE = 99;
/** Of 6 tokens: 1 and 4 kept, one row merged around 2 at the end. */
const plan = orderRows(
  [ownRow("visual", 1), ownRow("text", 4), { role: "merged", anchor: 2, sources: [2, 3], weights: [1, 0.1] }],
  6,
  "append",
);
const grid = orderRows([ownRow("visual", 1), ownRow("text", 4)], 6, "grid");
const image = [99, 99, 99, 99, 99, 99];

describe("splicePlaceholders", () => {
  it("keeps one placeholder per output row; compact positions count up", () => {
    expect(splicePlaceholders([1, 7, ...image, 8, 9], IMAGE, [plan])).toEqual({
      inputIds: [1, 7, 99, 99, 99, 8, 9],
      attentionMask: [1, 1, 1, 1, 1, 1, 1],
      positions: [[0, 1, 2, 3, 4, 5, 6]],
    });
  });

  it("keeps every token's old position in original mode, and gives a row that of its anchor", () => {
    const { positions } = splicePlaceholders([1, 7, ...image, 8, 9], IMAGE, [plan], { positions: "original" });
    expect(positions).toEqual([[0, 1, 2 + 1, 2 + 4, 2 + 2, 8, 9]]);
  });

  it("serves two pictures, side by side or apart", () => {
    const apart = splicePlaceholders([1, ...image, 5, ...image, 6], IMAGE, [grid, plan], { positions: "original" });
    expect(apart.inputIds).toEqual([1, 99, 99, 5, 99, 99, 99, 6]);
    expect(apart.positions).toEqual([[0, 2, 5, 7, 9, 12, 10, 14]]);
    const adjoining = splicePlaceholders([...image, ...image], IMAGE, [grid, plan], { positions: "original" });
    expect(adjoining.positions).toEqual([[1, 4, 7, 10, 8]]);
  });

  it("keeps rows in the run of placeholders that holds their anchor, when rows of tiles are separated", () => {
    const tiled = [1, 99, 99, 99, 50, 99, 99, 99, 2];
    expect(splicePlaceholders(tiled, IMAGE, [grid], { positions: "original" })).toEqual({
      inputIds: [1, 99, 50, 99, 2],
      attentionMask: [1, 1, 1, 1, 1],
      positions: [[0, 2, 4, 6, 8]],
    });
    // The merged row stands last but belongs to the first run.
    expect(() => splicePlaceholders(tiled, IMAGE, [plan])).toThrow(/order of the runs/);
  });

  it("leaves a prompt without pictures as it is", () => {
    expect(splicePlaceholders([1, 2, 3], IMAGE, [])).toEqual({
      inputIds: [1, 2, 3],
      attentionMask: [1, 1, 1],
      positions: [[0, 1, 2]],
    });
  });

  it("counts positions from the mask when padded on the left", () => {
    const attentionMask = [0, 0, 1, 1, 1, 1, 1, 1, 1, 1];
    const padded = [0, 0, 1, ...image, 8];
    expect(splicePlaceholders(padded, IMAGE, [plan], { attentionMask })).toEqual({
      inputIds: [0, 0, 1, 99, 99, 99, 8],
      attentionMask: [0, 0, 1, 1, 1, 1, 1],
      positions: [[0, 0, 0, 1, 2, 3, 4]],
    });
    const { positions } = splicePlaceholders(padded, IMAGE, [plan], { attentionMask, positions: "original" });
    expect(positions).toEqual([[0, 0, 0, 2, 5, 3, 7]]);
  });

  it("changes nothing for the plan of everything, in either mode, with 64-bit ids too", () => {
    const ids = [1n, 99n, 99n, 2n];
    for (const positions of ["compact", "original"] as const) {
      expect(splicePlaceholders(ids, IMAGE, [identityPlan(2)], { positions })).toEqual({
        inputIds: [1, 99, 99, 2],
        attentionMask: [1, 1, 1, 1],
        positions: [[0, 1, 2, 3]],
      });
    }
  });

  it("takes the positions of all tokens by plane, of which each token keeps its own", () => {
    const time = [0, 1, 2, 2, 2, 2, 2, 2, 5, 6];
    const column = [0, 1, 2, 3, 4, 2, 3, 4, 5, 6];
    const { positions } = splicePlaceholders([1, 7, ...image, 8, 9], IMAGE, [plan], { positions: [time, column] });
    expect(positions).toEqual([
      [0, 1, 2, 2, 2, 5, 6],
      [0, 1, 3, 3, 4, 5, 6],
    ]);
    for (const planes of [[], [[0, 1]], [time, column.slice(1)]]) {
      const splice = () => splicePlaceholders([1, 7, ...image, 8, 9], IMAGE, [plan], { positions: planes });
      expect(splice).toThrow(InvalidInputError);
      expect(splice).toThrow(/planes of 10 positions/);
    }
  });

  it("removes all placeholders for a plan of no rows", () => {
    expect(splicePlaceholders([1, 99, 99, 2], IMAGE, [orderRows([], 2, "append")]).inputIds).toEqual([1, 2]);
  });

  it.each([
    ["too few placeholders", [1, 99, 2], [plan], undefined],
    ["too many placeholders", [...image, 99], [plan], undefined],
    ["placeholders without a plan", [1, 99], [], undefined],
    ["a mask of another length", [1, ...image], [plan], [1, 1]],
    ["a masked placeholder", image, [plan], [0, 1, 1, 1, 1, 1]],
    ["a mask of other values", [5, ...image], [plan], [2, 1, 1, 1, 1, 1, 1]],
  ])("refuses %s", (_, ids, plans, attentionMask) => {
    expect(() => splicePlaceholders(ids, IMAGE, plans, { attentionMask })).toThrow(InvalidInputError);
  });
});
