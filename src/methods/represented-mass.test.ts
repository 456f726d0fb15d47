import { describe, expect, it } from "vitest";
import { InvalidInputError, identityPlan, orderRows, ownRow } from "../core/index.js";
import { plainKernels } from "../math/index.js";
import { syntheticTable } from "../testing/index.js";
import { compress } from "./compress.js";
import { representedMass } from "./represented-mass.js";

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

  it("refuses features of another number, and norms that cosines cannot be taken of", () => {
    expect(() => representedMass(plan, directions(0, 1))).toThrow(InvalidInputError);
    const large = { ...features, data: features.data.map((x) => x * 1e30) };
    expect(() => representedMass(plan, large)).toThrow(/norms below/);
  });
});
