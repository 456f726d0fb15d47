import { describe, expect, it } from "vitest";
import { type AnswerRecord, keyText } from "../run/answer-record.js";
import type { Setting } from "../run/settings.js";
import { agreement, wordF1, worstExamples } from "./agreement.js";
import { breakEven } from "./break-even.js";

const setting = (id: string): Setting => ({ id, method: id, budget: "all", options: {}, role: "method" });
const SETTINGS = ["none", "a@8", "b@8"].map(setting);
const ZERO = Object.fromEntries(
  ["decodeImage", "preprocess", "vision", "text", "signals", "select", "project", "splice", "prefill", "decode"].map(
    (stage) => [stage, 0],
  ),
);
const record = (doc: number, id: string, text: string | undefined, over: object = {}, kept = 8): AnswerRecord =>
  ({
    task: "t",
    doc,
    setting: id,
    ...(text === undefined ? { error: "no" } : { text }),
    tokens: { source: 100, kept: id === "none" ? 100 : kept, prompt: 0 },
    roles: { visual: 0, text: 0, merged: 0, residual: 0 },
    kvBytes: { full: 0, kept: 0 },
    timings: { ...ZERO, firstToken: 0, decodePerToken: 0, total: 0, ...over },
  }) as unknown as AnswerRecord;
const keyedBy = (records: readonly AnswerRecord[]) => new Map(records.map((each) => [keyText(each), each]));

describe("agreement", () => {
  it("compares words as multisets", () => {
    expect(wordF1("red, star", "Star  Red!")).toBe(1);
    // Two of three and of two: 2 * 2 / 5.
    expect(wordF1("a red star", "red star")).toBeCloseTo(0.8, 12);
    expect([wordF1("-5", "5"), wordF1("A", ""), wordF1("?", "")]).toEqual([0, 0, 0]);
    // One of two and of three: 2 * 1 / 5.
    expect(wordF1("red ring", "blue big ring")).toBeCloseTo(0.4, 12);
    expect(wordF1("red red", "red")).toBeCloseTo(2 / 3, 12);
    expect([wordF1("", ""), wordF1("", "red")]).toEqual([1, 0]);
  });

  it.each([
    ["", " \n", true],
    ["A", "", false],
    ["A", "a.", true],
    ["the", "a", false],
    ["?", "", false],
    ["-5", "5", false],
    ["> 3", "< 3", false],
    ["C++", "C", false],
    ["C++", "c++.", true],
    ["two", "2", false],
    ["Red  ring\n", "red ring!", true],
    ["caf\u00e9", "cafe\u0301", true],
  ])("%j and %j are the same: %j", (full, answer, same) => {
    const records = keyedBy([record(0, "none", full), record(0, "a@8", answer)]);
    const { settings } = agreement(records, { task: "t", samples: [{ docId: 0 }], settings: SETTINGS.slice(0, 2) });
    expect(settings).toMatchObject([{ answered: 1, unchanged: Number(same) }]);
    if (same) expect(settings[0].similarity).toBe(1);
  });

  it("counts what stays, and leaves out what failed", () => {
    const records = keyedBy([
      record(0, "none", "two"),
      record(0, "a@8", "Two."),
      record(0, "b@8", "three"),
      record(1, "none", "red"),
      record(1, "a@8", "blue"),
      record(1, "b@8", undefined),
    ]);
    const { settings, changed } = agreement(records, {
      task: "t",
      samples: [{ docId: 0 }, { docId: 1 }],
      settings: SETTINGS,
    });
    // Wilson's of 1 of 2, and of 0 of 1.
    const half = { low: expect.closeTo(0.095, 3), high: expect.closeTo(0.905, 3) };
    const nothing = { low: 0, high: expect.closeTo(0.793, 3) };
    expect(settings).toEqual([
      { setting: "a@8", answered: 2, unchanged: 1, interval: half, similarity: 0.5, kept: 8 },
      { setting: "b@8", answered: 1, unchanged: 0, interval: nothing, similarity: 0, kept: 8 },
    ]);
    expect(changed.map(({ doc, setting: id }) => [doc, id])).toEqual([
      [1, "a@8"],
      [0, "b@8"],
    ]);
  });

  it("has the mean KL of first tokens, its interval over pictures, none of one picture or without logits", () => {
    const of = (kls: readonly (number | undefined)[], picture: (doc: number) => string) => {
      const records = kls.flatMap((kl, doc) => [
        { ...record(doc, "none", "a"), kl: 0 } as AnswerRecord,
        { ...record(doc, "a@8", "a"), kl } as AnswerRecord,
      ]);
      const samples = kls.map((_, docId) => ({ docId, picture: picture(docId) }));
      return agreement(keyedBy(records), { task: "t", samples, settings: SETTINGS.slice(0, 2) }).settings[0];
    };
    const own = of([0.1, 0.3, undefined, 2], String);
    expect(own.kl).toBeCloseTo(0.8, 12);
    expect(own.klInterval?.low).toBeCloseTo(0.1, 12);
    // Two of three draws are the farthest, at least.
    expect(own.klInterval?.high).toBeGreaterThan((0.3 + 2 + 2) / 3 - 1e-9);
    expect(of([0.1, 0.3], () => "one")).toMatchObject({ kl: 0.2, klInterval: undefined });
    expect(of([undefined], String)).not.toHaveProperty("kl");
  });

  it("shows what most settings change first, then what differs most", () => {
    const change = (doc: number, id: string, similarity: number) => ({
      doc,
      setting: id,
      full: "",
      answer: "",
      similarity,
    });
    const changed = [change(0, "a@8", 0.5), change(1, "a@8", 0.9), change(2, "a@8", 0.1), change(1, "b@8", 0.7)];
    expect(worstExamples(changed, 2).map(({ doc, setting: id }) => [doc, id])).toEqual([
      [1, "b@8"],
      [2, "a@8"],
    ]);
    expect(worstExamples([], 3)).toEqual([]);
  });
});

describe("break-even", () => {
  it("sets what a setting costs against what it saves, and says how many tokens must go", () => {
    const records = [
      record(0, "none", "a", { prefill: 100, firstToken: 120 }),
      record(0, "a@8", "a", { text: 4, signals: 3, select: 2.2, prefill: 8, firstToken: 40 }),
    ];
    const [row, ...more] = breakEven(records, SETTINGS);
    expect(more).toEqual([]);
    expect(row).toMatchObject({ setting: "a@8", firstToken: 40, fullFirstToken: 120, saving: 92, perToken: 1 });
    expect(row.cost).toBeCloseTo(9.2, 12);
    expect(row.tokensToPay).toBe(10);
    expect(breakEven([records[1]], SETTINGS)).toEqual([]);
  });

  it("takes the mean of the two middle times of an even number of questions", () => {
    const records = [10, 40].flatMap((firstToken, doc) => [
      record(doc, "none", "a", { firstToken: 2 * firstToken }),
      record(doc, "a@8", "a", { firstToken }),
    ]);
    expect(breakEven(records, SETTINGS)).toMatchObject([{ firstToken: 25, fullFirstToken: 50 }]);
  });
});
