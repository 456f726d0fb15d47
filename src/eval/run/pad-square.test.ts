import { expect, it } from "vitest";
import { padSquare } from "./pad-square.js";

it("pads to a square with the mean color, the smaller part first", () => {
  const data = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const mean = [122, 116, 104];
  const wide = padSquare({ width: 3, height: 1, data });
  expect(wide).toMatchObject({ width: 3, height: 3 });
  expect([...wide.data]).toEqual([...mean, ...mean, ...mean, ...data, ...mean, ...mean, ...mean]);
  const tall = padSquare({ width: 1, height: 2, data: data.subarray(0, 6) });
  expect([...tall.data]).toEqual([1, 2, 3, ...mean, 4, 5, 6, ...mean]);
  const square = { width: 1, height: 1, data: data.subarray(0, 3) };
  expect(padSquare(square)).toBe(square);
});
