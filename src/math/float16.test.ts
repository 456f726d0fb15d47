import { expect, it } from "vitest";
import { fromFloat16, toFloat16, toFloat16Array } from "./float16.js";

it("gives every one of the 63,488 finite and infinite half floats back", () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = fromFloat16(bits);
    if (!Number.isNaN(value)) expect(toFloat16(value)).toBe(bits);
  }
});

it("knows the values that IEEE 754 names", () => {
  expect([0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x7c00, 0xfc00].map(fromFloat16)).toEqual([
    1,
    -2,
    65504,
    2 ** -24,
    2 ** -14,
    Infinity,
    -Infinity,
  ]);
  expect(fromFloat16(0x7e00)).toBeNaN();
  expect(fromFloat16(toFloat16(Number.NaN))).toBeNaN();
});

it("rounds to nearest, ties to even, also among subnormals and at the edges", () => {
  const halfway = (bits: number) => (fromFloat16(bits) + fromFloat16(bits + 1)) / 2;
  for (const bits of [0x0000, 0x0001, 0x0200, 0x03ff, 0x0400, 0x3c00, 0x3c01, 0x7bfe]) {
    const middle = halfway(bits);
    expect(toFloat16(middle)).toBe(bits % 2 === 0 ? bits : bits + 1);
    expect(toFloat16(middle * (1 + 2 ** -20))).toBe(bits + 1);
    expect(toFloat16(middle * (1 - 2 ** -20))).toBe(bits);
  }
  expect(Array.from(toFloat16Array([65519, 65520, 1e30, -1e30, 1e-30, -0]))).toEqual([
    0x7bff, 0x7c00, 0x7c00, 0xfc00, 0, 0x8000,
  ]);
});
