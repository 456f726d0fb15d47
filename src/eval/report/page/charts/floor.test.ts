import { expect, it } from "vitest";
import { floorLayers } from "./floor.js";
import { type Box, type Plot, xOf, yOf } from "./plot.js";
import { quantitative } from "./style.js";

const PLOT: Plot = { x: [10, 1000], y: [0, 100], width: 360, height: 330 };
const LINE = yOf(30, PLOT);

function place(zero: number, ...taken: Box[]) {
  const layers = floorLayers({ zero, unit: " %" }, { plot: PLOT, y: quantitative("relative"), taken });
  const { mark, data } = layers[layers.length - 1];
  const { align, dy } = mark as { align: string; dy: number };
  const { values } = data as { values: { tokens: number; label: string }[] };
  return { align, side: dy < 0 ? "above" : "below", ...values[0], layers: layers.length };
}

/** From the left end to some pixels, or from these to the right end; above or below the line. */
const box = (left: number, right: number, side: -1 | 1): Box => ({
  left,
  right,
  top: Math.min(LINE, LINE + 30 * side),
  bottom: Math.max(LINE, LINE + 30 * side),
});

it("has pixels of both axes", () => {
  expect([xOf(10, PLOT), xOf(100, PLOT), xOf(1000, PLOT)]).toEqual([0, 180, 360]);
  expect([yOf(100, PLOT), yOf(30, PLOT), yOf(0, PLOT)]).toEqual([0, 231, 330]);
});

it.each([
  { taken: [], align: "right", side: "above", tokens: 1000 },
  { taken: [box(300, 310, -1)], align: "right", side: "below", tokens: 1000 },
  { taken: [box(300, 310, -1), box(300, 310, 1)], align: "left", side: "above", tokens: 10 },
  { taken: [box(300, 310, -1), box(300, 310, 1), box(20, 30, -1)], align: "left", side: "below", tokens: 10 },
  { taken: [box(0, 360, -1), box(0, 360, 1)], align: "right", side: "above", tokens: 1000 },
])("words at the line stand $align, $side, where nothing else does", ({ taken, ...expected }) => {
  expect(place(30, ...taken)).toMatchObject({ ...expected, label: "no picture: 30.0 %", layers: 2 });
});

it("has no line below the range, and words inside of the plot", () => {
  expect(place(-5)).toMatchObject({ side: "above", layers: 1, label: "no picture: −5.0 % (below this range)" });
  // Below the line there is no room.
  const mark = { left: 300, right: 310, top: 300, bottom: 330 };
  expect(place(0, mark)).toMatchObject({ align: "left", side: "above" });
});
