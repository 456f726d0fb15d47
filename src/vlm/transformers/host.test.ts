import { expect, it } from "vitest";
import { rowMaxima } from "./host.js";

it("takes the largest value of each row", () => {
  expect([...rowMaxima({ data: Float32Array.of(1, 2, 0, 5, 3, 4), count: 2, dim: 3 })]).toEqual([2, 5]);
});
