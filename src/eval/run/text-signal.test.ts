import { describe, expect, it } from "vitest";
import type { AnswerRecord } from "./answer-record.js";
import { textSignalOf, weakTextSentence } from "./text-signal.js";

const record = (doc: number, setting: string, peak?: number) =>
  ({
    task: "syn_vqav2",
    doc,
    setting,
    ...(peak !== undefined && { evidence: { peak, confidence: 0 } }),
  }) as AnswerRecord;
const run = (peaks: readonly number[]) =>
  peaks.flatMap((peak, doc) => [record(doc, "none"), record(doc, "recoup@58", peak), record(doc, "cdpruner@58", peak)]);

describe("the text signal of a run", () => {
  it("takes each question once, whatever settings asked it", () => {
    const peaks = [2, 2, 2, 2, 2, 2, 9, 9, 9, 9];
    expect(textSignalOf(run(peaks))).toMatchObject({ count: 10, peak: 2, isWeak: true });
    expect(textSignalOf(run(peaks.slice(1)))).toBeUndefined();
  });

  it("warns of a weak one alone, and says what noise has", () => {
    const weak = weakTextSentence(textSignalOf(run(Array(12).fill(2.6))));
    expect(weak).toMatch(/^The model's text signal is weak: 12 questions peak at 2\.6 robust z .*2\.5\./);
    expect(weakTextSentence(textSignalOf(run(Array(12).fill(4))))).toBeUndefined();
    expect(weakTextSentence(textSignalOf([record(0, "none")]))).toBeUndefined();
  });

  it("leaves out questions without an answer", () => {
    const failed = { task: "syn_vqav2", doc: 99, setting: "recoup@58", error: "no" } as const;
    expect(textSignalOf([...run(Array(10).fill(5)), failed])).toMatchObject({ count: 10 });
  });
});
