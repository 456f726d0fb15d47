import { describe, expect, it } from "vitest";
import { interpolate, meanHeight, paretoFront } from "./curve.js";

const points = [
  { x: 576, y: 100 },
  { x: 32, y: 70 },
  { x: 58, y: 83 },
];

describe("interpolate", () => {
  it("is linear between the two neighbors, and says which", () => {
    expect(interpolate(points, 45)).toEqual({ y: 76.5, from: 32, to: 58 });
    expect(interpolate(points, 317)).toEqual({ y: 91.5, from: 58, to: 576 });
  });

  it("at a point is that point's value, ends included", () => {
    expect(interpolate(points, 32)).toEqual({ y: 70, from: 32, to: 32 });
    expect(interpolate(points, 576)).toEqual({ y: 100, from: 576, to: 576 });
  });

  it("does not go beyond the curve", () => {
    expect(interpolate(points, 31.9)).toBeUndefined();
    expect(interpolate(points, 577)).toBeUndefined();
    expect(interpolate([], 1)).toBeUndefined();
  });
});

it("the mean height is area over width", () => {
  // 26 x 76.5 + 518 x 91.5 = 49386, over 544.
  expect(meanHeight(points)).toBeCloseTo(49386 / 544, 12);
  expect(meanHeight(points.slice(1, 2))).toBeUndefined();
});

it("the Pareto front drops what costs no less and scores no more", () => {
  const front = paretoFront([
    { x: 10, y: 50 },
    { x: 20, y: 50 }, // dearer, no better
    { x: 20, y: 60 },
    { x: 20, y: 55 }, // worse at the same cost
    { x: 30, y: 60 }, // dearer than an equal
    { x: 40, y: 61 },
    { x: 40, y: 61 }, // equal to one on the front
  ]);
  expect(front).toEqual([true, false, true, false, false, true, true]);
});
