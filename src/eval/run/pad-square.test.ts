import { expect, it } from "vitest";
import { InvalidInputError } from "../../core/index.js";
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

it("fills all of a larger square with the mean color", () => {
  const { data } = padSquare({ width: 1, height: 37, data: new Uint8Array(3 * 37) });
  const own = Array.from({ length: 37 * 37 }, (_, at) => (at % 37 === 18 ? [0, 0, 0] : [122, 116, 104]));
  expect([...data]).toEqual(own.flat());
});

it.each([
  [1, 7_072],
  [200_000, 1],
  [1, 50_000_000],
])("refuses a picture of %i x %i, whose square would be beyond all memory", (width, height) => {
  const pad = () => padSquare({ width, height, data: new Uint8Array(0) });
  expect(pad).toThrow(InvalidInputError);
  expect(pad).toThrow(`at most 50 million pixels padded to a square, got ${width} x ${height}`);
});
