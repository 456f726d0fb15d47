import { expect, it } from "vitest";
import { groupBy } from "./group-by.js";

it("groups values in the order in which the keys come first, without those that have none", () => {
  const groups = groupBy([3, 1, 4, 1, 5, 9, 2], (value) => (value > 5 ? undefined : value % 2));
  expect([...groups]).toEqual([
    [1, [3, 1, 1, 5]],
    [0, [4, 2]],
  ]);
});
