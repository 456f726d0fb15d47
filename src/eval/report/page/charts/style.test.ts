import { describe, expect, it } from "vitest";
import { contrast, lab, VISION } from "../../../../../tests/color-vision.js";
import { DARK_CHART, INK, settingStyles } from "./style.js";

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
