/** The short form of `npm run fuzz`: the same harnesses and loop with few cases. */
import { describe, expect, it } from "vitest";
import { HARNESSES } from "../../bench/fuzz/harnesses.js";
import { runFuzz } from "../../bench/fuzz/run-fuzz.js";

describe("damaged inputs are answered or refused with a typed error", () => {
  it.each(Object.keys(HARNESSES))("%s", { timeout: 120_000 }, async (name) => {
    const { faults, cases, refused } = await runFuzz(HARNESSES[name], { count: 200, seed: 7 });
    expect(faults).toEqual([]);
    expect(cases).toBe(200);
    // Damage that nothing notices would show nothing.
    expect(refused).toBeGreaterThan(20);
  });
});
