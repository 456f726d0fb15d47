import { describe, expect, it } from "vitest";
import { identityPlan, orderRows, ownRow, type PlanRow } from "../core/index.js";
import { cellCounts, mergeLinks, mergeShares, planCells } from "./plan-cells.js";

const merged = (anchor: number, sources: number[], weights: number[]): PlanRow => ({
  role: "merged",
  anchor,
  sources,
  weights,
});
const residual = (sources: number[], weights: number[]): PlanRow => ({
  role: "residual",
  anchor: sources[0],
  sources,
  weights,
});

/** 8 tokens: 0 visual, 5 text, centers 2 and 6, residual over all others, 7 nowhere. */
const plan = orderRows(
  [
    ownRow("visual", 0),
    ownRow("text", 5),
    merged(2, [2, 1, 3], [1, 0.5, 0.25]),
    merged(6, [6, 3, 2], [1, -0.75, 0.25]),
    residual([1, 3, 4], [0.1, 0.1, 0.2]),
  ],
  8,
  "append",
);

describe("planCells", () => {
  it("gives each token the first role among the rows it stands in", () => {
    expect(planCells(plan).map(({ role }) => role)).toEqual([
      "visual",
      "merged",
      "merged",
      "merged",
      "residual",
      "text",
      "merged",
      "dropped",
    ]);
  });

  it("marks the anchors of merged rows as centers", () => {
    const centers = planCells(plan).filter(({ center }) => center);
    expect(centers.map(({ source }) => source)).toEqual([2, 6]);
  });

  it("takes row and weight from the row with the largest |weight|, and lists all rows", () => {
    expect(planCells(plan)[3]).toEqual({
      source: 3,
      role: "merged",
      center: false,
      row: 3,
      weight: -0.75,
      entries: [
        { row: 2, role: "merged", weight: 0.25 },
        { row: 3, role: "merged", weight: -0.75 },
        { row: 4, role: "residual", weight: expect.closeTo(0.1, 6) },
      ],
    });
  });

  it("takes the lower row when weights are equal", () => {
    const equal = orderRows([merged(0, [0, 1], [1, 0.5]), merged(2, [2, 1], [1, -0.5])], 3, "append");
    expect(planCells(equal)[1]).toMatchObject({ row: 0, weight: 0.5 });
  });

  it("says row -1 and weight 0 for a dropped token", () => {
    expect(planCells(plan)[7]).toEqual({ source: 7, role: "dropped", center: false, row: -1, weight: 0, entries: [] });
  });

  it("keeps everything of the identity plan and nothing of an empty one", () => {
    expect(cellCounts(planCells(identityPlan(5)))).toEqual({ visual: 5, text: 0, merged: 0, residual: 0, dropped: 0 });
    expect(cellCounts(planCells(orderRows([], 5, "append")))).toMatchObject({ dropped: 5 });
    expect(planCells(orderRows([], 0, "append"))).toEqual([]);
  });

  it("counts a center that is no entry of its row by its own entries", () => {
    const outside = orderRows([merged(3, [0, 1], [1, 1])], 4, "append");
    expect(planCells(outside)[3]).toMatchObject({ role: "dropped", center: true });
  });
});

describe("mergeLinks", () => {
  it("links centers to neighbors, the strongest first, relative to the row's largest neighbor", () => {
    expect(mergeLinks(plan)).toEqual([
      { row: 2, center: 2, neighbor: 1, strength: 1 },
      { row: 2, center: 2, neighbor: 3, strength: 0.5 },
      { row: 3, center: 6, neighbor: 3, strength: 1 },
      { row: 3, center: 6, neighbor: 2, strength: expect.closeTo(1 / 3, 12) },
    ]);
  });

  it("orders equal weights by source id and gives weights of zero no strength", () => {
    const zero = orderRows([merged(1, [1, 4, 0, 3], [1, 0, 0, 0])], 5, "append");
    expect(mergeLinks(zero).map(({ neighbor, strength }) => [neighbor, strength])).toEqual([
      [0, 0],
      [3, 0],
      [4, 0],
    ]);
  });
});

describe("mergeShares", () => {
  it("sums the link strengths over rows and divides by the largest sum", () => {
    // Token 3 has 0.5 + 1, token 1 has 1, token 2 has 1/3.
    const shares = Array.from(mergeShares(plan));
    expect(shares[3]).toBe(1);
    expect(shares[1]).toBeCloseTo(1 / 1.5, 12);
    expect(shares[2]).toBeCloseTo(1 / 3 / 1.5, 12);
    expect([0, 4, 5, 6, 7].map((source) => shares[source])).toEqual([0, 0, 0, 0, 0]);
  });
});
