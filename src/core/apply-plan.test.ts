import { describe, expect, it } from "vitest";
import { fromFloat16Array, toFloat16Array } from "../math/index.js";
import { applyPlan } from "./apply-plan.js";
import { InvalidInputError } from "./errors.js";
import { identityPlan, orderRows, ownRow, type PlanRow } from "./plan.js";

const features = { data: Float32Array.of(1, 2, 10, 20, 100, 200, 1000, 2000), count: 4, dim: 2 };
const merged: PlanRow = { role: "merged", anchor: 2, sources: [2, 0, 3], weights: [1, 0.5, 0.25] };

describe("applyPlan", () => {
  it("copies own rows and sums weighted ones", () => {
    const plan = orderRows([ownRow("visual", 3), merged], 4, "append");
    const { data, count, dim } = applyPlan(plan, features);
    expect([count, dim]).toEqual([2, 2]);
    expect(Array.from(data)).toEqual([1000, 2000, 100 + 0.5 + 250, 200 + 1 + 500]);
  });

  it("is the identity for the identity plan, bit for bit, NaN included", () => {
    const odd = { data: Float32Array.of(-0, Number.NaN, 1e-45, 3e38), count: 2, dim: 2 };
    expect(applyPlan(identityPlan(2), odd)).toEqual(odd);
    const half = { data: Uint16Array.of(0x8000, 0x7e01, 1, 0x7bff), count: 2, dim: 2 };
    expect(applyPlan(identityPlan(2), half)).toEqual(half);
  });

  it("sums float16 rows in double precision and rounds once", () => {
    const half = { data: toFloat16Array(features.data), count: 4, dim: 2 };
    const plan = orderRows([merged], 4, "append");
    expect(Array.from(fromFloat16Array(applyPlan(plan, half).data))).toEqual([350.5, 701]);
  });

  it("refuses sums that float16 or float32 does not hold; what came infinite passes", () => {
    const sum = (sources: number[]) =>
      orderRows([{ role: "merged", anchor: 0, sources, weights: sources.map(() => 1) }], 4, "append");
    const halves = (...values: number[]) => ({ data: toFloat16Array(values), count: 4, dim: 1 });
    expect(() => applyPlan(sum([0, 1]), halves(40_000, 40_000, 1, 2))).toThrow(
      /^applyPlan: expected sums within float16 \(65504\).*, got 80000 in row 0, column 0$/,
    );
    expect(() => applyPlan(sum([0, 1]), halves(-65_504, -16, 1, 2))).toThrow(InvalidInputError);
    expect([...fromFloat16Array(applyPlan(sum([0, 1]), halves(65_504, 15, 1, 2)).data)]).toEqual([65_504]);
    expect([...fromFloat16Array(applyPlan(sum([0, 2]), halves(Infinity, 15, 1, 2)).data)]).toEqual([Infinity]);
    const large = { data: Float32Array.of(3e38, 3e38, -3e38, 1), count: 4, dim: 1 };
    expect(() => applyPlan(sum([0, 1]), large)).toThrow(/sums within float32/);
    expect([...applyPlan(sum([0, 1, 2]), large).data]).toEqual([Math.fround(3e38)]);
  });

  it("sums any number of sources, whole groups of four or not", () => {
    for (let size = 1; size <= 9; size++) {
      const ids = Array.from({ length: size }, (_, i) => i);
      const data = Float32Array.from(ids, (id) => 2 ** id);
      const weights = ids.map((id) => (id % 2 === 0 ? 1 : -2));
      const plan = orderRows([{ role: "merged", anchor: 0, sources: ids, weights }], size, "append");
      const sum = ids.reduce((total, id) => total + 2 ** id * weights[id], 0);
      expect(applyPlan(plan, { data, count: size, dim: 1 }).data[0]).toBe(sum);
    }
  });

  it("gives no rows for an empty plan", () => {
    expect(applyPlan(orderRows([], 4, "append"), features)).toEqual({ data: new Float32Array(0), count: 0, dim: 2 });
  });

  it("refuses another number of tokens, ids out of range and data of the wrong length", () => {
    expect(() => applyPlan(identityPlan(3), features)).toThrow("applyPlan: expected 3 source tokens, got 4");
    const beyond = orderRows([ownRow("visual", 4)], 4, "append");
    expect(() => applyPlan(beyond, features)).toThrow("an anchor below 4, got 4 in row 0");
    const odd = orderRows([{ ...merged, sources: [2, 9, 3] }], 4, "append");
    expect(() => applyPlan(odd, features)).toThrow("source ids below 4, got 9 in entry 1");
    expect(() => applyPlan(identityPlan(4), { ...features, data: new Float32Array(7) })).toThrow(InvalidInputError);
    expect(() => applyPlan(identityPlan(4), { ...features, data: [1] as never })).toThrow(InvalidInputError);
  });
});
