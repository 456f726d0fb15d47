import fc from "fast-check";
import { expect, it } from "vitest";
import { topK } from "./top-k.js";

it("gives the largest first, and the lower position first among equal values", () => {
  expect(Array.from(topK(Float32Array.of(3, 9, 1, 9, 3), 4))).toEqual([1, 3, 0, 4]);
  expect(Array.from(topK(Float32Array.of(5, 5, 5, 5), 2))).toEqual([0, 1]);
  expect(Array.from(topK(Float32Array.of(-Infinity, -1, 0), 2))).toEqual([2, 1]);
  expect(Array.from(topK(Float32Array.of(1, 2), 0))).toEqual([]);
});

it("equals a stable sort on any values and any k", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -4, max: 4 })), fc.nat(), (values, seed) => {
      const k = values.length === 0 ? 0 : seed % (values.length + 1);
      const sorted = values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b);
      expect(Array.from(topK(Float32Array.from(values), k))).toEqual(sorted.slice(0, k));
    }),
  );
});
