import { describe, expect, it } from "vitest";
import { type Budget, BudgetError, createTokenTable } from "../core/index.js";
import { textEvidence } from "../methods/index.js";
import { syntheticTable } from "../testing/index.js";
import { chooseMethod, shareOfImage } from "./compression.js";

const shares = (budget: Budget, images: number) =>
  Array.from({ length: images }, (_, i) => shareOfImage({ budget }, i, images).budget);

describe("shareOfImage", () => {
  it.each<[Budget, number, Budget[]]>([
    [31, 2, [{ retain: 16 }, { retain: 15 }]],
    [{ retain: 7 }, 3, [{ retain: 3 }, { retain: 2 }, { retain: 2 }]],
    [0.1, 2, [{ ratio: 0.1 }, { ratio: 0.1 }]],
    [{ ratio: 1 }, 2, [{ ratio: 1 }, { ratio: 1 }]],
    ["dynamic", 2, ["dynamic", "dynamic"]],
    [
      { min: 5, max: 9 },
      2,
      [
        { min: 3, max: 5 },
        { min: 2, max: 4 },
      ],
    ],
    [{ min: 1 }, 2, [{ min: 1 }, "dynamic"]],
    [{ min: 1, max: 4 }, 3, [{ min: 1, max: 2 }, { max: 1 }, { max: 1 }]],
    [
      { min: 0.1, max: 8 },
      2,
      [
        { min: 0.1, max: 4 },
        { min: 0.1, max: 4 },
      ],
    ],
    [{ max: 0.5 }, 2, [{ max: 0.5 }, { max: 0.5 }]],
  ])("deals %j out over %d images", (budget, images, want) => {
    expect(shares(budget, images)).toEqual(want);
  });

  it("leaves the default to the method, and other options as they are", () => {
    expect(shareOfImage({ method: "recoverable", merge: "mean" }, 1, 2)).toEqual({
      method: "recoverable",
      merge: "mean",
    });
    expect(shareOfImage({ method: "random", seed: 3, budget: 4 }, 1, 2)).toMatchObject({ method: "random", seed: 3 });
  });

  it("refuses fewer rows than images", () => {
    for (const budget of [1, { retain: 2 }, { max: 2 }]) {
      expect(() => shareOfImage({ budget }, 0, 3)).toThrow(BudgetError);
      expect(() => shareOfImage({ budget }, 0, 3)).toThrow(/at least 3 rows for 3 images/);
    }
  });
});

describe("chooseMethod", () => {
  const manifest = { signals: ["features", "grid"], defaultMethod: "uniform" } as never;

  it("takes a method whose text signal the model lacks, and asks for the sign of one that it has", () => {
    expect(chooseMethod(manifest, { method: "recoup" })).toMatchObject({ method: "recoup", readsSignals: true });
    const withText = { signals: ["features", "textSimilarity"], defaultMethod: "uniform" } as never;
    expect(() => chooseMethod(withText, { method: "recoup" })).toThrow(/textPolarity 1 or -1/);
    expect(chooseMethod(withText, { method: "recoup", textPolarity: -1 }).method).toBe("recoup");
    expect(() => chooseMethod(manifest, { method: "cdpruner" })).toThrow(/cdpruner, which needs textSimilarity/);
  });

  it("has evidence of a similarity whose sign is known alone", () => {
    const withText = { signals: ["features", "textSimilarity"], defaultMethod: "uniform" } as never;
    const table = syntheticTable({ rows: 12, columns: 12, dim: 8, seed: 5 });
    const { evidence, signed } = chooseMethod(withText, { method: "divprune" });
    expect(evidence(signed(table))).toBeUndefined();
    const known = chooseMethod(withText, { method: "divprune", textPolarity: 1 });
    const { peak, confidence } = textEvidence(table);
    expect(known.evidence(known.signed(table))).toEqual({ peak, confidence });
    const turned = chooseMethod(withText, { method: "divprune", textPolarity: -1 });
    expect(turned.evidence(turned.signed(table))?.peak).not.toBe(peak);
    expect(known.evidence(createTokenTable({ features: table.features }))).toBeUndefined();
  });
});
