import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MMBENCH } from "../../../src/benchmarks/index.js";
import { mmbenchScores } from "../../../src/eval/metrics/mmbench.js";
import { pyFixed, pyFixed2, pyRound2, vlmevalkitReport, vqaToolkitReport } from "./reports.js";

describe("pyFixed", () => {
  it("rounds exact binary ties to even, where toFixed rounds up", () => {
    expect([0.125, 0.375, 0.625, 0.875, 12.125, 2.5 + 0.125].map(pyFixed2)).toEqual([
      "0.12",
      "0.38",
      "0.62",
      "0.88",
      "12.12",
      "2.62",
    ]);
    expect(pyFixed(0.0625, 3)).toBe("0.062");
    expect(pyFixed(0.1875, 3)).toBe("0.188");
    expect(pyFixed(-0.125, 2)).toBe("-0.12");
  });

  it("goes by the exact value of what only looks like a tie", () => {
    // 1.005 lies below, 2.675 below, 0.015 below, 1.115 above the tie.
    expect([1.005, 2.675, 0.015, 1.115].map(pyFixed2)).toEqual(["1.00", "2.67", "0.01", "1.11"]);
    expect(pyFixed2(79.75000000000001)).toBe("79.75");
  });

  it("gives the nearest decimal", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (value) => {
        expect(Math.abs(pyRound2(value) - value)).toBeLessThanOrEqual(0.005 + 1e-9);
        expect(pyFixed2(value)).toMatch(/^\d+\.\d\d$/);
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (eighths) => {
        const last = Number(pyFixed2(eighths / 8).at(-1));
        if (eighths % 2 === 1) expect(last % 2).toBe(0);
      }),
    );
  });
});

describe("vqaToolkitReport", () => {
  const row = (accuracy: number, questionType: string, answerType = "other") => ({
    accuracy,
    questionType,
    answerType,
  });

  it("gives percentages by type with two decimals", () => {
    expect(vqaToolkitReport([row(1, "is", "yes/no"), row(0, "is", "yes/no"), row(1 / 3, "what")])).toEqual({
      overall: 44.44,
      perQuestionType: { is: 50, what: 33.33 },
      perAnswerType: { "yes/no": 50, other: 33.33 },
    });
  });

  it("rounds exact ties to even", () => {
    // 100 / 800 = 0.125, and 300 / 800 = 0.375.
    const rows = (right: number) => Array.from({ length: 800 }, (_, i) => row(i < right ? 1 : 0, "is"));
    expect(vqaToolkitReport(rows(1)).overall).toBe(0.12);
    expect(vqaToolkitReport(rows(3)).overall).toBe(0.38);
  });

  it("has no percentage of nothing, and takes as many rows as VQAv2 has", () => {
    expect(vqaToolkitReport([])).toEqual({ overall: null, perQuestionType: {}, perAnswerType: {} });
    const many = Array.from({ length: 214_354 }, (_, i) => row(i % 2, `type ${i % 65}`));
    expect(Object.keys(vqaToolkitReport(many).perQuestionType)).toHaveLength(65);
  });

  it("keeps types with names of JavaScript's objects apart", () => {
    const { perQuestionType } = vqaToolkitReport([row(1, "__proto__"), row(0, "constructor")]);
    expect(Object.entries(perQuestionType)).toEqual([
      ["__proto__", 100],
      ["constructor", 0],
    ]);
  });
});

describe("vlmevalkitReport", () => {
  const row = (index: number, found: string | undefined, category = "ocr", l2Category = "logic_reasoning") => {
    return { index, found, answer: "B", category, l2Category };
  };

  it("has the overall score, abilities by their short names, and categories", () => {
    const scores = mmbenchScores([
      row(1, "B"),
      row(1 + MMBENCH.rotation, "B"),
      row(2, "B"),
      row(2 + MMBENCH.rotation, undefined),
      row(3 + 3 * MMBENCH.rotation, "A"),
      row(3, "B", "count", "coarse_perception"),
    ]);
    expect(vlmevalkitReport(scores)).toEqual({ Overall: 1 / 3, LR: 0.5, CP: 0, ocr: 0.5, count: 0 });
  });

  it("has groups with any name", () => {
    const scores = mmbenchScores([row(1, "B", "__proto__"), { index: 2, found: "B", answer: "B" }]);
    expect(Object.keys(vlmevalkitReport(scores))).toEqual(["Overall", "LR", "__proto__"]);
  });
});
