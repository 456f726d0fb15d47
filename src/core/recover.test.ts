import { describe, expect, it } from "vitest";
import { applyPlan } from "./apply-plan.js";
import { InvalidInputError } from "./errors.js";
import { expandRow, orderRows, ownRow, type PlanRow, planRows } from "./plan.js";
import { recover, recoverRows } from "./recover.js";

const merged: PlanRow = { role: "merged", anchor: 2, sources: [2, 3, 5], weights: [1, 0.25, 0.5] };
const residual: PlanRow = { role: "residual", anchor: 0, sources: [0, 3], weights: [0.5, 0.125] };
const plan = orderRows([ownRow("visual", 1), ownRow("visual", 4), merged, residual], 6, "append");

const plain = (rows: PlanRow[]) =>
  rows.map((row) => ({ ...row, sources: Array.from(row.sources), weights: Array.from(row.weights) }));

describe("recover", () => {
  it("gives a source its own row in raster place and takes it out of the rows it was merged into", () => {
    expect(plain(planRows(recover(plan, [3])))).toEqual([
      { role: "visual", anchor: 1, sources: [1], weights: [1] },
      { role: "text", anchor: 3, sources: [3], weights: [1] },
      { role: "visual", anchor: 4, sources: [4], weights: [1] },
      { role: "merged", anchor: 2, sources: [2, 5], weights: [1, 0.5] },
      { role: "residual", anchor: 0, sources: [0], weights: [0.5] },
    ]);
  });

  it("moves the anchor of a row that loses it to the heaviest entry left", () => {
    expect(plain([expandRow(recover(plan, [2]), 3)])).toEqual([
      { role: "merged", anchor: 5, sources: [3, 5], weights: [0.25, 0.5] },
    ]);
  });

  it("drops a row that loses its last entry", () => {
    const roles = planRows(recover(plan, [0, 3])).map((row) => row.role);
    expect(roles).toEqual(["text", "visual", "text", "visual", "merged"]);
  });

  it("moves mass with a token, and says it where all rows have as much by now", () => {
    const weighed = orderRows(
      [ownRow("visual", 1), { ...merged, sources: [2, 3], weights: [1, 1], mass: 2 }],
      6,
      "append",
    );
    expect(recover(weighed, [3]).mass).toEqual(Float32Array.of(1, 1, 1));
    expect(recover(plan, [3]).mass).toBeUndefined();
  });

  it("knows which row each was, also where anchors move", () => {
    expect(recoverRows(plan, [3, 2]).from).toEqual([0, undefined, undefined, 1, 2, 3]);
    const grid = orderRows([residual, ownRow("visual", 1), merged, ownRow("visual", 4)], 6, "grid");
    // The residual and the center are gone from their places: rows come in the order of the new ones.
    const { plan: after, from } = recoverRows(grid, [0, 2]);
    expect(Array.from(after.anchor)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(from).toEqual([undefined, 1, undefined, 0, 3, 2]);
  });

  it("changes nothing for tokens that are there already, and counts repeated ids once", () => {
    expect(recover(plan, [4, 1, 4])).toEqual(plan);
    expect(recover(plan, [5, 5])).toEqual(recover(plan, [5]));
  });

  it("makes the plan of everything out of any plan, step by step or at once", () => {
    const all = recover(plan, [0, 2, 3, 5]);
    expect(planRows(all).map((row) => row.anchor)).toEqual([0, 1, 2, 3, 4, 5]);
    const features = { data: Float32Array.of(3, 1, 4, 1, 5, 9), count: 6, dim: 1 };
    expect(applyPlan(all, features).data).toEqual(features.data);
    expect(recover(recover(plan, [3, 0]), [2, 5])).toEqual(all);
  });

  it("keeps grid order", () => {
    const grid = orderRows([ownRow("visual", 1), merged, ownRow("visual", 4)], 6, "grid");
    expect(planRows(recover(grid, [3])).map((row) => row.anchor)).toEqual([1, 2, 3, 4]);
  });

  it("refuses ids out of range and leaves the given plan as it was", () => {
    const before = structuredClone(plan);
    expect(() => recover(plan, [6])).toThrow("recover: expected source ids below 6, got 6");
    expect(() => recover(plan, [-1])).toThrow(InvalidInputError);
    expect(() => recover(plan, [0.5])).toThrow(InvalidInputError);
    recover(plan, [3]);
    expect(plan).toEqual(before);
  });
});
