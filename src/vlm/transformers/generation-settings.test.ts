import { expect, it } from "vitest";
import { nucleus } from "./generation-settings.js";

/** Ids that are left of four tokens with these probabilities. */
function left(probabilities: readonly number[], reach: number, count = 0): number[] {
  const data = Float32Array.from(probabilities, Math.log);
  nucleus(reach, count)([[1n]], { data });
  return Array.from(data.keys()).filter((id) => data[id] !== Number.NEGATIVE_INFINITY);
}

it("leaves the fewest likeliest tokens whose probabilities reach the sum", () => {
  const probabilities = [0.1, 0.5, 0.15, 0.25];
  expect(left(probabilities, 0)).toEqual([1]);
  expect(left(probabilities, 0.49)).toEqual([1]);
  expect(left(probabilities, 0.6)).toEqual([1, 3]);
  expect(left(probabilities, 0.8)).toEqual([1, 2, 3]);
  expect(left(probabilities, 0.95)).toEqual([0, 1, 2, 3]);
  expect(left([0.25, 0.25, 0.25, 0.25], 0.3)).toEqual([0, 1]);
});

it("shares probabilities out among the likeliest only, as top_k comes first", () => {
  // Of 0.5 and 0.25 the first has two thirds.
  expect(left([0.1, 0.5, 0.15, 0.25], 0.6, 2)).toEqual([1]);
  expect(left([0.1, 0.5, 0.15, 0.25], 0.7, 2)).toEqual([1, 3]);
  expect(left([0.1, 0.5, 0.15, 0.25], 1, 9)).toEqual([0, 1, 2, 3]);
});

it("keeps the values of what is left, and takes what is impossible for that", () => {
  const data = Float32Array.of(3, Number.NEGATIVE_INFINITY, 1);
  nucleus(0.99, 0)([], { data });
  expect([...data]).toEqual([3, Number.NEGATIVE_INFINITY, 1]);
});
