import { describe, expect, it } from "vitest";
import { contrast, lab, VISION } from "../../tests/color-vision.js";
import { INK, ROLE_COLORS, viridis } from "./colors.js";

describe("role colors", () => {
  const colors = Object.values(ROLE_COLORS);

  it.each(Object.keys(VISION))("are at least 30 apart in Lab for %s", (name) => {
    for (let i = 0; i < colors.length; i++) {
      for (let j = i + 1; j < colors.length; j++) {
        const a = lab(colors[i], VISION[name]);
        const b = lab(colors[j], VISION[name]);
        expect(Math.hypot(...a.map((value, k) => value - b[k])), `${colors[i]} ${colors[j]}`).toBeGreaterThan(30);
      }
    }
  });

  it("have a contrast of 3 : 1 with the paper, text one of 4.5 : 1", () => {
    for (const color of colors) expect(contrast(color, INK.paper)).toBeGreaterThan(3);
    expect(contrast(INK.text, INK.paper)).toBeGreaterThan(4.5);
    expect(contrast(INK.muted, INK.paper)).toBeGreaterThan(4.5);
  });
});

describe("viridis", () => {
  it("has the ends and a sample of the published table, and clamps", () => {
    expect(viridis(0)).toBe("#440154");
    expect(viridis(1)).toBe("#fde725");
    expect(viridis(1 / 3)).toBe("#31688e");
    expect(viridis(-1)).toBe(viridis(0));
    expect(viridis(2)).toBe(viridis(1));
  });

  it.each(Object.keys(VISION))("gets lighter all the way for %s", (name) => {
    const lightness = Array.from({ length: 33 }, (_, i) => lab(viridis(i / 32), VISION[name])[0]);
    for (let i = 1; i < lightness.length; i++) expect(lightness[i]).toBeGreaterThan(lightness[i - 1]);
  });
});
