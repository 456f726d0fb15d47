import fc from "fast-check";
import { expect, it } from "vitest";
import { spreadOut } from "./spread-out.js";

const within = { step: 1, low: 0, high: 100 };

it("leaves names that do not meet where they want to be", () => {
  expect(spreadOut([90, 50, 49], within)).toEqual([90, 50, 49]);
  expect(spreadOut([], within)).toEqual([]);
});

it("names that meet stand around the mean of what they want", () => {
  expect(spreadOut([50, 50, 50], within)).toEqual([51, 50, 49]);
  // The two upper ones push into the third.
  expect(spreadOut([50, 50, 49], within)).toEqual([50 + 2 / 3, 50 - 1 / 3, 49 - 1 / 3]);
});

it("stays inside the ends", () => {
  expect(spreadOut([100, 100], within)).toEqual([100, 99]);
  expect(spreadOut([0, 0, 0], within)).toEqual([2, 1, 0]);
});

it("keeps the order and the distance", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { maxLength: 40 }), (values) => {
      const wanted = values.sort((a, b) => b - a);
      const placed = spreadOut(wanted, within);
      expect(placed).toHaveLength(wanted.length);
      for (let i = 1; i < placed.length; i++) expect(placed[i - 1] - placed[i]).toBeGreaterThan(1 - 1e-9);
      for (const place of placed) expect(place > -1e-9 && place < 100 + 1e-9).toBe(true);
    }),
  );
});
