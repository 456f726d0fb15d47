import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AnswerRecord } from "../run/answer-record.js";
import type { AskedTask } from "../run/answer-samples.js";
import { checkPictures, PRINTS_FILE } from "./picture-prints.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "recoup-prints-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, data: string | Uint8Array) => writeFileSync(join(folder, name), data);
const task = (...names: string[]) =>
  ({
    id: "constructor",
    folder,
    maxNewTokens: 4,
    samples: names.map((path, docId) => ({ docId, image: { path } })),
  }) as unknown as AskedTask;
const records = (...list: readonly (readonly [doc: number, setting?: string, error?: string])[]) =>
  new Map(
    list.map(([doc, setting = "none", error]) => [
      `${doc} ${setting}`,
      {
        task: "constructor",
        doc,
        setting,
        ...(error === undefined ? { text: "a" } : { error }),
      } as unknown as AnswerRecord,
    ]),
  );

describe("pictures of a run", () => {
  it("that answers are about are the same, or it is refused with the first that differs", async () => {
    write("a", "one");
    write("toString", "two");
    const both = task("a", "toString");
    await checkPictures(folder, [both], new Map());
    const before = readFileSync(join(folder, PRINTS_FILE), "utf8");
    await checkPictures(folder, [both], records([0], [1]));
    expect(readFileSync(join(folder, PRINTS_FILE), "utf8")).toBe(before);
    write("toString", "tw0");
    await expect(checkPictures(folder, [both], records([0], [1]))).rejects.toThrow(
      /eval: expected the pictures that answers in .* are about \(--force starts anew\), got another toString in /,
    );
    expect(readFileSync(join(folder, PRINTS_FILE), "utf8")).toBe(before);
  });

  it("may change where no answer is about them: missing, failed, or without a picture", async () => {
    write("a", "one");
    write("b", "broken");
    const all = task("a", "b", "c");
    await checkPictures(folder, [all], new Map());
    write("b", "mended");
    write("c", "new");
    const given = records([0], [1, "none", "does not decode"], [1, "zero"], [2, "none", "no such file"]);
    await checkPictures(folder, [all], given);
    write("c", "newer");
    await expect(checkPictures(folder, [all], records([2]))).rejects.toThrow(/another c in/);
    rmSync(join(folder, "a"));
    await checkPictures(folder, [task("a")], records([0]));
    write("a", "another");
    await expect(checkPictures(folder, [all], records([0]))).rejects.toThrow(/another a in/);
  });

  it("of a run of an earlier version are taken as they are", async () => {
    write("a", "one");
    await checkPictures(folder, [task("a")], records([0]));
    write("a", "two");
    await expect(checkPictures(folder, [task("a")], records([0]))).rejects.toThrow(/another a in/);
  });

  it.each([0, 131_071])("differ by a byte at %d of 128 KiB", async (place) => {
    const bytes = new Uint8Array(2 ** 17);
    write("a", bytes);
    await checkPictures(folder, [task("a")], records([0]));
    bytes[place] = 1;
    write("a", bytes);
    await expect(checkPictures(folder, [task("a")], records([0]))).rejects.toThrow(/another a/);
  });

  it("are refused in a damaged file", async () => {
    write(PRINTS_FILE, "{");
    await expect(checkPictures(folder, [task("a")], records([0]))).rejects.toThrow(/pictures\.json/);
  });
});
