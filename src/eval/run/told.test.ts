import { describe, expect, it } from "vitest";
import type { Told } from "../../core/index.js";
import { toldOfAnswers, toldShape, untoldSentences } from "./told.js";

const plain: Told = { positions: "original", mass: 1, untold: {} };
const reason = "the method own gives its rows none";
const lacking: Told = { positions: "original", mass: 0, untold: { mass: reason } };

describe("what the decoder was told", () => {
  it("of several answers is what says that something is lacking, else the first", () => {
    expect(toldOfAnswers([])).toBeUndefined();
    expect(toldOfAnswers([{}, {}])).toBeUndefined();
    expect(toldOfAnswers([{}, { told: plain }, { told: lacking }])).toBe(lacking);
    expect(toldOfAnswers([{ told: plain }, {}])).toBe(plain);
  });

  it("is said once for each fact and reason, with the first settings", () => {
    const blind: Told = { positions: "compact", mass: 0, untold: { positions: "no rotation", mass: reason } };
    expect(untoldSentences([])).toEqual([]);
    expect(
      untoldSentences([
        ["none", undefined],
        ["a@4", plain],
      ]),
    ).toEqual([]);
    const settings = ["a@4", "b@4", "c@4", "d@4", "e@4", "f@4"].map((id) => [id, lacking] as const);
    expect(untoldSentences([...settings, ["g@4", blind]])).toEqual([
      `The decoder was not told mass in a@4, b@4, c@4, d@4 and 3 more: ${reason}.`,
      "The decoder was not told positions in g@4: no rotation.",
    ]);
  });

  it.each([
    { ...plain, positions: "sparse" },
    { ...plain, mass: -1 },
    { ...plain, mass: 6 },
    { positions: "compact", mass: 0 },
  ])("has a shape: not %j", (told) => {
    expect(toldShape.mismatch(plain)).toBeUndefined();
    expect(toldShape.mismatch(told)).toBeDefined();
  });
});
