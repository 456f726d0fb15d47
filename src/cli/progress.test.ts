import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { CommandIo } from "./command.js";
import { progressLine } from "./progress.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

function job(io: Partial<CommandIo>, parts: readonly string[], msEach: number): void {
  const line = progressLine(io as CommandIo);
  for (const part of parts) {
    for (let done = 1; done <= 12; done++) {
      vi.advanceTimersByTime(msEach);
      line(part, done, 12);
    }
  }
}

it("a log has the end of each part, and a line every 30 seconds", () => {
  const notes: string[] = [];
  const io = { note: (text: string) => void notes.push(text) };
  job(io, ["a", "b"], 100);
  expect(notes).toEqual(["a: 12 of 12", "b: 12 of 12"]);
  notes.length = 0;
  job(io, ["c"], 10_000);
  expect(notes).toEqual(["c: 3 of 12", "c: 6 of 12", "c: 9 of 12", "c: 12 of 12"]);
});

it("a terminal has the first step at once, and no more steps than are read", () => {
  const texts: string[] = [];
  job({ overwrite: (text) => void texts.push(text) }, ["a"], 40);
  expect(texts).toEqual(["a: 1 of 12", "a: 4 of 12", "a: 7 of 12", "a: 10 of 12", "a: 12 of 12"]);
});
