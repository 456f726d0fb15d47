import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CompressionPlan, InvalidInputError, identityPlan, orderRows, ownRow, recover } from "../core/index.js";
import { plainKernels } from "../math/index.js";
import { syntheticTable } from "../testing/index.js";
import { compress } from "./compress.js";
import { METHODS } from "./registry.js";
import { representedMass, withMass } from "./represented-mass.js";

/** Directions by their angle in degrees, of any length. */
const directions = (...degrees: number[]) => ({
  data: Float32Array.from(
    degrees.flatMap((each, i) =>
      [Math.cos((each * Math.PI) / 180), Math.sin((each * Math.PI) / 180)].map((x) => x * (i + 1)),
    ),
  ),
  count: degrees.length,
  dim: 2,
});

describe("representedMass", () => {
  const features = directions(0, 10, 20, 90, 100, 60);
  const plan = orderRows([ownRow("visual", 0), ownRow("visual", 3)], 6, "grid");

  it("counts the tokens that are nearest to each row's anchor", () => {
    expect(representedMass(plan, features).mass).toEqual(Float32Array.of(3, 3));
  });

  it("adds up cosines instead", () => {
    const cos = (degrees: number) => Math.cos((degrees * Math.PI) / 180);
    const [one, other] = representedMass(plan, features, { measure: "cosine" }).mass ?? [];
    expect(one).toBeCloseTo(1 + cos(10) + cos(20), 6);
    expect(other).toBeCloseTo(1 + cos(10) + cos(30), 6);
  });

  it("gives ties to the first row, an anchor to its own, and no row less than its own", () => {
    const same = directions(0, 0, 0, 180);
    const rows = orderRows([ownRow("visual", 1), ownRow("visual", 2)], 4, "grid");
    expect(representedMass(rows, same).mass).toEqual(Float32Array.of(3, 1));
    expect(representedMass(rows, same, { measure: "cosine" }).mass).toEqual(Float32Array.of(2, 1));
  });

  it("leaves rows as they are, masses of all tokens are 1, and by count they add up to N", () => {
    const table = syntheticTable({ rows: 8, columns: 8, dim: 16 });
    expect(representedMass(identityPlan(64), table.features).mass).toEqual(new Float32Array(64).fill(1));
    for (const method of ["divprune", "pool", "recoverable"] as const) {
      const { plan } = compress(table, { method, budget: 9 });
      const told = representedMass(plan, table.features);
      expect({ ...told, mass: undefined }).toEqual({ ...plan, mass: undefined });
      expect(told.mass?.reduce((sum, each) => sum + each, 0)).toBe(64);
      expect(representedMass(plan, table.features, { kernels: plainKernels })).toEqual(told);
    }
  });

  it("counts entries without features, and puts its mass in the place of another", () => {
    const merged = { role: "merged", anchor: 3, sources: [3, 4, 5], weights: [0.3, 0.3, 0.4] } as const;
    const rows = orderRows([{ ...ownRow("visual", 0), mass: 9 }, merged], 6, "grid");
    expect(representedMass(rows, undefined, { measure: "entries" }).mass).toEqual(Float32Array.of(1, 3));
    expect(representedMass(rows, features).mass).toEqual(Float32Array.of(3, 3));
  });

  it("gives no mass where there is no row", () => {
    const none = orderRows([], 6, "append");
    for (const measure of ["count", "cosine", "entries"] as const)
      expect(representedMass(none, features, { measure }).mass).toEqual(new Float32Array(0));
  });

  it("refuses features that do not fit, and norms that cosines cannot be taken of", () => {
    expect(() => representedMass(plan, directions(0, 1))).toThrow(InvalidInputError);
    expect(() => representedMass(plan, undefined)).toThrow(/features of all source tokens/);
    expect(() => representedMass(plan, { ...features, dim: 3 })).toThrow(InvalidInputError);
    expect(() => representedMass(plan, { ...features, data: new Uint16Array(12) as never })).toThrow(/float32/);
    expect(() => representedMass(plan, { ...features, data: features.data.map(() => Number.NaN) })).toThrow(/finite/);
    expect(() => representedMass(plan, features, { measure: "size" as never })).toThrow(/"count", "cosine", "entries"/);
    const large = { ...features, data: features.data.map((x) => x * 1e30) };
    expect(() => representedMass(plan, large)).toThrow(/norms below/);
  });
});

const total = ({ mass }: CompressionPlan) => mass?.reduce((sum, each) => sum + each, 0);

describe("withMass", () => {
  const table = syntheticTable({ rows: 6, columns: 6, dim: 8, words: 2 });
  const N = table.count;

  it("leaves a plan as it is that has mass, has all tokens, or whose method has no measure", () => {
    const plan = orderRows([{ ...ownRow("visual", 0), mass: 2 }], N, "grid");
    expect(withMass(plan, { mass: "count" }, undefined)).toBe(plan);
    const all = identityPlan(N);
    expect(withMass(all, { mass: "count" }, undefined)).toBe(all);
    const bare = orderRows([ownRow("visual", 0)], N, "grid");
    expect(withMass(bare, {}, undefined)).toBe(bare);
    expect(withMass(bare, { mass: "count" }, table.features).mass).toEqual(Float32Array.of(N));
  });

  it.each(METHODS.filter(({ mass }) => mass !== undefined))(
    "of $id adds up to all tokens, or less where they are less like their rows, before and after recovery, and a recovered token takes what is nearest to it",
    (method) => {
      const budgets = fc.integer({ min: 1, max: N - 1 });
      const ids = fc.uniqueArray(fc.nat({ max: N - 1 }), { maxLength: 5 });
      fc.assert(
        fc.property(budgets, ids, (retain, wanted) => {
          const plan = method.plan(table, { budget: { retain } });
          const later = recover(plan, wanted);
          const [told, after] = [plan, later].map((each) => withMass(each, method, table.features));
          expect(told.mass).toHaveLength(plan.roles.length);
          if (told.mass !== undefined) expect(Math.min(...told.mass)).toBeGreaterThanOrEqual(1);
          const isAll = later.roles.length === N;
          // A recovered token may be another row's anchor, a residual's, which then has 1 without any token.
          const shared = later.roles.length - new Set(later.anchor).size;
          if (method.mass === "cosine") {
            expect(total(told)).toBeLessThan(N);
            if (!isAll) expect(total(after)).toBeLessThan(N);
          } else {
            expect(total(told)).toBe(N);
            if (!isAll) expect(total(after)).toBe(N + shared);
          }
          // By entries mass may be represented before or after: recovery moves one token's worth.
          if (method.mass === "entries" && !isAll) expect(recover(told, wanted).mass).toEqual(after.mass);
          // No row grows by a new one beside it.
          if (method.mass !== "entries" && shared === 0 && after.mass !== undefined)
            for (const [row, anchor] of plan.anchor.entries())
              expect(after.mass[later.anchor.indexOf(anchor)]).toBeLessThanOrEqual(told.mass?.[row] ?? 0);
        }),
        { numRuns: 40 },
      );
    },
  );

  it("gives a recovered token those that are nearest to it, from the rows that had them", () => {
    const features = directions(0, 5, 20, 60, 75, 80);
    const plan = orderRows([ownRow("visual", 0), ownRow("visual", 5)], 6, "grid");
    const method = { mass: "count" } as const;
    expect(withMass(plan, method, features).mass).toEqual(Float32Array.of(3, 3));
    expect(withMass(recover(plan, [2]), method, features).mass).toEqual(Float32Array.of(2, 1, 3));
    expect(withMass(recover(plan, [3]), method, features).mass).toEqual(Float32Array.of(3, 1, 2));
    expect(withMass(recover(plan, [4]), method, features).mass).toEqual(Float32Array.of(3, 2, 1));
    // Represented before, mass stays where it was: one token more than there are.
    expect(recover(withMass(plan, method, features), [4]).mass).toEqual(Float32Array.of(3, 1, 3));
  });
});
