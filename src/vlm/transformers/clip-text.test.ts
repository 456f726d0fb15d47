import { expect, it } from "vitest";
import { textWindows } from "./clip-text.js";

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

it("leaves what fits as one window", () => {
  expect(textWindows([], 75)).toEqual([[]]);
  expect(textWindows(range(0, 75), 75)).toEqual([range(0, 75)]);
});

it("cuts longer text into full windows that share 8 ids, the last one at the end", () => {
  expect(textWindows(range(0, 76), 75)).toEqual([range(0, 75), range(1, 76)]);
  expect(textWindows(range(0, 142), 75)).toEqual([range(0, 75), range(67, 142)]);
  expect(textWindows(range(0, 150), 75)).toEqual([range(0, 75), range(67, 142), range(75, 150)]);
  const long = textWindows(range(0, 1000), 75);
  expect(new Set(long.flat()).size).toBe(1000);
  expect(long.every((window) => window.length === 75)).toBe(true);
});
