import { describe, expect, it } from "vitest";
import { DARK_CHART, INK, settingStyles } from "./style.js";

/** Simulation of full color blindness on linear RGB: Machado, Oliveira and Fernandes 2009, severity 1. */
const VISION: Record<string, number[][]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function linear(color: string): number[] {
  return [1, 3, 5]
    .map((start) => Number.parseInt(color.slice(start, start + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
}

function lab(color: string, vision: number[][]): number[] {
  const source = linear(color);
  const seen = vision.map((row) => row.reduce((sum, weight, i) => sum + weight * source[i], 0));
  const [r, g, b] = seen.map((value) => Math.min(1, Math.max(0, value)));
  const f = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  const x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const y = f(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
  const z = f((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function contrast(a: string, b: string): number {
  const luminance = (color: string) => {
    const [red, green, blue] = linear(color);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const methods = ["a", "b", "c", "d", "e"].map((name) => ({ name, role: "method" as const }));
const plotted = [...methods, { name: "random", role: "control" as const }];
const light = plotted.map(settingStyles(plotted)).map(({ color }) => color);
const dark = light.map((color) => DARK_CHART[color] ?? color);

describe.each([
  ["light", light, INK],
  ["dark", dark, { paper: DARK_CHART[INK.paper], text: DARK_CHART[INK.text], muted: DARK_CHART[INK.muted] }],
])("on a %s page", (_, colors, { paper, text, muted }) => {
  it.each(Object.keys(VISION))("methods and controls are at least 30 apart in Lab for %s", (name) => {
    for (const [i, one] of colors.entries()) {
      for (const other of colors.slice(i + 1)) {
        const [a, b] = [one, other].map((color) => lab(color, VISION[name]));
        expect(Math.hypot(...a.map((value, k) => value - b[k])), `${one} ${other}`).toBeGreaterThan(30);
      }
    }
  });

  it("they have a contrast of 3 : 1 with the paper, words one of 4.5 : 1", () => {
    for (const color of colors) expect(contrast(color, paper), color).toBeGreaterThan(3);
    for (const color of [text, muted]) expect(contrast(color, paper), color).toBeGreaterThan(4.5);
  });
});

it("draws a method alike in whatever order settings come", () => {
  const styleOf = settingStyles(plotted);
  const backwards = settingStyles(plotted.toReversed());
  for (const setting of plotted) expect(backwards(setting)).toEqual(styleOf(setting));
});
