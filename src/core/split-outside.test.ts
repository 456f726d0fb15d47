import { expect, it } from "vitest";
import { splitOutside } from "./split-outside.js";

it.each([
  ["a,b", ["a", "b"]],
  ["", [""]],
  [",a,", ["", "a", ""]],
  ['a:b={"c":1,"d":[2,3]},e', ['a:b={"c":1,"d":[2,3]}', "e"]],
  ['a:b=[{"c":1},{"d":2}],e', ['a:b=[{"c":1},{"d":2}]', "e"]],
  ['a="x,]\\",y",b', ['a="x,]\\",y"', "b"]],
  ["a}],b", ["a}]", "b"]],
  ["a{,b", ["a{,b"]],
])("splits %j at commas outside of JSON", (text, parts) => {
  expect(splitOutside(text, ",")).toEqual(parts);
});

it("splits at colons", () => {
  expect(splitOutside('recoverable:outlierNeighbors={"visual":3}:seed=1', ":")).toEqual([
    "recoverable",
    'outlierNeighbors={"visual":3}',
    "seed=1",
  ]);
});
