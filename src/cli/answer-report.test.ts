import { expect, it } from "vitest";
import type { AskResult } from "../vlm/index.js";
import { answerTable, ofRounds, type TitledAnswer, writeAnswer } from "./answer-report.js";
import { rendered } from "./style.js";

function answered(title: string, answer: string, kept: number, ms: number): TitledAnswer {
  const stages = { decodeImage: 0, preprocess: 0, vision: 0, text: 0, project: 0, splice: 0, decode: 0 };
  const timings = { ...stages, signals: 1, select: ms / 10, prefill: ms, firstToken: ms, decodePerToken: 0, total: ms };
  return {
    title,
    result: {
      answer,
      method: title === "all tokens" ? "none" : "recoverable",
      tokens: { source: 576, kept, prompt: kept + 11 },
      timings,
      kvBytes: { full: 576e4, kept: kept * 1e4 },
    },
  };
}

const text = (...answers: TitledAnswer[]) => rendered(answerTable(answers), false).split("\n");

it("compares the second with the first, in words", () => {
  const lines = text(
    answered("all tokens", "green", 576, 200),
    answered("mine", "red", 58, 80),
    answered("x", "y", 0, 400),
  );
  expect(lines).toEqual([
    "                 all tokens  mine  vs all tokens     x",
    "answer                green   red          other     y",
    "visual tokens           576    58     9.9x fewer     0",
    "prompt tokens           587    69     8.5x fewer    11",
    "selection, ms             -   9.0                   41",
    "prefill, ms             200    80    2.5x faster   400",
    "first token, ms         200    80    2.5x faster   400",
    "next token, ms          0.0   0.0              -   0.0",
    "KV cache, MB           5.76  0.58   9.9x smaller  0.00",
  ]);
});

it("says what is slower, and what is the same", () => {
  const lines = text(answered("all tokens", "a", 576, 100), answered("mine", "a", 576, 301));
  expect(lines[2]).toMatch(/576 +576 +same$/);
  expect(lines[6]).toMatch(/100 +301 +3.0x slower$/);
});

it("sets longer answers above the table, whole", () => {
  const long = "a white cat on a green chair beside a window";
  const lines = text(answered("all tokens", long, 576, 100), answered("mine", "a cat", 58, 30));
  expect(lines.slice(0, 3)).toEqual([`all tokens  ${long}`, "mine        a cat", ""]);
  expect(lines.some((line) => line.startsWith("answer"))).toBe(false);
});

it("claims nothing of times whose rounds overlap, and says what that means", () => {
  const rounds = (title: string, ...times: number[]): TitledAnswer => {
    const all = times.map((ms) => answered(title, "a", 576, ms).result as AskResult);
    return { title, ...ofRounds(all) };
  };
  const overlapping = text(rounds("all tokens", 100, 240, 110), rounds("mine", 90, 80, 105));
  expect(overlapping[5]).toMatch(/^prefill, ms +110 +90 +rounds overlap$/);
  expect(overlapping.at(-1)).toMatch(/^rounds overlap: .*neither is shown to be faster\.$/);
  expect(overlapping[2]).toMatch(/576 +576 +same$/);
  const apart = text(rounds("all tokens", 100, 240, 110), rounds("mine", 50, 40, 55));
  expect(apart.join("\n")).not.toContain("overlap");
  expect(apart[5]).toMatch(/^prefill, ms +110 +50 +2.2x faster$/);
});

async function* pieces(texts: readonly string[], problem?: Error) {
  yield* texts;
  if (problem !== undefined) throw problem;
}

it.each([
  { texts: ["a ", "star"], written: "a star\n" },
  { texts: ["a "], problem: new Error("out of memory"), written: "a \n" },
  { texts: [], problem: new Error("out of memory"), written: "" },
])("ends the line of an answer, whole or half: $written", async ({ texts, problem, written }) => {
  const out: string[] = [];
  const writing = writeAnswer(pieces(texts, problem), { write: (text) => out.push(text) });
  await (problem === undefined ? writing : expect(writing).rejects.toBe(problem));
  expect(rendered(out.join(""), false)).toBe(written);
});
