import { describe, expect, it } from "vitest";
import { createTokenTable, InvalidInputError, squareGrid } from "../../core/index.js";
import { randomSource } from "../../math/index.js";
import { textEvidence, textSignal } from "./index.js";

/** A picture of noise, with a thing of 4 x 4 tokens that the question points at so many standard deviations above it. */
function evidenceOf(seed: number, height: number) {
  const random = randomSource(seed);
  const textSimilarity = Float32Array.from({ length: 576 }, (_, id) => {
    const sum = Array.from({ length: 12 }, () => random.unit()).reduce((a, b) => a + b) - 6;
    const isThing = id % 24 >= 8 && id % 24 < 12 && id >= 8 * 24 && id < 12 * 24;
    return sum + (isThing ? height : 0);
  });
  const features = { data: new Float32Array(576).fill(1), count: 576, dim: 1 };
  return textEvidence(createTokenTable({ features, textSimilarity, grids: [squareGrid(576)] }));
}

describe("textSignal", () => {
  const pictures = (count: number, height: number) =>
    Array.from({ length: count }, (_, seed) => evidenceOf(seed, height));

  it("is weak where questions point at nothing, and is not where they point at things", () => {
    expect(textSignal(pictures(10, 0))).toMatchObject({ count: 10, confidence: 0, isWeak: true });
    expect(textSignal(pictures(10, 6))).toMatchObject({ count: 10, confidence: 1, isWeak: false });
  });

  it("goes by the median: four pictures of ten that lack what is asked for do not make a model's signal weak", () => {
    expect(textSignal([...pictures(4, 0), ...pictures(6, 6)])?.isWeak).toBe(false);
    expect(textSignal([...pictures(6, 0), ...pictures(4, 6)])?.isWeak).toBe(true);
  });

  it("says nothing of fewer than ten", () => {
    expect(textSignal(pictures(9, 0))).toBeUndefined();
    expect(textSignal([])).toBeUndefined();
  });

  it("refuses what is no evidence", () => {
    for (const odd of [undefined, [1], [{ peak: Number.NaN, confidence: 0 }], [{ peak: 1 }]])
      expect(() => textSignal(odd as never)).toThrow(InvalidInputError);
  });
});
